"""A model as boxes and arrows: one lane per side, what happens at the same depth side by side, joint parts across."""

import html
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
from plotly.colors import hex_to_rgb

from analysis.models.architecture import Flow, Part
from app.charts import mark as marked
from app.charts import theme

COLOURS = {"audio": theme.AUDIO, "midi": theme.MIDI, "joint": theme.JOINT}
DESCRIPTOR = "#F0E442"
LINE_PX, PAD_PX, GAP_PX, EDGE_PX, NOTE_PX = 16, 5, 28, 6, 20
WIDE, NARROW, NOTE = 46, 22, 88  # characters of a line
LANE_GAP, COLUMN_GAP = 0.03, 0.015  # shares of the width
ASIDE = 0.05  # of a narrow box: where its arrow is, so that what is written beside has room
TEXT_PX, SHAPE_PX, SMALL_PX = 12, 11, 10


@dataclass(frozen=True)
class Box:
    """Where a part is drawn: shares of the width, pixels from the top; what is written in it, the name first."""

    part: Part
    left: float
    right: float
    top: float
    bottom: float
    narrow: bool
    name: tuple[str, ...]
    more: tuple[str, ...]

    @property
    def middle(self) -> tuple[float, float]:
        """Its centre."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2


def flow_chart(flow: Flow) -> go.Figure:
    """Every part as a box with its parameters and every handing on as an arrow with its shape, from the inputs down.

    A descriptor is yellow, and dashed where a control puts something else in its place; the notes of the flow stand below.
    """
    if not flow.parts:
        return theme.nothing(theme.figure("", ""))
    boxes = lay_out(flow)
    notes = [line for note in flow.notes for line in textwrap.wrap(note, NOTE)]
    bottom = max(box.bottom for box in boxes.values())
    height = round(bottom + EDGE_PX + (NOTE_PX * len(notes) + EDGE_PX if notes else 0))
    layout = theme.layout("", "", height) | {"margin": dict.fromkeys("lrtb", 0), "hoverlabel": marked.HOVER, "dragmode": False}
    layout["xaxis"] |= {"visible": False, "range": [-0.002, 1.002], "fixedrange": True}
    layout["yaxis"] |= {"visible": False, "range": [height, 0], "fixedrange": True}
    layout["shapes"] = [_outline(box) for box in boxes.values()]
    layout["annotations"] = [*map(_text, boxes.values()), *_arrows(boxes), *_notes(notes, bottom)]
    drawing = go.Figure(layout=layout)
    x, y = zip(*(box.middle for box in boxes.values()), strict=True)
    words = [_hover(box.part) for box in boxes.values()]
    drawing.add_scatter(
        x=x, y=y, mode="markers", marker={"size": 30, "opacity": 0}, hovertext=words, hovertemplate="%{hovertext}<extra></extra>",
    )  # fmt: skip
    return drawing


def _notes(lines: Sequence[str], bottom: float) -> list[theme.Part]:
    """What stands below the boxes."""
    look = {"x": 0, "xanchor": "left", "yanchor": "top", "showarrow": False, "font": {"size": TEXT_PX}}
    tops = (bottom + 2 * EDGE_PX + NOTE_PX * number for number in range(len(lines)))
    return [look | {"y": top, "text": html.escape(line, quote=False)} for line, top in zip(lines, tops, strict=True)]


def lay_out(flow: Flow) -> dict[str, Box]:
    """Boxes by name of the part: as far down as what reads them allows, so that the sides end beside each other.

    What reads no part and is read by none lies below all others.
    """
    rows = _rows(flow)
    columns = _columns(flow, rows)
    lanes = list(dict.fromkeys(part.side for part in flow.parts if not part.sources and not _is_alone(part, flow)))
    narrow = {name: n > 1 for name, (_, n) in columns.items()}
    lines = {part.name: _lines(part, NARROW if narrow[part.name] else WIDE) for part in flow.parts}
    tops, bottoms = _heights(rows, {name: len(title) + len(more) for name, (title, more) in lines.items()})
    boxes = {}
    for part in flow.parts:
        first, last = rows[part.name]
        left, right = _extent(part, columns[part.name], lanes)
        boxes[part.name] = Box(part, left, right, tops[first], bottoms[last], narrow[part.name], *lines[part.name])
    return boxes


def _rows(flow: Flow) -> dict[str, tuple[int, int]]:
    """First and last row of every part: what is read late reaches from where it could be to where it must be."""
    depth: dict[str, int] = {}
    for part in flow.parts:
        depth[part.name] = 1 + max((depth[name] for name in part.sources), default=-1)
    deepest = max(depth.values(), default=0)
    last: dict[str, int] = {}
    for part in reversed(flow.parts):
        readers = [last[other.name] for other in flow.parts if part.name in other.sources]
        last[part.name] = min(readers, default=deepest + 1) - 1
    rows = {
        part.name: (1 + max(last[name] for name in part.sources) if part.sources else last[part.name], last[part.name])
        for part in flow.parts
    }
    alone = [part.name for part in flow.parts if _is_alone(part, flow)]
    return rows | {name: (deepest + number, deepest + number) for number, name in enumerate(alone, start=1)}


def _is_alone(part: Part, flow: Flow) -> bool:
    return len(flow.parts) > 1 and not part.sources and not any(part.name in other.sources for other in flow.parts)


def _columns(flow: Flow, rows: Mapping[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    """Column of every part among those beside it on its side, and how many there are."""
    taken: dict[str, int] = {}

    def beside(part: Part) -> list[str]:
        first, last = rows[part.name]
        others = [neighbour.name for neighbour in flow.parts if neighbour.side == part.side]
        return [name for name in others if name in taken and rows[name][0] <= last and first <= rows[name][1]]

    for part in flow.parts:
        used = {taken[name] for name in beside(part)}
        taken[part.name] = next(number for number in range(len(used) + 1) if number not in used)
    return {part.name: (taken[part.name], 1 + max(taken[name] for name in beside(part))) for part in flow.parts}


def _extent(part: Part, column: tuple[int, int], lanes: Sequence[str]) -> tuple[float, float]:
    """Left and right end; a part of no lane lies across all."""
    if part.side not in lanes:
        return 0.0, 1.0
    width = (1 - LANE_GAP * (len(lanes) - 1)) / len(lanes)
    start = lanes.index(part.side) * (width + LANE_GAP)
    number, n = column
    inner = (width - COLUMN_GAP * (n - 1)) / n
    left = start + number * (inner + COLUMN_GAP)
    return left, left + inner


def _heights(rows: Mapping[str, tuple[int, int]], n_lines: Mapping[str, int]) -> tuple[list[float], list[float]]:
    """Top and bottom of every row in pixels; what spans several has room in all of them together."""
    needs = {name: LINE_PX * n_lines[name] + 2 * PAD_PX for name in rows}
    heights = [0.0] * (1 + max((last for _, last in rows.values()), default=-1))
    for name, (first, last) in sorted(rows.items(), key=lambda item: item[1][1] - item[1][0]):
        there = sum(heights[first : last + 1]) + GAP_PX * (last - first)
        heights[last] += max(0.0, needs[name] - there)
    tops = [EDGE_PX + sum(heights[:row]) + GAP_PX * row for row in range(len(heights))]
    return tops, [top + height for top, height in zip(tops, heights, strict=True)]


def _lines(part: Part, limit: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is written in a box: its name; details, as many to a line as fit, and parameters."""
    lines: list[str] = []
    for detail in part.details:
        joined = f"{lines[-1]} · {detail}" if lines else detail
        lines[-1:] = [joined] if lines and len(joined) <= limit else [*lines[-1:], detail]
    wrapped = [piece for line in lines for piece in textwrap.wrap(line, limit)]
    return tuple(textwrap.wrap(part.name, limit)), (*wrapped, *([part.counted] if part.counted else []))


