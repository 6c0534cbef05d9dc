"""What the parts of the page of probes share: which records have a score, how layers are called, and marks beside nothing."""

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.results import Result
from app.charts.mark import Mark
from app.components.stress_kit import cell

Row = Mapping[str, Any]
ACCURACY, LINEAR = "balanced accuracy", ("ridge", "logistic regression")
INPUT, TWIN = "input", "untrained twin"
NOTHING_READ = "nothing read"
SIDES = {"audio": "audio", "midi": "MIDI"}
KEY = ("checkpoint", "weights", "side", "layer", "task", "probe")


def scored(result: Result) -> list[Row]:
    """Records that have a score."""
    return [row for row in result.tables["scores"] if row["checkpoint"] is not None and row["value"] is not None]


def missing(result: Result) -> list[str]:
    """Why tasks could not be asked, each once."""
    found = [row for row in result.tables["scores"] if row["reason"]]
    return list(dict.fromkeys(f"{str(row['task']).capitalize()}: {row['reason']}." for row in found))


def about(rows: Sequence[Row], task: str) -> str:
    """What is asked and of how much.

    >>> row = {"task": "key", "measure": "balanced accuracy", "n_outputs": 3, "n": 240, "n_works": 12}
    >>> about([row], "key")
    'Balanced accuracy over 3 classes; n = 240 windows of 12 works.'
    """
    row = next(row for row in rows if row["task"] == task)
    several = "classes" if row["measure"] == ACCURACY else "numbers"
    over = f" over {row['n_outputs']} {several}" if row["n_outputs"] > 1 else ""
    measure = str(row["measure"])
    return f"{measure[:1].upper()}{measure[1:]}{over}; n = {row['n']} windows of {row['n_works']} works."


def layer_of(row: Row) -> str:
    """A layer as an axis names it; an input keeps its name.

    >>> [layer_of({"layer": name}) for name in ("audio.in", "midi.block.2", "audio.embedding", "log-mel")]
    ['in', '2', 'emb', 'log-mel']
    """
    _, dot, rest = str(row["layer"]).partition(".")
    return rest.removeprefix("block.").replace("embedding", "emb") if dot else str(row["layer"])


def depth(layer: str) -> tuple[bool, bool, int]:
    """Order of layers: in, 1, 2 …, emb."""
    return layer != "in", layer == "emb", int(layer) if layer.isdigit() else 0


def nothing_read(row: Row) -> float:
    """What is as good as nothing: shuffled labels, or always the mean or any class, whichever is higher.

    >>> nothing_read({"measure": "R²", "shuffled": -0.2}), nothing_read({"measure": ACCURACY, "shuffled": 0.3, "n_outputs": 4})
    (0.0, 0.3)
    """
    floor = 1 / row["n_outputs"] if row["measure"] == ACCURACY else 0.0
    return floor if row["shuffled"] is None else max(floor, row["shuffled"])


def mark_of(row: Row, group: str, series: str, **more: Any) -> Mark:
    """The score of one layer beside nothing."""
    parts = [str(row["probe"])]
    if row["shuffled"] is not None:
        parts.append(f"shuffled labels {row['shuffled']:.3f}, selectivity {row['selectivity']:.3f}")
    key = tuple(row[name] for name in KEY)
    numbers = (row["value"], row["ci_low"], row["ci_high"], nothing_read(row), row["n"])
    return Mark(group, series, *numbers, note="; ".join(parts), key=key, twin=row["weights"] == "untrained", **more)


def named(rows: Sequence[Row], clicked: Sequence[tuple[Any, ...]]) -> Row | None:
    """The record of the last mark that was clicked; None where nothing was, or what there is not any more."""
    wanted = clicked[-1] if clicked else ()
    return next((row for row in rows if tuple(row[name] for name in KEY) == wanted), None)


def best_of(rows: Sequence[Row], task: str) -> Row:
    """The layer from which a task is read best, of trained checkpoints by linear probes where there are any."""
    of_task = [row for row in rows if row["task"] == task]
    trained = [row for row in of_task if row["weights"] == "trained" and row["probe"] in LINEAR]
    return max(trained or of_task, key=lambda row: row["value"])


def in_words(row: Row) -> str:
    """A score with its interval, marked where that holds nothing."""
    return cell({**row, "null": nothing_read(row)}, percent=row["measure"] == ACCURACY) or "—"
