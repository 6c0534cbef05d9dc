"""The only owner of caches: models by weights, analyses by clip and weights, spectrograms by clip.

Arguments that begin with an underscore are not part of the key; the hashes beside them are.
"""

import io
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import streamlit as st
from numpy.typing import NDArray

from analysis import paths
from analysis.datasets.audio import Waveform, load_waveform, read_window

MEL_BANDS, HOP = 128, 480


def checkpoints() -> list[Any]:
    """Every checkpoint, broken ones included; read anew each time, since it opens no weights."""
    from analysis.models.checkpoint import list_checkpoints

    return list(list_checkpoints(paths.checkpoint_roots()))


@st.cache_resource(max_entries=2, show_spinner="Opening the checkpoint …")
def model(folder: str, sha256: str) -> Any:  # noqa: ARG001 - the hash is part of the key
    """The model of a checkpoint folder, as long as its weights stay the same."""
    from analysis.models.checkpoint import open_checkpoint

    return open_checkpoint(Path(folder)).model()


@st.cache_resource(max_entries=4, show_spinner="Analysing the clip …")
def _analysis(clip_sha256: str, checkpoint_sha256: str, _waveform: Waveform, _folder: str) -> Any:  # noqa: ARG001
    from analysis.studies.clip import analyse_clip

    return analyse_clip(model(_folder, checkpoint_sha256), _waveform)


def analysis(checkpoint: Any, waveform: Waveform) -> Any:
    """What a checkpoint makes of a clip."""
    return _analysis(waveform.sha256, checkpoint.sha256, waveform, str(checkpoint.path))


@st.cache_data(max_entries=8, show_spinner="Reading the clip …")
def waveform(source: bytes, sample_rate: int, name: str) -> Waveform:
    """A recording decoded from its bytes."""
    return load_waveform(source, sample_rate, name=name)


@st.cache_data(max_entries=8, show_spinner=False)
def _log_mel(sha256: str, sample_rate: int, _samples: NDArray[np.float32]) -> NDArray[np.float32]:  # noqa: ARG001
    import librosa

    power = librosa.feature.melspectrogram(y=_samples, sr=sample_rate, n_fft=2048, hop_length=HOP, n_mels=MEL_BANDS, htk=True)
    return librosa.power_to_db(power, ref=np.max, top_db=80.0).astype(np.float32)


def log_mel(clip: Waveform) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Frame times (s) and a log-mel spectrogram `(bands, frames)` in dB below its maximum."""
    decibel = _log_mel(clip.sha256, clip.sample_rate, clip.samples)
    return np.arange(decibel.shape[1]) * HOP / clip.sample_rate, decibel


@st.cache_data(max_entries=2)
def parameters(arm: str, scale: str) -> dict[str, int]:
    """Parameters by component."""
    from analysis.models.counting import count_parameters

    return dict(count_parameters(arm, scale))


@st.cache_resource(max_entries=1, show_spinner="Rendering the demo clips; this happens once …")
def demo_clips() -> list[Any]:
    """The demo clips, rendered where they are not on disk yet; none where the library has none."""
    try:
        from analysis.datasets.corpus import demo_clips as rendered
    except ImportError:
        return []
    return list(rendered())


@st.cache_data(max_entries=8, show_spinner=False)
def excerpt(path: str, start_s: float, stop_s: float, sample_rate: int) -> bytes:
    """A part of a recording as a WAV file."""
    samples = read_window(Path(path), start_s, stop_s, sample_rate)
    file = io.BytesIO()
    soundfile.write(file, samples, sample_rate, format="WAV", subtype="PCM_16")
    return file.getvalue()
