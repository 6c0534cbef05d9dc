"""The answer of the page of ablation: S after every replacement, what it costs, and the queries that suffer most."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from analysis.results import Result
from analysis.studies.ablation.kinds import OTHER_WORK, SAME_WORK, SHUFFLED, TRAINING_NOISE, WINDOW_NOISE
from analysis.studies.ablation.published import ABLATIONS
from app import controls, layout
from app.charts import intervals
from app.charts import mark as marked
from app.charts.mark import Mark
from app.components import actions, hear, published_table, row_choice, study_facts
from app.components.plain import plain
from app.components.stress_kit import among, s_title
from app.components.study_form import Choice

Row = Mapping[str, Any]
NOTHING, TOGETHER, AS_IT_IS = "none", " and ", "as it is"
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


def draw(result: Result, choice: Choice) -> None:
    """S and its drop after every replacement of the chosen input; numbers; the queries behind the chosen one."""
    rows = result.tables["ablation"]
    inputs = sorted({row["input"] for row in rows} - {NOTHING}, key=lambda one: (TOGETHER in one, one))
    if not inputs:
        layout.empty("No chosen checkpoint has a descriptor, so nothing can be replaced.", "Choose one that has.")
        return
    its = controls.pick_word("side", "Replaced", inputs)
    shown = shown_rows(rows, its)
    arms = {str(one.name): str(one.arm) for one in choice.checkpoints}
    first = _scores(result, shown, arms, its)
    second = _drops(result, shown, len(first) and _place(shown, first[-1]))
    number = _numbers(result, shown, (second or first or [()])[-1])
    if kinds := result.tables.get("kinds"):
        with st.expander("What is put in its place", icon=":material/swap_horiz:"):
            st.dataframe(list(kinds), column_config=WHAT, hide_index=True)
    _suffering(result, choice, shown[number])
    published_table.beside(result, arms)


def shown_rows(rows: Sequence[Row], its: str) -> list[Row]:
    """Rows of the models that have an input: as it is, then after its replacements; first all trained, then their twins."""
    having = {row["checkpoint"] for row in rows if row["input"] == its}
    shown = [row for row in rows if row["checkpoint"] in having and row["input"] in (NOTHING, its)]
    return sorted(shown, key=lambda row: row["weights"] != "trained")


def condition(row: Row) -> str | None:
    """What the authors call what was done; None where they did nothing of the kind.

    >>> condition({"kind": "of another window of the same work", "input": "A4"})
    'shuffle A4'
    """
    pattern = ABLATIONS.get(row["kind"])
    return pattern and pattern.format(row["input"])


def score_mark(row: Row) -> Mark:
    """S after a replacement beside chance."""
    numbers = (row["s"], row["s_ci_low"], row["s_ci_high"], row["chance"], row["n"])
    return Mark(_short(row["kind"]), _series(row), *numbers, **_about(row))


def drop_mark(row: Row) -> Mark:
    """What a replacement costs, in percentage points."""
    low, high, null = (None if row[name] is None else 100 * row[name] for name in ("ci_low", "ci_high", "null"))
    numbers = (100 * row["value"], low, high, null, row["n"])
    return Mark(_short(row["kind"]), _series(row), *numbers, unit="points", **_about(row))


def _series(row: Row) -> str:
    """Twins, which hardly differ, stand in one row."""
    return row["checkpoint"] if row["weights"] == "trained" else TWINS


def _about(row: Row) -> dict[str, Any]:
    is_twin = row["weights"] != "trained"
    note = "" if row["input"] == NOTHING else f"{row['input']} replaced"
    note += f"{'; ' if note else ''}twin of {row['checkpoint']}" if is_twin else ""
    return {"key": _key(row), "twin": is_twin, "note": note}


def _short(kind: str) -> str:
    return SHORT.get(kind, kind)


def _key(row: Row) -> marked.Key:
    return row["checkpoint"], row["input"], row["kind"], row["weights"]


def _scores(result: Result, shown: Sequence[Row], arms: Mapping[str, str], its: str) -> list[tuple[Any, ...]]:
    """S after every replacement, and as it is for reference: the first row and a dotted line for every checkpoint."""
    marks = [score_mark(row) for row in shown]
    colours = study_facts.colours_of(result)
    drawing = intervals.forest(marks, x_title=s_title(result), y_title=f"{its} replaced by", percent=True, colours=colours)
    looks = marked.styles(marks, colours)
    for mark in marks:
        if mark.group == AS_IT_IS and not mark.twin:
            line = {"color": looks[mark.series, False].colour, "dash": "dot", "width": 1.5}
            at, n_rows = 100 * mark.value, len({one.group for one in marks})
            drawing.add_shape(type="line", x0=at, x1=at, y0=-0.5, y1=n_rows - 0.5, line=line, layer="below")
    told = {(one.arm, one.condition): one.value for one in published_table.of_arms("ablation", set(arms.values()))}
    found = [(_key(row), told.get((arms.get(row["checkpoint"], ""), condition(row) or ""))) for row in _trained(shown)]
    has_published = published_table.add_diamonds(drawing, [(key, value) for key, value in found if value is not None])
    picked = actions.figure(_fitted(drawing), "scores", result, shown, select=("points",))
    baseline = [row for row in result.tables["ablation"] if row["note"] and row["weights"] == "trained"]
    without = "".join(f" Without descriptors, {row['checkpoint']}: {_percent(row)}." for row in baseline)
    note = f"Click a point, or choose a row below, to hear what suffers. Dotted: S as it is.{without}"
    st.caption(plain(f"{note} {published_table.LEGEND if has_published else ''}"))
    return picked


def _fitted(drawing: go.Figure) -> go.Figure:
    """Not higher than a screen; the rows move together."""
    height: int = drawing.layout.height  # pyright: ignore[reportAttributeAccessIssue]
    if height > MOST_PX:
        drawing.update_layout(height=MOST_PX).update_traces(marker_size=8, selector={"mode": "markers"})
    return drawing


def _drops(result: Result, shown: Sequence[Row], after: int) -> list[tuple[Any, ...]]:
    """What every replacement costs; a click above this figure takes back the one in it."""
    rows = [row for row in shown if row["input"] != NOTHING]
    st.subheader("What it costs", anchor=False)
    drawing = intervals.forest(
        [drop_mark(row) for row in rows], x_title="drop in S (percentage points)", y_title="replaced by", null_name="no change",
        colours=study_facts.colours_of(result),
    )  # fmt: skip
    return actions.figure(_fitted(drawing), f"drops-{after}", result, rows, select=("points",))


def _place(shown: Sequence[Row], key: tuple[Any, ...]) -> int:
    return next((number for number, row in enumerate(shown, 1) if _key(row) == key), 0)


def _trained(shown: Sequence[Row]) -> list[Row]:
    return [row for row in shown if row["weights"] == "trained"]


def _percent(row: Row) -> str:
    return marked.in_words(score_mark(row), percent=True)


def told(mark: Mark) -> str:
    """A number in per cent or in points, marked where its interval holds the null.

    >>> told(Mark("zero", "d4a4", 0.816, 0.758, 0.871, null=0.039)), told(Mark("", "", -0.04, -0.1, 0.3, 0.0, unit="points"))
    ('81.6 [75.8, 87.1]', '○ 0.0 [-0.1, 0.3]')
    """
    drawn = marked.scaled(mark, percent=not mark.unit)
    numbers = (f"{number:.1f}" for number in (drawn.value, *(drawn.interval or ())))
    text, *ends = ("0.0" if number == "-0.0" else number for number in numbers)
    return ("○ " if mark.undecided else "") + text + (f" [{', '.join(ends)}]" if ends else "")


def _distance(row: Row) -> str:
    """How far embeddings move, in thousandths.

    >>> _distance({"distance": 0.398, "distance_ci_low": 0.3571, "distance_ci_high": 0.44})
    '0.398 [0.357, 0.440]'
    """
    ends = "" if row["distance_ci_low"] is None else f" [{row['distance_ci_low']:.3f}, {row['distance_ci_high']:.3f}]"
    return f"{row['distance']:.3f}{ends}"


def _numbers(result: Result, shown: Sequence[Row], clicked: tuple[Any, ...]) -> int:
    """All numbers; the number among `shown` of the chosen row: the one that was clicked, else the dearest."""
    places = [i for i, row in enumerate(shown) if row["weights"] == "trained" and row["input"] != NOTHING]
    twins = {_key(row)[:3]: row for row in shown if row["weights"] != "trained"}
    table = []
    for row in (shown[i] for i in places):
        twin = twins[_key(row)[:3]]
        table.append({
            "checkpoint": row["checkpoint"], "replaced by": _short(row["kind"]), "S": told(score_mark(row)),
            "twin": told(score_mark(twin)), "drop": told(drop_mark(row)), "twin drop": told(drop_mark(twin)),
            "moved": _distance(row),
        })  # fmt: skip
    of_clicked = [number for number, i in enumerate(places) if _key(shown[i])[:3] == clicked[:3]]
    dearest = max(range(len(places)), key=lambda number: shown[places[number]]["value"])
    start = of_clicked[0] if of_clicked else dearest
    height = TABLE_PX if len(table) > FEW else "content"
    st.subheader("All numbers", anchor=False)
    alt = "S after every replacement; the queries of the chosen row are heard below"
    key = f"numbers_{'_'.join(map(str, clicked))}_{len(table)}"
    chosen = row_choice.pick_row(table, key, alt=alt, start=start, columns=COLUMNS, height=height)
    first = shown[places[start]]
    st.caption(
        f"n = {first['n']} queries{among(result)}; chance {100 * first['chance']:.1f} %; in brackets 95 % intervals, "
        "bootstrap over works; ○ not distinguishable from chance, or from no change. Drops are paired by query."
    )
    return places[chosen]


def suffering(result: Result, row: Row) -> list[dict[str, Any]]:
    """Queries whose match falls farthest by a replacement, in either direction, the worst first; those that gain left out.

    With each what `hear.pick_missed` asks for, in the direction in which it falls farther.
    """
    after, change = result.arrays[row["array"]], result.arrays[row["change"]]
    instead = result.arrays[row["instead"]] if row.get("instead") else None
    query, moved = result.arrays["query"], result.arrays[row["moved"]]
    worst = change.max(axis=0)
    before = after - change.astype(int)
    rows = []
    for i in np.argsort(-worst, kind="stable")[:MOST]:
        if worst[i] <= 0:
            break
        window, way = result.tables["windows"][int(query[i])], int(change[:, i].argmax())
        rows.append({
            "way": way, "rank": int(after[way, i]), "instead": None if instead is None else int(instead[way, i]),
            "audio to MIDI": f"{before[0, i]} → {after[0, i]}", "MIDI to audio": f"{before[1, i]} → {after[1, i]}",
            "moved": float(moved[query[i]]), "start_s": window["start_s"], "piece": window["piece"],
        })  # fmt: skip
    return rows


def _suffering(result: Result, choice: Choice, row: Row) -> None:
    st.subheader("Hear what suffers", anchor=False)
    what = f"{row['checkpoint']}, {row['input']} replaced by {SHORT.get(row['kind'], row['kind'])}"
    found = suffering(result, row)
    if not found:
        st.caption(plain(f"{what}: the match of no query falls."))
        return
    n_candidates = result.arrays["candidates"].shape[1]
    st.caption(plain(f"{what}: queries whose match falls farthest among {n_candidates} candidates; rank before → after."))
    hear.pick_missed(found, result.tables["windows"], choice.corpus, f"suffers_{'_'.join(map(str, _key(row)))}", columns=HEARD)
