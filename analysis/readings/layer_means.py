"""One row per window and layer: activations averaged over tokens, of windows as they are or altered, kept in the store."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from analysis.datasets.segments import Segment
from analysis.errors import CorpusError
from analysis.memory import halving
from analysis.models.checkpoint import Checkpoint
from analysis.models.dual_encoder import DualEncoder
from analysis.models.midi_encoder import MidiBatch
from analysis.models.pooling import mean_over_tokens
from analysis.models.taps import capture, intervene, list_taps
from analysis.readings.embeddings import Weights, batch_size
from analysis.readings.study_run import Desk, refuse_not_finite
from analysis.run import ignore
from analysis.sources import code_of
from analysis.store import Store, StoreError
from analysis.training.evaluation import note_batch, waveform_batch

Side = Literal["audio", "midi"]
SIDES: tuple[Side, ...] = ("audio", "midi")


@dataclass(frozen=True)
class Altered:
    """A change of what a model is given; by default none.

    Every function is given the segments of its batch and must treat each window by itself, whatever batch it is in.

    Attributes:
        name: identifies the change with every number that decides it; it is part of the key in the store.
        waveforms: (segments, sample_rate) → `(batch, samples)`; None for the recording as it is.
        notes: (segments, max_notes) → notes; None for the notes as they are.
        taps: tap → (activation, segments) → activation, see `analysis.models.taps.intervene`.
        forget: lets go of what the change keeps from batch to batch; it may be asked for again.
    """

    name: str = ""
    waveforms: Callable[[Sequence[Segment], int], Tensor] | None = None
    notes: Callable[[Sequence[Segment], int], MidiBatch] | None = None
    taps: Mapping[str, Callable[[Tensor, Sequence[Segment]], Tensor]] = field(default_factory=dict)
    forget: Callable[[], None] = ignore


AS_IT_IS = Altered()


def layers_of(model: DualEncoder, side: Side) -> tuple[str, ...]:
    """Taps of one side: input of block 1, output of every block, joint embedding."""
    return tuple(name for name in list_taps(model) if name.startswith(f"{side}."))


def layer_means(
    desk: Desk,
    checkpoint: Checkpoint,
    segments: Sequence[Segment],
    weights: Weights,
    side: Side,
    taps: Sequence[str] = (),
    altered: Altered = AS_IT_IS,
    *,
    keep: bool = True,
) -> dict[str, Float[ndarray, "n d"]]:
    """Mean over tokens (padding left out) at taps of one side, fp32 `(windows, d)` each; the joint embedding as it is.

    Computed once per checkpoint, windows, taps, alteration and code. A batch that does not fit into memory is halved.

    Args:
        desk: where the study works.
        checkpoint: whose model.
        segments: windows.
        weights: trained, or those of the untrained twin.
        side: of the model.
        taps: of `layers_of`; empty for all of them.
        altered: what is changed on the way in.
        keep: whether the store is to have them.

    Raises:
        ConfigError: there is no such tap.
        CheckpointError: an activation is not finite.
        CorpusError: there are no windows.
        OutOfMemoryError: not even one window fits.
        Cancelled: somebody asked to stop.
    """
    if not segments:
        raise CorpusError(f"{desk.corpus.name} has 0 windows to be read; expected one or more. Use longer or more recordings.")
    key = Store.key(
        kind="layer means", weights=weights, checkpoint=checkpoint.sha256, config=checkpoint.config,
        corpus=desk.corpus.sha256, side=side, taps=list(taps),
        windows=[[segment.piece.piece_id, segment.start_s] for segment in segments], altered=altered.name,
        seed=int(checkpoint.training.get("seed", 0)), device=desk.device.type,
        code=[code_of(__name__), desk.code if altered.name else ""],
    )  # fmt: skip
    if keep and desk.store is not None and (entry := desk.store.get(key)) is not None:
        return {name: np.array(array) for name, array in entry.arrays.items()}
    model = desk.model(checkpoint, weights)
    chosen = tuple(taps) or layers_of(model, side)
    size, done, parts = batch_size(checkpoint.model_config, desk.device), 0, []
    what = f"{checkpoint.name}, {weights}: {altered.name or 'windows as they are'}"
    while done < len(segments):
        desk.step(done, len(segments), what)
        rest = segments[done : done + size]
        parts.append(halving(len(rest), partial(_first, model, rest, side, chosen, altered, desk.device), desk.context))
        done += len(next(iter(parts[-1].values())))
    means = {name: np.concatenate([part[name] for part in parts]) for name in chosen}
    refuse_not_finite(checkpoint.name, means.values())
    if keep and desk.store is not None:
        with contextlib.suppress(StoreError):
            desk.store.put(key, {"kind": "layer means"}, means)
    return means


@torch.no_grad()
def _first(
    model: DualEncoder, rest: Sequence[Segment], side: Side, taps: Sequence[str], altered: Altered, device: torch.device, n: int
) -> dict[str, Float[ndarray, "n d"]]:
    """Means of the first `n` windows."""
    segments, config = rest[:n], model.config
    with ExitStack() as stack:
        for name, change in altered.taps.items():
            stack.enter_context(intervene(model, name, partial(_of_batch, change, segments)))
        seen = stack.enter_context(capture(model, taps))
        mask = None
        if side == "audio":
            waveforms = (altered.waveforms or waveform_batch)(segments, config.sample_rate)
            model.embed_audio(waveforms.to(device))
        else:
            notes = (altered.notes or note_batch)(segments, config.max_notes).to(device)
            mask = notes.mask
            model.embed_midi(notes)
    return {name: _row_per_window(seen[name], mask).float().cpu().numpy() for name in taps}


def _of_batch(change: Callable[[Tensor, Sequence[Segment]], Tensor], segments: Sequence[Segment], activation: Tensor) -> Tensor:
    return change(activation, segments)


def _row_per_window(activation: Tensor, mask: Tensor | None) -> Tensor:
    return activation if activation.ndim == 2 else mean_over_tokens(activation, mask)
