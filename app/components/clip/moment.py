"""Where one is in a recording, as a short text in the address: playhead, selection, what is in view, a cell."""

import math
import re

from app.kit.desk.show import Cell, Position

NUMBER = r"(\d{1,6}(?:\.\d{1,3})?)"
PARTS = {
    "seconds": re.compile(rf"t{NUMBER}"),
    "loop": re.compile(rf"l{NUMBER}-{NUMBER}"),
    "view": re.compile(rf"v{NUMBER}-{NUMBER}"),
    "cell": re.compile(rf"c([a-z_]{{1,40}})@{NUMBER}-{NUMBER}"),
}


def in_address(position: Position, duration_s: float) -> str:
    """A position in words for the address.

    >>> in_address(Position(3.25, (3.0, 5.5)), 30.0)
    't3.25_l3-5.5'
    """
    parts = [f"t{_number(position.seconds)}"]
    if position.loop is not None:
        parts.append(f"l{_number(position.loop[0])}-{_number(position.loop[1])}")
    if position.view is not None and position.view[1] - position.view[0] < duration_s - 0.01:
        parts.append(f"v{_number(position.view[0])}-{_number(position.view[1])}")
    if position.cell is not None:
        parts.append(f"c{position.cell.lane}@{_number(position.cell.query_s)}-{_number(position.cell.key_s)}")
    return "_".join(parts)


def of_address(text: str, duration_s: float) -> Position:
    """The position that an address says, moved into the recording; what is not understood is left out.

    >>> of_address("t3.25_l3-5.5_cattention@1-2", 30.0).cell
    Cell(lane='attention', query_s=1.0, key_s=2.0)
    """
    parts_of: dict[str, tuple[str, ...]] = {}
    # a lane's name may hold "_": parts begin with their letter and a number, or with c and a name
    for part in re.split(r"_(?=[tlv]\d|c[a-z_]+@)", text):
        for name, pattern in PARTS.items():
            if (match := pattern.fullmatch(part)) is not None:
                parts_of.setdefault(name, match.groups())
    seconds = _inside(parts_of.get("seconds", ("0",))[0], duration_s)
    cell = parts_of.get("cell")
    return Position(
        seconds, _stretch(parts_of.get("loop"), duration_s),
        None if cell is None else Cell(cell[0], _inside(cell[1], duration_s), _inside(cell[2], duration_s)),
        _stretch(parts_of.get("view"), duration_s),
    )  # fmt: skip


def _stretch(ends: tuple[str, ...] | None, duration_s: float) -> tuple[float, float] | None:
    if ends is None:
        return None
    start, end = (_inside(text, duration_s) for text in ends)
    return (start, end) if end > start else None


def _inside(text: str, duration_s: float) -> float:
    return min(float(text), duration_s)


def _number(seconds: float) -> str:
    return f"{max(0.0, seconds) if math.isfinite(seconds) else 0.0:.2f}".rstrip("0").rstrip(".")
