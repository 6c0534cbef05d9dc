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

from analysis.datasets.containers import ACCEPTED, describe, unread_codec
from analysis.datasets.layouts import layout_of, layout_of_file, seen
from analysis.datasets.m4a import too_long
from analysis.datasets.stretches import Layout
from analysis.errors import AudioError, TooLongError
from analysis.units import amplitude_to_db, seconds_to_words

BLOCK_FRAMES = 4096  # what damage can cost beyond itself
SILENCE = 1e-6
LOUDEST = 1000.0  # a float file may exceed full scale; one beyond this holds integers stored as floats
RATES_HZ = (2_000, 768_000)
MAX_CHANNELS = 32
CANCELLED, WEAK = 1e-3, 0.25  # level of the mean of the channels over their own: below, nothing but rounding; to be told
AUDIBLE, WEAK_SECONDS, WEAK_SHARE = 1e-3, 1.0, 0.1  # level of a block, and how much of such blocks is told
STEP = 2.0**-15  # of 16 bits
_HEAD_BYTES = 512


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


@contextmanager
def laid_out(source: Path | bytes, label: str) -> Iterator[tuple[io.BufferedIOBase, Layout]]:
    """The source as the decoder should see it, and what was found out about it.

    Raises:
        AudioError: it cannot be opened, is not audio in an accepted format, or holds what cannot be read.
    """
    with opened(source, label) as stream:
        layout = _known_layout(source) if isinstance(source, Path) else layout_of(stream)
        if layout is None:
            head = stream.read(_HEAD_BYTES)
            raise AudioError(f"{label} is not audio that can be read: it {describe(head)}. Use {ACCEPTED} instead.")
        if layout.problem:
            raise AudioError(f"{label} {layout.problem}")
        yield seen(stream, layout), layout


def _known_layout(path: Path) -> Layout | None:
    status = path.stat()
    return layout_of_file((path, status.st_size, status.st_mtime_ns))


def decoder(stream: io.BufferedIOBase, layout: Layout, label: str, max_seconds: float = float("inf")) -> SequentialFile:
    """Open a stream for decoding, after its header has been found reasonable.

    Raises:
        AudioError: it is not audio, is damaged, or its header is out of bounds.
    """
    kind = layout.kind
    if kind == "M4A":
        raise AudioError(f"{label} is an M4A file, which cannot be read in parts. Convert it to WAV or FLAC.")
    try:
        file = SequentialFile(PatientStream(stream))  # pyright: ignore[reportArgumentType] - all that it asks for is there
    except (RuntimeError, OSError, ValueError, TypeError) as error:
        stream.seek(0)
        article = "an" if kind[0] in "AOM" else "a"
        if codec := unread_codec(stream.read(_HEAD_BYTES)):
            raise AudioError(
                f"{label} is {article} {kind} file that holds {codec}, which cannot be read here. Convert it to WAV or FLAC."
            ) from error
        raise AudioError(
            f"{label} begins like {article} {kind} file but nothing of it can be decoded: "
            "it is cut off or damaged. Copy or export it again."
        ) from error
    try:
        _refuse_header(file, label, max_seconds, layout)
    except AudioError:
        file.close()
        raise
    return file


def _refuse_header(file: soundfile.SoundFile, label: str, max_seconds: float, layout: Layout) -> None:
    low, high = RATES_HZ
    if not low <= file.samplerate <= high:
        got = f"{label} has a sample rate of {file.samplerate:,} Hz"
        raise AudioError(f"{got}; expected {low:,} to {high:,} Hz. Resample it.")
    if file.channels > MAX_CHANNELS:
        raise AudioError(f"{label} has {file.channels} channels; at most {MAX_CHANNELS} are read. Export it as stereo.")
    # A file that promises more than it holds is cut off; only FLAC is written with its length when all of it is there.
    promised = file.frames / (layout.share if layout.kind == "FLAC" else 1.0)
    if length_known(file) and promised > max_seconds * file.samplerate:
        raise TooLongError(too_long(label, promised / file.samplerate, max_seconds))


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
    power: float = 0.0
    mono_power: float = 0.0
    weak_frames: int = 0
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
                raise TooLongError(too_long(self.label, None, self.max_seconds))

    def _inspect(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        finite = np.isfinite(block)
        if not finite.all():
            if not self.not_finite:
                self.first_not_finite = self.frames + int(np.argmin(finite.all(axis=1)))
            self.not_finite += int(finite.size - finite.sum())
            block = np.where(finite, block, np.float32(0))
        self.frames += len(block)
        self.peak = max(self.peak, float(np.abs(block).max()))
        if block.shape[1] == 1:
            return self._of_one_channel(block[:, 0])
        mono = block.mean(axis=1, dtype=np.float64)
        self.mono_peak = max(self.mono_peak, float(np.abs(mono).max()))
        power, mono_power = float(np.square(block, dtype=np.float64).mean(axis=1).sum()), float(np.square(mono).sum())
        self.power += power
        self.mono_power += mono_power
        if power > len(block) * AUDIBLE**2 and mono_power < WEAK**2 * power:
            self.weak_frames += len(block)
        return np.clip(mono, -LOUDEST, LOUDEST).astype(np.float32)  # so that the resampler cannot overflow

    def _of_one_channel(self, mono: NDArray[np.float32]) -> NDArray[np.float32]:
        """What is found out about a block that is its own mean."""
        self.mono_peak = self.peak
        power = float(np.square(mono, dtype=np.float64).sum())
        self.power += power
        self.mono_power += power
        return np.clip(mono, -LOUDEST, LOUDEST) if self.peak > LOUDEST else mono

    def refuse_impossible(self) -> None:
        """Raise `AudioError` for samples that are NaN, infinite or absurdly large."""
        if self.not_finite:
            are = "sample that is not a number" if self.not_finite == 1 else "samples that are not numbers"
            raise AudioError(
                f"{self.label} has {self.not_finite:,} {are} (NaN or infinite), the first at "
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
        if self.mono_peak < SILENCE or self.cancelled:
            raise AudioError(
                f"{self.label} is silent once mixed to mono: its {self.channels} channels cancel each other. "
                "Invert one channel, or export one alone."
            )

    @property
    def mono_level(self) -> float:
        """Level of the mean of the channels over that of the channels (root mean squares), 1 for equal ones or for silence."""
        return float(np.sqrt(self.mono_power / self.power)) if self.power else 1.0

    @property
    def cancelled(self) -> bool:
        """Whether the channels leave nothing of each other but the rounding of their samples."""
        return self.mono_level < CANCELLED or (self.mono_peak <= STEP and self.peak > 10 * STEP and self.mono_level < WEAK)

    def weakened(self) -> str:
        """The notice for channels that cancel each other, in level or for a good part of the time; empty where they do not."""
        if self.mono_level >= WEAK:
            seconds, share = self.weak_frames / self.rate, self.weak_frames / max(self.frames, 1)
            if seconds < WEAK_SECONDS or share < WEAK_SHARE:
                return ""
            return (
                f"For {seconds_to_words(seconds)} of {self.label} its {self.channels} channels nearly cancel each other when "
                "they are mixed to mono. Invert one channel there, or export one alone."
            )
        lost_db = -float(amplitude_to_db(self.mono_level))
        return (
            f"{self.label} lost {lost_db:.0f} dB when it was mixed to mono: its {self.channels} channels "
            "nearly cancel each other. Invert one channel, or export one alone."
        )
