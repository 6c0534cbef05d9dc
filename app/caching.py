"""The only owner of caches: models by weights, analyses by clip and weights, spectrograms by clip.

Arguments that begin with an underscore are not part of the key; the hashes beside them are.
"""

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import streamlit as st
from numpy.typing import NDArray

from analysis import paths
from analysis.datasets.audio import Waveform, load_waveform, read_window
from analysis.errors import OtoscopeError

MOST_ANALYSES = 4
Progress = Callable[[int, int], None]


def checkpoints() -> list[Any]:
    """Every checkpoint, broken ones included; read anew when a file has come, gone or changed."""
    roots = paths.checkpoint_roots()
    files = (file for root in roots for name in ("config.json", "model.safetensors") for file in sorted(root.glob(f"*/{name}")))
    return list(_checkpoints(roots, tuple((str(file), file.stat().st_mtime_ns, file.stat().st_size) for file in files)))


@st.cache_resource(max_entries=2, show_spinner="Looking for checkpoints …")
def _checkpoints(roots: tuple[Path, ...], files: tuple[tuple[str, int, int], ...]) -> tuple[Any, ...]:  # noqa: ARG001
    from analysis.models.checkpoint import list_checkpoints

    return tuple(list_checkpoints(roots))


@st.cache_resource(max_entries=2, show_spinner="Opening the checkpoint …")
def model(folder: str, sha256: str) -> Any:  # noqa: ARG001 - the hash is part of the key
    """The model of a checkpoint folder, as long as its weights stay the same."""
    from analysis.models.checkpoint import open_checkpoint

    return open_checkpoint(Path(folder)).model()


@st.cache_resource(show_spinner=False)
def _kept() -> dict[tuple[str, str, str], Any]:
    return {}


def _keep(kind: str, checkpoint: Any, clip: Waveform, compute: Callable[[], Any]) -> Any:
    """The last few results; by hand, because a cached function cannot tell its progress to the page."""
    kept, key = _kept(), (kind, str(checkpoint.sha256), clip.sha256)
    if (found := kept.get(key)) is not None:
        return found
    found = compute()
    while len(kept) >= 2 * MOST_ANALYSES:
        kept.pop(next(iter(kept)), None)
    kept[key] = found
    return found


def analysis(checkpoint: Any, clip: Waveform, progress: Progress | None = None) -> Any:
    """What a checkpoint makes of a clip: a `ClipAnalysis`."""
    from analysis.studies.clip import analyse_clip

    def compute() -> Any:
        return analyse_clip(model(str(checkpoint.path), checkpoint.sha256), clip, progress)

    return _keep("trained", checkpoint, clip, compute)


def untrained(checkpoint: Any, clip: Waveform, progress: Progress | None = None) -> Any:
    """What the untrained twin's attention does over a clip: a `ClipUse`."""
    from analysis.studies.clip import measure_use

    return _keep("untrained", checkpoint, clip, lambda: measure_use(checkpoint.untrained_twin(), clip, progress))


@st.cache_data(max_entries=8, show_spinner="Reading the clip …")
def waveform(source: bytes, sample_rate: int, name: str) -> Waveform:
    """A recording decoded from its bytes."""
    return load_waveform(source, sample_rate, name=name)


@st.cache_data(max_entries=8, show_spinner="Computing the spectrogram …")
def _log_mel(
    sha256: str,  # noqa: ARG001
    sample_rate: int,
    _samples: NDArray[np.float32],
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    from analysis.descriptors.log_mel import log_mel as compute

    return compute(_samples, sample_rate)


def log_mel(clip: Waveform) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Frame times (s) and a log-mel spectrogram `(bands, frames)` in dB below its maximum."""
    return _log_mel(clip.sha256, clip.sample_rate, clip.samples)


@st.cache_data(max_entries=32, show_spinner=False)
def parameters(arm: str, scale: str) -> dict[str, int]:
    """Parameters by component."""
    from analysis.models.counting import count_parameters

    return dict(count_parameters(arm, scale))


def parameters_of(checkpoint: Any) -> dict[str, int] | None:
    """Parameters by component of a checkpoint; None where its sizes are not those of its arm and scale."""
    from analysis.models.arms import build_config
    from analysis.models.config import ModelConfig

    try:
        counts = parameters(checkpoint.arm, checkpoint.scale)
        config = ModelConfig.from_dict(checkpoint.config)
        usual = replace(build_config(checkpoint.arm, checkpoint.scale), dropout=config.dropout)
    except OtoscopeError:
        return None
    return counts if config == usual else None


@st.cache_resource(max_entries=1, show_spinner="Listing the demo clips …")
def demo_clips() -> list[Any]:
    """The demo clips; none is rendered yet."""
    from analysis.datasets.corpus import list_demo_clips

    return list(list_demo_clips())


def rendered(demo: Any) -> Any:
    """A demo clip with its audio on disk."""
    from analysis.datasets.corpus import render_demo_clip

    return render_demo_clip(demo)


@st.cache_data(max_entries=8, show_spinner=False)
def excerpt(path: str, start_s: float, stop_s: float, sample_rate: int) -> bytes:
    """A part of a recording as a WAV file."""
    samples = read_window(Path(path), start_s, stop_s, sample_rate)
    file = io.BytesIO()
    soundfile.write(file, samples, sample_rate, format="WAV", subtype="PCM_16")
    return file.getvalue()
