"""Changes of a window: what a model hears or reads when one thing is different, and a dose says by how much.

Pages play what these functions return, studies give it to the models, so that both hear the same. Nothing is clipped.
"""

from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np
from jaxtyping import Float, Float32, Float64, Int64
from numpy import ndarray

from analysis.datasets.midi import Notes
from analysis.datasets.segments import Segment, segment_notes
from analysis.errors import ConfigError
from analysis.seeding import numpy_generator
from analysis.units import db_to_amplitude, samples_to_seconds, seconds_to_samples

Colour = Literal["white", "pink"]
N_PITCHES = 128
LOWEST, HIGHEST = 21, 108  # keys of a piano
SOFTEST, LOUDEST = 1, 127
SEMITONES_PER_OCTAVE = 12
LOW_PASS_TAPS = 511
LOWEST_NOISE_HZ = 20.0


def fold_pitch(pitch: int, semitones: int) -> int:
    """Pitch moved by `semitones`, and by octaves back onto the piano (21-108) where it would leave it; as it is for 0.

    >>> fold_pitch(60, 3), fold_pitch(100, 24), fold_pitch(30, -12)
    (63, 100, 30)
    """
    moved = pitch + semitones
    if semitones == 0 or LOWEST <= moved <= HIGHEST:
        return moved
    if moved > HIGHEST:
        return HIGHEST - (HIGHEST - moved) % SEMITONES_PER_OCTAVE
    return LOWEST + (moved - LOWEST) % SEMITONES_PER_OCTAVE


def transpose_notes(notes: Notes, semitones: int) -> Notes:
    """Every note moved by `semitones`, see `fold_pitch`; in order of onset, then pitch.

    >>> table = Notes(np.zeros(2), np.ones(2), np.array([60, 107]), np.array([80, 80]))
    >>> transpose_notes(table, 3).pitch.tolist()
    [63, 98]
    """
    if semitones == 0:
        return notes
    moved = Notes(notes.onset_s, notes.offset_s, _folded(notes.pitch, semitones), notes.velocity)
    return moved.select(np.lexsort((moved.offset_s, moved.pitch, moved.onset_s)))


def count_folded(notes: Notes, semitones: int) -> int:
    """How many notes `transpose_notes` folds back by octaves."""
    return int(np.count_nonzero(_folded(notes.pitch, semitones) != notes.pitch + semitones))


def _folded(pitch: Int64[ndarray, " notes"], semitones: int) -> Int64[ndarray, " notes"]:
    return np.array([fold_pitch(pitch_of, semitones) for pitch_of in range(N_PITCHES)], np.int64)[pitch]


def scale_velocity(notes: Notes, factor: float) -> Notes:
    """MIDI velocities times `factor`, rounded, within 1-127."""
    if factor == 1:
        return notes
    velocity = np.clip(np.round(notes.velocity * factor), SOFTEST, LOUDEST).astype(np.int64)
    return Notes(notes.onset_s, notes.offset_s, notes.pitch, velocity)


def divide_durations(notes: Notes, speed: float) -> Notes:
    """Durations divided by `speed`; onsets stay, for the encoder does not read them."""
    if speed == 1:
        return notes
    return Notes(notes.onset_s, notes.onset_s + (notes.offset_s - notes.onset_s) / speed, notes.pitch, notes.velocity)


def shifted_waveform(segment: Segment, n_samples: int, sample_rate: int) -> Float32[ndarray, " samples"]:
    """The window read from the recording `n_samples` later, or earlier where negative; zeros stand past the end.

    Raises:
        AudioError: it would begin before the recording.
    """
    start_s = segment.start_s + samples_to_seconds(n_samples, sample_rate)
    return _window(segment, start_s, start_s + segment.duration_s, sample_rate, sample_rate)


def waveform_at_speed(segment: Segment, speed: float, sample_rate: int) -> Float32[ndarray, " samples"]:
    """The recording played `speed` times as fast around the middle of the window, as a tape: tempo and pitch both change.

    Raises:
        AudioError: it would begin before the recording.
    """
    middle, half = segment.start_s + segment.duration_s / 2, speed * segment.duration_s / 2
    return _window(segment, middle - half, middle + half, round(sample_rate / speed), sample_rate)


def _window(segment: Segment, start_s: float, stop_s: float, read_rate: int, sample_rate: int) -> Float32[ndarray, " samples"]:
    """Samples read at one rate and taken for samples at another, as many as a window has."""
    n_samples = seconds_to_samples(segment.duration_s, sample_rate)
    read = segment.piece.waveform(start_s, stop_s, read_rate)[:n_samples]
    return np.pad(read, (0, n_samples - len(read)))


def coloured_noise(colour: Colour, n_samples: int, sample_rate: int, rng: np.random.Generator) -> Float64[ndarray, " samples"]:
    """Noise of RMS 1: white, or pink (−3 dB/octave from 20 Hz upwards, flat below)."""
    noise = rng.standard_normal(n_samples)
    if colour == "pink":
        frequencies = np.fft.rfftfreq(n_samples, 1 / sample_rate)
        noise = np.fft.irfft(np.fft.rfft(noise) / np.sqrt(np.maximum(frequencies, LOWEST_NOISE_HZ)), n_samples)
    return noise / _rms(noise)


