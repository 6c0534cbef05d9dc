"""What this study says where others have published a number."""

from analysis.results import Result
from analysis.studies.base.record import Ours
from analysis.studies.counted import text_of, trained
from analysis.studies.invariance.rows import ScoreRow

SHIFT = "time_shift"
CHANGES = {
    SHIFT: "audio shifted by {:+g} samples",
    "note_velocity": "note velocity × {:g}",
    "white_noise": "noise at {:g} dB SNR",
}


def ours(result: Result) -> Ours:
    """Ours of the other sign for a time shift: ours of +k reads the recording k samples later, a published one k earlier."""
    for row in trained(result.rows(ScoreRow)):
        if row.change in CHANGES and row.dose is not None:
            is_shift = row.change == SHIFT
            condition = CHANGES[row.change].format(0 - row.dose if is_shift else row.dose)
            yield row.checkpoint, condition, "S", text_of(row) + (f" (at {row.dose:+g})" if is_shift else "")
