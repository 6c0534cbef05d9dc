"""Lanes as the bytes that the browser is sent: a head in JSON, then the numbers.

"OTD1", the length of the head (uint32, little-endian), the head, zeros up to a multiple of 8, and the arrays, each at a multiple
of 8 from there. In the head an array is {"at", "n", "type"}.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from analysis.clips.lanes import Choice, CurveLane, HeadWall, ImageLane, Lane, MarkLane, NoteLane, WaveLane, WindowSpan
from analysis.clips.tiles import Piece
from analysis.errors import ConfigError

MAGIC = b"OTD1"
TYPES = {"uint8": "u8", "int8": "i8", "int16": "i16", "float32": "f32", "float64": "f64"}
WORD = 8
Json = dict[str, Any]  # what json.dumps takes


class Packer:
    """Arrays one after the other, and where each of them is; what is the same is there once."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.size = 0
        self.known: dict[tuple[str, bytes], Json] = {}

    def put(self, array: ndarray) -> Json:
        """Where an array is, which has been added; numbers of 64 bits become such of 32."""
        plain = np.ascontiguousarray(array, np.float32) if array.dtype == np.float64 else np.ascontiguousarray(array)
        data, kind = plain.tobytes(), TYPES[plain.dtype.name]
        same = kind, hashlib.sha256(data).digest()
        if same not in self.known:
            self.known[same] = {"at": self.size, "n": plain.size, "type": kind}
            self.parts.append(data + bytes(-len(data) % WORD))
            self.size += len(self.parts[-1])
        return self.known[same]

    def bytes(self, head: Json) -> bytes:
        """All of it."""
        text = json.dumps(head, ensure_ascii=False).encode()
        begin = MAGIC + len(text).to_bytes(4, "little") + text
        return begin + bytes(-len(begin) % WORD) + b"".join(self.parts)


class Packed(NamedTuple):
    """What is drawn, beside it the numbers behind the levels of pictures, of which the browser reads single ones; and lanes."""

    tiles: bytes
    numbers: bytes
    lanes: Sequence[str]


def pack(lanes: Sequence[Lane], duration_s: float, wall: HeadWall | None = None) -> bytes:
    """Lanes over a clip of so many seconds, and the wall of heads where there is one."""
    return pack_with_numbers(lanes, duration_s, wall).tiles


def pack_with_numbers(lanes: Sequence[Lane], duration_s: float, wall: HeadWall | None = None) -> Packed:
    """The same with its numbers as 32-bit floats: "exact" of a piece says where its own begin, {"at", "n", "type"}."""
    packer, exact = Packer(), Packer()
    head: Json = {"lanes": [_lane(lane, packer, duration_s, exact) for lane in lanes]}
    tiles = packer.bytes(head | ({} if wall is None else {"wall": _wall(wall, packer)}))
    return Packed(tiles, b"".join(exact.parts), [lane.id for lane in lanes])


def spans(windows: Sequence[WindowSpan]) -> list[list[float | None]]:
    """Windows as the browser is told them: start, end and where padding begins, in seconds; None without padding."""
    return [[window.start_s, window.end_s, window.padded_from_s] for window in windows]


def _wall(wall: HeadWall, packer: Packer) -> Json:
    numbers = {"levels": wall.thumbnails, "entropy": wall.entropy_bits, "distance": wall.distance_s}
    numbers |= {name: array for name, array in (("scores", wall.scores), ("nulls", wall.nulls)) if array is not None}
    rows, columns = wall.thumbnails.shape[2:]
    return {
        "layers": list(wall.layers), "layerNames": list(wall.layer_names), "heads": list(wall.heads), "rows": rows,
        "columns": columns, "low": wall.low, "high": wall.high, "unit": wall.unit, "what": wall.what, "colours": wall.colours,
        "scoreName": wall.score_name, "side": wall.side,
    } | {name: packer.put(array) for name, array in numbers.items()}  # fmt: skip


def _lane(lane: Lane, packer: Packer, duration_s: float, exact: Packer) -> Json:
    common: Json = {
        "id": lane.id, "kind": lane.kind, "title": lane.title, "unit": lane.unit, "height": lane.height, "by": lane.by,
        "ticks": [{"at": tick.at, "text": tick.text} for tick in lane.ticks], "borders": list(lane.borders), "empty": lane.empty,
        "side": lane.tag, "sideColour": lane.side_colour, "note": lane.note, "ofModel": lane.of_model,
        "durationS": lane.duration_s or duration_s, "heard": lane.duration_s is None,
        "windows": None if lane.windows is None else spans(lane.windows), "yTime": "", "sets": {},
    }  # fmt: skip
    if isinstance(lane, WaveLane):
        levels = [{"stepS": level.step_s, "low": packer.put(level.low), "high": packer.put(level.high)} for level in lane.levels]
        return common | {"sets": {"": {"levels": levels}}}
    if isinstance(lane, ImageLane):
        return common | _image(lane, packer, exact)
    if isinstance(lane, CurveLane):
        return common | {"low": lane.low, "sets": _curves(lane, packer)}
    if isinstance(lane, NoteLane):
        arrays = {"onsets": lane.onsets_s, "offsets": lane.offsets_s, "pitches": lane.pitches}
        notes = {name: packer.put(array) for name, array in arrays.items()}
        return common | {"low": lane.low, "high": lane.high, "sets": {"": notes}}
    if isinstance(lane, MarkLane):
        marks = [{"startS": mark.start_s, "endS": mark.end_s, "text": mark.text, "kind": mark.kind} for mark in lane.marks]
        return common | {"sets": {"": {"marks": marks}}}
    raise ConfigError(f"The desk cannot draw a lane of kind {lane.kind!r}. Give `_lane` a way to send it.")


def _image(lane: ImageLane, packer: Packer, exact: Packer) -> Json:
    sets: dict[str, Json] = {}
    for choice, levels in lane.sets.items():
        drawn: Json = {"high": lane.highs.get(choice, lane.high), "levels": [_level(level, packer, exact) for level in levels]}
        if choice in lane.special:
            drawn["special"] = [_level(level, packer, exact) for level in lane.special[choice]]
        sets[_name(choice)] = drawn
    return {
        "low": lane.low, "high": lane.high, "colours": lane.colours, "yTime": lane.y_time, "rowNames": list(lane.row_names),
        "specialNames": list(lane.special_names), "sets": sets,
    }  # fmt: skip


def _level(pieces: Sequence[Piece], packer: Packer, exact: Packer) -> Json:
    drawn = [
        {
            "startS": piece.start_s,
            "endS": piece.end_s,
            "rows": piece.levels.shape[0],
            "columns": piece.levels.shape[1],
            "rowsS": None if piece.rows_s is None else list(piece.rows_s),
            "data": packer.put(piece.levels),
            "exact": None if piece.exact is None else exact.put(piece.exact.astype(np.float32)),
        }
        for piece in pieces
    ]
    return {"rows": pieces[0].levels.shape[0], "pieces": drawn}


def _curves(lane: CurveLane, packer: Packer) -> Mapping[str, Json]:
    return {
        _name(choice): {
            "high": lane.high(choice),
            **({"low": lane.lows[choice]} if choice in lane.lows else {}),
            "series": [
                {
                    "name": curve.name, "colour": curve.colour, "dashed": curve.dashed, "times": packer.put(curve.times_s),
                    "values": packer.put(curve.values),
                }
                for curve in series
            ]
        }
        for choice, series in lane.sets.items()
    }  # fmt: skip


def _name(choice: Choice) -> str:
    return ".".join(map(str, choice))
