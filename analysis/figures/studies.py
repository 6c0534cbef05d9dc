"""The print figures of every study, drawn from its result alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.figures.drawing import Axes, Point, curves, forest, maps, matrices
from analysis.results import Result
from analysis.studies.pools.words import pool_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Row = Mapping[str, Any]
TWIN = "untrained"


def draw_study(result: Result) -> list[tuple[str, Figure]]:
    """Figures of a result with a caption each; none where there is nothing to draw."""
    return FIGURES[result.study](result) if result.study in FIGURES else []


def _point(
    row: Row, group: str, series: str, prefix: str = "", null: str = "null", factor: float = 1.0, at: float = 0.0
) -> Point:
    """A record as a point; `prefix` names other columns than value, ci_low and ci_high."""
    names = (prefix, f"{prefix}_ci_low", f"{prefix}_ci_high") if prefix else ("value", "ci_low", "ci_high")
    value, low, high, level = (None if row.get(name) is None else factor * row[name] for name in (*names, null))
    return Point(group, series, value, low, high, level, row.get("weights") == TWIN, at, row.get("inside_null"))  # pyright: ignore[reportArgumentType]


def _known(rows: Iterable[Row], column: str = "value") -> list[Row]:
    return [row for row in rows if row.get(column) is not None]


def _names(result: Result) -> list[str]:
    return [Path(str(name)).name for name in result.request["checkpoints"]]


def _among(result: Result, part: str = "S") -> str:
    """The pool in which S was searched, as the end of a clause; empty where the result does not tell."""
    return f" among {pool}" if (pool := pool_of(result, part)) else ""


def _scoreboard(result: Result) -> list[tuple[str, Figure]]:
    values = {value.name: value for value in result.values}
    points = []
    for name in _names(result):
        for weights in ("trained", TWIN):
            value = values.get(f"{name}, {weights}, canonical: S")
            if value is not None and value.value is not None:
                row = {"value": value.value, "ci_low": value.ci_low, "ci_high": value.ci_high, "null": value.null}
                points.append(_point({**row, "weights": weights}, name, "", factor=100))
    return [
        (f"S on the canonical pool{_among(result)} with its 95 % interval by work; the tick is chance.", forest(points, "S (%)"))
    ]


def _replication(result: Result) -> list[tuple[str, Figure]]:
    points = [_point(row, str(row["arm"]), "", factor=100) for row in _known(result.tables["arms"])]
    return [(f"Mean S{_among(result)} of every arm; the tick is chance.", forest(points, "S (%)"))]


def _controls(result: Result) -> list[tuple[str, Figure]]:
    points = [_point(row, str(row["checkpoint"]), "", factor=100) for row in _known(result.tables["scores"])]
    return [(f"S{_among(result)} of arms and their controls; the tick is chance.", forest(points, "S (%)"))]


def _ablation(result: Result) -> list[tuple[str, Figure]]:
    points = [
        _point(row, str(row["checkpoint"]), _ablated(row), "s", "chance", 100)
        for row in _known(result.tables["ablation"], "s")
        if row["weights"] != TWIN
    ]
    return [(f"S{_among(result)} after each replacement of a descriptor; the tick is chance.", forest(points, "S (%)"))]


def _ablated(row: Row) -> str:
    return "as it is" if row["input"] == "none" else f"{row['input']} {row['kind']}"


def _bands(result: Result) -> list[tuple[str, Figure]]:
    rows = [row for row in _known(result.tables["filters"]) if row["low_hz"] is not None]
    names = list(dict.fromkeys(str(row["band"]) for row in rows))
    points = [_point(row, "without the band", str(row["checkpoint"]), at=names.index(str(row["band"]))) for row in rows]
    drawing = curves(points, "band removed", "cosine distance", names)
    return [("How far the embedding moves without each band of the sound.", drawing)]


def _transposition(result: Result) -> list[tuple[str, Figure]]:
    rows = [row for row in _known(result.tables["scores"]) if row["moved"] in ("MIDI alone", "both")]
    points = [_point(row, str(row["moved"]), str(row["checkpoint"]), factor=100, at=float(row["semitones"])) for row in rows]
    caption = f"S{_among(result)} after a transposition of the MIDI alone and of both sides."
    return [(caption, curves(points, "transposition (semitones)", "S (%)"))]


def _invariance(result: Result) -> list[tuple[str, Figure]]:
    titles = {row["name"]: str(row["title"]) for row in result.tables["changes"]}
    rows = [row for row in _known(result.tables["distances"]) if row["layer"] == "emb"]
    points = [
        _point(row, titles.get(row["change"], str(row["change"])), str(row["checkpoint"]), at=float(row["order"])) for row in rows
    ]
    caption = "How far the joint embedding moves, in distances between works, over the doses of every change (in their order)."
    return [(caption, curves(points, "dose (number in its order)", "distance (1 = another work)"))]


def _similarity(result: Result) -> list[tuple[str, Figure]]:
    measure = str(result.request["measure"])
    rows = [
        row for row in _known(result.tables["cells"])
        if row["estimator"] == measure and row["first"] == row["second"] and row["first_side"] != row["second_side"]
    ]  # fmt: skip
    cells: dict[str, dict[tuple[str, str], Point]] = {}
    for row in rows:
        title = f"{row['first']}{', untrained twin' if row['weights'] == TWIN else ''}"
        at = str(row["first_layer"]), str(row["second_layer"])
        cells.setdefault(title, {})[at] = _point(row, *at)
    layers = [list(dict.fromkeys(str(row[f"{side}_layer"]) for row in rows)) for side in ("first", "second")]
    axes = Axes("MIDI layer", "audio layer", measure, -0.1 if "debiased" in measure else 0.0, 1.0)
    caption = "Similarity of audio and MIDI layers; hatched: not distinguishable from shuffled pairs."
    return [(caption, matrices(cells, layers[0], layers[1], axes))]


def _floored(row: Row) -> Row:
    """Of a regression nothing less than saying the mean, which gives 0, counts as nothing read."""
    nothing = row["shuffled"]
    return row if row["measure"] != "R²" or nothing is None else {**row, "shuffled": max(0.0, nothing)}


def _probes(result: Result) -> list[tuple[str, Figure]]:
    rows = [row for row in _known(result.tables["scores"]) if row["weights"] == "trained" and row["layer"] is not None]
    first = str(rows[0]["probe"]) if rows else ""
    cells: dict[str, dict[tuple[str, str], Point]] = {}
    linear = [row for row in rows if "MLP" not in str(row["probe"])]
    for row in linear:
        at = str(row["task"]), str(row["layer"])
        cells.setdefault(str(row["checkpoint"]), {})[at] = _point(
            _floored(row), str(row["task"]), str(row["layer"]), null="shuffled"
        )
    tasks, layers = (list(dict.fromkeys(str(row[name]) for row in linear)) for name in ("task", "layer"))
    if not cells:
        return []
    axes = Axes("layer", "task", "score (R² or balanced accuracy)", 0.0, 1.0)
    return [(f"What linear probes read from every layer ({first} and others).", matrices(cells, tasks, layers, axes))]


def _embedding(result: Result) -> list[tuple[str, Figure]]:
    found = {}
    for row in result.tables["projections"]:
        points = result.arrays[row["array"]]
        if row["weights"] == "trained" and row["first"] and row["space"] == "joint" and row["method"] == "PCA":
            audio, midi = points
            found[str(row["checkpoint"])] = audio, midi
    return (
        [("The two first principal components of the joint embedding.", maps(found, "component 1", "component 2"))]
        if found
        else []
    )


FIGURES: Mapping[str, Callable[[Result], list[tuple[str, Figure]]]] = {
    "scoreboard": _scoreboard, "replication": _replication, "controls": _controls, "ablation": _ablation, "bands": _bands,
    "transposition": _transposition, "invariance": _invariance, "similarity": _similarity, "probes": _probes,
    "embedding": _embedding,
}  # fmt: skip
