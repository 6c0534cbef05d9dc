"""How well audio finds its MIDI, and MIDI its audio, on a fixed pool of windows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy import ndarray

from analysis.datasets.piece import Corpus, Piece
from analysis.datasets.pools import Pools, PoolSizes, build_pools
from analysis.datasets.segments import Segment, drop_repeated, list_segments, segment_notes, segment_waveform
from analysis.errors import CorpusError
from analysis.files import Json
from analysis.measures.paired_scores import s_on_resamples
from analysis.measures.resampling import WorkDraws
from analysis.measures.retrieval import chance_of_s, ranks, s_score
from analysis.models.config import SIDES
from analysis.models.midi_encoder import MidiBatch, collate_notes
from analysis.models.sides import tower_of
from analysis.models.tower import Model
from analysis.training.devices import pick_device
from analysis.training.work_counts import WorkCounts

SMALLEST_POOL = 8
K = 10
TEST_WINDOWS_PER_PIECE = 100
TEST_QUERIES = 500
SMALL_POOL = PoolSizes(n_queries=60, pool_size=64, n_same_piece=16, n_same_composer=8)
SMALL_POOL_PIECES, SMALL_POOL_WINDOWS = 4, 30
SMALL = "small_pool"  # in an evaluation: what anyone can check in seconds
OneWay = dict[str, float | list[float | None]]  # R@1, R@5, R@10 and MRR, and with "_ci" behind its name the interval of each


@dataclass(frozen=True)
class PoolScore:
    """How well matches are found in one pool.

    Attributes:
        s: min(R@10 audio to MIDI, R@10 MIDI to audio).
        interval: of S, 95 %, over works; None twice where there is one work alone.
        chance: S of a random order on average.
        n_queries: queries.
        n_works: their works.
        pool_size: candidates of every query.
        audio_to_midi, midi_to_audio: shares by name; of two views, those from the first to the second, and back.
        by_work: queries and matches of every work; None where they were not counted.
    """

    s: float
    interval: tuple[float | None, float | None]
    chance: float
    n_queries: int
    n_works: int
    pool_size: int
    audio_to_midi: OneWay
    midi_to_audio: OneWay
    by_work: WorkCounts | None = None

    def record(self, directions: tuple[str, str] = ("audio_to_midi", "midi_to_audio")) -> Json:
        """As it stands in the configuration of a checkpoint, where the directions may be called otherwise."""
        shares = dict(zip(directions, (self.audio_to_midi, self.midi_to_audio), strict=True))
        return {
            "S": self.s, "S_ci": list(self.interval), "chance": self.chance, "n_queries": self.n_queries, "n_works": self.n_works,
            "pool_size": self.pool_size, **shares,
            **({} if self.by_work is None else {"by_work": self.by_work.record(directions)}),
        }  # fmt: skip


class Evaluation(NamedTuple):
    """Scores on the canonical pool and on the one whose negatives never overlap the positive in time."""

    canonical: PoolScore
    no_overlap: PoolScore

    def record(self) -> Json:
        """As it stands in the configuration of a checkpoint."""
        return {name: score.record() for name, score in self._asdict().items()}


def note_batch(segments: Sequence[Segment], max_notes: int) -> MidiBatch:
    """The notes of windows as input of the MIDI encoder."""
    notes = [segment_notes(segment) for segment in segments]
    return collate_notes([(n.pitch, n.velocity, n.offset_s - n.onset_s) for n in notes], max_notes)


def waveform_batch(segments: Sequence[Segment], sample_rate: int) -> torch.Tensor:
    """The audio of windows, shape (windows, samples)."""
    return torch.from_numpy(np.stack([segment_waveform(segment, sample_rate) for segment in segments]))


@torch.no_grad()
def embed_segments(
    model: Model, segments: Sequence[Segment], *, device: torch.device, batch_size: int = 64
) -> tuple[Float[ndarray, "n d"], Float[ndarray, "n d"]]:
    """Audio and MIDI embeddings of windows by the towers that read them, in fp32.

    Raises:
        ConfigError: no tower reads one of them.
    """
    was_training = model.training
    model.eval()
    towers = [model.towers[tower_of(model, side)] for side in SIDES]
    parts: list[list[torch.Tensor]] = [[] for _ in towers]
    for start in range(0, len(segments), batch_size):
        for tower, of_tower in zip(towers, parts, strict=True):
            of_tower.append(tower(tower.collate(segments[start : start + batch_size]).to(device)).cpu())
    model.train(was_training)
    audio, midi = (torch.cat(of_tower).float().numpy() for of_tower in parts)
    return audio, midi


def score_pool(
    first: Float[ndarray, "n d"],
    second: Float[ndarray, "n d"],
    segments: Sequence[Segment],
    pools: Pools,
    *,
    seed: int = 42,
) -> PoolScore:
    """R@1/5/10 and MRR both ways and S for one pool of candidates per query, each with its 95 % interval over works.

    Args:
        first: embeddings of the windows.
        second: other embeddings of the same windows, or of what belongs to them.
        segments: the windows.
        pools: of them.
        seed: of the bootstrap.
    """
    forward = ranks(first[pools.query], second, pools.candidates)
    backward = ranks(second[pools.query], first, pools.candidates)
    groups = np.array([segments[i].piece.group for i in pools.query])
    draws = WorkDraws(groups, seed)
    low, high = draws.interval(s_on_resamples(draws, np.stack([forward, backward])))
    return PoolScore(
        s_score(forward, backward), (low, high), chance_of_s(*pools.candidates.shape), len(pools.query), draws.n_works,
        int(pools.candidates.shape[1]), _one_way(forward, draws), _one_way(backward, draws),
        counted(draws, np.stack([forward, backward]) <= K),
    )  # fmt: skip


def counted(draws: WorkDraws, hits: Bool[ndarray, "2 q"]) -> WorkCounts:
    """Queries of every work, and how many of them are found both ways."""
    forward, backward = (draws.sums(way).astype(np.int64) for way in hits)
    return WorkCounts(tuple(map(str, draws.names)), draws.sizes, np.stack([forward, backward]))


def _one_way(ranks_of_queries: ndarray, draws: WorkDraws) -> OneWay:
    of_queries = {f"R@{k}": ranks_of_queries <= k for k in (1, 5, 10)} | {"MRR": 1.0 / ranks_of_queries}
    shares: OneWay = {name: float(np.mean(values)) for name, values in of_queries.items()}
    return shares | {f"{name}_ci": list(draws.interval(draws.means(values))) for name, values in of_queries.items()}


def fit_pool(
    segments: Sequence[Segment],
    *,
    n_queries: int,
    pool_size: int = 256,
    where: str = "",
    options: str = "",
    same_piece: bool = True,
) -> PoolSizes:
    """Sizes of the largest pools that these windows can fill: `pool_size`, else a half, a quarter …, in the same proportions.

    Args:
        segments: windows.
        n_queries: at most.
        pool_size: at most.
        where: the windows are from, for the error, such as "the split test of my folder".
        options: what can be changed where the pools are too large, for the error.
        same_piece: whether a quarter of the candidates is to be of the piece of the query; else none is.

    Raises:
        CorpusError: not even pools of 8 can be filled; the cause is named.
    """
    size, reason = pool_size, ""
    while size >= SMALLEST_POOL:
        sizes = PoolSizes(min(n_queries, len(segments)), size, size // 4 if same_piece else 0, size // 8)
        try:
            for no_overlap in (False, True):
                build_pools(segments, no_overlap=no_overlap, **sizes._asdict())
        except CorpusError as error:
            size, reason = size // 2, str(error)
        else:
            return sizes
    works = len({segment.piece.group for segment in segments})
    got = f"Retrieval cannot be scored on {len(segments)} windows of {works} {'work' if works == 1 else 'works'}"
    if works < 2:
        reason = (
            "The wrong answers are windows of other works, so that two works are needed. Add works, or give this split some of "
            "another in the column “split” of pieces.csv."
        )
    raise CorpusError(f"{got}{f' ({where})' if where else ''}. {reason} {options}".rstrip())


def evaluate(model: Model, segments: Sequence[Segment], sizes: PoolSizes, *, device: torch.device) -> Evaluation:
    """Scores of a model on pools of these sizes.

    Raises:
        CorpusError: too few windows for the pool.
    """
    audio, midi = embed_segments(model, segments, device=device)
    pools = (build_pools(segments, no_overlap=no_overlap, **sizes._asdict()) for no_overlap in (False, True))
    return Evaluation(*(score_pool(audio, midi, segments, pool) for pool in pools))


def evaluate_saved(model: Model, twin: Model, corpus: Corpus) -> Json:
    """Scores of a model and its untrained twin on the test split, and on the small pool where the corpus has one.

    Raises:
        CorpusError: the test split has too few windows.
    """
    segments = _test_windows(corpus)
    pool = fit_pool(segments, n_queries=TEST_QUERIES)
    device = pick_device()
    models = {"trained": model.to(device).eval(), "untrained": twin.to(device).eval()}
    evaluations = {name: evaluate(network, segments, pool, device=device).record() for name, network in models.items()}
    evaluation = {"split": "test", "n_windows": len(segments), **evaluations}
    if few := small_pool_pieces(corpus.split("test")):
        scores = {name: evaluate_small_pool(network.to("cpu"), few).record() for name, network in models.items()}
        evaluation |= {SMALL: {"pieces": [piece.piece_id for piece in few], **scores}}
    return evaluation


def refuse_test_split(corpus: Corpus) -> None:
    """Refuse a corpus whose test split gives no pool.

    Raises:
        CorpusError: it has too few windows.
    """
    fit_pool(_test_windows(corpus), n_queries=TEST_QUERIES, where=f"the split test of {corpus.name}")


def _test_windows(corpus: Corpus) -> list[Segment]:
    return drop_repeated(list_segments(corpus.split("test"), max_per_piece=TEST_WINDOWS_PER_PIECE))


def small_pool_pieces(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """The shortest test pieces by different composers that have enough windows: little to render, so anyone can check the score.

    No pieces where the corpus has too few composers.
    """
    shortest: dict[str, Piece] = {}
    for piece in sorted(pieces, key=lambda piece: piece.duration_s):
        if piece.duration_s >= SMALL_POOL_WINDOWS + 4:
            shortest.setdefault(piece.composer, piece)
    chosen = tuple(shortest.values())[:SMALL_POOL_PIECES]
    return chosen if len(chosen) == SMALL_POOL_PIECES else ()


def evaluate_small_pool(model: Model, pieces: tuple[Piece, ...]) -> Evaluation:
    """Scores on a pool of 64 windows of a few pieces, both with and without overlap in time."""
    segments = drop_repeated(list_segments(pieces, max_per_piece=SMALL_POOL_WINDOWS))
    return evaluate(model, segments, SMALL_POOL, device=torch.device("cpu"))
