"""Embeddings of a corpus split by a checkpoint or its untrained twin, kept in the store between studies."""

import contextlib
from collections.abc import Sequence
from typing import Literal

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from analysis.datasets.segments import Segment, drop_repeated, list_segments
from analysis.errors import ConfigError
from analysis.models.checkpoint import Checkpoint
from analysis.results import code_version
from analysis.store import Store, StoreError
from analysis.studies.study import Desk
from analysis.training.evaluation import embed_segments

Weights = Literal["trained", "untrained"]
BATCH = 64


def list_windows(desk: Desk, split: str, windows_per_piece: int) -> list[Segment]:
    """Windows of a split ("all" for every piece), evenly spread, none of which has the notes of another.

    Raises:
        ConfigError: there is no such split, or no window is asked for.
    """
    if windows_per_piece < 1:
        raise ConfigError(f"windows_per_piece is {windows_per_piece}; expected 1 or more.")
    pieces = desk.corpus.pieces if split == "all" else desk.corpus.split(split)
    return drop_repeated(list_segments(pieces, max_per_piece=windows_per_piece))


def embed(
    desk: Desk, checkpoint: Checkpoint, segments: Sequence[Segment], weights: Weights
) -> tuple[Float[ndarray, "n d"], Float[ndarray, "n d"]]:
    """Audio and MIDI embeddings `(windows, d)` in fp32, computed once per checkpoint, windows and code.

    Raises:
        Cancelled: somebody asked to stop.
    """
    places = [[segment.piece.piece_id, segment.start_s] for segment in segments]
    key = Store.key(
        kind="embeddings", weights=weights, checkpoint=checkpoint.sha256, corpus=desk.corpus.sha256, windows=places,
        seed=int(checkpoint.training.get("seed", 0)), device=desk.device.type, code=code_version(),
    )  # fmt: skip
    if desk.store is not None and (entry := desk.store.get(key)) is not None:
        return np.array(entry.arrays["audio"]), np.array(entry.arrays["midi"])
    model = (checkpoint.model() if weights == "trained" else checkpoint.untrained_twin()).to(desk.device)
    parts: list[tuple[ndarray, ndarray]] = []
    for start in range(0, len(segments), BATCH):
        desk.step(start, len(segments), f"{checkpoint.name}, {weights}: embedding windows")
        parts.append(embed_segments(model, segments[start : start + BATCH], device=desk.device, batch_size=BATCH))
    audio, midi = (np.concatenate(side) for side in zip(*parts, strict=True))
    if desk.store is not None:
        with contextlib.suppress(StoreError):
            desk.store.put(key, {"kind": "embeddings"}, {"audio": audio, "midi": midi})
    return audio, midi
