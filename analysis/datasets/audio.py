"""Recordings as mono waveforms: what the content is decides, never what the file is called.

Anything a user can hand in ends here in one of two ways: a `Waveform`, with notices that say what was unusual, or an
`AudioError` that says what to do. Files are read in blocks, so memory follows what is there, not what a header claims.
"""

import hashlib
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from analysis.datasets.containers import contradiction, printable
from analysis.datasets.decoding import SILENCE, WEAK, Inspection, decoder, laid_out, length_known, opened, resample
from analysis.datasets.m4a import convert_m4a, ffmpeg_path
from analysis.errors import AudioError
from analysis.units import seconds_to_words

_PADDING_S = 0.05  # MP3 pads its last frame

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

    def at_rate(self, sample_rate: int) -> "Waveform":
        """The same recording resampled; what lies above half of its own rate stays missing."""
        if sample_rate == self.sample_rate:
            return self
        return replace(self, samples=resample([self.samples], self.sample_rate, sample_rate), sample_rate=sample_rate)


@dataclass(frozen=True)
class AudioInfo:
    """What a recording holds, without decoding it; `duration_s` counts the samples that are there, whatever its header says.

    `notices` are ends of sentences about what is unusual, such as a part that is missing, to follow the name of the file.
    """

    duration_s: float
    sample_rate: int
    channels: int
    format: str
    notices: tuple[str, ...] = ()


def load_waveform(
    source: Path | bytes, sample_rate: int, *, name: str = "", max_seconds: float = 600.0, min_seconds: float = 0.5,
    from_s: float | None = None,
) -> Waveform:  # fmt: skip
    """Decode a recording, mix it to mono (the mean of its channels) and resample it to `sample_rate` Hz.

    A file that is mislabelled, truncated, multichannel or above 48 kHz is accepted with a notice. Where `from_s` is given, at
    most `max_seconds` are read from there on, of a recording of any length.

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
    with laid_out(source, label) as (stream, layout), tempfile.TemporaryDirectory() as folder:
        most_s = max_seconds if from_s is None else float("inf")
        wav, promised_s = convert_m4a(stream, Path(folder), label, most_s) if layout.kind == "M4A" else (source, 0.0)
        with laid_out(wav, label) as (audio, inner), decoder(audio, inner, label, most_s) as file:
            inspection = Inspection(label, file.samplerate, file.channels, most_s)
            if from_s is not None:
                return _part(file, inspection, name, sample_rate, from_s, max_seconds)
            samples = resample(inspection.mono_blocks(file), file.samplerate, sample_rate)
            inspection.refuse_unusable(min_seconds)
            promised_s = promised_s or (file.frames / file.samplerate / inner.share if length_known(file) else 0.0)
            texts = (_missing(inspection, promised_s), *(f"{label} {text}" for text in layout.notices))
            notices = (contradiction(name, layout.kind), *_unusual(file, label, sample_rate), inspection.weakened(), *texts)
    with opened(source, label) as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return Waveform(samples, sample_rate, name, digest, tuple(text for text in notices if text))


def _part(
    file: soundfile.SoundFile, inspection: Inspection, name: str, sample_rate: int, from_s: float, length_s: float
) -> Waveform:
    """At most `length_s` of a recording from a second on."""
    first = round(from_s * file.samplerate)
    if not 0 <= first < file.frames:
        got = seconds_to_words(file.frames / file.samplerate)
        raise AudioError(f"{inspection.label} lasts {got}; there is no second {from_s:g} in it. Begin earlier.")
    try:
        file.seek(first)
    except (RuntimeError, OSError) as error:
        raise AudioError(f"{inspection.label} cannot be read from {from_s:g} s on. Save it as FLAC.") from error
    samples = resample(inspection.mono_blocks(file, round(length_s * file.samplerate)), file.samplerate, sample_rate)
    inspection.refuse_unusable(0.5)
    return Waveform(samples, sample_rate, name, "", (inspection.weakened(),) if inspection.weakened() else ())


def _unusual(file: soundfile.SoundFile, label: str, sample_rate: int) -> tuple[str, str]:
    many, high = file.channels > 2, file.samplerate > 48_000
    return (
        f"{label} has {file.channels} channels; their mean was taken." if many else "",
        f"{label} was recorded at {file.samplerate:,} Hz; it was resampled to {sample_rate:,} Hz." if high else "",
    )


def _missing(inspection: Inspection, promised_s: float) -> str:
    """The notice for a file that holds less than it promises; where it promises nothing, `promised_s` is 0."""
    got_s = inspection.frames / inspection.rate
    if not promised_s:
        text = f"{inspection.label} is damaged after {seconds_to_words(got_s)}; what comes before was read."
        return text if inspection.error else ""
    return f"{inspection.label} {lacking(got_s, promised_s)}" if lacking(got_s, promised_s) else ""


def lacking(got_s: float, promised_s: float) -> str:
    """The end of the sentence about a recording that is shorter than it should be; empty where it is not.

    >>> lacking(2.0, 6.0)
    'is cut off or damaged: 2.0 s of the 6.0 s that it should last could be read.'
    """
    if promised_s - got_s < _PADDING_S:
        return ""
    got, promised = seconds_to_words(got_s), seconds_to_words(promised_s)
    return f"is cut off or damaged: {got} of the {promised} that it should last could be read."


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
    with laid_out(path, path.name) as (stream, layout), decoder(stream, layout, path.name) as file:
        # The two grids meet every `source_step` frames of the file, which are `step` samples of the result.
        common = int(np.gcd(file.samplerate, sample_rate))
        source_step, step = file.samplerate // common, sample_rate // common
        margin = -(-sample_rate // ((2 if layout.kind == "MP3" else 20) * step))  # a frame of MP3 leans on those before
        begin, end = max(0, first // step - margin), (first + n_samples) // step + 1 + margin
        if layout.share < 1 and (first + n_samples) / sample_rate > file.frames / file.samplerate + _PADDING_S:
            raise AudioError(_broken(path, start_s))
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
    """Length, sample rate, channels and format of a file, without decoding it.

    Raises:
        AudioError: it is no audio, more than one recording, or none that can be read without conversion (M4A), or it cannot be
            told how long it is.
    """
    with laid_out(path, path.name) as (stream, layout), decoder(stream, layout, path.name) as file:
        if not length_known(file):
            raise AudioError(f"{path.name} does not say how long it is. Save it as a new WAV or FLAC file.")
        duration_s = file.frames / file.samplerate
        texts = (lacking(duration_s, duration_s / layout.share), *layout.notices)
        return AudioInfo(duration_s, file.samplerate, file.channels, layout.kind, tuple(text for text in texts if text))


def refuse_soundless(path: Path) -> None:
    """Decode a file until something is heard, which is at once for most.

    Raises:
        AudioError: there is no sound in it from its beginning to its end, or its channels cancel each other.
    """
    with laid_out(path, path.name) as (stream, layout), decoder(stream, layout, path.name) as file:
        inspection = Inspection(path.name, file.samplerate, file.channels)
        for _ in inspection.mono_blocks(file):
            if inspection.peak >= SILENCE and inspection.mono_level >= WEAK:
                return
        inspection.refuse_unusable(0.0)
