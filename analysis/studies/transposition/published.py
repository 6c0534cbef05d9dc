"""What this study says where others have published a number."""

from analysis.results import Result
from analysis.studies.counted import text_of, trained
from analysis.studies.record import Ours


def ours(result: Result) -> Ours:
    """Ours beside what is published about this study."""
    for table, measure in (("scores", "S"), ("retention", "retention")):
        for row in trained(result.tables[table]):
            size = int(row["semitones"])
            steps = f"±{size}" if measure == "retention" else f"{size:+d}" if size else "0"
            if row["moved"] == "MIDI alone":
                yield row["checkpoint"], f"{steps} semitones", measure, text_of(row)
