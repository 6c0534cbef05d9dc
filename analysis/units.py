"""Conversions between units; every one is a function named `a_to_b`."""

import math
from typing import overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

SMALLEST_POWER = 1e-10


def seconds_to_samples(seconds: float, sample_rate: int) -> int:
    """Nearest whole sample.

    >>> seconds_to_samples(4.0, 24_000)
    96000
    """
    return round(seconds * sample_rate)


def samples_to_seconds(samples: int, sample_rate: int) -> float:
    """Time of a sample.

    >>> samples_to_seconds(12_000, 24_000)
    0.5
    """
    return samples / sample_rate


@overload
def db_to_amplitude(decibel: float) -> float: ...
@overload
def db_to_amplitude(decibel: NDArray[np.float64]) -> NDArray[np.float64]: ...
def db_to_amplitude(decibel: float | NDArray[np.float64]) -> float | NDArray[np.float64]:
    """Amplitude ratio of a level difference, 10^(dB/20).

    >>> round(db_to_amplitude(-6.0206), 4)
    0.5
    """
    return 10.0 ** (decibel / 20.0)


def amplitude_to_db(amplitude: ArrayLike, floor_db: float = -120.0) -> NDArray[np.float64] | np.float64:
    """Level in dB re 1, never below `floor_db`.

    >>> float(amplitude_to_db(0.1))
    -20.0
    """
    floor = db_to_amplitude(floor_db)
    return 20.0 * np.log10(np.maximum(np.abs(np.asarray(amplitude, dtype=np.float64)), floor))


def power_to_db(power: ArrayLike, smallest: float = SMALLEST_POWER) -> NDArray[np.floating] | np.floating:
    """Level in dB re 1 of a power, 10 · log10; powers below `smallest` count as that. Arrays keep their precision.

    >>> power_to_db(np.array([0.01, 0.0])).tolist()
    [-20.0, -100.0]
    """
    return 10 * np.log10(np.maximum(power, smallest))


def hz_to_mel(frequency: ArrayLike) -> NDArray[np.float64] | np.float64:
    """The mel scale of O'Shaughnessy (HTK): 2595 · log10(1 + f / 700).

    >>> float(hz_to_mel(0)), round(float(hz_to_mel(1000)), 2)
    (0.0, 999.99)
    """
    return 2595 * np.log10(1 + np.asarray(frequency, np.float64) / 700)


def mel_to_hz(mel: ArrayLike) -> NDArray[np.float64] | np.float64:
    """Frequency in Hz of a place on the mel scale of `hz_to_mel`.

    >>> round(float(mel_to_hz(hz_to_mel(440))), 9)
    440.0
    """
    return 700 * (10 ** (np.asarray(mel, np.float64) / 2595) - 1)


PITCH_CLASSES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")


def midi_to_name(pitch: int) -> str:
    """Name of a MIDI pitch, middle C = C4.

    >>> midi_to_name(60), midi_to_name(70)
    ('C4', 'A♯4')
    """
    return f"{PITCH_CLASSES[pitch % 12]}{pitch // 12 - 1}"


def hz_to_midi(frequency: float) -> float:
    """MIDI pitch of a frequency, 69 + 12 · log2(f / 440).

    >>> hz_to_midi(880.0)
    81.0
    """
    return 69 + 12 * math.log2(frequency / 440.0)


def midi_to_hz(pitch: float) -> float:
    """Frequency of a MIDI pitch, 440 · 2^((pitch − 69) / 12).

    >>> midi_to_hz(81)
    880.0
    """
    return 440.0 * 2.0 ** ((pitch - 69) / 12)


def hz_to_name(frequency: float) -> str:
    """Name of the nearest equal-tempered pitch.

    >>> hz_to_name(440.0)
    'A4'
    """
    return midi_to_name(round(hz_to_midi(frequency)))


def seconds_to_words(seconds: float) -> str:
    """A duration as a person says it.

    >>> [seconds_to_words(s) for s in (0.4, 32, 750, 11_000)]
    ['0.4 s', '32 s', '12 min 30 s', '3 h 3 min']
    """
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    total_minutes, rest = divmod(round(seconds), 60)
    if total_minutes < 60:
        return f"{total_minutes} min {rest} s" if rest else f"{total_minutes} min"
    hours, minutes = divmod(total_minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def true_minus(number: float, how: str) -> str:
    """A number in a format of Python's, with a minus sign where that has a hyphen; also in its exponent.

    >>> true_minus(-0.031, ".2f"), true_minus(2.5e-5, ".2g"), true_minus(0.5, "+.1f")
    ('−0.03', '2.5e−05', '+0.5')
    """
    return format(number, how).replace("-", "−")


def plural(noun: str) -> str:
    """Several of what a noun names.

    >>> plural("CNN token"), plural("patch")
    ('CNN tokens', 'patches')
    """
    return f"{noun}es" if noun.endswith(("s", "x", "ch", "sh")) else f"{noun}s"
