"""What takes the place of a descriptor in the study `ablation`, drawn per window from (seed, window)."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from analysis.datasets.segments import Segment
from analysis.descriptors.interventions import exchange, mean, noise, shuffle, zero
from analysis.models.audio_encoder import A4Descriptor
from analysis.models.config import ModelConfig
from analysis.models.midi_encoder import D4Descriptor
from analysis.seeding import numpy_generator
from analysis.studies.ablation_passes import Change, window_seeds
from analysis.studies.desk import Desk
from analysis.studies.layer_means import Side
from analysis.training.evaluation import note_batch, waveform_batch

ANOTHER_WORK = "of a window of another work"
KINDS = ("zero", "noise of the same mean and SD", "shuffled in time", ANOTHER_WORK, "mean of all windows")
BATCH = 16
Describe = Callable[[Sequence[Segment]], list[Tensor]]


def changes_of(desk: Desk, config: ModelConfig, segments: Sequence[Segment], side: Side, seed: int) -> dict[str, Change]:
    """The changes of one side's descriptor by kind; without an exchange where all windows are of one work.

    Args:
        desk: told how far it is, and a notice where there is no other work.
        config: of the model.
        segments: all windows: the others' descriptors and the mean are theirs.
        side: "audio" for A4, "midi" for D4.
        seed: of noise, order and exchange.

    Raises:
        Cancelled: somebody asked to stop.
    """
    describe: Describe = (lambda some: _a4_rows(config, some)) if side == "audio" else (lambda some: _d4_rows(config, some))
    lengths = (lambda _: None) if side == "audio" else (lambda some: [len(row) for row in _d4_rows(config, some)])
    average, others = _mean(desk, describe, segments, per_position=side == "audio"), _others(segments, seed)
    changes: tuple[Change, ...] = (
        lambda x, _: zero(x),
        lambda x, some: noise(x, window_seeds(some, seed, "ablation noise"), lengths(some)),
        lambda x, some: shuffle(x, window_seeds(some, seed, "ablation order"), lengths(some)),
        lambda x, some: exchange(x, describe([others[one] for one in some]), lengths(some)),
        lambda x, _: mean(x, average),
    )
    named: dict[str, Change] = dict(zip(KINDS, changes, strict=True))
    if not others:
        desk.notice("All windows are of one work: no descriptor can be exchanged for that of another work.")
        del named[ANOTHER_WORK]
    return named


def _a4_rows(config: ModelConfig, segments: Sequence[Segment]) -> list[Tensor]:
    """What the model is given as A4 of every window, `(frames, 8)`."""
    return list(
        A4Descriptor(config.sample_rate, config.n_samples, config.descriptor_values).eval()(
            waveform_batch(segments, config.sample_rate)
        )
    )


def _d4_rows(config: ModelConfig, segments: Sequence[Segment]) -> list[Tensor]:
    """What the model is given as D4 of every window's notes, `(its notes, 4)`."""
    notes = note_batch(segments, config.max_notes)
    described = D4Descriptor(config.descriptor_values).eval()(notes)
    return [row[mask] for row, mask in zip(described, notes.mask, strict=True)]


def _mean(desk: Desk, describe: Describe, segments: Sequence[Segment], *, per_position: bool) -> Tensor:
    """Mean over windows, `(positions, features)`; else over all positions of all windows, `(1, features)`."""
    total, count = torch.zeros(()), 0
    for start in range(0, len(segments), BATCH):
        desk.step(0, 1, "averaging descriptors")
        for row in describe(segments[start : start + BATCH]):
            total = total + (row if per_position else row.sum(dim=0, keepdim=True))
            count += 1 if per_position else len(row)
    return total / count


def _others(segments: Sequence[Segment], seed: int) -> dict[Segment, Segment]:
    """For every window one of another work; none where there is only one work."""
    works: dict[str, list[Segment]] = {}
    for segment in segments:
        works.setdefault(segment.piece.group, []).append(segment)
    if len(works) < 2:
        return {}
    chosen = {}
    for segment in segments:
        rng = numpy_generator(seed, "ablation exchange", segment.piece.piece_id, str(segment.start_s))
        elsewhere = [one for work, its in works.items() if work != segment.piece.group for one in its]
        chosen[segment] = elsewhere[int(rng.integers(len(elsewhere)))]
    return chosen
