"""A figure with what can be done with it: download, link, command, Python; and what was clicked in it."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Literal, Protocol
from urllib.parse import urlencode, urlsplit, urlunsplit

import plotly.graph_objects as go
import streamlit as st

from analysis.files import spreadsheet_safe
from analysis.results import Result
from app import state
from app.kit import figures
from app.kit.clicks import Key

PICTURE = "The picture, as SVG: the camera above the figure."
Mode = Literal["points", "lasso", "box"]


class Recordable(Protocol):
    """What knows its columns: a row of a table, a value."""

    def record(self) -> Mapping[str, object]: ...


Recorded = Mapping[str, object] | Recordable


def figure(
    drawing: go.Figure, key: str, result: Result, rows: Sequence[Recorded] = (), *, select: tuple[Mode, ...] = ()
) -> list[Key]:
    """Draw a figure and its row of actions; what is selected in it, as the `customdata` of the points.

    Args:
        drawing: the figure.
        key: of the figure, different from all others on the page.
        result: where its numbers come from.
        rows: the numbers behind it, for the CSV.
        select: how points can be selected; empty for figures that lead nowhere.
    """
    if not select:
        drawing.update_layout(dragmode=False)  # an ordinary arrow over what leads nowhere
    event = figures.show(drawing, key, file=f"{result.study}-{key}", select=select)
    selected = chosen(event) if select else []
    with st.container(horizontal=True, horizontal_alignment="right", gap="small"):
        with st.popover("Download", icon=":material/download:", type="tertiary"):
            _downloads(key, result, rows)
        with st.popover("Share", icon=":material/link:", type="tertiary"):
            _share(result)
    return selected


def numbers(key: str, rows: Sequence[Recorded], file: str) -> None:
    """The row of actions of a figure that shows no result: the numbers behind it, and where its picture is."""
    with st.container(horizontal=True, horizontal_alignment="right", gap="small"):
        with st.popover("Download", icon=":material/download:", type="tertiary", key=f"download_{key}"):
            st.caption(PICTURE)
            st.download_button("Numbers, as CSV", lambda: as_csv(rows), f"{file}.csv", "text/csv", key=f"csv_{key}")


def chosen(event: object) -> list[Key]:
    """The `customdata` of the selected points, none twice, a number or name alone as a key of one part.

    Points without it lead nowhere.

    >>> chosen({"selection": {"points": [{"customdata": ["D0", 3]}, {"x": 1}, {"customdata": 0}, {"customdata": ["D0", 3]}]}})
    [('D0', 3), (0,)]
    """
    selected = event.get("selection") if isinstance(event, Mapping) else None
    points = selected.get("points", ()) if isinstance(selected, Mapping) else ()
    return list(dict.fromkeys(key for point in points if (key := _key(point.get("customdata")))))


def _key(customdata: object) -> Key:  # whatever a browser sends: it only says what to look at
    if isinstance(customdata, Mapping):
        return tuple(customdata.values())
    if isinstance(customdata, list | tuple):
        return tuple(customdata)
    return () if customdata is None or customdata == "" else (customdata,)


def _downloads(key: str, result: Result, rows: Sequence[Recorded]) -> None:
    st.caption(PICTURE)
    if rows:
        st.download_button("Numbers, as CSV", lambda: as_csv(rows), f"{result.study}-{key}.csv", "text/csv", key=f"csv_{key}")
    name = f"{result.study}.json"
    st.download_button("Whole result, as JSON", lambda: as_json(result), name, "application/json", key=f"json_{key}")


def as_csv(rows: Sequence[Recorded]) -> str:
    """Records, rows or values as CSV, with every column that one of them has.

    >>> as_csv([{"layer": 1, "value": 0.5}, {"layer": 2, "note": "none"}]).splitlines()
    ['layer,value,note', '1,0.5,', '2,,none']
    """
    text = io.StringIO()
    records = [row if isinstance(row, Mapping) else row.record() for row in rows]
    writer = csv.DictWriter(text, list(dict.fromkeys(column for record in records for column in record)))
    writer.writeheader()
    writer.writerows(map(spreadsheet_safe, records))
    return text.getvalue()


def as_json(result: Result) -> str:
    """Everything but the arrays."""
    return json.dumps(result.to_document(), indent=2)


def _share(result: Result) -> None:
    st.caption("This page")
    st.code(link(str(st.context.url or ""), _columns_by_table(result) | state.address()), language=None, wrap_lines=True)
    st.caption("The same numbers in a shell")
    st.code(result.command, language=None, wrap_lines=True)
    st.caption("The same numbers in Python")
    st.code(python(result), language=None, wrap_lines=True)


def _columns_by_table(result: Result) -> dict[str, list[str]]:
    """What the address leaves out as long as nobody chose otherwise, and what another server would choose otherwise."""
    names = {"checkpoints": list(result.checkpoints)}
    return names | ({"corpus": [result.corpus]} if result.corpus else {})


def link(address: str, parameters: Mapping[str, object]) -> str:
    """The address of a page with what is chosen on it.

    >>> link("http://127.0.0.1:8501/similarity?old=1", {"corpus": "small", "checkpoints": ["a", "b"]})
    'http://127.0.0.1:8501/similarity?corpus=small&checkpoints=a&checkpoints=b'
    """
    return urlunsplit(urlsplit(address)._replace(query=urlencode(parameters, doseq=True)))


def python(result: Result) -> str:
    """Lines that compute or read the same result."""
    names = list(result.asked_checkpoints)
    if result.study == "summary":  # no study: it is read from their results
        summed = f"summed = summarise({names!r}, {result.corpus!r})"
        return f"from analysis.studies.summary.summarise import summarise\n\n{summed}"
    settings = {name: value for name, value in result.request.items() if name != "checkpoints"}
    return (
        "from analysis.store import open_store\n"
        "from analysis.studies.base.requests import build_request\n"
        "from analysis.studies.base.study import run_study\n\n"
        f"request = build_request({result.study!r}, {names!r}, {settings!r})\n"
        f"result = run_study({result.study!r}, request, store=open_store())"
    )
