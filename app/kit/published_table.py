"""What others have published about a question: a panel with a table beside ours, and open diamonds in a figure."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import plotly.graph_objects as go
import streamlit as st

from analysis.errors import ConfigError
from analysis.numbers import SHARE, Value, format_value
from analysis.published.published import Published, published
from analysis.results import Result
from analysis.studies.counterparts import counterparts
from analysis.studies.pools.words import pools_of
from app.charts import theme
from app.charts.mark import Key
from app.kit.plain import plain

NAME = "published value"
LEGEND = "◇ published value, not comparable in absolute terms."
RIM, OUTLINE = "#FFFFFF", "#000000"  # the rim shows on dark pages alone
SIZE = 11
MOST_PX, FEW = 320, 8
Ours = Mapping[tuple[str, str, str], str]
COLUMNS = {
    "arm": st.column_config.TextColumn("arm", width=80),
    "condition": st.column_config.TextColumn("condition", width=190),
    "measure": st.column_config.TextColumn("measure", width=150),
    "published": st.column_config.TextColumn("published ◇", width=100),
    "ours": st.column_config.TextColumn("ours", width=180, help="What this page found, with its interval"),
    "note": st.column_config.TextColumn("note", width=84, help="The numbers of the sentences below"),
}


def show(result: Result, arms: Mapping[str, str]) -> None:
    """Table "Published versus ours" of a result: every published number about its arms, and what the result says there.

    Below it stands in which pools ours were found, where the result tells that.

    Args:
        result: of any study.
        arms: checkpoint → arm.
    """
    ours = counterparts(result, arms)
    every = dict.fromkeys([*arms.values(), *(arm for arm, _, _ in ours)])
    draw(result.study, every, ours)
    if ours and of_arms(result.study, every):
        for row in pools_of(result):
            st.caption(plain(f"Ours: {row.sentence}"))


def draw(study: str, arms: Iterable[str], ours: Ours | None = None) -> None:
    """A closed panel with the table "Published versus ours" of some arms and what is known about every number; a sentence where
    there is none.

    Args:
        study: whose question it is.
        arms: of the checkpoints on the page.
        ours: (arm, condition, measure) as published → our number in words.
    """
    wanted = list(dict.fromkeys(arms))
    records = of_arms(study, wanted)
    if not records:
        st.caption(plain(f"No published number here is about {', '.join(wanted) or 'these checkpoints'}."))
        return
    with st.expander(label(records), icon=":material/compare_arrows:"):
        _table(records, ours)


def label(records: Sequence[Published]) -> str:
    """What the panel says while it is closed.

    >>> label(published("embedding")), label(published("embedding", "D0"))
    ('Published versus ours: 2 published numbers', 'Published versus ours: 1 published number')
    """
    return f"Published versus ours: {len(records)} published number{'s' if len(records) > 1 else ''}"


def _table(records: Sequence[Published], ours: Ours | None) -> None:
    notes = {
        text: number for number, text in enumerate(dict.fromkeys(text for record in records for text in record.corrections), 1)
    }
    has_ours = ours is not None and any(_condition(record) in ours for record in records)
    rows = [_row(record, [notes[text] for text in record.corrections], ours if has_ours else None) for record in records]
    height = MOST_PX if len(rows) > FEW else "content"
    st.dataframe(rows, column_config=COLUMNS, hide_index=True, height=height, placeholder="—")
    footnotes = [f"({number}) {text}" for text, number in notes.items()]
    sources = "; ".join(dict.fromkeys(record.source for record in records))
    for text in (*footnotes, f"{records[0].citation}; read in: {sources}.", records[0].comparability):
        st.caption(plain(text))


def of_arms(study: str, arms: Collection[str]) -> list[Published]:
    """What is published about these arms; empty where nothing is."""
    try:
        return [record for record in published(study) if record.arm in arms]
    except ConfigError:
        return []


def text_of(record: Published) -> str:
    """A published number with its unit, as it is published.

    >>> [in_words(one) for one in published("controls", "d4a4")[:2]]
    ['83.0 %', '75.0 %']
    """
    if record.unit == "%":
        return format_value(Value({"what": record.measure}, record.value / 100, None, None, 0, None, SHARE, ""))
    return f"{record.value:g}{f' {record.unit}' if record.unit else ''}"


def _condition(record: Published) -> tuple[str, str, str]:
    return record.arm, record.condition, record.measure


def _row(record: Published, notes: Sequence[int], ours: Ours | None) -> dict[str, str | None]:
    row: dict[str, str | None] = {
        "arm": record.arm,
        "condition": record.condition,
        "measure": record.measure,
        "published": text_of(record),
    }
    row |= {} if ours is None else {"ours": ours.get(_condition(record))}
    return row | {"note": f"({', '.join(map(str, notes))})" if notes else None}


def add_diamonds(drawing: go.Figure, published: Iterable[tuple[Key, float]]) -> bool:
    """Open black diamonds beside marks of a forest; whether there is one. The axis grows so that none is cut off.

    Args:
        drawing: from `app.charts.intervals.forest`.
        published: the key of a mark and a number in the unit of the axis.
    """
    heights: dict[object, float] = {}
    for trace in drawing.data:
        for key, height in zip(_keys(trace.customdata), trace.y or (), strict=False):
            heights.setdefault(key, height)
    places = [(value, heights[key]) for key, value in published if key in heights]
    if not places:
        return False
    x, y = (list(column) for column in zip(*places, strict=True))
    layout = theme.layout_of(drawing)
    if layout.showlegend:
        marker = {"symbol": "diamond", "size": SIZE - 1, "color": RIM, "line": {"color": OUTLINE, "width": 1.6}}
        drawing.add_scatter(x=[None], y=[None], mode="markers", marker=marker, name=NAME, hoverinfo="skip", showlegend=True)
    for colour, width in ((RIM, 4.0), (OUTLINE, 1.6)):
        line = {"color": colour, "width": width}
        marker = {"symbol": "diamond-open", "size": SIZE, "color": colour, "opacity": 1, "line": line}
        drawing.add_scatter(
            x=x, y=y, mode="markers", marker=marker, name=NAME, showlegend=False,
            hoverinfo="text" if colour == OUTLINE else "skip", hovertext=[f"published: {value:g}" for value in x],
            unselected={"marker": {"opacity": 1}}, cliponaxis=False,
        )  # fmt: skip
    low, high = layout.xaxis.range
    room = 0.03 * (high - low)
    drawing.update_xaxes(range=[min(low, min(x) - room), max(high, max(x) + room)])
    return True


def _keys(customdata: Iterable[object] | None) -> list[object]:
    return [] if customdata is None else [tuple(item) if isinstance(item, list | tuple) else item for item in customdata]
