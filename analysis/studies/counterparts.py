"""What a result says where others have published a number: ours, by arm, condition and measure as they are published."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from analysis.results import SHARE, Result, Value, format_value
from analysis.studies.ablation.kinds import EXCHANGED, SAME_WORK, TRAINING_NOISE
from analysis.studies.replication.words import chosen_test

Row = Mapping[str, Any]
Place = tuple[str, str, str]  # arm, condition, measure
TRAINED = "trained"
WAYS = ("audio to MIDI", "MIDI to audio")
ABLATIONS = {
    "as it is": "real",
    "zero": "zero {}",
    TRAINING_NOISE: "noise {}",
    SAME_WORK: "shuffle {}",
}
SHIFT = "time_shift"
SHUFFLES = {SAME_WORK: "same work", EXCHANGED: "all windows"}
PUBLISHED_DOSE = 0.1  # standard deviations of a band of A4, upwards
BAND_MEASURE = f"L2 change of the embedding, +{PUBLISHED_DOSE:g}"
CHANGES = {
    SHIFT: "audio shifted by {:+g} samples",
    "note_velocity": "note velocity × {:g}",
    "white_noise": "noise at {:g} dB SNR",
}
FIRST_BLOCK = "1"
CELLS = {"mean over blocks": "mean of the 4 × 4 layers", "last blocks": "last layers"}
ESTIMATORS = {"biased CKA": "biased linear CKA", "RSA, cosine, Spearman": "RSA"}
TASKS = {"audio chroma": "chroma"}
COSINE = "cosine of matched pairs"
SIDES = {"audio": "audio", "midi": "MIDI"}
TRAININGS = "five training seeds"
BASELINE = "D0"


def counterparts(result: Result, arms: Mapping[str, str]) -> dict[Place, str]:
    """Our number with its interval for every published one that the result has something to set beside.

    Args:
        result: of any study; one about which nothing is published gives an empty dictionary.
        arms: checkpoint → arm. Of several checkpoints of an arm the first one counts; unknown checkpoints are left out.
    """
    found: dict[Place, str] = {}
    rows = (row for table in ("runs", "scores") for row in result.tables.get(table, ()) if "arm" in row)
    arms = {**arms, **{row["checkpoint"]: row["arm"] for row in rows}}  # a control counts as the arm that it controls
    for checkpoint, condition, measure, text in _READERS.get(result.study, _nothing)(result):
        if checkpoint in arms:
            found.setdefault((arms[checkpoint], condition, measure), text)
    return found


Told = Iterator[tuple[str, str, str, str]]  # checkpoint, condition, measure, our number


def _nothing(_: Result) -> Told:
    return iter(())


def _trained(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row["weights"] == TRAINED and row["value"] is not None]


def _text(row: Row, unit: str = SHARE, *, value: str = "value", prefix: str = "") -> str:
    number = Value("number", row[value], row[f"{prefix}ci_low"], row[f"{prefix}ci_high"], row["n"], None, unit, "")
    return format_value(number)


def _scoreboard(result: Result) -> Told:
    pool = "canonical"
    for value in result.values:
        name, _, measure = value.name.partition(f", {TRAINED}, {pool}: ")
        text = format_value(Value(measure or "S", value.value, value.ci_low, value.ci_high, value.n, None, value.unit, ""))
        hard = measure.removeprefix("accuracy against same piece ")
        if hard in WAYS:
            yield name, f"{pool} pool", "accuracy against same piece", f"{text} ({hard})"
        elif measure:
            yield name, f"{pool} pool", measure, text


def _ablation(result: Result) -> Told:
    """S by what a descriptor was replaced with.

    What the authors call noise has the mean and SD of the training set. What they call a shuffle exchanged descriptors across
    batches, but their batches are 16 or 32 consecutive windows, so nearly always of one piece and up to 75 % overlapping: its
    counterpart is the descriptor of another window of the same work. The exchange across all windows, which is what the
    description says, stands beside it in the same words, each named.
    """
    rows = [row for row in result.tables["ablation"] if row["weights"] == TRAINED and row["s"] is not None]
    exchanged = {(row["checkpoint"], row["input"]): row for row in rows if row["kind"] == EXCHANGED}
    for row in rows:
        if row["kind"] not in ABLATIONS:
            continue
        text = _text(row, value="s", prefix="s_")
        if row["kind"] == SAME_WORK:
            text += f" {SHUFFLES[SAME_WORK]}"
            if other := exchanged.get((row["checkpoint"], row["input"])):
                text += f"; {_text(other, value='s', prefix='s_')} {SHUFFLES[EXCHANGED]}"
        yield row["checkpoint"], ABLATIONS[row["kind"]].format(row["input"]), "S", text


def _bands(result: Result) -> Told:
    """How far the raw embedding goes with +0.1 on one band of A4, bands numbered from 0 as published."""
    bands = [row for row in _trained(result.tables.get("doses", ())) if row["low_hz"] is not None]
    lowest_first = sorted({row["low_hz"] for row in bands})
    for row in bands:
        if row["dose"] == PUBLISHED_DOSE and row.get("l2") is not None:
            condition = f"band {lowest_first.index(row['low_hz'])}, {row['band']}"
            yield row["checkpoint"], condition, BAND_MEASURE, _text(row, "", value="l2", prefix="l2_")


def _controls(result: Result) -> Told:
    for row in _trained(result.tables["scores"]):
        yield row["checkpoint"], row["values"], "S", _text(row)


def _transposition(result: Result) -> Told:
    for table, measure in (("scores", "S"), ("retention", "retention")):
        for row in _trained(result.tables[table]):
            size = int(row["semitones"])
            steps = f"±{size}" if measure == "retention" else f"{size:+d}" if size else "0"
            if row["moved"] == "MIDI alone":
                yield row["checkpoint"], f"{steps} semitones", measure, _text(row)


def _invariance(result: Result) -> Told:
    """Ours of the other sign for a time shift: ours of +k reads the recording k samples later, a published one k earlier."""
    for row in _trained(result.tables["scores"]):
        if row["change"] in CHANGES and row["dose"] is not None:
            is_shift = row["change"] == SHIFT
            condition = CHANGES[row["change"]].format(0 - row["dose"] if is_shift else row["dose"])
            yield row["checkpoint"], condition, "S", _text(row) + (f" (at {row['dose']:+g})" if is_shift else "")


def _similarity(result: Result) -> Told:
    for row in _trained(result.tables["summary"]):
        across = row["first"] == row["second"] and row["sides"] == "audio, midi"
        if across and row["estimator"] in ESTIMATORS and row["what"] in CELLS:
            yield row["first"], CELLS[row["what"]], ESTIMATORS[row["estimator"]], _text(row, "")
    for row in _trained(result.tables.get("cells", ())):
        across = row["first"] == row["second"] and (row["first_side"], row["second_side"]) == ("audio", "midi")
        if across and row["estimator"] in ESTIMATORS and row["first_layer"] == row["second_layer"] == FIRST_BLOCK:
            yield row["first"], "first layers", ESTIMATORS[row["estimator"]], _text(row, "")


def _embedding(result: Result) -> Told:
    for row in _trained(result.tables.get("measures", ())):
        if row["measure"] == COSINE:
            yield row["checkpoint"], "matched pairs", "mean cosine", _text(row, "")


def _probes(result: Result) -> Told:
    for row in _trained(result.tables["scores"]):
        if row["layer"] == f"{row['side']}.embedding" and row["probe"] == "ridge":
            condition = f"{TASKS.get(row['task'], row['task'])} from {SIDES[row['side']]}"
            yield row["checkpoint"], condition, row["measure"], _text(row, "")


def _replication(result: Result) -> Told:
    first = {row["arm"]: row["checkpoint"] for row in reversed(result.tables["runs"])}
    for row in _trained(result.tables["arms"]):
        if (n := row["n"]) > 1:
            yield first[row["arm"]], TRAININGS, "mean S", f"{_text(row)}, n = {n}"
            yield first[row["arm"]], TRAININGS, "SD of S", f"{100 * row['sd']:.1f} points, n = {n}"
            for name in ("lowest", "highest"):
                yield first[row["arm"]], TRAININGS, f"{name} S", f"{100 * row[name]:.1f} %, n = {n}"
    for row in _trained(result.tables.get("pairs", ())):
        if BASELINE in (row["first"], row["second"]):
            sign, arm = (-1, row["second"]) if row["first"] == BASELINE else (1, row["first"])
            found = chosen_test(row)
            value, *ends = (sign * 100 * found[name] for name in ("value", "ci_low", "ci_high"))
            text = f"{value:.1f} points [{min(ends):.1f}, {max(ends):.1f}]"
            yield first[arm], TRAININGS, "mean S minus that of D0", f"{text}, {'paired' if found['by_seed'] else 'Welch'}"


_READERS: Mapping[str, Callable[[Result], Told]] = {
    "scoreboard": _scoreboard, "ablation": _ablation, "bands": _bands, "controls": _controls, "transposition": _transposition,
    "invariance": _invariance, "similarity": _similarity, "probes": _probes, "replication": _replication,
    "embedding": _embedding,
}  # fmt: skip
