"""What this study says where others have published a number."""

from analysis.results import Result
from analysis.studies.counted import text_of, trained
from analysis.studies.record import Ours

TASKS = {"audio chroma": "chroma"}
SIDES = {"audio": "audio", "midi": "MIDI"}


def ours(result: Result) -> Ours:
    """Ours beside what is published about this study."""
    for row in trained(result.tables["scores"]):
        if row["layer"] == f"{row['side']}.embedding" and row["probe"] == "ridge":
            condition = f"{TASKS.get(row['task'], row['task'])} from {SIDES[row['side']]}"
            yield row["checkpoint"], condition, row["measure"], text_of(row, "")
