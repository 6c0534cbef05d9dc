"""The answer of the page of the screening: published configurations by mechanism and long runs, beside what is trained here."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from analysis.studies import screened
from analysis.studies.screened import Configuration
from analysis.training.comparison import Score, in_words
from app import layout
from app.charts import screening
from app.charts.screening import Here, Line
from app.components import figures, published_table
from app.components.plain import plain

Trained = Mapping[str, Sequence[tuple[Any, Score]]]
ACCURACY = "accuracy, same piece (%)"


def draw(checkpoints: Sequence[Any]) -> None:
    """Headline, the screening, the long runs, and every published number with what is known of it."""
    found, here = screened.screened(), screened.trained_here(checkpoints)
    if not found:
        layout.empty("No published screening came with this package.", "Restore the published numbers, or install it again.")
        return
    layout.headline(screened.headline(found, here))
    baseline = next(((one.arm, one.s) for one in found if one.arm == screened.BASELINE), None)
    drawing = screening.forest(
        [line_of(one, one.mechanism, one.arm, here) for one in found], second_title=ACCURACY, baseline=baseline,
        notes=column_title(here, {one.arm for one in found}),
    )  # fmt: skip
    figures.show(drawing, "screening")
    st.caption(plain(how_they_differ(here, {one.arm for one in found})))
    _long(here)
    of_arms = {(one.arm, one.condition, screened.S): words(here[one.arm]) for one in found if one.arm in here}
    published_table.draw(screened.SHORT, [one.arm for one in found], of_arms)
    if long := screened.confirmed():
        published_table.draw(screened.LONG, [one.arm for one in long])


def line_of(one: Configuration, group: str, label: str, here: Trained) -> Line:
    """A configuration as a row of the figure, with the checkpoints of its arm."""
    ones = here.get(one.arm, ())
    marks = tuple(Here(100 * score.value, 100 * score.low, 100 * score.high, told(its, score)) for its, score in ones)
    return Line(group, label, one.s, one.same_piece, screened.here_in_words(list(ones)), marks)


def long_lines(found: Sequence[Configuration], here: Trained) -> list[Line]:
    """The long runs as rows; the checkpoints of an arm stand beside its first run alone."""
    first = {one.arm: one for one in reversed(found)}
    lines = [line_of(one, "", f"{one.arm}, {one.condition}", here) for one in found]
    return [
        line if first[one.arm] is one else replace(line, here=(), note="as above" if one.arm in here else line.note)
        for one, line in zip(found, lines, strict=True)
    ]


def told(checkpoint: Any, score: Score) -> str:
    """A checkpoint on hover."""
    return (
        f"{checkpoint.name}, ours, {checkpoint.scale} scale: S = {in_words(score)}, n = {score.n_queries} queries of "
        f"{score.n_works} works, chance {100 * score.chance:.1f} %"
    )


def words(ones: Sequence[tuple[Any, Score]]) -> str:
    """Checkpoints of one arm in the table: the one with the highest S by name."""
    best, score = ones[0]
    more = f" and {len(ones) - 1} more" if len(ones) > 1 else ""
    return f"{in_words(score)} ({best.name}{more})"


def column_title(here: Trained, arms: set[str]) -> str:
    """What stands at the ends of the rows."""
    scales = sorted({str(one.scale) for arm, ones in here.items() if arm in arms for one, _ in ones})
    return f"ours, {' and '.join(scales)} scale" if scales else "ours"


def how_they_differ(here: Trained, arms: set[str]) -> str:
    """Why published and ours are not to be compared in height."""
    corpora = sorted(
        {str(one.training.get("corpus", "unknown data")) for arm, ones in here.items() if arm in arms for one, _ in ones}
    )
    ours = f"Ours were trained from random weights on {' and '.join(corpora)}: compare orders, not heights. " if corpora else ""
    return f"{ours}◇ published: one run each, 5 epochs from a checkpoint that was trained before."


def _long(here: Trained) -> None:
    """The published runs of 30 to 60 epochs."""
    found = screened.confirmed()
    if not found:
        return
    st.subheader("Does the order hold in long runs?", anchor=False)
    baseline = max((one.s for one in found if one.arm == screened.BASELINE), default=None)
    drawing = screening.forest(
        long_lines(found, here),
        baseline=None if baseline is None else (f"best {screened.BASELINE}", baseline),
        notes=column_title(here, {one.arm for one in found}),
    )  # fmt: skip
    figures.show(drawing, "long-runs", file="screening-long-runs")
    st.caption("Published schedules differ from arm to arm, and the best epoch was chosen on the pool that is reported.")
