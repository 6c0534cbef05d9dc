"""What the similarities of layers amount to: means over blocks with their controls, differences, and the sentence."""

from collections.abc import Collection, Mapping, Sequence
from itertools import combinations, product
from typing import Any

from analysis.numbers import Value, format_value
from analysis.studies.similarity.grids import Grid, Works, estimate
from analysis.studies.similarity.layers import EMBEDDING, INPUT, Stack

MEAN, LAST, EMBEDDINGS, INPUTS = "mean over blocks", "last blocks", "embeddings", "inputs alone"
SAME_LAYER = "same block, mean"
SHARED = "share structure"
Table = list[dict[str, Any]]
Rows = dict[str, dict[str, Any]]


def summarise(
    within: Mapping[tuple[str, Any, str], Grid], across: Sequence[tuple[tuple[Stack, Stack], Grid]], works: Works, measure: str
) -> tuple[Table, Table]:
    """Tables "summary" (one row per checkpoint, weights, measure and what is averaged) and "differences" of `measure`."""
    summary: Table = []
    n, n_works = len(works.of_window), len(works.names)
    for (name, weights, its), grid in within.items():
        about = {"first": name, "second": name, "sides": "audio, midi", "weights": weights, "estimator": its}
        for what, rows, columns in _parts(grid):
            found = grid.estimate(works, rows, columns)
            defined = sum(grid.defines(row, column) for row in rows for column in columns)
            counts = {"n": n, "works": n_works, "cells": defined, "of_cells": len(rows) * len(columns)}
            summary.append(about | {"what": what} | (found.record() if found else _nothing()) | counts)
    for (first, second), grid in across:
        about = {"first": first.checkpoint, "second": second.checkpoint, "sides": f"{first.side}, {second.side}"}
        for what, paired in ((SAME_LAYER, True), (MEAN, False)):
            found = grid.estimate(works, first.blocks, second.blocks, paired=paired)
            row = about | {"weights": first.weights, "estimator": grid.measure, "what": what}
            asked = list(zip(first.blocks, second.blocks, strict=False)) if paired else list(product(first.blocks, second.blocks))
            counts = {"n": n, "works": n_works, "cells": sum(grid.defines(*cell) for cell in asked), "of_cells": len(asked)}
            summary.append(row | (found.record() if found else _nothing()) | counts)
    return summary, _differences(within, works, measure)


def _parts(grid: Grid) -> list[tuple[str, list[str], list[str]]]:
    lost = [[label for side, label in grid.reasons if side == number] for number in (0, 1)]
    both = ((grid.rows, lost[0]), (grid.columns, lost[1]))
    rows, columns = (sorted((label for label in (*kept, *gone) if label.isdigit()), key=int) for kept, gone in both)
    last = (LAST, rows[-1:], columns[-1:])
    return [(MEAN, rows, columns), last, (EMBEDDINGS, [EMBEDDING], [EMBEDDING]), (INPUTS, [INPUT], [INPUT])]


def _nothing() -> dict[str, Any]:
    return dict.fromkeys(("value", "ci_low", "ci_high", "null", "null_high", "inside_null"))


def _differences(within: Mapping[tuple[str, Any, str], Grid], works: Works, measure: str) -> Table:
    """Differences of the mean over blocks: every checkpoint and its untrained twin, and every two trained checkpoints."""
    names = list(dict.fromkeys(name for name, _, _ in within))
    asked = [((name, "trained"), (name, "untrained")) for name in names]
    asked += [((one, "trained"), (other, "trained")) for one, other in combinations(names, 2)]
    rows: Table = []
    for one, other in asked:
        first, second = (_mean_over_blocks(within[key[0], key[1], measure]) for key in (one, other))
        if first is None or second is None:
            continue
        both = len(first[1]) and len(second[1])
        without = first[1] - second[1] if both else first[1][:0]
        found = estimate(first[0] - second[0], without, first[1][:0], works, bounded=False)
        rows.append({
            "first": one[0], "first_weights": one[1], "second": other[0], "second_weights": other[1], "estimator": measure,
            "value": found.value, "ci_low": found.ci_low, "ci_high": found.ci_high, "null": 0.0, "n": len(works.of_window),
        })  # fmt: skip
    return rows


def _mean_over_blocks(grid: Grid) -> tuple[float, Any] | None:
    i, j = ([number for number, label in enumerate(side) if label.isdigit()] for side in (grid.rows, grid.columns))
    if not i or not j:
        return None
    return float(grid.value[i][:, j].mean()), grid.without[:, i][:, :, j].mean(axis=(1, 2))


def values(summary: Table, differences: Table, n: int) -> list[Value]:
    """The summary and the differences as values with their controls."""
    found: dict[str, Value] = {}
    for row in summary:
        models = row["first"] if row["first"] == row["second"] else f"{row['first']} and {row['second']}"
        name = f"{models}, {row['weights']}, {row['sides'].replace(', ', ' with ')}, {row['what']}: {row['estimator']}"
        numbers = (row["value"], row["ci_low"], row["ci_high"])
        found[name] = Value(name, *numbers, row["n"], row["null"], "", row["estimator"])
    for row in differences:
        first, second = (f"{row[side]}, {row[f'{side}_weights']}" for side in ("first", "second"))
        name = f"{first}, minus {second}, {MEAN}: {row['estimator']}"
        numbers = (row["value"], row["ci_low"], row["ci_high"])
        found[name] = Value(name, *numbers, n, row["null"], "", f"difference of {row['estimator']}")
    return list(found.values())


