"""A band of the sound to be heard: the window without it, and the band alone, cut as the model heard it."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile
import streamlit as st
from numpy.typing import NDArray

from analysis.errors import OtoscopeError
from analysis.studies.shared_rows import WindowRow
from analysis.units import amplitude_to_db, db_to_amplitude
from app import caching
from app.kit import layout
from app.kit.plain import plain
from app.kit.player import Source

FAINT_DB = -20.0  # what is fainter than this below the recording is played at this level
SILENT_DB = -90.0


def draw(source: Source, window: WindowRow, edges_hz: Sequence[float], band: int, name: str, sample_rate: int) -> None:
    """Two players below the recording of a window.

    Args:
        source: where the piece is, and how long its windows last.
        window: of the recording.
        edges_hz: of all bands of the study, for a band fades into its neighbours.
        band: its number, from 0.
        name: what the page calls it.
        sample_rate: at how many Hz the checkpoint hears.
    """
    if (piece := caching.pieces(source.corpus).get(window.piece)) is None or not Path(piece.audio_path).is_file():
        return  # which is said above
    try:
        recording, kept = cut(Path(piece.audio_path), window.start_s, source.cut.window_s, edges_hz, band, sample_rate)
    except (OtoscopeError, OSError) as error:
        layout.error(str(error))
        return
    for title, samples in (("Without", recording - kept), ("Alone", kept)):
        st.markdown(f"**{title}**: {plain(name)}")
        wav, level_db, gain_db = playable(samples, recording, sample_rate)
        if wav:
            st.audio(wav, format="audio/wav", alt=f"{title}: {name}")
        st.caption(level_text(level_db, gain_db))


def cut(
    path: Path, start_s: float, window_s: float, edges_hz: Sequence[float], band: int, sample_rate: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A window, and what one band holds of it; the window minus that is what the model was given.

    Raises:
        AudioError: the recording cannot be read.
    """
    import torch

    from analysis.datasets.audio import read_window
    from analysis.descriptors.filters import split_bands

    samples = read_window(path, start_s, start_s + window_s, sample_rate)
    parts = split_bands(torch.from_numpy(samples)[None], edges_hz, sample_rate)
    return samples, parts[0, 1 + band].numpy()


def playable(samples: NDArray[np.float32], recording: NDArray[np.float32], sample_rate: int) -> tuple[bytes, float | None, float]:
    """A WAV file, empty for silence; its level below the recording (dB), None for silence; how much louder it is played (dB)."""
    level_db = float(amplitude_to_db(_rms(samples)) - amplitude_to_db(_rms(recording)))
    if not samples.any() or level_db < SILENT_DB:
        return b"", None, 0.0
    peak_db = float(amplitude_to_db(float(np.abs(samples).max())))
    gain_db = min(max(FAINT_DB - level_db, 0.0), -peak_db)
    file = io.BytesIO()
    soundfile.write(file, samples * db_to_amplitude(gain_db), sample_rate, format="WAV", subtype="PCM_16")
    return file.getvalue(), level_db, gain_db


def level_text(level_db: float | None, gain_db: float) -> str:
    """How loud a part is beside the recording, and what the player makes of that.

    >>> in_words(-8.26, 0.0), in_words(-31.0, 11.0)
    ('8.3 dB below the recording.', '31.0 dB below the recording; played 11.0 dB louder, else it could hardly be heard.')
    >>> in_words(0.01, -0.2), in_words(None, 0.0)
    ('As loud as the recording; played 0.2 dB lower, since it would be clipped here.', 'Silence: this window has nothing there.')
    """
    if level_db is None:
        return "Silence: this window has nothing there."
    side = "below" if level_db < 0 else "above"
    text = f"{abs(level_db):.1f} dB {side} the recording" if abs(level_db) >= 0.05 else "As loud as the recording"
    if gain_db >= 0.05:
        return f"{text}; played {gain_db:.1f} dB louder, else it could hardly be heard."
    return f"{text}; played {-gain_db:.1f} dB lower, since it would be clipped here." if gain_db <= -0.05 else f"{text}."


def _rms(samples: NDArray[np.float32]) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
