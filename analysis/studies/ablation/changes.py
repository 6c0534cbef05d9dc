"""What takes the place of a descriptor in the study `ablation`: eight kinds, each drawn per window from (seed, window)."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from analysis.datasets.segments import Segment
from analysis.descriptors.interventions import exchange, mean, noise, noise_like, shuffle, zero
from analysis.models.dual_encoder import DualEncoder, window_of
from analysis.models.injections.places import DescriptorSlot, Window
from analysis.readings.altered import Change, window_seeds
from analysis.readings.layer_means import Side
from analysis.readings.study_run import StudyRun
from analysis.studies.ablation.kinds import EXCHANGES, MEAN, SHUFFLED, TRAINING_NOISE, WINDOW_NOISE, ZERO
from analysis.studies.ablation.material import Material
from analysis.training.evaluation import note_batch, waveform_batch

BATCH = 16


class Statistics(NamedTuple):
    """Mean and standard deviation (÷ n) of each feature over all positions of some windows."""

    mean: Float[Tensor, " features"]
    spread: Float[Tensor, " features"]


def changes_of(study_run: StudyRun, model: DualEncoder, material: Material, side: Side) -> dict[str, Change]:
    """The changes of one side's descriptor by kind, without the exchanges that the windows do not allow.

    The descriptors are what this very model is given: of a control arm that is what stands in their place.

    Args:
        study_run: told how far it is.
        model: that has the descriptor of that side, on the device of the study.
        material: windows, partners and training windows; all windows that are changed are among its windows.
        side: of the model, whose descriptor it is.

    Raises:
        Cancelled: somebody asked to stop.
    """
    seed, rows = material.seed, describe(study_run, model, material.windows, side)
    own = material.training is material.windows
    known = _statistics(list((rows if own else describe(study_run, model, material.training, side)).values()))
    average = _mean(list(rows.values()), per_position=side == "audio")

    def lengths(some: Sequence[Segment]) -> list[int] | None:
        return None if side == "audio" else [len(rows[segment]) for segment in some]

    def given(kind: str) -> Change:
        return lambda x, some: exchange(x, [rows[material.partners[kind][segment]] for segment in some], lengths(some))

    def seeds(some: Sequence[Segment], kind: str) -> list[int]:
        return window_seeds(some, seed, f"ablation, {kind}")

    changes: dict[str, Change] = {
        ZERO: lambda x, _: zero(x),
        WINDOW_NOISE: lambda x, some: noise(x, seeds(some, WINDOW_NOISE), lengths(some)),
        TRAINING_NOISE: lambda x, some: noise_like(x, *known, seeds(some, TRAINING_NOISE), lengths(some)),
        SHUFFLED: lambda x, some: shuffle(x, seeds(some, SHUFFLED), lengths(some)),
        **{kind: given(kind) for kind in EXCHANGES if kind in material.partners},
        MEAN: lambda x, _: mean(x, average),
    }
    return changes


@torch.no_grad()
def describe(
    study_run: StudyRun, model: DualEncoder, windows: Sequence[Segment], side: Side
) -> dict[Segment, Float[Tensor, "_ features"]]:
    """What a model is given as descriptor of every window `(frames, features)`, or of its notes `(notes, features)`, on the CPU.

    Raises:
        Cancelled: somebody asked to stop.
    """
    slot = model.given[side].slot
    descriptors: dict[Segment, Tensor] = {}
    for start in range(0, len(windows), BATCH):
        study_run.step(0, 1, "reading descriptors")
        some = windows[start : start + BATCH]
        read = _input(study_run, model, some, slot)
        descriptors |= zip(some, (row.float().cpu() for row in slot.rows(read)), strict=True)
    return descriptors


def _input(study_run: StudyRun, model: DualEncoder, some: Sequence[Segment], slot: DescriptorSlot) -> Window:
    """What a descriptor is made from; nothing else is read."""
    if model.config.crosses:
        notes = note_batch(some, model.config.max_notes).to(study_run.device)
        return window_of(slot, waveform_batch(some, model.config.sample_rate).to(study_run.device), notes)
    if slot.descriptor.reads == "audio":
        return waveform_batch(some, model.config.sample_rate).to(study_run.device)
    return note_batch(some, model.config.max_notes).to(study_run.device)


def _statistics(rows: Sequence[Tensor]) -> Statistics:
    together = torch.cat(list(rows)).double()
    return Statistics(together.mean(dim=0).float(), together.std(dim=0, correction=0).float())


def _mean(rows: Sequence[Tensor], *, per_position: bool) -> Tensor:
    """Mean over windows, `(positions, features)`; else over all positions of all windows, `(1, features)`."""
    return torch.stack(list(rows)).mean(dim=0) if per_position else torch.cat(list(rows)).mean(dim=0, keepdim=True)
