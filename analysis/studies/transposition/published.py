"""What this study says where others have published a number."""

from analysis.results import Result
from analysis.studies.base.record import Ours
from analysis.studies.counted import text_of, trained
from analysis.studies.transposition.rows import RetentionRow, ScoreRow


def ours(result: Result) -> Ours:
    """Ours beside what is published about this study."""
    for row in trained(result.rows(ScoreRow)):
        if row.moved == "MIDI alone":
            yield row.checkpoint, f"{f'{row.semitones:+d}' if row.semitones else '0'} semitones", "S", text_of(row)
    for row in trained(result.rows(RetentionRow)):
        if row.moved == "MIDI alone":
            yield row.checkpoint, f"±{row.semitones} semitones", "retention", text_of(row)