def headline(summary: Table, differences: Table, measure: str, names: Collection[str] = ()) -> str:
    """The mean over blocks beside its untrained twin and shuffled works; of several of these highest and lowest; 30 words."""
    trained, twins, known, gains = _read(summary, differences, measure, names)
    if not known:
        return f"Audio and MIDI layers cannot be compared by {measure}: no pair of blocks has one."
    ordered = sorted(known, key=lambda name: -trained[name]["value"])
    highest, lowest = ordered[0], ordered[-1]
    row, verdict = trained[highest], _short_verdict(trained[highest], gains.get(highest))
    both = len(known) > 1 and verdict == SHARED
    most = ", most" if both and not _apart(highest, lowest, differences) else ""
    said = f"{_bare(row)} {measure}: audio and MIDI layers {verdict}{most} in {highest} "
    said += f"(untrained twin {_short(twins[highest]['value'])}"
    said += ")" if row["null"] is None else f", shuffled pairs {_short(row['null'])})"
    if not both:
        return f"{said}."
    return f"{said}, {'least in' if most else 'not distinguishable from'} {lowest} ({_bare(trained[lowest])})."


def details(summary: Table, differences: Table, measure: str, names: Collection[str] = ()) -> str:
    """The mean over blocks in full, over which of them, beside its controls; of several of these highest and lowest."""
    trained, twins, known, gains = _read(summary, differences, measure, names)
    if not known:
        return "No pair of blocks has a value; the cells say why."
    highest = max(known, key=lambda name: trained[name]["value"])
    lowest = min(known, key=lambda name: trained[name]["value"])
    controls = {name: _controls(trained[name], twins[name]) for name in known}
    if len(known) == 1:
        return f"Audio and MIDI layers {_verdict(trained[highest], gains.get(highest))}: {measure} {controls[highest]}."
    said = f"Audio and MIDI layers are most alike in {highest}, where they {_verdict(trained[highest], gains.get(highest))}: "
    said += f"{measure} {controls[highest]}; least in {lowest}, where they {_verdict(trained[lowest], gains.get(lowest))}: "
    return f"{said}{controls[lowest]}.{_apart(highest, lowest, differences)}"


def _read(summary: Table, differences: Table, measure: str, names: Collection[str]) -> tuple[Rows, Rows, list[str], Rows]:
    """Means over blocks of trained models and of their twins, which of them are known and ranked, and gains over the twins."""
    means = [row for row in summary if row["what"] == MEAN and row["estimator"] == measure and row["first"] == row["second"]]
    means = [row for row in means if row["sides"] == "audio, midi"]
    trained = {row["first"]: row for row in means if row["weights"] == "trained"}
    twins = {row["first"]: row for row in means if row["weights"] == "untrained"}
    known = [name for name, row in trained.items() if row["value"] is not None and (not names or name in names)]
    return trained, twins, known, {row["first"]: row for row in differences if row["second_weights"] == "untrained"}


def _short_verdict(row: Mapping[str, Any], gain: Mapping[str, Any] | None) -> str:
    """The verdict in few words."""
    if row["null"] is None or row["ci_low"] is None:
        return "cannot be said to share structure"
    if row["inside_null"]:
        return "are not distinguishable from shuffled pairs"
    if gain is None or gain["ci_low"] is None or gain["ci_low"] > 0:
        return SHARED
    return (
        "share less structure than the twin" if gain["ci_high"] < 0 else "share structure, not distinguishably more than the twin"
    )


def _verdict(row: Mapping[str, Any], gain: Mapping[str, Any] | None) -> str:
    if row["null"] is None or row["ci_low"] is None:
        return "cannot be said to share structure"
    if row["inside_null"]:
        return "are not distinguishable from shuffled pairs (95 %)"
    if gain is None or gain["ci_low"] is None or gain["ci_low"] > 0:
        return "share structure"
    less = "less structure than" if gain["ci_high"] < 0 else "structure, but not distinguishably more than"
    return f"share {less} in the untrained twin"


def _controls(row: Mapping[str, Any], twin: Mapping[str, Any]) -> str:
    some = f" over {row['cells']} of {row['of_cells']} pairs of blocks" if row["cells"] < row["of_cells"] else ""
    said = f"{_number(row)} on average{some}, untrained twin {_short(twin['value'])}"
    return said if row["null"] is None else f"{said}, shuffled pairs {_short(row['null'])}"


def _number(row: Mapping[str, Any]) -> str:
    return _bare(row) if row["ci_low"] is not None else f"{_bare(row)} (no interval from fewer than 3 works)"


def _bare(row: Mapping[str, Any]) -> str:
    return format_value(Value("mean", row["value"], row["ci_low"], row["ci_high"], row["n"], None, "", row["estimator"]))


def _short(number: float | None) -> str:
    return "not available" if number is None else f"{number:.2f}".replace("-0.00", "0.00")


def _apart(highest: str, lowest: str, differences: Table) -> str:
    """Whether the highest and the lowest can be told apart."""
    for row in differences:
        if {row["first"], row["second"]} != {highest, lowest} or row["second_weights"] != "trained" or row["ci_low"] is None:
            continue
        if row["ci_low"] <= 0 <= row["ci_high"]:
            return " The two are not distinguishable (95 % interval of the difference, by work)."
    return ""
