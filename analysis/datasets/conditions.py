"""Recording conditions: what a room, a microphone and an instrument do to a performance.

A plain render of MIDI is too easy: every pitch has one waveform. Each piece is therefore heard through its own conditions, drawn
from the corpus seed and the piece's name, as real recordings differ from each other.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32
from numpy import ndarray

from analysis.errors import ConfigError
from analysis.seeding import numpy_generator
from analysis.units import db_to_amplitude

TILT_CENTRE_HZ = 1000.0
TILT_LIMIT_DB = 18.0
REFERENCE_RMS = 0.08


@dataclass(frozen=True)
class Conditions:
    """How one piece was "recorded".

    `program` is the General MIDI program; `t60_s` the reverberation time (0 = dry); `tilt_db_per_octave` the slope of the
    equaliser around 1 kHz, limited to ±18 dB; `snr_db` the level of pink noise below
    the music (inf = none); `gain_db` the recording level.
    """

    sound_font: str
    program: int
    t60_s: float
    direct_to_reverberant_db: float
    tilt_db_per_octave: float
    snr_db: float
    gain_db: float


CLEAN = Conditions("TimGM6mb", 0, 0.0, 0.0, 0.0, float("inf"), 0.0)
CONDITION_SETS = ("recorded", "clean", "shifted")


def draw_conditions(condition_set: str, piece_id: str, seed: int) -> Conditions:
    """Conditions of one piece.

    `recorded`: one of the eight keyboard programs, T60 0.2-1.2 s, direct sound 3 dB
    above to 9 dB below the reverberation, tilt ±4 dB/octave, pink noise at 0-20 dB SNR, gain ±6 dB.
    `clean`: a dry grand piano. `shifted`: never heard in training: the sound font Merlin, T60 1.5-2.5 s,
    otherwise as above.

    Raises:
        ConfigError: unknown set.
    """
    if condition_set == "clean":
        return CLEAN
    if condition_set not in CONDITION_SETS:
        raise ConfigError(f"Unknown recording conditions {condition_set!r}: expected one of {CONDITION_SETS}.")
    rng = numpy_generator(seed, "conditions", condition_set, piece_id)
    shifted = condition_set == "shifted"
    return Conditions(
        sound_font="Merlin" if shifted else "TimGM6mb",
        program=0 if shifted else int(rng.integers(8)),
        t60_s=float(rng.uniform(1.5, 2.5) if shifted else rng.uniform(0.2, 1.2)),
        direct_to_reverberant_db=float(rng.uniform(-9.0, 3.0)),
        tilt_db_per_octave=float(rng.uniform(-4.0, 4.0)),
        snr_db=float(rng.uniform(0.0, 20.0)),
        gain_db=float(rng.uniform(-6.0, 6.0)),
    )


def apply_conditions(
    waveform: Float32[ndarray, " samples"], conditions: Conditions, *, sample_rate: int, rng: np.random.Generator
) -> Float32[ndarray, " samples"]:
    """Room, equaliser, noise and gain, in that order; the result is scaled down where it would clip.

    Levels: before the gain the music has an RMS of 0.08 (-22 dBFS).
    """
    from scipy.signal import oaconvolve  # slow to import, and most who draw conditions render nothing

    wet = waveform
    if conditions.t60_s > 0:
        impulse = room_impulse(conditions.t60_s, conditions.direct_to_reverberant_db, sample_rate=sample_rate, rng=rng)
        wet = oaconvolve(waveform, impulse)[: len(waveform)]
    if conditions.tilt_db_per_octave:
        kernel = tilt_filter(conditions.tilt_db_per_octave, sample_rate=sample_rate)
        wet = oaconvolve(wet, kernel, mode="same")
    rms = float(np.sqrt(np.mean(np.square(wet, dtype=np.float64))))
    if rms > 0:
        wet = wet * (REFERENCE_RMS / rms)
    if np.isfinite(conditions.snr_db):
        noise_rms = REFERENCE_RMS / db_to_amplitude(conditions.snr_db)
        wet = wet + noise_rms * pink_noise(len(wet), sample_rate=sample_rate, rng=rng)
    out = wet * db_to_amplitude(conditions.gain_db)
    peak = float(np.abs(out).max(initial=0.0))
    return (out * min(1.0, 0.99 / peak) if peak > 0 else out).astype(np.float32)


def room_impulse(
    t60_s: float, direct_to_reverberant_db: float, *, sample_rate: int, rng: np.random.Generator
) -> Float32[ndarray, " taps"]:
    """Direct sound and an exponentially decaying noise tail that has fallen by 60 dB after `t60_s`.

    The direct sound is the first sample, so the room does not delay the music.
    """
    times = np.arange(int(t60_s * sample_rate)) / sample_rate
    tail = rng.standard_normal(len(times)) * 10.0 ** (-3.0 * times / t60_s)
    tail[0] = 0.0
    tail *= db_to_amplitude(-direct_to_reverberant_db) / np.sqrt(np.sum(tail**2))
    tail[0] = 1.0
    return tail.astype(np.float32)


def tilt_filter(slope_db_per_octave: float, *, sample_rate: int, n_taps: int = 513) -> Float32[ndarray, " taps"]:
    """Linear-phase filter with a constant slope around 1 kHz, limited to ±18 dB."""
    from scipy.signal import firwin2

    frequencies = np.linspace(0, sample_rate / 2, 257)
    octaves = np.log2(np.maximum(frequencies, 20.0) / TILT_CENTRE_HZ)
    level_db = np.clip(slope_db_per_octave * octaves, -TILT_LIMIT_DB, TILT_LIMIT_DB)
    taps = firwin2(n_taps, frequencies, db_to_amplitude(level_db), fs=sample_rate)
    return np.asarray(taps, dtype=np.float32)


def pink_noise(n_samples: int, *, sample_rate: int, rng: np.random.Generator) -> Float32[ndarray, " samples"]:
    """Noise of RMS 1 whose power falls by 3 dB/octave from 20 Hz upwards (flat below).

    Shaped in blocks of 2^18 samples with a cross-fade, so that memory stays bounded on an hour of music.
    """
    block = 1 << 18
    frequencies = np.fft.rfftfreq(2 * block, 1 / sample_rate)
    shape = 1.0 / np.sqrt(np.maximum(frequencies, 20.0))
    fade = np.sin(0.5 * np.pi * (np.arange(block) + 0.5) / block)
    window = np.concatenate([fade, fade[::-1]]).astype(np.float32)
    out = np.zeros((n_samples // block + 3) * block, dtype=np.float32)
    for start in range(0, len(out) - block, block):
        spectrum = np.fft.rfft(rng.standard_normal(2 * block).astype(np.float32)) * shape
        out[start : start + 2 * block] += window * np.fft.irfft(spectrum, 2 * block).astype(np.float32)
    pink = out[block : block + n_samples]
    return (pink / np.sqrt(np.mean(np.square(pink, dtype=np.float64)))).astype(np.float32)
