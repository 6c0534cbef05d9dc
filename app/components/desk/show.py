"""The desk on a page: lanes and sound go to the browser as files that it fetches; what it tells are places."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from streamlit.components import v2
from streamlit.runtime import get_instance

from app.components.desk import bundle

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
class Sent:
    """What the browser is given.

    Attributes:
        clip: identity of the recording; the view and the playhead stay while it does.
        sound: a WAV file of it: of known length, so that no place drifts.
        tiles: its lanes, packed.
        duration_s: of the recording, in seconds.
        layers: what can be chosen.
        order: ids of the lanes that are shown, from the top; None for all.
    """

    clip: str
    sound: bytes
    tiles: bytes
    duration_s: float
    layers: Layers
    order: Sequence[str] | None = None


def show(key: str, sent: Sent, place_changed: Callable[[], None], lanes_changed: Callable[[], None]) -> None:
    """Draw the desk.

    Args:
        key: of the component, always the same for the same place of a page.
        sent: what it shows.
        place_changed: called when a moment, a cell, a layer or a head was chosen; they are in the state `place` of the key.
        lanes_changed: called when lanes were moved; their ids, from the top, are in the state `lanes`.
    """
    layers = sent.layers
    data = {
        "url": _address(sent.tiles, BYTES, f"{key}-tiles"), "audio": _address(sent.sound, WAV, f"{key}-sound"),
        "clip": {"id": sent.clip, "durationS": sent.duration_s}, "layers": list(layers.layers), "layerNames": list(layers.names),
        "heads": list(layers.heads), "layer": layers.layer, "head": layers.head,
    }  # fmt: skip
    if sent.order is not None:
        data["order"] = list(sent.order)
    start = {"place": None, "lanes": None}
    _component()(key=key, data=data, default=start, on_place_change=place_changed, on_lanes_change=lanes_changed)


def _address(data: bytes, kind: str, coordinates: str) -> str:
    """Where the browser finds bytes of this session, by ranges too."""
    return get_instance().media_file_mgr.add(data, kind, coordinates)


@cache
def _component() -> "ComponentRenderer":
    return v2.component("otoscope_clip_desk", js=bundle.program(), css=bundle.style())
