"""The only owner of caches: models by weights, analyses by clip and weights, spectrograms by clip.

Arguments that begin with an underscore are not part of the key; the hashes beside them are.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from analysis import paths
from analysis.clips.wav import wav_bytes
from analysis.datasets.audio import Waveform, load_waveform, read_window
from analysis.datasets.midi import Notes
from analysis.errors import AudioError, MidiError
from analysis.files import printable
from app.latest import Key, Latest

if TYPE_CHECKING:
    from analysis.datasets.corpus import DemoClip
    from analysis.datasets.piece import Piece
    from analysis.models.checkpoint import BrokenCheckpoint, Checkpoint
    from analysis.models.families import Described
    from analysis.models.tower import Model

MOST_DRAWN, MOST_HEARD, MOST_KEPT = 8, 3, 32  # WAV files are up to 58 MB large; the summary alone reads a result of every study
Spectrogram = tuple[NDArray[np.float64], NDArray[np.float32]]
T = TypeVar("T")


def checkpoints() -> list[Checkpoint | BrokenCheckpoint]:
    """Every checkpoint, broken ones included; read anew when a file has come, gone or changed."""
    roots = paths.checkpoint_roots()
    files = (file for root in roots for name in ("config.json", "model.safetensors") for file in sorted(root.glob(f"*/{name}")))
    return list(_checkpoints(roots, tuple((printable(file), file.stat().st_mtime_ns, file.stat().st_size) for file in files)))


@st.cache_resource(max_entries=2, show_spinner="Looking for checkpoints …")
def _checkpoints(_roots: tuple[Path, ...], files: tuple[tuple[str, int, int], ...]) -> tuple[Checkpoint | BrokenCheckpoint, ...]:  # noqa: ARG001
    from analysis.models.checkpoint import list_checkpoints

    return tuple(list_checkpoints(_roots))


def identity(checkpoint: Checkpoint) -> tuple[str, str]:
    """What makes a model and its untrained twin: the weights, and the configuration with the seed; the weights alone do not."""
    return str(checkpoint.sha256), repr((checkpoint.family, checkpoint.config, checkpoint.seed))


def model(checkpoint: Checkpoint) -> Model:
    """The model of a checkpoint, as long as its weights and its configuration stay the same."""
    return _model(str(checkpoint.path), *identity(checkpoint), checkpoint)


@st.cache_resource(max_entries=2, show_spinner="Opening the checkpoint …")
def _model(folder: str, sha256: str, configured: str, _checkpoint: Checkpoint) -> Model:  # noqa: ARG001 - what it is made of is the key
    return _checkpoint.model()


@st.cache_data(max_entries=8, show_spinner="Reading the clip …")
def waveform(source: bytes, sample_rate: int, name: str) -> Waveform:
    """A recording of ours decoded from its bytes."""
    return load_waveform(source, sample_rate, name=name)


def upload(source: bytes, sample_rate: int, name: str, from_s: float | None = None) -> Waveform:
    """A recording that came through the browser, decoded by another process under limits; or a part of it, from a second on.

    Raises:
        AudioError: it cannot be used.
    """
    waveform = _upload(source, sample_rate, name, from_s)
    if isinstance(waveform, AudioError):
        raise waveform
    return waveform


@st.cache_data(max_entries=8, show_spinner="Reading the recording …")
def _upload(source: bytes, sample_rate: int, name: str, from_s: float | None) -> Waveform | AudioError:
    """Why it cannot be used is kept too, so that nothing is tried again at every click."""
    from analysis.datasets.uploads import decode_upload

    try:
        return decode_upload(source, name, sample_rate, from_s)
    except AudioError as error:
        return error.with_traceback(None)


def upload_notes(source: bytes, name: str) -> tuple[Notes, tuple[str, ...]]:
    """Notes of a MIDI file that came through the browser, read by another process under limits, and notices about the file.

    Raises:
        MidiError: it cannot be used.
    """
    notes = _upload_notes(source, name)
    if isinstance(notes, str):
        raise MidiError(notes)
    return notes


@st.cache_data(max_entries=8, show_spinner="Reading the MIDI file …")
def _upload_notes(source: bytes, name: str) -> tuple[Notes, tuple[str, ...]] | str:
    from analysis.datasets.uploads import load_upload_notes

    try:
        return load_upload_notes(source, name)
    except MidiError as error:
        return str(error)


@st.cache_data(max_entries=8, show_spinner="Computing the spectrogram …")
def _log_mel(sha256: str, sample_rate: int, _samples: NDArray[np.float32]) -> Spectrogram:  # noqa: ARG001
    from analysis.descriptors.log_mel import log_mel as compute

    return compute(_samples, sample_rate)


def log_mel(clip: Waveform) -> Spectrogram:
    """Frame times (s) and a log-mel spectrogram `(bands, frames)` in dB below its maximum."""
    return _log_mel(clip.sha256, clip.sample_rate, clip.samples)


@st.cache_resource(show_spinner=False)
def _with_constant_q() -> set[str]:
    """Of which recordings a constant-Q spectrogram was computed since the server began."""
    return set()


@st.cache_data(max_entries=8, show_spinner=False)
def _constant_q(sha256: str, sample_rate: int, _samples: NDArray[np.float32]) -> Spectrogram:  # noqa: ARG001
    from analysis.descriptors.constant_q import constant_q as compute

    return compute(_samples, sample_rate)


def constant_q(clip: Waveform) -> Spectrogram | None:
    """Frame times (s) and a constant-Q spectrogram `(semitones, frames)` in dB below its maximum; None until it is made."""
    return _constant_q(clip.sha256, clip.sample_rate, clip.samples) if has_constant_q(clip) else None


def has_constant_q(clip: Waveform) -> bool:
    """Whether it is made."""
    return clip.sha256 in _with_constant_q()


def make_constant_q(clip: Waveform) -> bool:
    """Compute it where nobody has yet, which takes seconds the first time; whether there was anything to do."""
    if has_constant_q(clip):
        return False
    _constant_q(clip.sha256, clip.sample_rate, clip.samples)
    _with_constant_q().add(clip.sha256)
    return True


def described(checkpoint: Checkpoint) -> Described:
    """What the family of a checkpoint says of its configuration: flow, parameters and words of a card."""
    return _described(checkpoint.family, repr(checkpoint.config), checkpoint.config)


@st.cache_resource(max_entries=64, show_spinner=False)
def _described(family: str, configured: str, _config: dict[str, object]) -> Described:  # noqa: ARG001 - the words are the key
    from analysis.models.families import describe_model

    return describe_model(family, _config)


@st.cache_resource(max_entries=1, show_spinner="Listing the demo clips …")
def demo_clips() -> list[DemoClip]:
    """The demo clips; none is rendered yet."""
    from analysis.datasets.corpus import list_demo_clips

    return list(list_demo_clips())


def rendered(demo: DemoClip) -> DemoClip:
    """A demo clip with its audio on disk."""
    from analysis.datasets.corpus import render_demo_clip

    return render_demo_clip(demo)


@st.cache_data(max_entries=8, show_spinner=False)
def excerpt(path: str, start_s: float, stop_s: float, sample_rate: int) -> bytes:
    """A part of a recording as a WAV file."""
    return wav_bytes(part(path, start_s, stop_s, sample_rate), sample_rate)


@st.cache_data(max_entries=8, show_spinner=False)
def part(path: str, start_s: float, stop_s: float, sample_rate: int) -> NDArray[np.float32]:
    """A part of a recording, `(samples,)`, full scale 1."""
    return read_window(Path(path), start_s, stop_s, sample_rate)


@st.cache_data(max_entries=24, show_spinner=False)
def mix_excerpt(corpus: str, piece_id: str, names: tuple[str, ...], start_s: float, stop_s: float, sample_rate: int) -> bytes:
    """A part of the mix of some stems of a recording, as a WAV file; it is lowered where it would be clipped.

    Raises:
        OtoscopeError: the corpus or a stem cannot be used.
    """
    samples = pieces(corpus)[piece_id].mix(names, start_s, stop_s, sample_rate)
    return wav_bytes(samples / max(1.0, float(np.abs(samples).max(initial=0.0))), sample_rate)


def render_piece(corpus: str, piece_id: str) -> None:
    """Render the audio of one piece of a demo corpus.

    Raises:
        CorpusError: it cannot be rendered.
    """
    from analysis.datasets.corpora import render_listed

    render_listed(corpus, pieces(corpus)[piece_id])


def pieces(corpus: str) -> dict[str, Piece]:
    """The pieces of a corpus by id; nothing is rendered.

    Raises:
        CorpusError: there is no such corpus, or it cannot be used.
    """
    return _pieces(corpus, stamp(corpus))


@st.cache_resource(max_entries=8, show_spinner="Listing the recordings …")
def _pieces(corpus: str, stamp: str) -> dict[str, Piece]:  # noqa: ARG001 - a changed folder is another one
    from analysis.datasets.corpora import list_pieces

    return {piece.piece_id: piece for piece in list_pieces(corpus)}


def unrendered(corpus: str) -> list[Piece]:
    """The pieces whose audio is not there yet.

    Raises:
        CorpusError: there is no such corpus, or it cannot be used.
    """
    listed = pieces(corpus).values()
    lacking = {piece.piece_id for piece in listed for stem in piece.stems for path in stem.audio_paths if not path.is_file()}
    return [piece for piece in listed if piece.piece_id in lacking or not piece.audio_path.is_file()]


def stamp(corpus: str) -> str:
    """Changes where a folder of recordings does; nothing for a name."""
    try:
        files = sorted(Path(corpus).iterdir()) if Path(corpus).is_absolute() else []
        return repr([(file.name, (stat := file.stat()).st_size, stat.st_mtime_ns) for file in files])
    except OSError:
        return "gone"


@st.cache_resource(show_spinner=False)
def _read() -> Latest:
    return Latest(MOST_KEPT)


def once(key: Key, read: Callable[[], T]) -> T:
    """What was read under that key, by any session; None is not kept, but read again."""
    return _read().read(key, read)


@st.cache_resource(max_entries=1, show_spinner=False)
def _drawn() -> Latest:
    return Latest(MOST_DRAWN)


def drawn(key: Key, draw: Callable[[], T]) -> T:
    """As `once`, for what is drawn of a whole clip: it is large, so fewer are kept."""
    return _drawn().read(key, draw)


@st.cache_resource(max_entries=1, show_spinner=False)
def _heard() -> Latest:
    return Latest(MOST_HEARD)


def heard(key: Key, make: Callable[[], T]) -> T:
    """As `drawn`, for what is heard of a whole clip: it takes nothing from what is drawn, and less of it is kept."""
    return _heard().read(key, make)


@st.cache_data(max_entries=24, show_spinner="Making what the model heard …")
def altered_window(
    corpus: str, piece_id: str, start_s: float, change: str, dose: float, sample_rate: int, seed: int, window_s: float
) -> NDArray[np.float32]:
    """What a model was given of a window, `(samples,)`, full scale 1.

    Raises:
        OtoscopeError: the change, the recording or its notes cannot be used.
    """
    from analysis.datasets.segments import Segment
    from analysis.studies.stress.changes import altered_audio, rendering_of

    segment = Segment(pieces(corpus)[piece_id], start_s, window_s)
    return altered_audio(change, dose, segment, sample_rate, seed=seed, conditions=rendering_of(corpus))
