"""What the study of similarity compares: one row per window at every layer of both sides, the inputs, and how wide they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from analysis.datasets.segments import Segment
from analysis.descriptors.log_mel import log_mel
from analysis.measures.kernels import UndefinedError, participation_ratio
from analysis.readings.embeddings import Weights
from analysis.readings.layer_means import SIDES, Side, layer_means, tower_of
from analysis.readings.study_run import StudyRun
from analysis.studies.similarity.plan import Parts, Plan, StackKey
from analysis.studies.similarity.rows import LayerRow

INPUT, EMBEDDING = "input", "emb"
N_PITCHES = 128
Rows = Mapping[str, Float[ndarray, "n d"]]
Layers = Mapping[tuple[str, Weights, Side, str], LayerRow]  # by stack and label


@dataclass(frozen=True)
class Stack:
    """Layers of one side of a model: label → `(windows, width)`, from "input" over "in", "1", "2" … to "emb"."""

    checkpoint: str
    weights: Weights
    side: Side
    layers: Rows

    @property
    def key(self) -> StackKey:
        """What tells stacks apart."""
        return self.checkpoint, self.weights, self.side

    @property
    def blocks(self) -> list[str]:
        """Labels of the outputs of blocks, the first first."""
        return [label for label in self.layers if label.isdigit()]


def read_stacks(parts: Parts, plan: Plan, segments: Sequence[Segment], pooling: str = "") -> dict[StackKey, Stack]:
    """Both sides of every checkpoint of a plan and of its untrained twin: the parts of its progress after the windows.

    Raises:
        OutOfMemoryError: not even one window fits.
        Cancelled: somebody asked to stop.
    """
    inputs = parts.inputs.once(("inputs", *plan.read), lambda: read_inputs(parts.inputs, segments, plan.read))
    keys = zip(plan.stacks, parts.stacks, strict=True)
    return {key: read_stack(part, segments, key, inputs, pooling) for key, part in keys}


def layer_rows(stack: Stack) -> list[LayerRow]:
    """How wide every layer is, and over how many directions its variance is spread; None where it does not vary."""
    rows: list[LayerRow] = []
    for label, activations in stack.layers.items():
        try:
            ratio = participation_ratio(activations)
        except UndefinedError:
            ratio = None
        rows.append(LayerRow(*stack.key, label, activations.shape[1], ratio))
    return rows


def by_place(rows: Sequence[LayerRow]) -> Layers:
    """The layers by stack and label."""
    return {(row.checkpoint, row.weights, row.side, row.layer): row for row in rows}


def read_inputs(
    study_run: StudyRun, segments: Sequence[Segment], sides: Sequence[Side] = SIDES
) -> dict[Side, Float[ndarray, "n d"]]:
    """What sides are given, without any model: level per mel band (dB, mean over time) and share of notes per pitch.

    Raises:
        Cancelled: somebody asked to stop.
    """
    inputs: dict[Side, list[ndarray]] = {side: [] for side in sides}
    for number, segment in enumerate(segments):
        study_run.step(number, len(segments), "inputs: spectra and pitches of windows")
        for side, rows in inputs.items():
            rows.append(_levels(study_run, segment) if side == "audio" else _pitches(study_run, segment))
    return {side: np.stack(rows).astype(np.float32) for side, rows in inputs.items()}


def _levels(study_run: StudyRun, segment: Segment) -> ndarray:
    rate = study_run.corpus.sample_rate
    return log_mel(segment.waveform(rate, study_run.stretch_s), rate)[1].mean(axis=1)


def _pitches(study_run: StudyRun, segment: Segment) -> ndarray:
    pitches = replace(segment, duration_s=min(study_run.stretch_s, segment.duration_s)).notes().pitch
    return np.bincount(pitches, minlength=N_PITCHES) / len(pitches)


def read_stack(
    study_run: StudyRun,
    segments: Sequence[Segment],
    key: StackKey,
    inputs: Mapping[Side, Float[ndarray, "n d"]],
    pooling: str = "",
) -> Stack:
    """Tokens pooled at every layer of one side, padding left out, below them the input.

    Raises:
        OutOfMemoryError: not even one window fits.
        Cancelled: somebody asked to stop.
    """
    name, weights, side = key
    checkpoint = study_run.checkpoints[name]
    means = layer_means(study_run, checkpoint, segments, weights, tower_of(checkpoint.outline(), side), pooling=pooling)
    return Stack(name, weights, side, {INPUT: inputs[side]} | {layer_title(tap): rows for tap, rows in means.items()})


def layer_title(tap: str) -> str:
    """How a tap is called on an axis.

    >>> [layer_title(tap) for tap in ("audio.in", "midi.block.3", "midi.embedding")]
    ['in', '3', 'emb']
    """
    last = tap.rsplit(".", 1)[1]
    return EMBEDDING if last == "embedding" else last
