"""The answer of the page of retrieval: a figure, a table with intervals, the differences, and where the numbers come from."""

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from analysis.models.arms import control_of, under_their_arms
from analysis.numbers import Value, format_value, p_words, pick
from analysis.results import Result
from analysis.studies.retrieval.rows import PairRow, SearchedPoolRow
from app import state
from app.charts import retrieval
from app.kit import actions, clicks, study_facts
from app.kit.arms import OF_CONTROLS, marked

DIRECTIONS = ("audio to MIDI", "MIDI to audio")
MEASURES = {  # as the table calls them
    "R@1": "R@1", "R@5": "R@5", "R@10": "R@10", "MRR": "MRR",
    "accuracy against same piece": "same piece", "accuracy against same composer": "same composer",
}  # fmt: skip
WIDTH = 156
COLUMNS = {
    "checkpoint": st.column_config.TextColumn("checkpoint", width=110),
    "measure": st.column_config.TextColumn("measure", width=104, help="What these are is said at the end of the page"),
    "audio to MIDI": st.column_config.TextColumn("audio → MIDI", width=WIDTH),
    "twin, audio to MIDI": st.column_config.TextColumn("untrained twin", width=WIDTH, help="Audio → MIDI, after zero steps"),
    "MIDI to audio": st.column_config.TextColumn("MIDI → audio", width=WIDTH),
    "twin, MIDI to audio": st.column_config.TextColumn("untrained twin", width=WIDTH, help="MIDI → audio, after zero steps"),
}
MISSES_OF = "misses_of"  # whose misses are heard below: key of the widget
UNDECIDED = "○ "  # in front, where a narrow column does not cut it off


def draw(result: Result, pool: str, arms: Mapping[str, str]) -> None:
    """Figure, table and differences on one pool; controls, by name → arm, are marked and stand below their arm."""
    rows = measured(result, pool, arms)
    drawing = retrieval.forest(result, pool, arms)
    click = clicks.newest("retrieval", {"scores": actions.figure(drawing, "scores", result, result.values, select=("points",))})
    names = study_facts.names_of(result)
    if click and click.is_new and click.key[0] in names:
        state.preset(MISSES_OF, click.key[0])
    if len(names) > 1:
        st.caption("Click a mark to hear the misses of its checkpoint.")
    st.dataframe(rows, column_config=COLUMNS, hide_index=True, placeholder="—", height="content")
    candidates = result.arrays[f"candidates.{pool_number(result, pool)}"]
    st.caption(
        f"n = {candidates.shape[0]} queries, {candidates.shape[1]} candidates each; in brackets 95 % intervals, bootstrap over "
        f"works; {UNDECIDED.strip()} not distinguishable from chance."
    )
    if any(map(control_of, arms.values())):
        st.caption(OF_CONTROLS)
    if differences := compared(result, pool, arms):
        st.subheader("Differences", anchor=False)
        st.dataframe(differences, hide_index=True, height="content")
        st.caption("Difference in S of two checkpoints on the same queries; p of a paired permutation by work, not corrected.")


def pool_number(result: Result, pool: str) -> int:
    """Number of a pool in the names of the arrays."""
    return next(row.array for row in result.rows(SearchedPoolRow) if row.pool == pool)


def measured(result: Result, pool: str, arms: Mapping[str, str]) -> list[dict[str, str | None]]:
    """Recall, MRR and accuracies with their intervals, both ways, beside the untrained twin; a row per checkpoint and measure."""
    rows = []
    for name in under_their_arms({name: arms.get(name, "") for name in study_facts.names_of(result)}):
        own = result.select(checkpoint=name, pool=pool)
        for what, measure in MEASURES.items():
            row: dict[str, str | None] = {"checkpoint": marked(name, arms.get(name, "")), "measure": measure}
            for way in DIRECTIONS:
                trained, twin = (pick(own, weights=weights, direction=way, what=what) for weights in ("trained", "untrained"))
                row |= {way: cell(trained), f"twin, {way}": cell(twin)}
            rows.append(row)
    return rows


def cell(value: Value | None) -> str | None:
    """A value with its interval, marked where the interval holds chance; None for none.

    >>> cell(Value({"what": "R@1"}, 0.031, 0.012, 0.05, 500, 0.02, "share", "recall"))
    '○ 3.1 % [1.2, 5.0]'
    """
    return value and (UNDECIDED if value.inside_null else "") + format_value(replace(value, null=None))


def compared(result: Result, pool: str, arms: Mapping[str, str]) -> list[dict[str, object]]:
    """Differences of every two checkpoints with their intervals and p."""
    return [
        {
            "first": marked(row.first, arms.get(row.first, "")), "second": marked(row.second, arms.get(row.second, "")),
            "difference in S (percentage points)": _points(row), "p": p_words(row.p), "n": row.n,
        }
        for row in result.rows(PairRow)
        if row.pool == pool
    ]  # fmt: skip


def _points(row: PairRow) -> str:
    ends = "" if row.ci_low is None or row.ci_high is None else f" [{100 * row.ci_low:+.1f}, {100 * row.ci_high:+.1f}]"
    return f"{100 * row.difference:+.1f}{ends}"
