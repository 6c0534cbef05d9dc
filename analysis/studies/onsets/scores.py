"""Heads and curves of the sound against events, as rows with their intervals over works."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64
from numpy import ndarray

from analysis.measures.event_scores import EventScores, is_tested, score_events
from analysis.measures.events import Peaks
from analysis.measures.head_templates import nearest
from analysis.measures.partial import partial_correlations
from analysis.measures.resampling import WorkDraws
from analysis.readings.study_run import Weights
from analysis.seeding import numpy_generator
from analysis.studies.onsets.curves import HeadCurves, Sound, Where, peaks_of
from analysis.studies.onsets.events import WindowEvents
from analysis.studies.onsets.rows import CurveRow, GainRow, HeadRow

TWIN = "untrained twin"
Columns = tuple[float, float | None, float | None, float, int, float, float, float, float]


@dataclass(frozen=True)
class Settings:
    """What decides draws.

    Attributes:
        seed: of everything that is drawn.
        n_shifts: draws of the null.
    """

    seed: int
    n_shifts: int


@dataclass(frozen=True, eq=False)
class Partials:
    """Correlations of curves with events given log energy, by tested window and curve, NaN where one is not defined."""

    value: Float64[ndarray, "windows curves"]
    shifted: Float64[ndarray, "windows curves"]


@dataclass(frozen=True, eq=False)
class HeadScores:
    """Heads of a model against events."""

    heads: Sequence[tuple[Where, int]]
    scores: EventScores
    partials: Partials


def score_sound(sound: Sound, events: WindowEvents, settings: Settings) -> Mapping[str, EventScores]:
    """Every curve of the sound against events, by its name."""
    windows = np.flatnonzero(events.known).tolist()
    return {
        name: _scores([peaks_of(curve[number][None], sound.times_s, events.kind) for number in windows], events, sound, settings)
        for name, curve in sound.curves.items()
    }


def score_heads(curves: Sequence[HeadCurves], sound: Sound, events: WindowEvents, settings: Settings) -> HeadScores:
    """All heads of a model against events, with their correlations given log energy."""
    windows = np.flatnonzero(events.known).tolist()
    peaks = [
        [peak for of in curves for peak in peaks_of(of.share[number], of.times_s[number], events.kind)] for number in windows
    ]
    heads = [(of.where, head) for of in curves for head in range(of.share.shape[1])]
    return HeadScores(heads, _scores(peaks, events, sound, settings), _partials(curves, sound, events, settings))


def head_rows(checkpoint: str, weights: Weights, scored: HeadScores, events: WindowEvents, seed: int) -> list[HeadRow]:
    """A row for every head."""
    scores, rows = scored.scores, []
    draws = WorkDraws(scores.groups, seed)
    for number, (where, head) in enumerate(scored.heads):
        rows.append(
            HeadRow(
                events.kind.name, *_numbers(scores, number, draws), checkpoint, weights, where.tower, where.layer, where.title,
                head + 1, where.sender, number == scores.best, *_partial_numbers(scored.partials, number, draws),
            )
        )  # fmt: skip
    return rows


def curve_rows(scored: Mapping[str, EventScores], events: WindowEvents, seed: int) -> list[CurveRow]:
    """A row for every curve of the sound."""
    return [
        CurveRow(events.kind.name, *_numbers(scores, 0, WorkDraws(scores.groups, seed)), name) for name, scores in scored.items()
    ]


def gain_rows(
    checkpoint: str, trained: HeadScores, twin: HeadScores, sound: Mapping[str, EventScores], events: WindowEvents, seed: int
) -> list[GainRow]:
    """The chosen head against that of the twin and against every curve of the sound."""
    draws = WorkDraws(trained.scores.groups, seed)
    best = trained.scores.draws_of(trained.scores.best, draws)
    rows = []
    for against, other, number in [(TWIN, twin.scores, twin.scores.best), *((name, of, 0) for name, of in sound.items())]:
        gain = float(trained.scores.f1[trained.scores.best] - other.f1[number])
        ci = draws.interval(best - other.draws_of(number, draws))
        rows.append(GainRow(checkpoint, events.kind.name, against, gain, *ci, 0.0, len(other.references)))
    return rows


def _scores(peaks: Sequence[Sequence[Peaks]], events: WindowEvents, sound: Sound, settings: Settings) -> EventScores:
    return score_events(
        peaks, events.times_s, events.groups, tolerance_s=events.kind.tolerance_s, window_s=float(sound.times_s[-1]),
        seed=settings.seed, n_shifts=settings.n_shifts,
    )  # fmt: skip


def _partials(curves: Sequence[HeadCurves], sound: Sound, events: WindowEvents, settings: Settings) -> Partials:
    """Of the tested windows alone."""
    tested: Bool[ndarray, " known"] = is_tested(events.groups, settings.seed)
    numbers = np.flatnonzero(events.known)[tested].tolist()
    times = [of for of, is_one in zip(events.times_s, tested, strict=True) if is_one]
    shares = numpy_generator(settings.seed, "shifted events").random((len(numbers), settings.n_shifts))
    value, shifted = [], []
    for number, of_window, moves in zip(numbers, times, shares, strict=True):
        parts = [_window_partials(of, number, sound, of_window, moves) for of in curves]
        value.append(np.concatenate([part[0] for part in parts]))
        shifted.append(np.concatenate([part[1] for part in parts]))
    return Partials(np.stack(value), np.stack(shifted))


def _window_partials(
    curves: HeadCurves, number: int, sound: Sound, events_s: ndarray, moves: ndarray
) -> tuple[Float64[ndarray, " heads"], Float64[ndarray, " heads"]]:
    """Correlations of the heads of a layer in a window: as it is, and the mean over moves of its events."""
    times_s, share = curves.times_s[number], curves.share[number].astype(np.float64)
    energy = np.interp(times_s, sound.times_s, sound.energy[number])
    marks = np.zeros(len(times_s))
    if len(events_s) and len(times_s) > 1:
        marks[nearest(times_s, events_s)] = 1.0
    rolled = [partial_correlations(share, np.roll(marks, int(move * len(marks))), energy) for move in moves]
    return partial_correlations(share, marks, energy), np.mean(rolled, axis=0) if rolled else np.full(len(share), np.nan)


def _numbers(scores: EventScores, number: int, draws: WorkDraws) -> Columns:
    """Columns of a row that is scored, after its kind of events."""
    low, high = scores.interval(number, draws)
    return (
        float(scores.f1[number]), low, high, float(scores.null_f1[number]), len(scores.references),
        float(scores.precision[number]), float(scores.recall[number]), float(scores.thresholds[number]),
        float(scores.chosen_f1[number]),
    )  # fmt: skip


def _partial_numbers(
    partials: Partials, number: int, draws: WorkDraws
) -> tuple[float | None, float | None, float | None, float | None, int]:
    """The mean over the windows in which a correlation is defined, with its interval, its null and how many these are."""
    value, shifted = partials.value[:, number], partials.shifted[:, number]
    known = np.isfinite(value)
    if not known.any():
        return None, None, None, None, 0
    low, high = draws.interval(draws.ratios(np.where(known, value, 0.0), known.astype(np.float64)))
    null = float(shifted[known & np.isfinite(shifted)].mean()) if (known & np.isfinite(shifted)).any() else None
    return float(value[known].mean()), low, high, null, int(known.sum())