def _colour(part: Part) -> str:
    return DESCRIPTOR if part.kind == "descriptor" else COLOURS.get(part.side, theme.TEXT)


def _outline(box: Box) -> theme.Part:
    rgb = ",".join(str(part) for part in hex_to_rgb(_colour(box.part)))
    is_given, dash = box.part.kind == "descriptor", "dash" if box.part.replaced else "solid"
    line = {"color": theme.TEXT if is_given else _colour(box.part), "width": 1.4, "dash": dash}
    return {
        "type": "rect", "x0": box.left, "x1": box.right, "y0": box.top, "y1": box.bottom, "line": line,
        "fillcolor": f"rgba({rgb},{0.16 if is_given else 0.12})", "layer": "below",
    }  # fmt: skip


def _text(box: Box) -> theme.Part:
    lines = [f"<b>{html.escape(line, quote=False)}</b>" for line in box.name]
    text = "<br>".join([*lines, *(html.escape(line, quote=False) for line in box.more)])
    x, y = box.middle
    return {"x": x, "y": y, "text": text, "showarrow": False, "font": {"size": TEXT_PX}, "align": "center"}


def _arrows(boxes: Mapping[str, Box]) -> list[theme.Part]:
    """From box to box; what a part hands on is written once, beside its first arrow."""
    drawn: list[theme.Part] = []
    look = {
        "arrowhead": 2,
        "arrowwidth": 1.3,
        "arrowcolor": theme.TEXT,
        "text": "",
        "axref": "x",
        "ayref": "y",
        "showarrow": True,
    }
    named: set[str] = set()
    for box in boxes.values():
        for name in box.part.sources:
            source = boxes[name]
            start, end = _ends(source, box)
            drawn.append(look | {"x": end, "y": box.top, "ax": start, "ay": source.bottom})
            if name not in named:
                where = {"x": end, "y": (source.bottom + box.top) / 2, "xanchor": "left", "xshift": 6}
                text, size = html.escape(source.part.shape, quote=False), SMALL_PX if source.narrow else SHAPE_PX
                drawn.append(where | {"text": text, "showarrow": False, "font": {"size": size}})
            named.add(name)
    return drawn


def _ends(source: Box, box: Box) -> tuple[float, float]:
    """Where an arrow begins and ends across: straight down if both boxes reach there, at the middle of the shorter one."""
    left, right = max(box.left, source.left), min(box.right, source.right)
    if left >= right:
        return source.middle[0], box.middle[0]
    x = left + (ASIDE if box.narrow or source.narrow else 0.5) * (right - left)
    return x, x


def _hover(part: Part) -> str:
    lines = [f"<b>{html.escape(part.name, quote=False)}</b>", f"hands on {part.shape}", part.counted, *part.details]
    return "<br>".join([lines[0], *(html.escape(line, quote=False) for line in lines[1:] if line)])
