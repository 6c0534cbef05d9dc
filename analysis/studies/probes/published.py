"""What this study says where others have published a number."""

from analysis.results import Result
from analysis.studies.base.record import Ours
from analysis.studies.counted import text_of, trained
from analysis.studies.probes.rows import ScoreRow

TASKS = {"audio chroma": "chroma"}
SIDES = {"midi": "MIDI"}


def ours(result: Result) -> Ours:
    """Ours beside what is published about this study."""
    for row in trained(result.rows(ScoreRow)):
        if row.layer == f"{row.side}.embedding" and row.probe == "ridge":
            yield (
                row.checkpoint,
                f"{TASKS.get(row.task, row.task)} from {SIDES.get(row.side, row.side)}",
                row.measure,
                text_of(row, ""),
            )
