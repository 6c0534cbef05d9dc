"""What windows sound like over time in four ways, and how alike their moments are in each: harmony, timbre, rhythm, loudness."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64
from numpy import ndarray

from analysis.descriptors.chroma import chroma, onset_strength
from analysis.descriptors.log_mel import HOP_LENGTH, log_mel
from analysis.measures.geometry import cosine, unit_rows
from analysis.readings.self_similarity import standardise
from analysis.units import db_to_amplitude, power_to_db

CHROMA, MFCC, TEMPOGRAM, LOUDNESS = "chroma", "MFCC", "tempogram", "loudness"
REFERENCES = (CHROMA, MFCC, TEMPOGRAM, LOUDNESS)
N_MFCC = 20
TEMPO_S = 2.0  # of onset strength around a moment, whose lags make the tempogram


@dataclass(frozen=True, eq=False)
class Frames:
    """Quantities of a sound in frames; times in seconds from its start."""

    times_s: Float64[ndarray, " frames"]
    features: Mapping[str, Float64[ndarray, "frames _"]]

    def at(self, reference: str, times_s: Float[ndarray, " moments"]) -> Float64[ndarray, "moments width"]:
        """A quantity at other times, straight between frames."""
        columns = self.features[reference].T
        return np.stack([np.interp(times_s, self.times_s, column) for column in columns], axis=1)


def frames_of(samples: Float[ndarray, " samples"], sample_rate: int) -> Frames:
    """Pitch classes, mel-frequency cepstra, lags of onset strength, and level in dB.

    Loudness is in none of the others: pitch classes of every frame have length 1, and the first cepstrum is left out.
    """
    import librosa  # slow to import

    times_s, decibel = log_mel(samples, sample_rate)
    wide = decibel.astype(np.float64)
    lags = round(TEMPO_S * sample_rate / HOP_LENGTH)
    tempogram = librosa.feature.tempogram(
        onset_envelope=onset_strength(decibel).astype(np.float64), sr=sample_rate, hop_length=HOP_LENGTH, win_length=lags
    )
    level = np.asarray(power_to_db((db_to_amplitude(wide) ** 2).sum(axis=0)))
    features = {
        CHROMA: unit_rows(chroma(samples, sample_rate).T),
        MFCC: librosa.feature.mfcc(S=wide, n_mfcc=N_MFCC).T[:, 1:],
        TEMPOGRAM: tempogram.T,
        LOUDNESS: level[:, None],
    }
    n = min(map(len, features.values()))
    return Frames(times_s[:n].astype(np.float64), {name: of[:n] for name, of in features.items()})


def similarity(reference: str, rows: Float[ndarray, "n d"]) -> Float64[ndarray, "n n"]:
    """How alike moments are: cosine after every dimension was standardised, and of loudness minus the difference in dB.

    >>> similarity("loudness", np.array([[0.0], [-6.0]])).tolist()
    [[0.0, -6.0], [-6.0, 0.0]]
    """
    if reference == LOUDNESS:
        return -np.abs(rows - rows.T).astype(np.float64) + 0.0
    return cosine(standardise(rows))


def similarities(frames: Frames, times_s: Float[ndarray, " moments"]) -> Float64[ndarray, "references moments moments2"]:
    """The self-similarity of every reference at these times, in the order of `REFERENCES`."""
    return np.stack([similarity(reference, frames.at(reference, times_s)) for reference in REFERENCES])
