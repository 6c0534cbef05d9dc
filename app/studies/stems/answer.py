"""The answer of the page of stems: accuracy over the number of candidates, a table, and what others have published."""

from collections.abc import Mapping

import streamlit as st

from analysis.models.arms import under_their_arms
from analysis.numbers import percent
from analysis.results import Result
from analysis.studies.stems.published import CITATION, COMPARABILITY, PUBLISHED
from analysis.studies.stems.rows import BASELINE, CANDIDATES, NOBODY, AccuracyRow, MaterialRow
from analysis.studies.stems.words import inside_null
from app.charts import doses
from app.charts import mark as marked
from app.charts.mark import Mark
from app.kit import actions, study_facts
from app.kit.arms import marked as marked_name
from app.kit.plain import plain
from app.kit.pool_scores import name_twins_once

TWIN = ", twin"
AXIS = "candidates K, one of them right (not to scale)"
CHART_PX, WIDTH = 420, 152
ENDS = (26.0, 52.0, 104.0)  # of the ordinate in per cent; few, so that it stays where it is from one choice to the next
HANDS = "Of the demo corpus each hand is a stem, rendered as a dry grand piano: no room, noise or instrument tells them apart."


def draw(result: Result, negatives: str, arms: Mapping[str, str]) -> None:
    """All numbers with wrong candidates of one origin; controls, by name → arm, are marked."""
    columns = {f"K = {size} (%)": st.column_config.TextColumn(width=WIDTH) for size in sizes_of(result)}
    st.dataframe(measured(result, negatives, arms), column_config=columns, hide_index=True, placeholder="—", height="content")
    (material,) = result.rows(MaterialRow)
    st.caption(
        f"n = {material.windows} windows; ± is the standard deviation between partitions; in brackets 95 % intervals over "
        "works, by bootstrap; ○ not distinguishable from chance."
    )


def curves(result: Result) -> None:
    """A panel per origin of the wrong candidates."""
    if str(result.corpus).endswith("-hands"):
        st.caption(HANDS)
    drawing = doses.panels(
        marks_of(result), x_title=AXIS, y_title="right (%)", percent=True, categories=sizes_of(result), domain=domain_of(result),
        null_name="chance", columns=2, colours=study_facts.colours_of(result),
    )  # fmt: skip
    drawing.update_layout(height=CHART_PX)
    actions.figure(name_twins_once(drawing), "accuracies", result, result.rows(AccuracyRow))


def domain_of(result: Result) -> tuple[float, float]:
    """From 0 to the nearest end that holds every number, interval and chance, in per cent."""
    numbers = [x for row in result.rows(AccuracyRow) for x in (row.value, row.ci_high, row.null) if x is not None]
    return 0.0, next(end for end in ENDS if 100 * max(numbers) <= end)


def sizes_of(result: Result) -> list[str]:
    """Numbers of candidates that were asked about, in ascending order."""
    asked = {row.candidates for row in result.rows(AccuracyRow)}
    return [str(size) for size in CANDIDATES if size in asked]


def marks_of(result: Result) -> list[Mark]:
    """A mark per model, number of candidates and origin of the wrong ones; the spectrum alone is a series of its own."""
    sizes = sizes_of(result)
    marks = [
        marked.from_row(
            row, f"wrong: {row.negatives}", row.checkpoint or BASELINE, at=float(sizes.index(str(row.candidates))), unit="share",
            twin=row.weights == "untrained", note=f"SD from partition to partition {100 * row.sd:.1f} points; {row.score}",
        )
        for row in sorted(result.rows(AccuracyRow), key=lambda row: row.checkpoint == NOBODY)
    ]  # fmt: skip
    return [mark for mark in marks if mark is not None]


def measured(result: Result, negatives: str, arms: Mapping[str, str]) -> list[dict[str, str | None]]:
    """A row per model with every number of candidates."""
    names = under_their_arms({name: arms.get(name, "") for name in study_facts.names_of(result)})
    rows: list[dict[str, str | None]] = []
    for name, weights in [*((name, weights) for name in names for weights in ("trained", "untrained")), (NOBODY, BASELINE)]:
        whose = name, weights, negatives
        own = [row for row in result.rows(AccuracyRow) if (row.checkpoint, row.weights, row.negatives) == whose]
        model = f"{marked_name(name, arms.get(name, ''))}{TWIN if weights == 'untrained' else ''}" if name else weights
        rows.append({"model": model, **{f"K = {row.candidates} (%)": cell(row) for row in own}})
    return rows


def cell(row: AccuracyRow) -> str:
    """A number in per cent with its standard deviation and its interval, marked where that holds chance.

    >>> numbers = {"value": 0.213, "ci_low": 0.12, "ci_high": 0.35, "null": 0.125, "sd": 0.02, "n": 156}
    >>> cell(AccuracyRow("D0", "trained", "other works", 8, score="cosine", right="", chosen="", **numbers))
    '○ 21.3 ± 2.0 [12.0, 35.0]'
    """
    ends = "" if row.ci_low is None or row.ci_high is None else f" [{100 * row.ci_low:.1f}, {100 * row.ci_high:.1f}]"
    return f"{'○ ' if inside_null(row) else ''}{100 * row.value:.1f} ± {100 * row.sd:.1f}{ends}"


def published_table() -> None:
    """A closed panel with what others have published, which is of other data."""
    with st.expander("Published, on other data", icon=":material/menu_book:"):
        table = [
            {"model": of.model, "data": of.data, **{f"K = {size}": _published(of.percents.get(size)) for size in CANDIDATES}}
            for of in PUBLISHED
        ]
        st.dataframe(table, hide_index=True, placeholder="—", height="content")
        st.caption(plain(f"{COMPARABILITY} {CITATION}."))


def _published(per_cent: float | None) -> str | None:
    return None if per_cent is None else f"◇ {percent(per_cent / 100)}"
