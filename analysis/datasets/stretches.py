"""A file as the decoder should see it: stretches of the source, and bytes in place of a header that is wrong."""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate

Stretch = bytes | tuple[int, int]
"""Bytes as they are, or `(start, stop)` of the source."""

BLOCK_BYTES = 2**20


class Source:
    """The bytes of a stream, read where they are asked for; the stream may be anywhere before and after."""

    def __init__(self, stream: io.BufferedIOBase) -> None:
        self.stream, self.size = stream, stream.seek(0, io.SEEK_END)

    def read(self, start: int, stop: int) -> bytes:
        """The bytes `[start, stop)`, fewer where the source ends before."""
        self.stream.seek(start)
        return self.stream.read(max(0, stop - start))

    def find(self, mark: bytes, start: int) -> int:
        """Where `mark` comes next, -1 where it does not."""
        while start + len(mark) <= self.size:
            block = self.read(start, start + BLOCK_BYTES + len(mark) - 1)
            if (offset := block.find(mark)) >= 0:
                return start + offset
            start += BLOCK_BYTES
        return -1


@dataclass(frozen=True)
class Layout:
    """How a file is to be given to the decoder, and what was found out about it on the way.

    Attributes:
        kind: the format of the file.
        stretches: what the decoder sees, one after the other; none for the file as it is.
        share: how much of the sound that the header promises is in the file, 1 where nothing is known to be missing.
        notices: ends of sentences about what is unusual, to follow the name of the file.
        problem: the end of the sentence that refuses the file; empty where it may be read.
    """

    kind: str
    stretches: tuple[Stretch, ...] = ()
    share: float = 1.0
    notices: tuple[str, ...] = ()
    problem: str = ""


def length(stretches: Iterable[Stretch]) -> int:
    """How many bytes stretches hold.

    >>> length([b"abc", (10, 15)])
    8
    """
    return sum(len(stretch) if isinstance(stretch, bytes) else stretch[1] - stretch[0] for stretch in stretches)


def part(stretches: Iterable[Stretch], start: int, stop: int) -> tuple[Stretch, ...]:
    """The bytes `[start, stop)` of what stretches hold together.

    >>> part([b"abc", (10, 15)], 2, 5)
    (b'c', (10, 12))
    """
    kept: list[Stretch] = []
    for stretch in stretches:
        size = length([stretch])
        low, high = max(0, start), min(size, stop)
        if low < high:
            kept.append(stretch[low:high] if isinstance(stretch, bytes) else (stretch[0] + low, stretch[0] + high))
        start, stop = start - size, stop - size
    return tuple(kept)


def replaced(stretches: tuple[Stretch, ...], changes: dict[int, bytes]) -> tuple[Stretch, ...]:
    """The stretches with other bytes at some places.

    >>> replaced(((0, 8),), {2: b"xy"})
    ((0, 2), b'xy', (4, 8))
    """
    for start, data in changes.items():
        after = part(stretches, start + len(data), length(stretches))
        stretches = (*part(stretches, 0, start), data, *after)
    return stretches


class Stretched(io.RawIOBase):
    """A stream of stretches of a source, in which one can seek."""

    def __init__(self, source: io.BufferedIOBase, stretches: tuple[Stretch, ...]) -> None:
        super().__init__()
        self._source, self._position = source, 0
        ends = list(accumulate(length([stretch]) for stretch in stretches))
        self._pieces = list(zip([0, *ends[:-1]], ends, stretches, strict=True))
        self._size = ends[-1] if ends else 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move, and say where that led.

        Raises:
            ValueError: that is before the beginning.
        """
        position = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if position < 0:
            raise ValueError(f"A stream cannot be sought to {position}.")
        self._position = position
        return position

    def readinto(self, buffer: memoryview) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Fill the buffer as far as one stretch reaches; 0 at the end."""
        for begin, end, stretch in self._pieces:
            if begin <= self._position < end:
                inside = self._position - begin
                wanted = min(len(buffer), end - self._position)
                if isinstance(stretch, bytes):
                    data = stretch[inside : inside + wanted]
                else:
                    self._source.seek(stretch[0] + inside)
                    data = self._source.read(wanted)
                buffer[: len(data)] = data
                self._position += len(data)
                return len(data)
        return 0
