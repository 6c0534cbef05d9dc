"""Parameters by component: of a checkpoint, of its arm at paper scale, and as published."""

from collections.abc import Mapping
from dataclasses import dataclass

from analysis.errors import ConfigError
from analysis.models.arms import ARMS
from analysis.models.counting import count_parameters
from analysis.published.published import Published, published

TOTAL = "total"
# What the paper calls our components, where it uses other words; it gives the injection of A4 twice for arms that concatenate.
PUBLISHED_NAMES = {
    TOTAL: ("all components",),
    "A4 injection": ("A4 concatenation", "A4 reverse attention", "A4 injection"),
}


@dataclass(frozen=True)
class ComponentCount:
    """Parameters of one component.

    Attributes:
        component: part of the model, or "total".
        here: of the checkpoint, counted on its model.
        at_paper_scale: of the same arm at paper scale, counted; None where the arm is not known.
        published: what the paper says, with its corrections; None where it says nothing.
    """

    component: str
    here: int
    at_paper_scale: int | None
    published: Published | None


def component_counts(arm: str, here: Mapping[str, int]) -> tuple[ComponentCount, ...]:
    """Rows of the table of components, those that neither model has left out.

    Args:
        arm: of the checkpoint.
        here: its parameters by component and in total.

    >>> from analysis.models.counting import count_parameters
    >>> total = component_counts("D0", count_parameters("D0", "small"))[-1]
    >>> total.at_paper_scale, total.published.value
    (74194432, 74.2)
    """
    paper_scale = count_parameters(arm, "paper") if arm in ARMS else {}
    published = _published(arm)
    return tuple(
        ComponentCount(name, n, paper_scale.get(name), published.get(name))
        for name, n in here.items()
        if n or paper_scale.get(name)
    )


def _published(arm: str) -> dict[str, Published]:
    try:
        records = published("controls", arm)
    except ConfigError:  # the paper has no such arm
        return {}
    by_condition = {record.condition: record for record in records if record.measure == "parameters"}
    first = {name: next((n for n in many if n in by_condition), None) for name, many in PUBLISHED_NAMES.items()}
    return by_condition | {name: by_condition[theirs] for name, theirs in first.items() if theirs}
