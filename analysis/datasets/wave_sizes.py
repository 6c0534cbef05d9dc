"""Sizes in the headers of WAV and AIFF files compared with what is there: cut off, never closed, or written to a pipe."""

from dataclasses import dataclass
from typing import Literal

from analysis.datasets.stretches import Layout, Source, Stretch, replaced

# Programs that write to a pipe cannot come back to put in the size: 0x7FFFF000 (sox), 0x80000000 (arecord), 0xFFFFFFFF (ffmpeg),
# 0x7F000000 (AIFF of sox) and others nearby.
_OPEN_SIZES = ((0x7F000000, 0x8000FFFF), (0xFFFF0000, 0xFFFFFFFF))
_MOST_CHUNKS = 1000
Order = Literal["little", "big"]
_PLAIN_AIFC = (b"NONE", b"sowt", b"twos", b"raw ", b"in24", b"in32", b"fl32", b"FL32", b"fl64", b"FL64")
_LEAST_MORE_BYTES = 4096


@dataclass
class _Chunks:
    """Where the chunks that matter are: `sound` is the place of the chunk that holds the samples."""

    sound: int = -1
    size: int = 0
    long_at: int = -1
    long_size: int = -1
    frames_at: int = -1
    frame_bytes: int = 0


def wave_layout(source: Source, kind: str) -> Layout:
    """What the header of a WAV or AIFF file promises and what is there; a size that was never put in is put in.

    Decoders quietly shorten a header to what is there, so that a truncated file would pass for a short one.
    """
    order: Order = "little" if kind == "WAV" else "big"
    chunks = _chunks(source, order)
    if chunks.sound < 0:
        return Layout(kind)
    body = chunks.sound + 8
    there = source.size - body
    is_long = chunks.long_at >= 0 and chunks.size == 0xFFFFFFFF
    promised = chunks.long_size if is_long else chunks.size
    preamble = 0 if kind == "WAV" else 8  # the offset and block size of AIFF count among the bytes of its sound
    if there <= preamble:
        return Layout(kind)
    if promised <= preamble and not _chunks_follow(source, body + promised):
        return Layout(kind, _closed(source, chunks, there, is_long, order), notices=(_UNCLOSED,))
    if promised > there and (is_open_size(promised) or (is_long and promised >= 2**62)):
        return Layout(kind, _closed(source, chunks, there, is_long, order))
    if promised > there:
        return Layout(kind, share=max(1, there - preamble) / (promised - preamble))
    return _followed(source, body + promised, kind)


_UNCLOSED = (
    "was never closed by the program that recorded it, so that its header counts no samples; it was read to the end of the file."
)


def is_open_size(size: int) -> bool:
    """Whether a size stands for “not known” in a file that is shorter.

    >>> [is_open_size(size) for size in (0x7FFFF000, 0x80000000, 0xFFFFFFFF, 529_200)]
    [True, True, True, False]
    """
    return any(low <= size <= high for low, high in _OPEN_SIZES)


def _chunks(source: Source, order: Order) -> _Chunks:
    chunks, offset = _Chunks(), 12
    for _ in range(_MOST_CHUNKS):
        header = source.read(offset, offset + 8)
        if len(header) < 8:
            return chunks
        size = int.from_bytes(header[4:], order)
        if header[:4] == b"ds64":  # RF64 keeps sizes beyond 32 bits here: of the file, then of the data
            body = source.read(offset + 16, offset + 24)
            chunks.long_at, chunks.long_size = offset + 16, int.from_bytes(body, "little") if len(body) == 8 else -1
        if header[:4] == b"COMM":
            _read_common(source.read(offset + 8, offset + 8 + min(size, 22)), offset + 10, chunks)
        if header[:4] in (b"data", b"SSND"):
            chunks.sound, chunks.size = offset, size
            return chunks
        offset += 8 + size + size % 2
    return chunks


def _read_common(body: bytes, frames_at: int, chunks: _Chunks) -> None:
    """Where AIFF counts its frames, and how many bytes one takes; nothing of compressed ones, whose bytes tell no length."""
    if len(body) >= 18 and (len(body) < 22 or body[18:22] in _PLAIN_AIFC):
        chunks.frames_at = frames_at
        chunks.frame_bytes = int.from_bytes(body[:2], "big") * -(-int.from_bytes(body[6:8], "big") // 8)


def _closed(source: Source, chunks: _Chunks, there: int, is_long: bool, order: Order) -> tuple[Stretch, ...]:
    """The file with sizes put in that reach to its end."""
    size = min(there, 0xFFFFFFFE)
    changes = {4: min(source.size - 8, 0xFFFFFFFE).to_bytes(4, order)}
    if is_long:
        changes = {chunks.long_at: there.to_bytes(8, "little")}
    else:
        changes[chunks.sound + 4] = size.to_bytes(4, order)
    if order == "big" and chunks.frame_bytes:
        changes[chunks.frames_at] = ((size - 8) // chunks.frame_bytes).to_bytes(4, "big")
    return replaced(((0, source.size),), changes)


def _chunks_follow(source: Source, offset: int) -> bool:
    """Whether a list of chunks goes on at a place, with or without the byte that fills up an odd one."""
    for start in (offset, offset + 1):
        head = source.read(start, start + 8)
        if len(head) == 8 and all(32 <= sign < 127 for sign in head[:4]):
            sizes = (int.from_bytes(head[4:], "little"), int.from_bytes(head[4:], "big"))
            if start + 8 + min(sizes) <= source.size + 1:
                return True
    return False


def _followed(source: Source, end: int, kind: str) -> Layout:
    """A file whose samples end at `end`; told is what follows that is no chunk, if it is more than filling."""
    for start in (end, end + 1):
        while _is_chunk(head := source.read(start, start + 12)) and not _begins_file(head):
            size = int.from_bytes(head[4:8], "little" if kind == "WAV" else "big")
            start += 8 + size + size % 2
        if _begins_file(head):
            notice = f"holds more than one recording, the next from byte {start:,} on; only the first was read, and more follows."
            return Layout(kind, ((0, start),), notices=(notice,))
        if start >= source.size:
            return Layout(kind)
    rest = source.read(end, source.size) if source.size - end <= 2**20 else b"\1"
    if source.size - end < _LEAST_MORE_BYTES or not rest.strip(b"\0"):
        return Layout(kind)
    notice = f"goes on for {source.size - end:,} bytes behind the samples that its header counts; these were not read."
    return Layout(kind, notices=(notice,))


def _is_chunk(head: bytes) -> bool:
    return len(head) >= 8 and all(32 <= sign < 127 for sign in head[:4])


def _begins_file(head: bytes) -> bool:
    return head[:4] in (b"RIFF", b"RF64", b"FORM") and head[8:12] in (b"WAVE", b"AIFF", b"AIFC")
