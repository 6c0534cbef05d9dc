"""Which points of a map are chosen. Another colour makes another figure, in which they stay chosen."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import plotly.graph_objects as go

from app import state


@dataclass(frozen=True)
class Chosen:
    """Numbers of the chosen points of one map in one colour.

    Attributes:
        map_id: which map.
        colour: by what it is coloured.
        drawn: chosen when the figure was made: they came from the same map in another colour.
        now: chosen since.
        used: whether anything was chosen in the figure itself: from then on that counts, also where it is nothing.
        times: how often all were dropped; every time makes another figure.
    """

    map_id: tuple[str, ...]
    colour: str
    drawn: tuple[int, ...] = ()
    now: tuple[int, ...] = ()
    used: bool = False
    times: int = 0


def before(map_id: tuple[str, ...], colour: str) -> Chosen:
    """What is chosen in a map that is about to be drawn."""
    last = state.recall("chosen")
    if not isinstance(last, Chosen) or last.map_id != map_id:
        return Chosen(map_id, colour)
    return last if last.colour == colour else replace(last, colour=colour, drawn=last.now, used=False)


def show(drawing: go.Figure, chosen: Chosen) -> go.Figure:
    """The figure with the points that came from another colour chosen."""
    if chosen.times:
        drawing.update_layout(meta=chosen.times)
    if chosen.drawn:
        drawing.for_each_trace(partial(_select, chosen.drawn), {"name": "points"})
    return drawing


def _select(numbers: Sequence[int], trace: Any) -> None:  # Any: Plotly gives the parts of a trace no types
    trace.update(selectedpoints=[index for index, number in enumerate(trace.customdata) if number in numbers])


def after(chosen: Chosen, picked: Sequence[int]) -> tuple[int, ...]:
    """What is chosen once the figure has said what was picked in it."""
    used = bool(picked) or chosen.used
    now = tuple(picked) if used else chosen.drawn
    state.keep("chosen", replace(chosen, now=now, used=used))
    return now


def drop() -> None:
    """Choose none."""
    last = state.recall("chosen")
    if isinstance(last, Chosen):
        state.keep("chosen", Chosen(last.map_id, last.colour, times=last.times + 1))
