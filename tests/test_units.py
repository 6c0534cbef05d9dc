"""Conversions against librosa's, to the rounding of fp64."""

import numpy as np
import pytest

from analysis.units import PITCH_CLASSES, amplitude_to_db, db_to_amplitude, hz_to_mel, hz_to_midi, mel_to_hz, power_to_db


def test_the_formulas_are_those_of_librosa(rng: np.random.Generator) -> None:
    import librosa

    hz, level = rng.uniform(20, 20_000, 100), rng.uniform(-60, 20, 100)
    assert hz_to_mel(hz) == pytest.approx(librosa.hz_to_mel(hz, htk=True), rel=1e-12)
    assert mel_to_hz(hz / 5) == pytest.approx(librosa.mel_to_hz(hz / 5, htk=True), rel=1e-12)
    assert [hz_to_midi(float(one)) for one in hz] == pytest.approx(librosa.hz_to_midi(hz), rel=1e-12)
    assert power_to_db(hz) == pytest.approx(librosa.power_to_db(hz, top_db=None), rel=1e-12)
    assert db_to_amplitude(level) == pytest.approx(librosa.db_to_amplitude(level), rel=1e-12)
    assert amplitude_to_db(db_to_amplitude(level)) == pytest.approx(level, rel=1e-12)
    assert list(PITCH_CLASSES) == [librosa.midi_to_note(pitch, octave=False) for pitch in range(12)]


def test_single_precision_stays_and_silence_has_a_level() -> None:
    levels = power_to_db(np.array([0.0, 1.0], np.float32))
    assert (levels.dtype, levels.tolist()) == (np.float32, [pytest.approx(-100), 0])
    assert float(amplitude_to_db(0.0)) == -120.0
