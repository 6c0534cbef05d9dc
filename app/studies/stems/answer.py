"""The answer of the page of stems: accuracy over the number of candidates, a table, and what others have published."""

from collections.abc import Mapping

import streamlit as st

from analysis.models.arms import under_their_arms
from analysis.numbers import percent
from analysis.results import Result
from analysis.studies.stems.published import CITATION, COMPARABILITY, PUBLISHED
from analysis.studies.stems.rows import BASELINE, CANDIDATES, NOBODY, AccuracyRow
from app.charts import doses, theme
from app.charts import mark as marked
from app.charts.mark import Mark
from app.kit import actions, study_facts
from app.kit.arms import marked as marked_name
from app.kit.plain import plain
from app.kit.pool_scores import cell, name_twins_once

AXIS = "candidates K, one of them right (not to scale)"
PANELS = {"other works": "wrong candidates of other works", "same work too": "half of them of the same work"}
CHART_PX = 420
WIDTH = 170


def draw(result: Result, arms: Mapping[str, str]) -> None:
    """A panel per origin of the wrong candidates, then all numbers; controls, by name → arm, are marked."""
    rows = result.rows(AccuracyRow)
    drawing = doses.panels(
        marks_of(result), x_title=AXIS, y_title="right (%)", percent=True, categories=sizes_of(result), domain=(0, 104),
        null_name="chance", columns=2, colours={**study_facts.colours_of(result), BASELINE: theme.TEXT},
    )  # fmt: skip
    drawing.update_layout(height=CHART_PX)
    actions.figure(name_twins_once(drawing), "accuracies", result, rows)
    columns = {f"K = {size}": st.column_config.TextColumn(width=WIDTH) for size in sizes_of(result)}
    st.dataframe(measured(result, arms), column_config=columns, hide_index=True, placeholder="—", height="content")
    st.caption(
        f"n = {rows[0].n} windows; in brackets 95 % intervals, bootstrap over works; ± is the standard deviation from partition to "
        "partition, in percentage points; ○ not distinguishable from chance."
    )


def sizes_of(result: Result) -> list[str]:
    """Numbers of candidates that were asked about, in ascending order."""
    asked = {row.candidates for row in result.rows(AccuracyRow)}
    return [str(size) for size in CANDIDATES if size in asked]


def marks_of(result: Result) -> list[Mark]:
    """A mark per model, number of candidates and origin of the wrong ones; the spectrum alone is a series of its own."""
    sizes = sizes_of(result)
    marks = [
        marked.from_row(
            row, PANELS[row.negatives], row.checkpoint or BASELINE, at=float(sizes.index(str(row.candidates))), unit="share",
            twin=row.weights == "untrained", note=f"SD from partition to partition {100 * row.sd:.1f} points; {row.score}",
        )
        for row in result.rows(AccuracyRow)
    ]  # fmt: skip
    return [mark for mark in marks if mark is not None]


def measured(result: Result, arms: Mapping[str, str]) -> list[dict[str, str | None]]:
    """A row per model and origin of the wrong candidates, with every number of candidates."""
    names = under_their_arms({name: arms.get(name, "") for name in study_facts.names_of(result)})
    rows: list[dict[str, str | None]] = []
    for name, weights in [*((name, weights) for name in names for weights in ("trained", "untrained")), (NOBODY, BASELINE)]:
        for negatives in PANELS:
            own = [
                row
                for row in result.rows(AccuracyRow)
                if (row.checkpoint, row.weights, row.negatives) == (name, weights, negatives)
            ]
            model = marked_name(name, arms.get(name, "")) if name else "spectrum alone"
            row: dict[str, str | None] = {"model": model, "weights": weights, "wrong candidates": negatives}
            rows.append(row | {f"K = {of.candidates}": f"{cell(of)} ± {100 * of.sd:.1f}" for of in own})
    return rows


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
