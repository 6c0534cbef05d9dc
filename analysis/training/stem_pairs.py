"""Stems that belong together: how anchors and positives are drawn, and how well one finds the other among K.

Source: PHALAR, arXiv 2605.03929: an anchor is the mean of some stems of a window, its positive the mean of some of the others.
There a wrong answer is of whatever else is in the batch; here it is always of another work, drawn anew ten times.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Float64, Int
from numpy import ndarray
from torch import Tensor

from analysis.datasets.piece import Corpus
from analysis.datasets.segments import Segment, list_segments
from analysis.datasets.stem_windows import FEWEST_STEMS, list_stem_windows
from analysis.datasets.stems import draw_parts
from analysis.errors import CorpusError
from analysis.files import Json
from analysis.measures.resampling import WorkDraws
from analysis.measures.retrieval import first_ranks
from analysis.models.tower import Model
from analysis.seeding import numpy_generator
from analysis.training.devices import pick_device
from analysis.training.views import SOUND, spectrum_rows, spread_over_works

STEMS, DIRECTION = "stems", "anchor_to_positive"  # the pool of an evaluation, and its only direction
CANDIDATES = (8, 16, 64)  # of which the source gives accuracies
PARTITIONS, EVALUATION_SEED = 10, 42
Drawn = Sequence[Sequence[tuple[Segment, Segment]]]  # anchor and positive of every window, partition by partition
TEST_WINDOWS_PER_PIECE = 20


def long_windows(corpus: Corpus, split: str, window_s: float) -> list[Segment]:
    """Windows of a split every second, of recordings with two stems or more; none of them is read."""
    pieces = [piece for piece in corpus.split(split) if len(piece.stems) >= FEWEST_STEMS]
    return list_segments(pieces, min_notes=0, window_s=window_s)


def sounding_windows(corpus: Corpus, split: str, sample_rate: int, window_s: float, most_per_piece: int) -> list[Segment]:
    """Windows of a split in which two stems sound; each is the mix of those that do.

    Raises:
        CorpusError: there are none of two works.
    """
    listed = list_stem_windows(corpus.split(split), sample_rate=sample_rate, max_per_piece=most_per_piece, window_s=window_s)
    windows = [window.segment.of_stems(*window.sounding) for window in listed.windows]
    if (works := len({window.piece.group for window in windows})) < 2:
        got = f"The split {split} of {corpus.name} has {len(windows)} windows of {works} works in which two stems sound"
        raise CorpusError(
            f"{got}; expected two works or more, as wrong answers are of other works. Use a corpus whose recordings have stems."
        )
    return windows


def draw_crops(
    windows: Sequence[Segment], n: int, length_s: float, sample_rate: int, rng: np.random.Generator, where: str
) -> list[Segment]:
    """`n` crops of one length from windows of as many works as there are; each is the mix of the two stems or more that sound.

    Raises:
        CorpusError: there are not so many windows in which two stems sound.
    """
    crops: list[Segment] = []
    for window in spread_over_works(windows, len(windows), rng):
        crop = replace(
            window, start_s=window.start_s + rng.uniform(0, max(0.0, window.duration_s - length_s)), duration_s=length_s
        )
        if len(sounding := crop.sounding(sample_rate)) >= FEWEST_STEMS:
            crops.append(crop.of_stems(*sounding))
        if len(crops) == n:
            return crops
    raise CorpusError(
        f"{where} has {len(crops)} windows in which two stems sound; expected {n} or more, the size of a batch. Use more or "
        "longer recordings, or a smaller --batch-size."
    )


def parts_of(window: Segment, *purpose: str | int, seed: int) -> tuple[Segment, Segment]:
    """Anchor and positive of a window, decided by the seed, the purpose and the window alone."""
    whose = window.piece.piece_id, f"{window.start_s:g}"
    anchor, positive = draw_parts(window.stems, numpy_generator(seed, "parts of stems", *whose, *purpose))
    return window.of_stems(*anchor), window.of_stems(*positive)


@dataclass(frozen=True)
class ChoiceScore:
    """How often the own positive is scored highest of K.

    Attributes:
        n_candidates: K.
        by_query: share of the partitions in which it is, by window.
        sd: standard deviation of the accuracy from partition to partition.
        interval: of the accuracy, 95 %, over works; None twice where there is one work alone.
        mrr: mean of 1 / rank.
        n_works: of the windows.
    """

    n_candidates: int
    by_query: Float64[ndarray, " windows"]
    sd: float
    interval: tuple[float | None, float | None]
    mrr: float
    n_works: int

    @property
    def accuracy(self) -> float:
        """Mean over windows and partitions."""
        return float(self.by_query.mean())

    def record(self) -> Json:
        """As it stands in the configuration of a checkpoint; chance is 1 / K."""
        return {
            "S": self.accuracy, "S_ci": list(self.interval), "chance": 1 / self.n_candidates, "n_queries": len(self.by_query),
            "n_works": self.n_works, "pool_size": self.n_candidates, "partitions": PARTITIONS, "sd": self.sd,
            DIRECTION: {"R@1": self.accuracy, "R@1_ci": list(self.interval), "MRR": self.mrr},
        }  # fmt: skip


def candidates_that_fit(windows: Sequence[Segment], wanted: Sequence[int]) -> list[int]:
    """Those numbers of candidates for which every window has wrong answers of other works enough."""
    works = np.array([window.piece.group for window in windows])
    _, n_of_work = np.unique(works, return_counts=True)
    return [n for n in wanted if len(works) - int(n_of_work.max(initial=0)) >= n - 1]


@torch.no_grad()
def score_stems(
    model: Model, windows: Sequence[Segment], sizes: Sequence[int], *, device: torch.device, partitions: int = PARTITIONS
) -> list[ChoiceScore]:
    """Accuracies among every number of candidates; every part of a window is embedded once.

    Args:
        model: with a pair of which both read sound.
        windows: each the mix of the stems that sound in it.
        sizes: numbers of candidates, each of which fits.
        device: on which the model is.
        partitions: how often parts and wrong answers are drawn anew; always the same.
    """
    was_training = model.training
    model.eval()
    drawn = _drawn(windows, partitions)
    rows = _embedded(model, _parts_in(drawn), device)
    model.train(was_training)
    return _chosen(drawn, rows, model.score, sizes)


def score_spectra(
    windows: Sequence[Segment], sizes: Sequence[int], sample_rate: int, partitions: int = PARTITIONS
) -> list[ChoiceScore]:
    """The same by the cosine of mean log-mel spectra, of the same parts among the same wrong answers: the sound itself."""
    drawn = _drawn(windows, partitions)
    parts = _parts_in(drawn)
    rows = F.normalize(torch.from_numpy(spectrum_rows(parts, sample_rate)), dim=1)
    return _chosen(drawn, dict(zip(parts, rows, strict=True)), lambda a, b: a @ b.T, sizes)


def _drawn(windows: Sequence[Segment], partitions: int) -> Drawn:
    return [[parts_of(window, "partition", number, seed=EVALUATION_SEED) for window in windows] for number in range(partitions)]


def _parts_in(drawn: Drawn) -> list[Segment]:
    """Every part once."""
    return list(dict.fromkeys(part for pairs in drawn for pair in pairs for part in pair))


def _chosen(
    drawn: Drawn,
    rows: Mapping[Segment, Tensor],
    score: Callable[[Tensor, Tensor], Tensor],
    sizes: Sequence[int],
) -> list[ChoiceScore]:
    """Accuracies among every number of candidates.

    Args:
        drawn: anchor and positive of every window, partition by partition.
        rows: an embedding of every part.
        score: of anchors with candidates, all with all.
        sizes: numbers of candidates, each of which fits.
    """
    windows = [anchor for anchor, _ in drawn[0]]
    works = np.array([window.piece.group for window in windows])
    ranks: dict[int, list[ndarray]] = {size: [] for size in sizes}
    for number, pairs in enumerate(drawn):
        anchors, positives = (torch.stack([rows[part] for part in parts]) for parts in zip(*pairs, strict=True))
        scores = score(anchors, positives).double().cpu().numpy()
        order = _wrong(works, number, max(sizes) - 1)
        for size in sizes:
            chosen = np.concatenate([np.arange(len(works))[:, None], order[:, : size - 1]], axis=1)
            ranks[size].append(first_ranks(np.take_along_axis(scores, chosen, axis=1)))
    draws = WorkDraws(works, EVALUATION_SEED)
    return [_score(size, np.stack(of_size), draws) for size, of_size in ranks.items()]


def _score(size: int, ranks: Int[ndarray, "partitions windows"], draws: WorkDraws) -> ChoiceScore:
    hits = (ranks == 1).astype(float)
    low, high = draws.interval(draws.means(hits.mean(axis=0)))
    sd = float(hits.mean(axis=1).std(ddof=1)) if len(hits) > 1 else 0.0
    return ChoiceScore(size, hits.mean(axis=0), sd, (low, high), float((1 / ranks).mean()), draws.n_works)


def _wrong(works: ndarray, partition: int, n: int) -> Int[ndarray, "windows n"]:
    """Numbers of windows of other works, of every window so many."""
    rows = []
    for number, work in enumerate(works):
        rng = numpy_generator(EVALUATION_SEED, "wrong stems", partition, number)
        rows.append(rng.choice(np.flatnonzero(works != work), n, replace=False))
    return np.stack(rows).astype(np.int64)


def _embedded(
    model: Model, parts: Sequence[Segment], device: torch.device, batch_size: int = 64
) -> dict[Segment, Float[torch.Tensor, " width"]]:
    """Embeddings in fp32, still on the device, by what was embedded."""
    tower = model.towers[model.pairs[0][0]]
    batches = [parts[start : start + batch_size] for start in range(0, len(parts), batch_size)]
    rows = torch.cat([tower(tower.collate(batch).to(device)).float() for batch in batches])
    return dict(zip(parts, rows, strict=True))


def evaluate_stems(model: Model, twin: Model, corpus: Corpus) -> Json:
    """Accuracies of a model, its twin and the sound on the test split: among the most candidates that fit, and among fewer.

    Raises:
        CorpusError: the test split has too few windows in which two stems sound.
    """
    spec = model.towers[model.pairs[0][0]].input
    windows = sounding_windows(corpus, "test", spec.sample_rate, spec.window_s, TEST_WINDOWS_PER_PIECE)
    sizes = fitting_candidates(windows, f"The split test of {corpus.name}")
    device = pick_device()
    evaluation: Json = {"split": "test", "n_windows": len(windows)}
    for name, network in (("trained", model), ("untrained", twin)):
        evaluation |= {name: _records(score_stems(network.to(device).eval(), windows, sizes, device=device))}
    return evaluation | {SOUND: _records(score_spectra(windows, sizes, spec.sample_rate))}


def _records(scores: Sequence[ChoiceScore]) -> Json:
    """As they stand in the configuration of a checkpoint: among the most candidates, and among fewer."""
    *fewer, most = scores
    return {STEMS: most.record(), **{f"{STEMS}_{score.n_candidates}": score.record() for score in fewer}}


def fitting_candidates(windows: Sequence[Segment], where: str) -> list[int]:
    """Those of 8, 16 and 64 candidates for which every window has wrong answers of other works enough.

    Raises:
        CorpusError: not even 8 fit.
    """
    if sizes := candidates_that_fit(windows, CANDIDATES):
        return sizes
    got = f"{where} has {len(windows)} windows with two stems of {len({window.piece.group for window in windows})} works"
    raise CorpusError(f"{got}; expected {CANDIDATES[0] - 1} or more of other works beside each. Use more recordings with stems.")
