"""Recordings as mono waveforms: what the content is decides, never what the file is called.

Anything a user can hand in ends here in one of two ways: a `Waveform`, with notices that say what was unusual, or an
`AudioError` that says what to do. Files are read in blocks, so memory follows what is there, not what a header claims.
"""

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from analysis.datasets.containers import contradiction, present_fraction, printable
from analysis.datasets.decoding import Inspection, decoder, kind_of, length_known, opened, refuse_several, resample
from analysis.datasets.m4a import convert_m4a, ffmpeg_path
from analysis.errors import AudioError
from analysis.units import seconds_to_words

__all__ = ["AudioInfo", "Waveform", "ffmpeg_path", "load_waveform", "probe", "read_window"]


@dataclass(frozen=True)
class Waveform:
    """A mono recording.

    `samples` has shape `(samples,)`, float32, full scale 1; `sha256` is that of the source bytes; `notices` are
    sentences for the user about what was unusual and yet accepted. The name is for showing only, and long or unprintable parts
    of it are left out.
    """

    samples: NDArray[np.float32]
    sample_rate: int
    name: str
    sha256: str
    notices: tuple[str, ...] = ()

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.sample_rate


@dataclass(frozen=True)
class AudioInfo:
    """What the header of a recording says; `duration_s` counts the samples that the file has room for."""

    duration_s: float
    sample_rate: int
    channels: int
    format: str


def load_waveform(
    source: Path | bytes, sample_rate: int, *, name: str = "", max_seconds: float = 600.0, min_seconds: float = 0.5
) -> Waveform:
    """Decode a recording, mix it to mono (the mean of its channels) and resample it to `sample_rate` Hz.

    A file that is mislabelled, truncated, multichannel or above 48 kHz is accepted with a notice.

    Raises:
        AudioError: it is no audio, or is silent, too short, too long, not finite, or damaged beyond use.

    >>> import io
    >>> file = io.BytesIO()
    >>> soundfile.write(file, np.sin(np.arange(48_000) / 20), 48_000, format="WAV")
    >>> load_waveform(file.getvalue(), 24_000).samples.shape
    (24000,)
    """
    name = printable(name or (source.name if isinstance(source, Path) else ""))
    label = name or "The file"
    with opened(source, label) as stream, tempfile.TemporaryDirectory() as folder:
        kind = kind_of(stream, label)
        refuse_several(stream, kind, label)
        wav = convert_m4a(stream, Path(folder), label, max_seconds) if kind == "M4A" else None
        with opened(wav or source, label) as audio, decoder(audio, label, max_seconds) as file:
            inspection = Inspection(label, file.samplerate, file.channels, max_seconds)
            samples = resample(inspection.mono_blocks(file), file.samplerate, sample_rate)
            inspection.refuse_unusable(min_seconds)
            missing = _missing(file, present_fraction(audio, kind), inspection)
            notices = (contradiction(name, kind), *_unusual(file, label, sample_rate), missing)
        stream.seek(0)
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return Waveform(samples, sample_rate, name, digest, tuple(text for text in notices if text))


def _unusual(file: soundfile.SoundFile, label: str, sample_rate: int) -> tuple[str, str]:
    many, high = file.channels > 2, file.samplerate > 48_000
    return (
        f"{label} has {file.channels} channels; their mean was taken." if many else "",
        f"{label} was recorded at {file.samplerate:,} Hz; it was resampled to {sample_rate:,} Hz." if high else "",
    )


def _missing(file: soundfile.SoundFile, fraction: float, inspection: Inspection) -> str:
    """The notice for a file that holds less than its header promises."""
    got_s = inspection.frames / file.samplerate
    got = seconds_to_words(got_s)
    if not length_known(file):
        return f"{inspection.label} is damaged after {got}; what comes before was read." if inspection.error else ""
    promised_s = file.frames / file.samplerate / fraction
    if promised_s - got_s < 0.05:  # MP3 pads its last frame
        return ""
    promised = seconds_to_words(promised_s)
    return f"{inspection.label} is cut off or damaged: {got} of the {promised} that it should last could be read."


def read_window(path: Path, start_s: float, stop_s: float, sample_rate: int) -> NDArray[np.float32]:
    """Read `[start_s, stop_s)` of a long file, mono at `sample_rate` Hz; zeros stand for what lies past its end.

    The result has shape `(samples,)` and equals that part of the whole file resampled: a margin on both sides keeps the
    edges of the resampler out of it. MP3 and OGG are sought as accurately as their decoder can.

    Raises:
        AudioError: the file cannot be read there, or the window is empty or begins before zero.
    """
    if not 0 <= start_s < stop_s < float("inf"):
        raise AudioError(f"A window of {path.name} needs 0 ≤ start < stop; got {start_s} s to {stop_s} s. Move it.")
    first = round(start_s * sample_rate)
    n_samples = round(stop_s * sample_rate) - first
    with opened(path, path.name) as stream, decoder(stream, path.name) as file:
        # The two grids meet every `source_step` frames of the file, which are `step` samples of the result.
        common = int(np.gcd(file.samplerate, sample_rate))
        source_step, step = file.samplerate // common, sample_rate // common
        margin = -(-sample_rate // (20 * step))
        begin, end = max(0, first // step - margin), (first + n_samples) // step + 1 + margin
        if begin * source_step >= file.frames:
            return np.zeros(n_samples, np.float32)
        inspection = Inspection(path.name, file.samplerate, file.channels)
        try:
            file.seek(begin * source_step)
        except (RuntimeError, OSError) as error:
            raise AudioError(_broken(path, start_s)) from error
        samples = resample(inspection.mono_blocks(file, (end - begin) * source_step), file.samplerate, sample_rate)
    if inspection.error is not None:
        raise AudioError(_broken(path, start_s)) from inspection.error
    inspection.refuse_impossible()
    part = samples[first - begin * step :][:n_samples]
    return np.pad(part, (0, n_samples - len(part)))


def _broken(path: Path, start_s: float) -> str:
    return f"{path.name} is damaged or cut off near {seconds_to_words(start_s)}. Copy it again, or leave it out."


def probe(path: Path) -> AudioInfo:
    """Length, sample rate, channels and format of a file, from its header alone.

    Raises:
        AudioError: it is no audio, more than one recording, or none that can be read without conversion (M4A), or its header
            gives no length.
    """
    with opened(path, path.name) as stream:
        kind = kind_of(stream, path.name)
        refuse_several(stream, kind, path.name)
        with decoder(stream, path.name) as file:
            if not length_known(file):
                raise AudioError(f"{path.name} does not say how long it is. Save it as a new WAV or FLAC file.")
            return AudioInfo(file.frames / file.samplerate, file.samplerate, file.channels, kind)
