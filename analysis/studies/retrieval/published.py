"""What this study says where others have published a number."""

from analysis.results import Result
from analysis.studies.base.record import Ours
from analysis.studies.counted import TRAINED, text_of
from analysis.studies.retrieval.rows import CANONICAL

CONDITION = "canonical pool"
EITHER_WAY = ("accuracy against same piece",)  # published without the direction


def ours(result: Result) -> Ours:
    """Ours beside what is published about this study."""
    for value in result.select(weights=TRAINED, pool=CANONICAL):
        name, direction, text = str(value.key["checkpoint"]), value.key.get("direction"), text_of(value, value.unit)
        if value.what in EITHER_WAY:
            yield name, CONDITION, value.what, f"{text} ({direction})"
        else:
            yield name, CONDITION, f"{value.what} {direction}" if direction else value.what, text
