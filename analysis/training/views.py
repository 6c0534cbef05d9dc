"""Two views of one recording: windows near each other in time; how they are drawn, and how well one finds the other."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from analysis.datasets.piece import Corpus
from analysis.datasets.pools import PoolSizes, build_pools
from analysis.datasets.segments import Segment, list_segments
from analysis.descriptors.log_mel import log_mel
from analysis.files import Json
from analysis.models.tower import Model, Tower
from analysis.seeding import numpy_generator
from analysis.training.devices import pick_device
from analysis.training.evaluation import TEST_QUERIES, TEST_WINDOWS_PER_PIECE, PoolScore, fit_pool, score_pool
from analysis.training.objective import AnyModel, Setting

DIRECTIONS = ("first_to_second", "second_to_first")
VIEWS, SOUND = "views", "sound"  # the pool of an evaluation, and the weights of what is no model
EVALUATION_SEED = 42
TEMPERATURE, GAP = "temperature", "largest_gap_s"
SETTINGS: Mapping[str, Setting] = MappingProxyType({
    TEMPERATURE: Setting(0.1, 0.01, 10.0), GAP: Setting(8.0, 0.0, 3600.0),
})  # fmt: skip


def second_view(segment: Segment, largest_gap_s: float, rng: np.random.Generator) -> Segment:
    """A window as long as a given one, of the same recording, 0 to `largest_gap_s` seconds after its end or before its beginning.

    All beginnings that these bounds allow are equally likely; where the recording has room for none, all that it has room for.
    """
    length_s, last_s = segment.duration_s, segment.piece.duration_s - segment.duration_s
    before = (max(0.0, segment.start_s - length_s - largest_gap_s), segment.start_s - length_s)
    after = (segment.start_s + length_s, min(last_s, segment.start_s + length_s + largest_gap_s))
    bounds = [(low, high) for low, high in (before, after) if low <= high] or [(0.0, max(0.0, last_s))]
    offset_s = rng.uniform(0.0, sum(high - low for low, high in bounds))
    for low, high in bounds[:-1]:
        if offset_s < high - low:
            return replace(segment, start_s=float(low + offset_s))
        offset_s -= high - low
    return replace(segment, start_s=float(min(bounds[-1][0] + offset_s, bounds[-1][1])))


def spread_over_works(segments: Sequence[Segment], n: int, rng: np.random.Generator) -> list[Segment]:
    """`n` windows, none twice, of as many works as there are: no work has two before every work has one, and so on."""
    rounds: list[list[Segment]] = [[]]
    n_of: dict[str, int] = {}
    for number in rng.permutation(len(segments)):
        work = segments[number].piece.group
        n_of[work] = n_of.get(work, 0) + 1
        while len(rounds) < n_of[work]:
            rounds.append([])
        rounds[n_of[work] - 1].append(segments[number])
        if len(rounds[0]) >= n:
            break
    return [segment for drawn in rounds for segment in drawn][:n]


def sound_windows(corpus: Corpus, split: str, max_per_piece: int | None = None) -> list[Segment]:
    """Windows of a split every second; of the corpus the sound alone is read."""
    return list_segments(corpus.split(split), max_per_piece=max_per_piece, min_notes=0)


@torch.no_grad()
def embed_views(
    model: AnyModel, tower: str, segments: Sequence[Segment], largest_gap_s: float, *, device: torch.device, batch_size: int = 64
) -> tuple[Float[ndarray, "n d"], Float[ndarray, "n d"]]:
    """Embeddings in fp32 of windows and of a second view of each, which is the same whenever it is asked for."""
    was_training = model.training
    model.eval()
    seconds = second_views(segments, largest_gap_s)
    rows = tuple(_embedded(model.towers[tower], windows, device, batch_size) for windows in (segments, seconds))
    model.train(was_training)
    return rows[0], rows[1]


def second_views(segments: Sequence[Segment], largest_gap_s: float) -> list[Segment]:
    """A second view of every window, the same whenever it is asked for."""
    return [second_view(segment, largest_gap_s, _generator_of(segment)) for segment in segments]


def spectrum_rows(segments: Sequence[Segment], sample_rate: int) -> Float[ndarray, "n mels"]:
    """Mean log-mel spectrum (dB) of every window, less that of all: what a comparison of timbre and register alone hears."""
    spectra = np.stack([log_mel(segment.waveform(sample_rate), sample_rate)[1].mean(axis=1) for segment in segments])
    return spectra - spectra.mean(axis=0)


def _generator_of(segment: Segment) -> np.random.Generator:
    return numpy_generator(EVALUATION_SEED, "second view", segment.piece.piece_id, f"{segment.start_s:g}")


def _embedded(tower: Tower, segments: Sequence[Segment], device: torch.device, batch_size: int) -> Float[ndarray, "n d"]:
    parts = [segments[start : start + batch_size] for start in range(0, len(segments), batch_size)]
    return torch.cat([tower(tower.collate(part).to(device)).float().cpu() for part in parts]).numpy()


def score_views(
    model: AnyModel, tower: str, segments: Sequence[Segment], largest_gap_s: float, sizes: PoolSizes, *, device: torch.device
) -> PoolScore:
    """How well a window finds its second view among second views of windows of other works, and the way back.

    Raises:
        CorpusError: too few windows for the pool.
    """
    first, second = embed_views(model, tower, segments, largest_gap_s, device=device)
    return score_pool(first, second, segments, build_pools(segments, **sizes._asdict()))


def views_pool(corpus: Corpus) -> tuple[list[Segment], PoolSizes]:
    """Windows of the test split, and the sizes of the pool drawn from them.

    Raises:
        CorpusError: there are too few windows.
    """
    windows = sound_windows(corpus, "test", TEST_WINDOWS_PER_PIECE)
    where = f"the split test of {corpus.name}"
    return windows, fit_pool(windows, n_queries=TEST_QUERIES, where=where, same_piece=False)


def evaluate_views(model: Model, twin: Model, tower: str, corpus: Corpus, largest_gap_s: float) -> Json:
    """Scores of a model, its untrained twin and the sound itself on the test split.

    Raises:
        CorpusError: the test split has too few windows.
    """
    segments, sizes = views_pool(corpus)
    device = pick_device()
    rate, seconds = model.towers[tower].input.sample_rate, second_views(segments, largest_gap_s)
    first, second = (spectrum_rows(windows, rate) for windows in (segments, seconds))
    by_sound = score_pool(first, second, segments, build_pools(segments, **sizes._asdict()))
    evaluation: Json = {"split": "test", "n_windows": len(segments), SOUND: {VIEWS: by_sound.record(DIRECTIONS)}}
    for name, network in (("trained", model), ("untrained", twin)):
        scores = score_views(network.to(device).eval(), tower, segments, largest_gap_s, sizes, device=device)
        evaluation |= {name: {VIEWS: scores.record(DIRECTIONS)}}
    return evaluation
