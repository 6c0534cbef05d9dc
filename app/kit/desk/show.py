"""The desk on a page: lanes and sound go to the browser as files that it fetches; what it tells are places."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from streamlit.components import v2
from streamlit.runtime import get_instance

from analysis.clips.lanes import WindowSpan
from analysis.files import JsonObject
from app.kit.desk import bundle
from app.kit.desk.packing import spans
from app.kit.desk.sounds import Sounds

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

BYTES, WAV = "application/octet-stream", "audio/wav"


@dataclass(frozen=True)
class Layers:
    """What can be chosen, and what is."""

    layers: Sequence[int] = ()
    names: Sequence[str] = ()
    heads: Sequence[int] = ()
    layer: int = 1
    head: int = 0


@dataclass(frozen=True)
class Cell:
    """Two moments that one cell of a lane stands for, in seconds of the clip."""

    lane: str
    query_s: float
    key_s: float


@dataclass(frozen=True)
class Position:
    """Where a fresh desk begins: the playhead, a selection that can be played again and again, a cell, and what is in view."""

    seconds: float = 0.0
    loop: tuple[float, float] | None = None
    cell: Cell | None = None
    view: tuple[float, float] | None = None


@dataclass(frozen=True)
class Sent:
    """What the browser is given.

    Attributes:
        clip: identity of the recording; the view and the playhead stay while it does.
        sound: a WAV file of it: of known length, so that no place drifts.
        tiles: its lanes, packed.
        duration_s: of the recording, in seconds.
        layers: what can be chosen.
        order: lanes from the top, as "id" or, with a height in pixels, "id:height", with "-" before those that are hidden; those
            that it does not name are shown.
        sounds: variants of the recording that are heard in its stead, switched while they play; None for the recording alone.
        windows: what the model read at once.
        position: where a desk begins that has not yet shown this recording on this arrival; whoever already sees it stays where
            they are.
        arrival: number of the pages that were opened or gone back to before.
        numbers: behind the levels of pictures, as the tiles say; the browser reads single ones of them.
        recent: keys of the recordings of this session, the last one first; the browser keeps them for a later one.
    """

    clip: str
    sound: bytes
    tiles: bytes
    duration_s: float
    layers: Layers
    order: Sequence[str] = ()
    sounds: Sounds | None = None
    windows: Sequence[WindowSpan] = ()
    position: Position | None = None
    arrival: int = 0
    numbers: bytes = b""
    recent: Sequence[str] = ()


def show(
    key: str,
    sent: Sent,
    place_changed: Callable[[], None],
    lanes_changed: Callable[[], None],
    recent_told: Callable[[], None] = lambda: None,
) -> None:
    """Draw the desk.

    Args:
        key: of the component, always the same for the same place of a page.
        sent: what it shows.
        place_changed: called when a moment, a cell, a layer, a head or what is in view was chosen; the state `place` of the key
            then holds {"clip", "seconds", "layer", "head", "loop": [start, end] or None, "cell": {"lane", "queryS", "keyS"} or
            None, "view": [start, end]}, all in seconds. It is called when things have come to rest, and not while it plays.
        lanes_changed: called when lanes were moved, hidden or made higher; the state `lanes` then names all of them, as
            `Sent.order` does.
        recent_told: called once where the browser keeps recordings of an earlier session; the state `recent` is their keys.
    """
    _component()(
        key=key, data=_data(key, sent), default={"place": None, "lanes": None, "recent": None}, on_place_change=place_changed,
        on_lanes_change=lanes_changed, on_recent_change=recent_told,
    )  # fmt: skip


def _data(key: str, sent: Sent) -> JsonObject:
    layers, sounds = sent.layers, sent.sounds
    sound = sent.sound if sounds is None else sounds.wav
    data: JsonObject = {
        "url": media_address(sent.tiles, BYTES, f"{key}-tiles"), "audio": media_address(sound, WAV, f"{key}-sound"),
        "clip": {"id": sent.clip, "durationS": sent.duration_s}, "layers": list(layers.layers), "layerNames": list(layers.names),
        "heads": list(layers.heads), "layer": layers.layer, "head": layers.head,
        "windows": spans(sent.windows),
        "order": list(sent.order), "arrival": sent.arrival, "recent": list(sent.recent),
    }  # fmt: skip
    if sent.numbers:
        data["exact"] = media_address(sent.numbers, BYTES, f"{key}-numbers")
    if sounds is not None:
        data["sounds"] = sounds.names()
    if (position := sent.position) is not None:
        cell = position.cell
        data["place"] = {
            "seconds": position.seconds, "loop": _pair(position.loop), "view": _pair(position.view),
            "cell": None if cell is None else {"lane": cell.lane, "queryS": cell.query_s, "keyS": cell.key_s},
        }  # fmt: skip
    return data


def _pair(ends: tuple[float, float] | None) -> list[float] | None:
    return None if ends is None else list(ends)


def media_address(data: bytes, kind: str, coordinates: str) -> str:
    """Where the browser finds bytes of this session, by ranges too."""
    return get_instance().media_file_mgr.add(data, kind, coordinates)


@cache
def _component() -> "ComponentRenderer":
    return v2.component("otoscope_clip_desk", js=bundle.program(), css=bundle.style())
