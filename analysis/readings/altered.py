"""Many passes of the same windows, each altered in another way: what does not change is computed once per batch."""

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor, nn

from analysis.datasets.segments import Segment
from analysis.memory import halving
from analysis.models.checkpoint import Checkpoint
from analysis.models.dual_encoder import DualEncoder
from analysis.models.taps import descriptor_tap, intervene
from analysis.readings.embeddings import Weights, batch_size
from analysis.readings.layer_means import Side
from analysis.readings.study_run import Desk, refuse_not_finite
from analysis.seeding import derive
from analysis.sources import code_of
from analysis.store import Store, StoreError
from analysis.training.evaluation import note_batch, waveform_batch

AS_IT_IS = "as it is"
BLOCK = 256  # windows
Change = Callable[[Tensor, Sequence[Segment]], Tensor]
Compute = Callable[[DualEncoder, Sequence[Segment]], dict[str, ndarray]]


def window_seeds(segments: Sequence[Segment], seed: int, purpose: str) -> list[int]:
    """One seed per window, whatever batch it is in."""
    return [derive(seed, purpose, segment.piece.piece_id, str(segment.start_s)) for segment in segments]


def under_changes(
    desk: Desk,
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
        desk: where the study works.
        checkpoint: whose model; one with that side's descriptor if there are changes.
        segments: windows.
        weights: trained, or those of the untrained twin.
        side: of the model, whose descriptor is changed.
        changes: name, which holds every number that decides the change but the seed, → (descriptor, segments) → descriptor.
        seed: of the changes.

    Raises:
        CheckpointError: what was computed is not finite.
        OutOfMemoryError: not even one window fits.
        Cancelled: somebody asked to stop.
    """

    @torch.no_grad()
    def compute(model: DualEncoder, part: Sequence[Segment]) -> dict[str, ndarray]:
        found = {}
        again = _input(model, part, side, desk.device)
        tap = descriptor_tap(side, model.given[side].descriptor.name) if changes else ""
        with _frames_once(model):
            for name, change in {AS_IT_IS: None, **changes}.items():
                desk.cancel.check()
                with intervene(model, tap, partial(_of, change, part)) if change else contextlib.nullcontext():
                    found[name] = again().float().cpu().numpy()
        return found

    return over_batches(
        desk, checkpoint, segments, weights, {"side": side, "changes": list(changes), "changes seed": seed}, compute
    )


def over_batches(
    desk: Desk,
    checkpoint: Checkpoint,
    segments: Sequence[Segment],
    weights: Weights,
    identity: Mapping[str, Any],
    compute: Compute,
    *,
    keep: bool = True,
) -> dict[str, ndarray]:
    """Arrays of `compute(model, segments)` for all windows, batch by batch; the store keeps blocks of windows.

    Args:
        desk: where the study works.
        checkpoint: whose model; it is loaded anew, so that `compute` may do with it what it likes.
        segments: windows.
        weights: trained, or those of the untrained twin.
        identity: everything else that decides the numbers.
        compute: gives arrays with one row per window; it asks `desk.cancel` where it takes long.
        keep: whether the store is to have them.

    Raises:
        CheckpointError: what was computed is not finite.
        OutOfMemoryError: not even one window fits.
        Cancelled: somebody asked to stop.
    """
    blocks = [segments[start : start + BLOCK] for start in range(0, len(segments), BLOCK)]
    among = Store.key(windows=_places(segments))

    @functools.cache
    def model() -> DualEncoder:
        return (checkpoint.model() if weights == "trained" else checkpoint.untrained_twin()).to(desk.device).eval()

    parts = []
    for number, block in enumerate(blocks):
        key = Store.key(
            kind="passes", weights=weights, checkpoint=checkpoint.sha256, config=checkpoint.config, corpus=desk.corpus.sha256,
            code=[code_of(__name__), desk.code], windows=_places(block), among=among, identity=dict(identity),
            seed=int(checkpoint.training.get("seed", 0)), device=desk.device.type,
        )  # fmt: skip
        what = f"{checkpoint.name}, {weights}: {identity.get('what', 'changing descriptors')}"
        make = partial(_compute, desk.part(number, len(blocks)), checkpoint, block, model, what, compute)
        parts.append(_kept(desk.store if keep else None, key, make))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _places(segments: Sequence[Segment]) -> list[list[str | float]]:
    return [[segment.piece.piece_id, segment.start_s] for segment in segments]


def _kept(store: Store | None, key: str, make: Callable[[], dict[str, ndarray]]) -> dict[str, ndarray]:
    """What the store holds, else what is made, which the store gets."""
    if store is not None and (entry := store.get(key)) is not None:
        return {name: np.array(entry.arrays[f"array.{i}"]) for i, name in enumerate(entry.document["names"])}
    found = make()
    if store is not None:
        with contextlib.suppress(StoreError):
            store.put(key, {"names": list(found)}, {f"array.{i}": array for i, array in enumerate(found.values())})
    return found


def _compute(
    desk: Desk, checkpoint: Checkpoint, block: Sequence[Segment], model: Callable[[], DualEncoder], what: str, compute: Compute
) -> dict[str, ndarray]:
    """A block, batch by batch; a batch that does not fit into memory is halved."""
    size, done, parts = batch_size(checkpoint.model_config, desk.device), 0, []
    while done < len(block):
        desk.step(done, len(block), what)
        rest = block[done : done + size]
        parts.append(halving(len(rest), lambda n, rest=rest: compute(model(), rest[:n]), desk.context))
        done += len(next(iter(parts[-1].values())))
    found = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    refuse_not_finite(checkpoint.name, found.values())
    return found


class _Once(nn.Sequential):
    """Modules that are asked for the same batch again and again."""

    answer: Tensor | None = None

    def forward(self, input: Tensor) -> Tensor:
        self.answer = answer = super().forward(input) if self.answer is None else self.answer
        return answer


@contextlib.contextmanager
def _frames_once(model: DualEncoder) -> Iterator[None]:
    """Inside, the convolutions compute the first batch they are given and then repeat the answer."""
    convolutions = model.audio.cnn
    model.audio.cnn = _Once(*convolutions)
    try:
        yield
    finally:
        model.audio.cnn = convolutions


def _input(model: DualEncoder, part: Sequence[Segment], side: Side, device: torch.device) -> Callable[[], Tensor]:
    if side == "audio":
        return partial(model.embed_audio, waveform_batch(part, model.config.sample_rate).to(device))
    return partial(model.embed_midi, note_batch(part, model.config.max_notes).to(device))


def _of(change: Change, segments: Sequence[Segment], descriptor: Tensor) -> Tensor:
    return change(descriptor, segments)
