"""The answer of the page of ablation: S after every replacement, what it costs, and the queries that suffer most."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypedDict

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from analysis.results import Result
from analysis.studies.ablation.kinds import OTHER_WORK, SAME_WORK, SHUFFLED, TRAINING_NOISE, WINDOW_NOISE
from analysis.studies.ablation.published import ABLATIONS
from analysis.studies.ablation.rows import AS_IT_IS, NOTHING, TOGETHER, AblationRow, KindRow
from analysis.studies.shared_rows import WindowRow
from app.charts import intervals
from app.charts import mark as marked
from app.charts.mark import Mark
from app.kit import actions, controls, layout, player, published_table, row_choice, study_facts
from app.kit.plain import plain
from app.kit.pool_scores import among, s_title, short_text
from app.kit.study_form import Choice

SHORT: dict[str, str] = {
    WINDOW_NOISE: "noise like the window",
    TRAINING_NOISE: "noise like the training set",
    SHUFFLED: "shuffled in time",
    SAME_WORK: "another of the same work",
    OTHER_WORK: "that of another work",
}
MOST, MOST_PX, TABLE_PX, FEW = 20, 560, 320, 8
TWINS = "untrained twins"
COLUMNS = {
    "checkpoint": st.column_config.TextColumn("checkpoint", width=98),
    "replaced by": st.column_config.TextColumn("replaced by", width=172),
    "S": st.column_config.TextColumn("S after (%)", width=120),
    "twin": st.column_config.TextColumn("twin (%)", width=108, help="S of the untrained twin after the same replacement"),
    "drop": st.column_config.TextColumn("drop (points)", width=116, help="S as it is minus S after, the same queries"),
    "twin drop": st.column_config.TextColumn("of the twin", width=116, help="Drop of the untrained twin, in points"),
    "moved": st.column_config.TextColumn("moved", width=150, help="Mean cosine distance between embeddings before and after"),
}
WHAT = {
    "kind": st.column_config.TextColumn("replaced by", width=250),
    "what": st.column_config.TextColumn("what that is", width=600),
}
HEARD = {
    "audio to MIDI": st.column_config.TextColumn("audio → MIDI", width=92, help="Rank of the match before → after"),
    "MIDI to audio": st.column_config.TextColumn("MIDI → audio", width=92, help="Rank of the match before → after"),
    "moved": st.column_config.NumberColumn("moved", width=56, format="%.2f", help="Cosine distance of this window's embedding"),
    "piece": st.column_config.TextColumn("piece", width=180),
}


class Key(NamedTuple):
    """What a click on the mark of a row gives."""

    checkpoint: str
    input: str
    kind: str
    weights: str


def draw(result: Result, choice: Choice) -> None:
    """S and its drop after every replacement of the chosen input; numbers; the queries behind the chosen one."""
    rows = result.rows(AblationRow)
    inputs = sorted({row.input for row in rows} - {NOTHING}, key=lambda name: (TOGETHER in name, name))
    if not inputs:
        layout.empty("No chosen checkpoint has a descriptor, so nothing can be replaced.", "Choose one that has.")
        return
    replaced = controls.pick_word("side", "Replaced", inputs)
    shown = shown_rows(rows, replaced)
    arms = {str(checkpoint.name): str(checkpoint.arm) for checkpoint in choice.checkpoints}
    first = _scores(result, shown, arms, replaced)
    second = _drops(result, shown, len(first) and _number_of(shown, first[-1]))
    number = _numbers(result, shown, (second or first or [()])[-1])
    if kinds := result.rows(KindRow):
        with st.expander("What is put in its place", icon=":material/swap_horiz:"):
            st.dataframe([row.record() for row in kinds], column_config=WHAT, hide_index=True)
    _hard_queries(result, choice, shown[number])
    published_table.show(result, arms)


def shown_rows(rows: Sequence[AblationRow], replaced: str) -> list[AblationRow]:
    """Rows of the models that have an input: as it is, then after its replacements; first all trained, then their twins."""
    having = {row.checkpoint for row in rows if row.input == replaced}
    shown = [row for row in rows if row.checkpoint in having and row.input in (NOTHING, replaced)]
    return sorted(shown, key=lambda row: row.is_twin)


def condition(kind: str, replaced: str) -> str | None:
    """What the authors call what was done; None where they did nothing of the kind.

    >>> condition("of another window of the same work", "A4")
    'shuffle A4'
    """
    pattern = ABLATIONS.get(kind)
    return pattern and pattern.format(replaced)


def score_mark(row: AblationRow) -> Mark:
    """S after a replacement beside chance."""
    return Mark(_short(row.kind), _series(row), row.s, row.s_ci_low, row.s_ci_high, row.chance, row.n, **_about(row))


def drop_mark(row: AblationRow) -> Mark:
    """What a replacement costs, in percentage points."""
    low, high, null = (None if number is None else 100 * number for number in (row.ci_low, row.ci_high, row.null))
    return Mark(_short(row.kind), _series(row), 100 * _lost(row), low, high, null, row.n, unit="points", **_about(row))


def _lost(row: AblationRow) -> float:
    return row.value or 0.0


def _series(row: AblationRow) -> str:
    """Twins, which hardly differ, stand in one row."""
    return TWINS if row.is_twin else row.checkpoint


class About(TypedDict):
    """What the marks of a replacement say besides its number."""

    key: Key
    twin: bool
    note: str


def _about(row: AblationRow) -> About:
    note = "" if row.input == NOTHING else f"{row.input} replaced"
    note += f"{'; ' if note else ''}twin of {row.checkpoint}" if row.is_twin else ""
    return {"key": _key(row), "twin": row.is_twin, "note": note}


def _short(kind: str) -> str:
    return SHORT.get(kind, kind)


def _key(row: AblationRow) -> Key:
    return Key(row.checkpoint, row.input, row.kind, row.weights)


def _scores(result: Result, shown: Sequence[AblationRow], arms: Mapping[str, str], replaced: str) -> list[marked.Key]:
    """S after every replacement, and as it is for reference: the first row and a dotted line for every checkpoint."""
    marks = [score_mark(row) for row in shown]
    colours = study_facts.colours_of(result)
    drawing = intervals.forest(marks, x_title=s_title(result), y_title=f"{replaced} replaced by", percent=True, colours=colours)
    looks = marked.styles(marks, colours)
    for mark in marks:
        if mark.group == AS_IT_IS and not mark.twin:
            line = {"color": looks[mark.series, False].colour, "dash": "dot", "width": 1.5}
            at, n_rows = 100 * mark.value, len({other.group for other in marks})
            drawing.add_shape(type="line", x0=at, x1=at, y0=-0.5, y1=n_rows - 0.5, line=line, layer="below")
    records = {(record.arm, record.condition): record for record in published_table.of_arms("ablation", set(arms.values()))}
    beside = [(_key(row), records.get((arms.get(row.checkpoint, ""), condition(row.kind, row.input) or ""))) for row in shown]
    diamonds = [(key, record.value) for key, record in beside if record and key.weights == "trained"]
    has_published = published_table.add_diamonds(drawing, diamonds)
    picked = actions.figure(_fitted(drawing), "scores", result, shown, select=("points",))
    baseline = [row for row in result.rows(AblationRow) if row.note and not row.is_twin]
    without = "".join(f" Without descriptors, {row.checkpoint}: {_percent(row)}." for row in baseline)
    note = f"Click a point, or choose a row below, to hear what suffers. Dotted: S as it is.{without}"
    st.caption(plain(f"{note} {published_table.LEGEND if has_published else ''}"))
    return picked


def _fitted(drawing: go.Figure) -> go.Figure:
    """Not higher than a screen; the rows move together."""
    height: int = drawing.layout.height  # pyright: ignore[reportAttributeAccessIssue]
    if height > MOST_PX:
        drawing.update_layout(height=MOST_PX).update_traces(marker_size=8, selector={"mode": "markers"})
    return drawing


def _drops(result: Result, shown: Sequence[AblationRow], after: int) -> list[marked.Key]:
    """What every replacement costs; a click above this figure takes back the one in it."""
    rows = [row for row in shown if row.input != NOTHING]
    st.subheader("What it costs", anchor=False)
    drawing = intervals.forest(
        [drop_mark(row) for row in rows], x_title="drop in S (percentage points)", y_title="replaced by", null_name="no change",
        colours=study_facts.colours_of(result),
    )  # fmt: skip
    return actions.figure(_fitted(drawing), f"drops-{after}", result, rows, select=("points",))


def _number_of(shown: Sequence[AblationRow], key: marked.Key) -> int:
    return next((number for number, row in enumerate(shown, 1) if _key(row) == key), 0)


def _percent(row: AblationRow) -> str:
    return marked.text_of(score_mark(row), percent=True)


def _distance(row: AblationRow) -> str:
    """How far embeddings move, in thousandths."""
    value, *ends = (f"{number:.3f}" for number in (row.distance, row.distance_ci_low, row.distance_ci_high) if number is not None)
    return value + (f" [{', '.join(ends)}]" if ends else "")


def _numbers(result: Result, shown: Sequence[AblationRow], clicked: marked.Key) -> int:
    """All numbers; the number among `shown` of the chosen row: that of the click, else the dearest."""
    trained = [i for i, row in enumerate(shown) if not row.is_twin and row.input != NOTHING]
    twins = {_key(row)[:3]: row for row in shown if row.is_twin}
    table = []
    for row in (shown[i] for i in trained):
        twin = twins[_key(row)[:3]]
        table.append({
            "checkpoint": row.checkpoint, "replaced by": _short(row.kind), "S": short_text(score_mark(row)),
            "twin": short_text(score_mark(twin)), "drop": short_text(drop_mark(row)), "twin drop": short_text(drop_mark(twin)),
            "moved": _distance(row),
        })  # fmt: skip
    of_clicked = [number for number, i in enumerate(trained) if _key(shown[i])[:3] == clicked[:3]]
    dearest = max(range(len(trained)), key=lambda number: _lost(shown[trained[number]]))
    start = of_clicked[0] if of_clicked else dearest
    height = TABLE_PX if len(table) > FEW else "content"
    st.subheader("All numbers", anchor=False)
    alt = "S after every replacement; the queries of the chosen row are heard below"
    key = f"numbers_{'_'.join(map(str, clicked))}_{len(table)}"
    chosen = row_choice.pick_row(table, key, alt=alt, start=start, columns=COLUMNS, height=height)
    first = shown[trained[start]]
    st.caption(
        f"n = {first.n} queries{among(result)}; chance {100 * first.chance:.1f} %; in brackets 95 % intervals, "
        "bootstrap over works; ○ not distinguishable from chance, or from no change. Drops are paired by query."
    )
    return trained[chosen]


def hard_queries(result: Result, row: AblationRow) -> list[player.Missed]:
    """Queries whose match falls farthest by a replacement, the worst first, in the direction in which it falls farther.

    Those that gain are left out.
    """
    if row.change is None or row.moved is None:
        return []
    after, change, wrong = result.arrays[row.array], result.arrays[row.change], result.arrays[row.instead]
    windows, query, moved = result.rows(WindowRow), result.arrays["query"], result.arrays[row.moved]
    before, worst = after - change.astype(int), change.max(axis=0)
    missed = []
    for i in np.argsort(-worst, kind="stable")[:MOST]:
        if worst[i] <= 0:
            break
        way = int(change[:, i].argmax())
        about = {
            "audio to MIDI": f"{before[0, i]} → {after[0, i]}", "MIDI to audio": f"{before[1, i]} → {after[1, i]}",
            "moved": float(moved[query[i]]),
        }  # fmt: skip
        missed.append(player.Missed(windows[int(query[i])], way, int(wrong[way, i]), about, rank=int(after[way, i])))
    return missed


def _hard_queries(result: Result, choice: Choice, row: AblationRow) -> None:
    st.subheader("Hear what suffers", anchor=False)
    what = f"{row.checkpoint}, {row.input} replaced by {_short(row.kind)}"
    missed = hard_queries(result, row)
    if not missed:
        st.caption(plain(f"{what}: the match of no query falls."))
        return
    n_candidates = result.arrays["candidates"].shape[1]
    st.caption(plain(f"{what}: queries whose match falls farthest among {n_candidates} candidates; rank before → after."))
    player.pick_missed(missed, result.rows(WindowRow), choice, f"suffers_{'_'.join(_key(row))}", columns=HEARD)
