"""Heads that were chosen because they follow the music: their rows in a table, and the sentence about the best."""

import numpy as np

from analysis.clips.heads.reading import HeadReading
from analysis.clips.questions.answer import Cell
from analysis.measures.head_scores import ChosenHead, halves
from analysis.measures.head_templates import Kind
from analysis.units import true_minus

COLUMNS = ("follows", "head", "rank", "lift", "lift of the twin", "null", "z", "p (Holm)", "windows")
INTERVAL_COLUMNS = (*COLUMNS[:4], "95 % from", "to", *COLUMNS[4:8], "works", "windows")
LEVEL = 0.05


def row_of(trained: HeadReading, twin: HeadReading, head: ChosenHead, seed: int, *, interval: bool = False) -> tuple[Cell, ...]:
    """A chosen head, as `COLUMNS` or, with its interval over works, `INTERVAL_COLUMNS` name its cells."""
    first: tuple[Cell, ...] = (head.kind, _name(trained, head), head.rank, head.lift)
    rest: tuple[Cell, ...] = (_twin_lift(twin, head, seed), head.null, head.z, head.p_holm)
    return (*first, *head.ci, *rest, head.n_works, head.n_windows) if interval else (*first, *rest, head.n_windows)


def headline(trained: HeadReading, twin: HeadReading, chosen: list[ChosenHead], seed: int) -> str:
    """The best of the heads that pass the correction, or that none does."""
    passing = [head for head in chosen if head.p_holm <= LEVEL]
    best = max(passing or chosen, key=lambda head: head.z)
    lift = _twin_lift(twin, best, seed)
    control = "" if lift is None else f"untrained twin: {true_minus(lift, 'z.2f')}; "
    text = (
        f"{true_minus(best.lift, 'z.2f')} of lift: {_name(trained, best)} is most {best.kind} "
        f"({control}shifted events: {true_minus(best.null, 'z.2f')}; p = {true_minus(best.p_holm, '.2g')})."
    )
    return text if passing else f"{text} Not distinguishable from shifted events."


def _name(trained: HeadReading, head: ChosenHead) -> str:
    head_id = trained.heads[head.head]
    return f"{trained.titles[head_id.layer]}, head {head_id.head + 1}"


def _twin_lift(twin: HeadReading, head: ChosenHead, seed: int) -> float | None:
    """Mean over works, as that of the trained head, in the works on which that was tested."""
    kinds: dict[str, Kind] = {kind: kind for kind in twin.lifts}
    if head.kind not in kinds:
        return None
    tested = ~halves(twin.groups, seed)
    lifts = np.array([window.shifted[head.head, 0] for window in twin.lifts[kinds[head.kind]]])
    works = twin.groups[tested]
    return float(np.mean([lifts[tested][works == work].mean() for work in np.unique(works)]))
