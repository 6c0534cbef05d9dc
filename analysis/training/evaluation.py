"""How well audio finds its MIDI, and MIDI its audio, on a fixed pool of windows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy import ndarray

from analysis.datasets.pools import Pools, PoolSizes, build_pools
from analysis.datasets.segments import Segment, segment_notes, segment_waveform
from analysis.errors import CorpusError
from analysis.files import Json
from analysis.measures.paired_scores import s_on_resamples
from analysis.measures.resampling import WorkDraws
from analysis.measures.retrieval import chance_of_s, ranks, s_score
from analysis.models.dual_encoder import DualEncoder
from analysis.models.midi_encoder import MidiBatch, collate_notes
from analysis.training.work_counts import WorkCounts

SMALLEST_POOL = 8
K = 10
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
        audio_to_midi, midi_to_audio: shares by name.
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

    def record(self) -> Json:
        """As it stands in the configuration of a checkpoint."""
        return {
            "S": self.s, "S_ci": list(self.interval), "chance": self.chance, "n_queries": self.n_queries, "n_works": self.n_works,
            "pool_size": self.pool_size, "audio_to_midi": self.audio_to_midi, "midi_to_audio": self.midi_to_audio,
            **({} if self.by_work is None else {"by_work": self.by_work.record()}),
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
    model: DualEncoder, segments: Sequence[Segment], *, device: torch.device, batch_size: int = 64
) -> tuple[Float[ndarray, "n d"], Float[ndarray, "n d"]]:
    """Audio and MIDI embeddings of windows, in fp32."""
    was_training = model.training
    model.eval()
    audio, midi = [], []
    for start in range(0, len(segments), batch_size):
        part = segments[start : start + batch_size]
        sound, notes = waveform_batch(part, model.config.sample_rate), note_batch(part, model.config.max_notes)
        for side, rows in zip((audio, midi), model.embed(sound.to(device), notes.to(device)), strict=True):
            side.append(rows.cpu())
    model.train(was_training)
    return torch.cat(audio).numpy(), torch.cat(midi).numpy()


def score_pool(
    audio: Float[ndarray, "n d"],
    midi: Float[ndarray, "n d"],
    segments: Sequence[Segment],
    pools: Pools,
    *,
    seed: int = 42,
) -> PoolScore:
    """R@1/5/10 and MRR both ways and S for one pool of candidates per query, each with its 95 % interval over works."""
    forward = ranks(audio[pools.query], midi, pools.candidates)
    backward = ranks(midi[pools.query], audio, pools.candidates)
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
    segments: Sequence[Segment], *, n_queries: int, pool_size: int = 256, where: str = "", options: str = ""
) -> PoolSizes:
    """Sizes of the largest pools that these windows can fill: `pool_size`, else a half, a quarter …, in the same proportions.

    Args:
        segments: windows.
        n_queries: at most.
        pool_size: at most.
        where: the windows are from, for the error, such as "the split test of my folder".
        options: what can be changed where the pools are too large, for the error.

    Raises:
        CorpusError: not even pools of 8 can be filled; the cause is named.
    """
    size, reason = pool_size, ""
    while size >= SMALLEST_POOL:
        sizes = PoolSizes(min(n_queries, len(segments)), size, size // 4, size // 8)
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


def evaluate(model: DualEncoder, segments: Sequence[Segment], sizes: PoolSizes, *, device: torch.device) -> Evaluation:
    """Scores of a model on pools of these sizes.

    Raises:
        CorpusError: too few windows for the pool.
    """
    audio, midi = embed_segments(model, segments, device=device)
    pools = (build_pools(segments, no_overlap=no_overlap, **sizes._asdict()) for no_overlap in (False, True))
    return Evaluation(*(score_pool(audio, midi, segments, pool) for pool in pools))
