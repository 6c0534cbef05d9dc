"""Whether notes are those of a recording, where they stand: pitch classes and onsets, against the same notes shifted in time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from analysis.datasets.midi import Notes
from analysis.errors import ShapeError
from analysis.measures.note_frames import NoteFrames, SoundFrames, agreement, agreement_of_groups, write
from analysis.seeding import numpy_generator

N_SHIFTS = 199
GUARD_S = 1.0  # a shift that is shorter tells nothing: chords last
FEWEST_SHIFTS = 19  # fewer cannot give p = 0.05
LEVEL = 0.05  # the notes fit where fewer shifts agree as well
FEWEST_SOUNDING = 0.5  # s of a second in which something sounds
MOST_OFFSET_S, CLEAR_OF_S, CLEAR_SD = 10.0, 0.5, 4.0


@dataclass(frozen=True)
class NoteFit:
    """Agreement of notes with a recording, from −1 to 1: 0 where they have nothing to do with each other.

    Agreement is the mean of two terms, of those that there are: (1) over frames in which something sounds and is written, the
    Pearson correlation over 12 pitch classes of the sound with the written ones; (2) over written onsets, 2 q − 1, where q is the
    share of sounding frames with a lower onset strength (the largest within ±40 ms).

    Attributes:
        times_s: middles of seconds of the recording.
        agreement: of every second; NaN where nothing is written or sounds.
        null_mean, null_sd: of every second, over shifts.
        null_high: 95 % of shifts are below, second by second.
        overall: agreement of the whole recording.
        null_overall: the same for every shift.
        offset_s: where the notes fit best, positive where they are late; None where no place is better than all others.
        longer_s: by how much the notes end after the recording.
        n_brief: seconds that are left out because something sounds in less than half of their frames, such as the end.
    """

    times_s: Float[ndarray, " seconds"]
    agreement: Float[ndarray, " seconds"]
    null_mean: Float[ndarray, " seconds"]
    null_sd: Float[ndarray, " seconds"]
    null_high: Float[ndarray, " seconds"]
    overall: float
    null_overall: Float[ndarray, " shifts"]
    offset_s: float | None
    longer_s: float
    n_brief: int = 0

    @property
    def p(self) -> float | None:
        """Share of shifts, the notes as they are counted in, that agree as well; None where a recording is too short for that."""
        if (n := len(self.null_overall)) < FEWEST_SHIFTS:
            return None
        return float((1 + (self.null_overall >= self.overall).sum()) / (1 + n))

    @property
    def z(self) -> Float[ndarray, " seconds"]:
        """Agreement in standard deviations of the shifts, second by second; NaN where they do not differ."""
        sd = np.where(self.null_sd > 0, self.null_sd, np.nan)
        return (self.agreement - self.null_mean) / sd

    @property
    def fits(self) -> bool | None:
        """Whether p is at most 0.05; None where it cannot be told."""
        return None if self.p is None else self.p <= LEVEL


def note_fit(
    chroma: Float[ndarray, "12 frames"], onset_strength: Float[ndarray, " frames"], hop_s: float, notes: Notes,
    duration_s: float, *, seed: int = 0,
) -> NoteFit:  # fmt: skip
    """Hold notes against a recording.

    The null is the agreement of the same notes shifted around the recording as on a ring, by 199 different numbers of frames of
    at least 1 s either way (all there are, of a short one), drawn with the seed. The offset is looked for within ±10 s, not on a
    ring, and has to be 4 standard deviations above the mean of the places that are more than 0.5 s from it.

    Args:
        chroma: amplitudes of pitch classes, C first.
        onset_strength: of the same frames; larger where sound begins.
        hop_s: from frame to frame; the first is at 0 s.
        notes: times in seconds of the recording.
        duration_s: of the recording.
        seed: of the shifts.

    Raises:
        ShapeError: the frames are not the same, or there are none.
    """
    if chroma.shape[1:] != onset_strength.shape or not len(onset_strength) or hop_s <= 0:
        got = f"{chroma.shape}, {onset_strength.shape} and a hop of {hop_s} s"
        raise ShapeError(f"Expected chroma (12, frames), onset strength (frames,) and a positive hop; got {got}.")
    sound, written = SoundFrames.of(chroma, onset_strength), write(notes, hop_s, len(onset_strength))
    second = (np.arange(len(onset_strength)) * hop_s).astype(int)
    shifts = _shifts(len(onset_strength), hop_s, seed)
    by_second, overall = list[ndarray](), list[float]()
    for shift in (0, *shifts):
        shifted = written.rolled(int(shift))
        by_second.append(agreement_of_groups(sound, shifted, second))
        overall.append(agreement(sound, shifted))
    brief = _brief(sound, second, hop_s)
    for of_shift in by_second:
        of_shift[brief] = np.nan
    ours = by_second[0]
    mean, deviation, high = _over_shifts(by_second[1:], len(ours))
    return NoteFit(
        np.arange(len(ours)) + 0.5, ours, mean, deviation, high, float(np.nan_to_num(overall[0])), np.nan_to_num(overall[1:]),
        _offset(sound, written, hop_s), notes.end_s - duration_s,
        int(brief.sum()),
    )  # fmt: skip


def _brief(sound: SoundFrames, second: Int[ndarray, " frames"], hop_s: float) -> Bool[ndarray, " seconds"]:
    """Seconds in which something sounds, but in so few frames that chance alone agrees well."""
    sounding = np.bincount(second, sound.active)
    return (sounding > 0) & (sounding < FEWEST_SOUNDING / hop_s)


def _shifts(n: int, hop_s: float, seed: int) -> ndarray:
    guard = max(1, round(GUARD_S / hop_s))
    possible = np.arange(guard, n - guard + 1)
    return numpy_generator(seed, "shifts of notes").permutation(possible)[:N_SHIFTS]


def _over_shifts(null: Sequence[Float[ndarray, " seconds"]], n: int) -> tuple[ndarray, ndarray, ndarray]:
    """Mean, standard deviation and 95 % quantile of every second, of those shifts that have a number there."""
    rows = np.full((3, n), np.nan)
    for second in range(n):
        column = np.array([shift[second] for shift in null])
        known = column[~np.isnan(column)]
        if len(known) >= FEWEST_SHIFTS:
            rows[:, second] = known.mean(), known.std(ddof=1), np.quantile(known, 1 - LEVEL)
    return rows[0], rows[1], rows[2]


def _offset(sound: SoundFrames, written: NoteFrames, hop_s: float) -> float | None:
    """How late the notes are, from the lag at which they agree best; None where that is not clear of all others."""
    n = len(sound.active)
    most = min(round(MOST_OFFSET_S / hop_s), n - 1)
    lags = np.arange(-most, most + 1)
    within = [written.active[max(-lag, 0) : n - max(lag, 0)].sum() for lag in lags]
    enough = [2 * left >= written.active.sum() > 0 for left in within]
    by_lag = np.array([agreement(sound, written, int(lag)) if ok else np.nan for lag, ok in zip(lags, enough, strict=True)])
    if np.isnan(by_lag).all():
        return None
    best = int(np.nanargmax(by_lag))
    others = by_lag[_away(lags, best, hop_s) & ~np.isnan(by_lag)]
    if len(others) < FEWEST_SHIFTS or by_lag[best] <= others.mean() + CLEAR_SD * others.std():
        return None
    return -float(lags[best]) * hop_s


def _away(lags: ndarray, best: int, hop_s: float) -> Bool[ndarray, " lags"]:
    return np.abs(lags - lags[best]) * hop_s > CLEAR_OF_S