def add_noise(
    waveform: Float32[ndarray, " samples"], noise: Float[ndarray, " samples"], snr_db: float
) -> Float32[ndarray, " samples"]:
    """Noise added `snr_db` below the RMS of this very window; silence stays silent."""
    return (waveform + noise * (_rms(waveform) / _rms(noise) / db_to_amplitude(snr_db))).astype(np.float32)


def low_pass(waveform: Float32[ndarray, " samples"], cutoff_hz: float, sample_rate: int) -> Float32[ndarray, " samples"]:
    """Linear-phase low-pass of 511 taps, −6 dB at `cutoff_hz`, without delay.

    Raises:
        ConfigError: the cut-off is not between 0 and half the sample rate.
    """
    if not 0 < cutoff_hz < sample_rate / 2:
        raise ConfigError(f"The cut-off is {cutoff_hz:g} Hz; expected more than 0 and less than {sample_rate / 2:g} Hz.")
    from scipy.signal import firwin, oaconvolve  # slow to import

    taps = firwin(LOW_PASS_TAPS, cutoff_hz, fs=sample_rate)
    return oaconvolve(waveform, taps, mode="same").astype(np.float32)


def alter_waveform(
    change: str, dose: float | None, segment: Segment, sample_rate: int, *, seed: int = 42
) -> Float32[ndarray, " samples"]:
    """The audio of a window after a change that needs no rendering; None for no change.

    Args:
        change: "time_shift" (dose in samples), "playback_speed" (times as fast), "white_noise" and "pink_noise" (SNR in dB),
            "gain" (dB) or "low_pass" (cut-off in Hz).
        dose: how much.
        segment: window.
        sample_rate: in Hz.
        seed: of the noise, which is that window's own.

    Raises:
        ConfigError: the change is unknown, or the dose is impossible.
        AudioError: the recording cannot be read there.
    """
    if change not in WAVEFORM_CHANGES:
        raise ConfigError(f"There is no change {change!r} of the audio; expected one of {', '.join(WAVEFORM_CHANGES)}.")
    if dose is None:
        return shifted_waveform(segment, 0, sample_rate)
    return WAVEFORM_CHANGES[change](_finite(change, dose), segment, sample_rate, seed)


def alter_notes(change: str, dose: float | None, segment: Segment) -> Notes:
    """The notes of a window after a change; None for no change.

    Args:
        change: "octave" or "transposition" (semitones), "note_velocity" (factor) or "note_duration" (divisor).
        dose: how much.
        segment: window.

    Raises:
        ConfigError: the change is unknown, or the dose is impossible.
    """
    if change not in NOTE_CHANGES:
        raise ConfigError(f"There is no change {change!r} of the notes; expected one of {', '.join(NOTE_CHANGES)}.")
    notes = segment_notes(segment)
    return notes if dose is None else NOTE_CHANGES[change](notes, _finite(change, dose))


def _shift(dose: float, segment: Segment, sample_rate: int, _seed: int) -> ndarray:
    return shifted_waveform(segment, round(dose), sample_rate)


def _speed(dose: float, segment: Segment, sample_rate: int, _seed: int) -> ndarray:
    return waveform_at_speed(segment, _positive("playback_speed", dose), sample_rate)


def _gain(dose: float, segment: Segment, sample_rate: int, _seed: int) -> ndarray:
    return shifted_waveform(segment, 0, sample_rate) * np.float32(db_to_amplitude(dose))


def _low_pass(dose: float, segment: Segment, sample_rate: int, _seed: int) -> ndarray:
    waveform = shifted_waveform(segment, 0, sample_rate)
    return waveform if dose >= sample_rate / 2 else low_pass(waveform, dose, sample_rate)  # nothing is above that


def _noise(colour: Colour) -> Callable[[float, Segment, int, int], ndarray]:
    def add(dose: float, segment: Segment, sample_rate: int, seed: int) -> ndarray:
        waveform = shifted_waveform(segment, 0, sample_rate)
        rng = numpy_generator(seed, f"{colour} noise", segment.piece.piece_id, round(1000 * segment.start_s))
        return add_noise(waveform, coloured_noise(colour, len(waveform), sample_rate, rng), dose)

    return add


WAVEFORM_CHANGES: Mapping[str, Callable[[float, Segment, int, int], ndarray]] = {
    "time_shift": _shift, "playback_speed": _speed, "white_noise": _noise("white"), "pink_noise": _noise("pink"),
    "gain": _gain, "low_pass": _low_pass,
}  # fmt: skip
NOTE_CHANGES: Mapping[str, Callable[[Notes, float], Notes]] = {
    "octave": lambda notes, dose: transpose_notes(notes, round(dose)),
    "transposition": lambda notes, dose: transpose_notes(notes, round(dose)),
    "note_velocity": lambda notes, dose: scale_velocity(notes, _positive("note_velocity", dose)),
    "note_duration": lambda notes, dose: divide_durations(notes, _positive("note_duration", dose)),
}


def _rms(waveform: Float[ndarray, " samples"]) -> float:
    return float(np.sqrt(np.mean(np.square(waveform, dtype=np.float64))))


def _finite(change: str, dose: float) -> float:
    if not np.isfinite(dose):
        raise ConfigError(f"The dose of {change} is {dose}; expected a finite number, or None for no change.")
    return dose


def _positive(change: str, dose: float) -> float:
    if dose <= 0:
        raise ConfigError(f"The dose of {change} is {dose:g}; expected a number above 0.")
    return dose
