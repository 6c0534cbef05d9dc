"""Sound files block by block: opened, checked, mixed to mono and resampled without holding more than the result."""

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from analysis.datasets.containers import ACCEPTED, describe, ogg_recordings, sniff
from analysis.datasets.m4a import too_long
from analysis.errors import AudioError
from analysis.units import seconds_to_words

BLOCK_FRAMES = 4096  # what damage can cost beyond itself
SILENCE = 1e-6
LOUDEST = 1000.0  # a float file may exceed full scale; one beyond this holds integers stored as floats
RATES_HZ = (2_000, 768_000)
MAX_CHANNELS = 32


class SequentialFile(soundfile.SoundFile):
    """A sound file that is not sought after every read.

    `soundfile` seeks to where it already is once a block has been read; at the end of a truncated or streamed FLAC file
    that fails, and would lose the block.
    """

    def seekable(self) -> bool:
        """Say no, which turns the seeking off; `seek` still works."""
        return False


class PatientStream:
    """A stream that stays where it is when it is sent to an impossible place, as damaged headers make the decoder do.

    An exception could not get through the decoder, which is not written in Python; it would be printed and lost.
    """

    def __init__(self, stream: io.BufferedIOBase) -> None:
        self.stream = stream
        self.tell, self.readinto = stream.tell, stream.readinto

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move if that is possible, and say where that led."""
        with suppress(ValueError, OSError):
            self.stream.seek(offset, whence)
        return self.tell()


@contextmanager
def opened(source: Path | bytes, label: str) -> Iterator[io.BufferedReader | io.BytesIO]:
    """The source as a stream of bytes in which one can seek.

    Raises:
        AudioError: the file cannot be opened or read.
    """
    try:
        stream = io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")
    except OSError as error:
        raise AudioError(f"{label} cannot be opened ({error.strerror}). Check its path and permissions.") from error
    with stream:
        yield stream


def kind_of(stream: io.BufferedIOBase, label: str) -> str:
    """The format of a stream; the stream is left at its beginning.

    Raises:
        AudioError: it is not audio in an accepted format.
    """
    kind = sniff(stream)
    stream.seek(0)
    if kind is None:
        head = stream.read(64)
        raise AudioError(f"{label} is not audio that can be read: it {describe(head)}. Use {ACCEPTED} instead.")
    return kind


def refuse_several(stream: io.BufferedIOBase, kind: str, label: str) -> None:
    """Refuse a file of several recordings, of which the decoder would silently read the first.

    Raises:
        AudioError: it is an OGG file that holds more than one.
    """
    if kind == "OGG" and (found := ogg_recordings(stream)) > 1:
        raise AudioError(
            f"{label} holds {found} recordings in one file (a chained OGG, as radio streams are saved), of which only the first "
            "could be read; expected one. Save each one as a file of its own, or all of it as WAV or FLAC."
        )


def decoder(stream: io.BufferedIOBase, label: str, max_seconds: float = float("inf")) -> SequentialFile:
    """Open a stream for decoding, after its header has been found reasonable.

    Raises:
        AudioError: it is not audio, is damaged, or its header is out of bounds.
    """
    kind = kind_of(stream, label)
    if kind == "M4A":
        raise AudioError(f"{label} is an M4A file, which cannot be read in parts. Convert it to WAV or FLAC.")
    try:
        file = SequentialFile(PatientStream(stream))  # pyright: ignore[reportArgumentType] - all that it asks for is there
    except (RuntimeError, OSError, ValueError, TypeError) as error:
        raise AudioError(
            f"{label} begins like {'an' if kind[0] in 'AOM' else 'a'} {kind} file but nothing of it can be decoded: "
            "it is cut off or damaged. Copy or export it again."
        ) from error
    try:
        _refuse_header(file, label, max_seconds)
    except AudioError:
        file.close()
        raise
    return file


def _refuse_header(file: soundfile.SoundFile, label: str, max_seconds: float) -> None:
    low, high = RATES_HZ
    if not low <= file.samplerate <= high:
        got = f"{label} has a sample rate of {file.samplerate:,} Hz"
        raise AudioError(f"{got}; expected {low:,} to {high:,} Hz. Resample it.")
    if file.channels > MAX_CHANNELS:
        raise AudioError(f"{label} has {file.channels} channels; at most {MAX_CHANNELS} are read. Export it as stereo.")
    if length_known(file) and file.frames > max_seconds * file.samplerate:
        raise AudioError(too_long(label, file.frames / file.samplerate, max_seconds))


def length_known(file: soundfile.SoundFile) -> bool:
    """Whether the header gives a length; a streamed file leaves it open, and libsndfile then says 2^63 - 1 frames."""
    return file.frames < 2**62


def resample(blocks: Iterable[NDArray[np.float32]], rate: int, sample_rate: int) -> NDArray[np.float32]:
    """Join blocks of mono samples at `rate` Hz into one array at `sample_rate` Hz, shape `(samples,)`.

    >>> resample([np.zeros(441, np.float32)] * 2, 44_100, 22_050).shape
    (441,)
    """
    if rate == sample_rate:
        return np.concatenate([np.zeros(0, np.float32), *blocks])
    stream = soxr.ResampleStream(rate, sample_rate, 1, dtype="float32", quality="HQ")
    parts = [stream.resample_chunk(block) for block in blocks]
    return np.concatenate([*parts, stream.resample_chunk(np.zeros(0, np.float32), last=True)])


@dataclass
class Inspection:
    """What one pass over a recording finds out about its samples."""

    label: str
    rate: int
    channels: int
    max_seconds: float = float("inf")
    frames: int = 0
    peak: float = 0.0
    mono_peak: float = 0.0
    not_finite: int = 0
    first_not_finite: int = 0
    error: Exception | None = field(default=None, repr=False)

    def mono_blocks(self, file: soundfile.SoundFile, limit: float = float("inf")) -> Iterator[NDArray[np.float32]]:
        """The mean of the channels, block by block, until `limit` frames, the end, or damage (kept in `error`).

        Raises:
            AudioError: it goes on for more than `max_seconds`, whatever its header says.
        """
        while (wanted := min(BLOCK_FRAMES, limit - self.frames)) > 0:
            try:
                block = file.read(int(wanted), dtype="float32", always_2d=True)
            except (RuntimeError, OSError, ValueError) as error:
                self.error = error
                return
            if not len(block):
                return
            yield self._inspect(np.asarray(block, np.float32))
            if self.frames > self.max_seconds * self.rate:
                raise AudioError(too_long(self.label, None, self.max_seconds))

    def _inspect(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        finite = np.isfinite(block)
        if not finite.all():
            if not self.not_finite:
                self.first_not_finite = self.frames + int(np.argmin(finite.all(axis=1)))
            self.not_finite += int(finite.size - finite.sum())
            block = np.where(finite, block, np.float32(0))
        mono = block.mean(axis=1, dtype=np.float64)
        self.frames += len(block)
        self.peak = max(self.peak, float(np.abs(block).max()))
        self.mono_peak = max(self.mono_peak, float(np.abs(mono).max()))
        return np.clip(mono, -LOUDEST, LOUDEST).astype(np.float32)  # so that the resampler cannot overflow

    def refuse_impossible(self) -> None:
        """Raise `AudioError` for samples that are NaN, infinite or absurdly large."""
        if self.not_finite:
            raise AudioError(
                f"{self.label} has {self.not_finite:,} samples that are not numbers (NaN or infinite), the first at "
                f"{self.first_not_finite / self.rate:.3f} s; expected finite samples. Export it again."
            )
        if self.peak > LOUDEST:
            raise AudioError(
                f"{self.label} has samples of up to {self.peak:,.0f} where full scale is 1. Export it as 16- or 24-bit "
                "audio, or divide its samples by their full scale."
            )

    def refuse_unusable(self, min_seconds: float) -> None:
        """Raise `AudioError` for a recording with nothing in it to analyse."""
        if not self.frames:
            raise AudioError(
                f"{self.label} holds no audio that can be decoded: it ends after its header, is cut off or damaged. "
                "Copy or export it again."
            ) from self.error
        self.refuse_impossible()
        if self.frames < min_seconds * self.rate:
            raise AudioError(
                f"{self.label} is too short: it lasts {self.frames / self.rate:.2g} s and at least "
                f"{seconds_to_words(min_seconds)} is needed. Pick a longer recording."
            ) from self.error
        if self.peak < SILENCE:
            raise AudioError(f"{self.label} is silent: no sample reaches {SILENCE:g} of full scale. Pick one with sound in it.")
        if self.mono_peak < SILENCE:
            raise AudioError(
                f"{self.label} is silent once mixed to mono: its {self.channels} channels cancel each other. "
                "Invert one channel, or export one alone."
            )
