"""What the browser's part of the desk sends back: where somebody is, and which lanes are shown."""

from dataclasses import dataclass

from analysis.files import JsonObject
from app.kit.desk.show import Cell, Position


@dataclass(frozen=True)
class Moment:
    """What was chosen.

    Attributes:
        layer: of attention.
        head: from 1; 0 for the mean of all.
        position: playhead, selection, cell and what is in view.
    """

    layer: int
    head: int
    position: Position


def moment_of(sent: JsonObject | None) -> Moment | None:
    """What was chosen, in the state `place` of the component; None where nothing was."""
    if not sent or not (chosen := sent.get("place")):
        return None
    cell = chosen["cell"]
    heard = None if cell is None else Cell(str(cell["lane"]), float(cell["queryS"]), float(cell["keyS"]))
    position = Position(float(chosen["seconds"]), _stretch(chosen["loop"]), heard, _stretch(chosen["view"]))
    return Moment(int(chosen["layer"]), int(chosen["head"]), position)


def lanes_of(sent: JsonObject | None) -> list[str] | None:
    """Lanes from the top, those with "-" hidden, in the state `lanes` of the component; None where none was touched."""
    lanes = (sent or {}).get("lanes")
    return None if lanes is None else [str(lane) for lane in lanes]


def recent_of(sent: JsonObject | None) -> list[str]:
    """Keys of recordings that the browser has opened before, in the state `recent` of the component."""
    return [str(key) for key in (sent or {}).get("recent") or ()]


def _stretch(ends: list[float] | None) -> tuple[float, float] | None:
    return None if ends is None else (float(ends[0]), float(ends[1]))
