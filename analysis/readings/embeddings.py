"""Embeddings of a corpus split by a checkpoint or its untrained twin, kept in the store between studies."""

import contextlib
from collections.abc import Sequence
from functools import partial
from typing import Literal, TypeVar

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from analysis.datasets.segments import WINDOW_S, Segment, drop_repeated, list_segments
from analysis.errors import ConfigError, CorpusError
from analysis.memory import halving
from analysis.models.checkpoint import Checkpoint
from analysis.models.config import ModelConfig
from analysis.models.dual_encoder import DualEncoder
from analysis.readings.study_run import Desk, refuse_not_finite
from analysis.sources import code_of
from analysis.store import Store, StoreError
from analysis.training.evaluation import embed_segments

Weights = Literal["trained", "untrained"]
T = TypeVar("T")
BATCH = 64
CPU_BATCH_TOKENS = 3_008  # larger batches are no faster there, and between batches a study can be stopped


def list_windows(desk: Desk, split: str, windows_per_piece: int, fewest: int = 0) -> list[Segment]:
    """Windows of a split ("all" for every piece), evenly spread, none of which has the notes of another.

    Raises:
        ConfigError: there is no such split, or no window is asked for.
        CorpusError: there are fewer than `fewest`.
        Cancelled: somebody asked to stop.
    """
    if windows_per_piece < 1:
        raise ConfigError(f"windows_per_piece is {windows_per_piece}; expected 1 or more.")
    pieces = desk.corpus.pieces if split == "all" else desk.corpus.split(split)
    segments: list[Segment] = []
    for number, piece in enumerate(pieces):
        desk.step(number, len(pieces), f"{piece.title}: reading notes")
        segments += list_segments([piece], max_per_piece=windows_per_piece)
    found = drop_repeated(segments)
    if len(found) < fewest:
        long = sum(piece.duration_s >= WINDOW_S for piece in pieces)
        raise CorpusError(
            f"The split {split} of {desk.corpus.name} has {len(found)} windows; expected {fewest} or more. Of its {len(pieces)} "
            f"recordings {long} last {WINDOW_S:g} s or longer, and {len(segments) - len(found)} windows were left out because "
            "their notes are those of another. Use more, longer or other recordings, or another split."
        )
    return found


def spread(segments: Sequence[T], n: int) -> list[T]:
    """At most `n` windows, evenly over all of them.

    >>> spread("abcdef", 3)
    ['a', 'c', 'e']
    """
    return [segments[place * len(segments) // n] for place in range(n)] if n < len(segments) else list(segments)


def batch_size(config: ModelConfig, device: torch.device) -> int:
    """Windows per batch: 64, and on the CPU as many as have about 3,000 audio tokens together."""
    return max(1, min(BATCH, CPU_BATCH_TOKENS // config.n_audio_tokens)) if device.type == "cpu" else BATCH


def embed(
    desk: Desk, checkpoint: Checkpoint, segments: Sequence[Segment], weights: Weights
) -> tuple[Float[ndarray, "n d"], Float[ndarray, "n d"]]:
    """Audio and MIDI embeddings `(windows, d)` in fp32, computed once per checkpoint, windows and code.

    A batch that does not fit into memory is halved, and the desk's listener is told.

    Raises:
        OutOfMemoryError: not even one window fits.
        CheckpointError: an embedding is not finite.
        Cancelled: somebody asked to stop.
    """
    places = [[segment.piece.piece_id, segment.start_s] for segment in segments]
    key = Store.key(
        kind="embeddings", weights=weights, checkpoint=checkpoint.sha256, config=checkpoint.config,
        corpus=desk.corpus.sha256, windows=places,
        seed=int(checkpoint.training.get("seed", 0)), device=desk.device.type, code=code_of(__name__),
    )  # fmt: skip
    if desk.store is not None and (entry := desk.store.get(key)) is not None and set(entry.arrays) == {"audio", "midi"}:
        audio, midi = np.array(entry.arrays["audio"]), np.array(entry.arrays["midi"])
        _tell_equal(desk, f"{checkpoint.name}, {weights}", audio, midi)
        return audio, midi
    model = (checkpoint.model() if weights == "trained" else checkpoint.untrained_twin()).to(desk.device)
    size, parts, done = batch_size(checkpoint.model_config, desk.device), [], 0
    while done < len(segments):
        desk.step(done, len(segments), f"{checkpoint.name}, {weights}: embedding windows")
        rest = segments[done : done + size]
        parts.append(halving(len(rest), partial(_embed_first, model, rest, desk.device), desk.context))
        done += len(parts[-1][0])
    audio, midi = (np.concatenate(side) for side in zip(*parts, strict=True))
    refuse_not_finite(checkpoint.name, (audio, midi))
    _tell_equal(desk, f"{checkpoint.name}, {weights}", audio, midi)
    if desk.store is not None:
        with contextlib.suppress(StoreError):
            desk.store.put(key, {"kind": "embeddings"}, {"audio": audio, "midi": midi})
    return audio, midi


def _tell_equal(desk: Desk, who: str, audio: Float[ndarray, "n d"], midi: Float[ndarray, "n d"]) -> None:
    """Say that a model gives every window the same embedding: then nothing that is measured of it tells anything else."""
    both = (("audio", audio), ("MIDI", midi))
    if sides := [side for side, found in both if len(found) > 1 and not np.ptp(found, axis=0).any()]:
        desk.notice(f"{who}: all {' and all '.join(sides)} embeddings are equal. Ties count as misses, so S is 0 by that rule.")


def _embed_first(
    model: DualEncoder, segments: Sequence[Segment], device: torch.device, n: int
) -> tuple[Float[ndarray, "n d"], Float[ndarray, "n d"]]:
    return embed_segments(model, segments[:n], device=device, batch_size=n)
