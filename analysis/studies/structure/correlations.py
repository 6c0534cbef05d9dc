"""Self-similarity of every layer in every window against that of quantities of the sound, as they are and moved in time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from jaxtyping import Float64
from numpy import ndarray

from analysis.datasets.segments import Segment
from analysis.errors import ConfigError
from analysis.measures.rank_pairs import far_pairs, scaled_ranks
from analysis.models.checkpoint import Checkpoint
from analysis.models.tower import Model
from analysis.readings.reader import Reader
from analysis.readings.self_similarity import self_similarities
from analysis.readings.study_run import StudyRun, Weights
from analysis.seeding import numpy_generator
from analysis.studies.structure.references import Frames, similarities

APART = 4  # moments; nearer ones are alike in everything
MOST_MOMENTS = 200  # of a window; a pair of moments is a number in every layer
RHO, NULL, BETWEEN = "rho", "moved", "|"
FramesOf = Callable[[Segment], Frames]


@dataclass(frozen=True, eq=False)
class LayerCorrelations:
    """ρ_a of a layer with every reference in every window, and the mean over moves of the reference in time.

    Attributes:
        tower: its name.
        layer: as an axis calls it.
        value: with the references, in their order.
        moved: the same where these are moved.
    """

    tower: str
    layer: str
    value: Float64[ndarray, "windows references"]
    moved: Float64[ndarray, "windows references"]


def correlate(
    study_run: StudyRun,
    checkpoint: Checkpoint,
    weights: Weights,
    segments: Sequence[Segment],
    frames: FramesOf,
    seed: int,
    n: int,
) -> list[LayerCorrelations]:  # fmt: skip
    """Every layer with tokens of every tower that reads sound.

    Args:
        study_run: where the study works.
        checkpoint: whose model.
        weights: trained, or those of the untrained twin.
        segments: windows.
        frames: how a window sounds.
        seed: draws moves.
        n: how many moves make the null.

    Raises:
        ConfigError: no layer has five moments or more.
        CheckpointError, CorpusError, OutOfMemoryError, Cancelled: as `Reader.arrays`.
    """
    compute = partial(_rows, frames=frames, seed=seed, n_moves=n, check=study_run.cancel.check)
    identity = {"what": "self-similarity", "seed": seed, "moves": n}
    arrays = Reader(study_run, checkpoint, weights).arrays(segments, identity, compute, "self-similarity of layers")
    if not arrays:
        raise ConfigError(f"No layer of {checkpoint.name} has more than {APART} moments in a window. Choose another checkpoint.")
    layers = []
    for name, value in arrays.items():
        what, tower, layer = name.split(BETWEEN)
        if what == RHO:
            layers.append(LayerCorrelations(tower, layer, value, arrays[BETWEEN.join((NULL, tower, layer))]))
    return layers


@torch.no_grad()
def _rows(
    model: Model, segments: Sequence[Segment], *, frames: FramesOf, seed: int, n_moves: int, check: Callable[[], None]
) -> dict[str, ndarray]:
    """One row per window of ρ_a with every reference, by `what|tower|layer`."""
    rows: dict[str, list[ndarray]] = {}
    for segment in segments:
        check()
        heard = frames(segment)
        rng = numpy_generator(seed, "moved references", segment.piece.piece_id, str(segment.start_s))
        shares = rng.uniform(0.25, 0.75, n_moves)
        known: dict[bytes, tuple[ndarray, ndarray]] = {}
        for name, tower in model.towers.items():
            if tower.modality != "audio":
                continue
            for layer in self_similarities(model, name, segment, standardised=True, most=MOST_MOMENTS):
                n = len(layer.times_s)
                if n <= APART + 1:
                    continue
                pairs, key = far_pairs(n, APART), layer.times_s.tobytes()
                if key not in known:  # most layers have the same moments
                    known[key] = _reference_ranks(similarities(heard, layer.times_s), pairs, shares)
                ranks = scaled_ranks(layer.matrix[pairs][None])[0]
                for what, references in zip((RHO, NULL), known[key], strict=True):
                    rows.setdefault(BETWEEN.join((what, name, layer.tap.title)), []).append(references @ ranks)
    return {name: np.stack(of) for name, of in rows.items()}


def _reference_ranks(
    references: Float64[ndarray, "references n n"], pairs: tuple[ndarray, ndarray], shares: ndarray
) -> tuple[Float64[ndarray, "references pairs"], Float64[ndarray, "references pairs"]]:
    """Ranks of the references, and their mean over moves by a share of the window, what leaves it at the end coming in again."""
    n, (first, second) = references.shape[1], pairs
    steps = [round(float(share) * n) for share in shares]
    moved = [scaled_ranks(np.roll(references, (step, step), (1, 2))[:, first, second]) for step in steps]
    return scaled_ranks(references[:, first, second]), np.mean(moved, axis=0)
