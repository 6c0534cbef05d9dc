"""Many passes of the same windows, each altered in another way: what does not change is computed once per batch."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import torch
from numpy import ndarray
from torch import Tensor

from analysis.datasets.segments import Segment
from analysis.models.checkpoint import Checkpoint
from analysis.models.config import Side
from analysis.models.sides import tower_of
from analysis.models.taps import intervene
from analysis.models.tower import Model
from analysis.readings.reader import Compute, Reader
from analysis.readings.study_run import StudyRun, Weights
from analysis.seeding import derive

AS_IT_IS = "as it is"
Change = Callable[[Tensor, Sequence[Segment]], Tensor]


def window_seeds(segments: Sequence[Segment], seed: int, purpose: str) -> list[int]:
    """One seed per window, whatever batch it is in."""
    return [derive(seed, purpose, segment.piece.piece_id, str(segment.start_s)) for segment in segments]


def under_changes(
    study_run: StudyRun,
    checkpoint: Checkpoint,
    segments: Sequence[Segment],
    weights: Weights,
    side: Side,
    changes: Mapping[str, Change],
    seed: int,
) -> dict[str, ndarray]:
    """Joint embeddings `(windows, d)` of one side, "as it is" and under every change of its descriptor.

    A change may depend on which windows there are, such as on their mean; they are part of what identifies it.

    Args:
        study_run: where the study works.
        checkpoint: whose model; one with that side's descriptor if there are changes.
        segments: windows.
        weights: trained, or those of the untrained twin.
        side: that of the tower whose descriptor is changed.
        changes: name, which holds every number that decides the change but the seed, → (descriptor, segments) → descriptor.
        seed: of the changes.

    Raises:
        CheckpointError: what was computed is not finite.
        OutOfMemoryError: not even one window fits.
        Cancelled: somebody asked to stop.
    """

    @torch.no_grad()
    def compute(model: Model, part: Sequence[Segment]) -> dict[str, ndarray]:
        arrays, tower = {}, model.towers[tower_of(model, side)]
        batch = tower.collate(part).to(study_run.device)
        tap = next((tap.name for tap in tower.taps() if tap.kind == "descriptor"), "")
        with tower.input_once():
            for name, change in {AS_IT_IS: None, **changes}.items():
                study_run.cancel.check()
                with intervene(model, tap, partial(_of, change, part)) if change else contextlib.nullcontext():
                    arrays[name] = tower(batch).float().cpu().numpy()
        return arrays

    identity = {"side": side, "changes": list(changes), "changes seed": seed}
    return over_batches(study_run, checkpoint, segments, weights, identity, compute)


def over_batches(
    study_run: StudyRun,
    checkpoint: Checkpoint,
    segments: Sequence[Segment],
    weights: Weights,
    identity: Mapping[str, object],
    compute: Compute,
    *,
    keep: bool = True,
) -> dict[str, ndarray]:
    """Arrays of `compute(model, segments)` for all windows, batch by batch.

    Args:
        study_run: where the study works.
        checkpoint: whose model; it is loaded anew, so that `compute` may do with it what it likes.
        segments: windows.
        weights: trained, or those of the untrained twin.
        identity: everything else that decides the numbers.
        compute: gives arrays with one row per window; it asks `study_run.cancel` where it takes long.
        keep: whether the store is to have them.

    Raises:
        CheckpointError: what was computed is not finite.
        OutOfMemoryError: not even one window fits.
        Cancelled: somebody asked to stop.
    """
    reader = Reader(study_run, checkpoint, weights, keep=keep, shared=False)
    return reader.arrays(segments, identity, compute, str(identity.get("what", "changing descriptors")))


def _of(change: Change, segments: Sequence[Segment], descriptor: Tensor) -> Tensor:
    return change(descriptor, segments)
