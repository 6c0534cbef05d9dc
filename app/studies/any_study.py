"""The page of a study that has none of its own: its values with their controls, and its tables."""

from collections.abc import Sequence

import streamlit as st

from analysis.numbers import Value, format_value
from analysis.results import Result
from app.charts import intervals
from app.charts.mark import Mark
from app.kit import actions, study_page, tables
from app.kit.plain import plain
from app.kit.study_form import Choice

HOW_TO_READ = """
Every value stands with its 95 % interval, the number of examples it is of, and its null: what would be found where there is
nothing to find. A hollow mark is not distinguishable from its null.
"""
INFORMATION = ("windows",)  # tables that other tables point into


def show(name: str) -> None:
    """The page of the study of that name."""
    study_page.show(study_page.StudyPage(name, HOW_TO_READ, draw))


def draw(result: Result, _: Choice) -> None:
    """A figure of the values by unit, a table of them, and the tables of the study."""
    if values := [value for value in result.values if value.value is not None]:
        for unit in dict.fromkeys(value.unit for value in values):
            _figure(result, unit, [value for value in values if value.unit == unit])
        st.dataframe([_row(value) for value in values], hide_index=True, placeholder="—")
    for name, rows in result.tables.items():
        if rows and name not in INFORMATION:
            st.subheader(plain(name.replace("_", " ").capitalize()), anchor=False)
            tables.draw([dict(row) for row in rows])


def _figure(result: Result, unit: str, values: Sequence[Value]) -> None:
    marks = [_mark(value) for value in values]
    title = {"share": "share (1 = all)", "": "value"}.get(unit, unit)
    actions.figure(
        intervals.forest(marks, x_title=title, y_title="checkpoint", null_name="null"), f"values-{unit or 'plain'}", result
    )


def _mark(value: Value) -> Mark:
    group, series, twin = str(value.key.get("checkpoint", "")), value.name_without("checkpoint"), value.is_of(weights="untrained")
    numbers = (value.value or 0.0, value.ci_low, value.ci_high, value.null, value.n)
    return Mark(group, series, *numbers, key=(value.name,), twin=twin)


def _row(value: Value) -> dict[str, object]:
    return {"what": value.name, "value": format_value(value), "null": value.null, "n": value.n, "estimator": value.estimator}
