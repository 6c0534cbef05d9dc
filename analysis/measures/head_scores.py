"""Which heads follow the music: attention on what a template marks, beyond uniform attention, against the same template shifted.

The lift of a head is Σ a·c·w / Σ a − Σ u·c·w / Σ u over queries and keys: a attention to tokens with a time, u uniform attention,
w the weight of the template and c what counts of it. Its null shifts w along the axis of keys, circularly, by another random
share of a window for every work: events keep their number, their spacing and their rhythm, and only lose their relation to the
attention. Drawing keys without order would lose the rhythm as well, and the null would be too narrow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float64, Shaped
from numpy import ndarray

from analysis.errors import ShapeError
from analysis.measures.head_attention import TimedAttention
from analysis.measures.head_templates import Kind, Template
from analysis.measures.resampling import WorkDraws
from analysis.measures.statistics import holm
from analysis.seeding import numpy_generator

N_SHIFTS = 2000
N_CHOSEN = 5
MOST_SHIFTS = 512
SMALLEST_SD = 1e-12  # a null that varies less does not vary


@dataclass(frozen=True, eq=False)
class Lifts:
    """Lifts of heads in one window, for every circular shift of the template; the first is none.

    Attributes:
        shifted: shift s moves the template by s keys to the right.
        uniform: Σ u·c·w / Σ u, what uniform attention gives without a shift.
    """

    shifted: Float64[ndarray, "heads shifts"]
    uniform: Float64[ndarray, " heads"]


@dataclass(frozen=True, eq=False)
class HeadScores:
    """Lifts of all heads as means over works, each tested against shifts.

    Attributes:
        lift: mean over works of the mean over their windows.
        null_mean: mean over shifts.
        z: standard deviations of the null above its mean; 0 where the null does not vary.
        p: share of shifts with a lift as large, itself counted.
        p_any: share of shifts in which any head has a z as large: corrected for the number of heads (max statistic).
    """

    lift: Float64[ndarray, " heads"]
    null_mean: Float64[ndarray, " heads"]
    z: Float64[ndarray, " heads"]
    p: Float64[ndarray, " heads"]
    p_any: Float64[ndarray, " heads"]


@dataclass(frozen=True)
class ChosenHead:
    """A head chosen on one half of the works and tested on the other.

    Attributes:
        kind: of the template.
        head: number of the head among all that were tested, from 0.
        rank: 1 for the highest z where it was chosen.
        chosen_z: z there.
        lift: mean over the other works.
        ci: its interval over works; (None, None) for fewer than three.
        uniform: what uniform attention gives in these works, mean over windows.
        null: mean lift over shifts in these works.
        z: in these works.
        p: in these works.
        p_holm: corrected for all heads that were chosen (Holm 1979).
        n_works, n_windows: on which it was tested.
    """

    kind: str
    head: int
    rank: int
    chosen_z: float
    lift: float
    ci: tuple[float, float] | tuple[None, None]
    uniform: float
    null: float
    z: float
    p: float
    p_holm: float
    n_works: int
    n_windows: int


def lifts(attention: TimedAttention, template: Template) -> Lifts:
    """Lifts of the heads of a place in a window for all shifts of a template, by FFT along the keys.

    Raises:
        ShapeError: the template is of other queries or keys.
    """
    if template.weight.shape != attention.pattern.shape[1:]:
        raise ShapeError(f"The template has shape {template.weight.shape}; expected {attention.pattern.shape[1:]}. Make it anew.")
    n_queries, n_keys = template.weight.shape
    mass = attention.pattern.sum(axis=(1, 2))[:, None, None]
    share = np.divide(attention.pattern, mass, out=np.zeros_like(attention.pattern), where=mass > 0)
    uniform = np.broadcast_to(attention.uniform / n_queries, template.weight.shape)
    beyond = np.where(mass > 0, share - uniform, 0.0) * template.counts
    spectrum = np.conj(np.fft.rfft(template.weight, axis=1))
    crossed = np.stack([(np.fft.rfft(of_head, axis=1) * spectrum).sum(axis=0) for of_head in beyond])
    own = float((uniform * template.counts * template.weight).sum())
    return Lifts(np.fft.irfft(crossed, n_keys, axis=1), np.full(attention.n_heads, own))


def join_lifts(parts: Sequence[Lifts]) -> Lifts:
    """Lifts of the heads of several places in the same window, for as many shifts as the most keys have, or 512 spread evenly.

    Shifts by the same share of the window stand side by side.
    """
    n = min(max(part.shifted.shape[1] for part in parts), MOST_SHIFTS)
    shares = [part.shifted[:, np.arange(n) * part.shifted.shape[1] // n] for part in parts]
    return Lifts(np.concatenate(shares), np.concatenate([part.uniform for part in parts]))


def score_heads(
    windows: Sequence[Lifts], groups: Shaped[ndarray, " windows"], *, seed: int, n_shifts: int = N_SHIFTS
) -> HeadScores:
    """Lifts of all heads as means over works, with z and p against circular shifts, the same for all windows of a work.

    Args:
        windows: of the same heads.
        groups: the work of every window; of a single recording the numbers of windows that do not overlap, and then the test
            speaks of that recording alone.
        seed: the same seed gives the same shifts.
        n_shifts: how many; p is 1 / (1 + n_shifts) or more.

    Raises:
        ShapeError: there is no window, or not as many groups.
    """
    observed, null = _observed_and_null(windows, groups, seed, n_shifts)
    mean, sd = null.mean(axis=0), null.std(axis=0)
    varies = sd > SMALLEST_SD
    scaled = np.divide(null - mean, sd, out=np.zeros_like(null), where=varies)
    z = np.divide(observed - mean, sd, out=np.zeros_like(mean), where=varies)
    reached = null >= observed - SMALLEST_SD
    largest = scaled.max(axis=1)
    return HeadScores(
        observed,
        mean,
        z,
        (1 + np.count_nonzero(reached, axis=0)) / (1 + n_shifts),
        (1 + np.count_nonzero(largest[:, None] >= z - 1e-9, axis=0)) / (1 + n_shifts),
    )


def choose_heads(
    windows: Mapping[Kind, Sequence[Lifts]],
    groups: Shaped[ndarray, " windows"],
    *,
    seed: int,
    n_chosen: int = N_CHOSEN,
    n_shifts: int = N_SHIFTS,
) -> list[ChosenHead]:
    """The heads with the highest z of every kind on one half of the works, tested on the other half; by kind, then rank.

    Args:
        windows: by kind of template, each of the same windows and heads.
        groups: the work of every window.
        seed: deals the works, and draws the shifts of either half.
        n_chosen: heads of every kind at most.
        n_shifts: of either half.

    Raises:
        ShapeError: there are fewer than two works.
    """
    chooses = halves(groups, seed)
    chosen = []
    for kind, of_kind in windows.items():
        first = score_heads(_some(of_kind, chooses), groups[chooses], seed=seed, n_shifts=n_shifts)
        tested = _some(of_kind, ~chooses)
        scores = score_heads(tested, groups[~chooses], seed=seed + 1, n_shifts=n_shifts)
        best = np.argsort(-first.z, kind="stable")[:n_chosen].tolist()
        chosen += [
            replace(_tested(tested, groups[~chooses], scores, head, seed), kind=kind, rank=rank, chosen_z=float(first.z[head]))
            for rank, head in enumerate(best, start=1)
        ]
    return [replace(head, p_holm=p) for head, p in zip(chosen, holm([head.p for head in chosen]), strict=True)]


def halves(groups: Shaped[ndarray, " windows"], seed: int) -> Bool[ndarray, " windows"]:
    """True for windows of the works that choose: half of them, or one more than the others where their number is odd.

    Raises:
        ShapeError: there are fewer than two works.
    """
    works = np.unique(groups)
    if len(works) < 2:
        raise ShapeError("Heads are chosen on one half of the works and tested on the other; got a single work. Use more.")
    dealt = numpy_generator(seed, "halves that choose heads").permutation(len(works))
    return np.isin(groups, works[dealt[: (len(works) + 1) // 2]])


def _tested(
    windows: Sequence[Lifts], groups: Shaped[ndarray, " windows"], scores: HeadScores, head: int, seed: int
) -> ChosenHead:
    """A head where it was not chosen, with its interval over works; kind, rank and the z of its choice are to be filled in."""
    draws = WorkDraws(groups, seed)
    weights = 1 / draws.sizes[draws.work]
    above = np.array([window.shifted[head, 0] for window in windows])
    uniform = float(np.average([window.uniform[head] for window in windows], weights=weights))
    ci = draws.interval(draws.ratios(above * weights, weights))
    lift, null, z, p = (float(array[head]) for array in (scores.lift, scores.null_mean, scores.z, scores.p))
    return ChosenHead("", head, 0, 0.0, lift, ci, uniform, null, z, p, p, draws.n_works, len(windows))


def _some(windows: Sequence[Lifts], index: Bool[ndarray, " windows"]) -> list[Lifts]:
    return [window for window, chosen in zip(windows, index, strict=True) if chosen]


def _observed_and_null(
    windows: Sequence[Lifts], groups: Shaped[ndarray, " windows"], seed: int, n_shifts: int
) -> tuple[Float64[ndarray, " heads"], Float64[ndarray, "draws heads"]]:
    """Means over works of the means over their windows: without a shift, and on every draw of one shift per work."""
    if not windows or len(windows) != len(groups):
        raise ShapeError(f"Heads are scored on windows with a work each; got {len(windows)} windows and {len(groups)} works.")
    works, work, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    drawn = numpy_generator(seed, "circular shifts").random((n_shifts, len(works)))
    n_heads = len(windows[0].shifted)
    observed, null = np.zeros(n_heads), np.zeros((n_shifts, n_heads))
    for window, number in zip(windows, work.tolist(), strict=True):
        share = 1 / (len(works) * sizes[number])
        observed += share * window.shifted[:, 0]
        null += share * window.shifted.T[np.floor(drawn[:, number] * window.shifted.shape[1]).astype(int)]
    return observed, null
