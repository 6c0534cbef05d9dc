"""FLAC files: how many samples their last frame reaches to, whatever the header says; FLAC packed into OGG."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from analysis.datasets.stretches import Layout, Source, Stretch, length, part, replaced
from analysis.units import seconds_to_words

HEAD = b"fLaC"
_JOINED = (b"fLaC\x00\x00\x00\x22", b"fLaC\x80\x00\x00\x22")
_TAIL_BYTES = (2**18, 2**24)
_BLOCKS = {1: 192, **{code: 576 << code - 2 for code in range(2, 6)}, **{code: 256 << code - 8 for code in range(8, 16)}}
_OGG_FLAC = b"\x7fFLAC"

Read = Callable[[int, int], bytes]


class _Info(NamedTuple):
    """STREAMINFO and where the frames begin: smallest and largest block, rate (Hz), channels, bits, samples (0: not told)."""

    smallest: int
    largest: int
    rate: int
    channels: int
    bits: int
    total: int
    frames_at: int


class _Frame(NamedTuple):
    """A frame header: place, first sample, samples."""

    offset: int
    first: int
    samples: int


def flac_layout(source: Source, start: int, stretches: tuple[Stretch, ...] = (), kind: str = "FLAC") -> Layout:
    """A FLAC file from `start` on with the number of samples that its frames reach to, in place of what its header counts.

    The decoder believes the header and stops there. One that counts more than the frames hold tells what is missing.
    """
    stretches = stretches or ((start, source.size),)
    read = _reader(source, stretches)
    end = length(stretches)
    info = _read_info(read)
    if info is None:
        return Layout(kind, stretches if start or kind != "FLAC" else ())
    notices: tuple[str, ...] = ()
    if (joined := _next_recording(source, stretches, info)) >= 0:
        end = joined
    measured, stop, whole = _measure(read, info, end)
    if joined >= 0:
        heard = f" of {measured / info.rate:.1f} s" if measured else ""
        notices = (f"holds more than one recording, one after the other; only the first{heard} was read, and more follows.",)
    elif measured and not info.total and not whole:
        notices = (f"is damaged after {seconds_to_words(measured / info.rate)}; what comes before was read.",)
    if not measured:
        return Layout(kind, part(stretches, 0, end), notices=notices)
    changes = {} if measured == info.total else {18: _packed(info, measured)}
    share = measured / info.total if info.total > measured else 1.0
    return Layout(kind, replaced(part(stretches, 0, stop), changes), share, notices)


def _reader(source: Source, stretches: tuple[Stretch, ...]) -> Read:
    def read(start: int, stop: int) -> bytes:
        pieces = part(stretches, start, stop)
        return b"".join(piece if isinstance(piece, bytes) else source.read(*piece) for piece in pieces)

    return read


def _read_info(read: Read) -> _Info | None:
    head = read(0, 42)
    if len(head) < 42 or head[4] & 0x7F or head[5:8] != b"\0\0\x22":
        return None
    packed = int.from_bytes(head[18:26], "big")
    rate, channels, bits = packed >> 44, (packed >> 41 & 7) + 1, (packed >> 36 & 31) + 1
    offset, last = 4, False
    while not last:
        block = read(offset, offset + 4)
        if len(block) < 4:
            return None
        last, offset = bool(block[0] & 0x80), offset + 4 + int.from_bytes(block[1:], "big")
    small, large = int.from_bytes(head[8:10], "big"), int.from_bytes(head[10:12], "big")
    return _Info(small, large, rate, channels, bits, packed & (2**36 - 1), offset) if rate and large else None


def _packed(info: _Info, total: int) -> bytes:
    bits = info.rate << 44 | info.channels - 1 << 41 | info.bits - 1 << 36 | min(total, 2**36 - 1)
    return bits.to_bytes(8, "big")


def _next_recording(source: Source, stretches: tuple[Stretch, ...], info: _Info) -> int:
    """Where a second recording begins behind the first, with the tag before it; -1 where none does."""
    if len(stretches) != 1 or isinstance(whole := stretches[0], bytes):
        return -1
    offsets = [offset for mark in _JOINED if (offset := source.find(mark, whole[0] + info.frames_at)) >= 0]
    return min(offsets) - whole[0] if offsets else -1


def _measure(read: Read, info: _Info, end: int) -> tuple[int, int, bool]:
    """Samples up to the end of the last whole frame, where that ends, and whether no other follows; 0 where nothing is known."""
    for tail in _TAIL_BYTES:
        low = max(info.frames_at, end - tail)
        data = read(low, end)
        frames = _chain(data, info, complete=low == info.frames_at)
        if not frames:
            continue
        last = frames[-1]
        if stop := _frame_end(data, last.offset):
            return last.first + last.samples, low + stop, True
        if info.total == last.first + last.samples:
            return info.total, end, True  # what follows the last frame is no sound, or the decoder will tell
        return (last.first, low + last.offset, False) if last.first else (0, end, False)
    return 0, end, False


def _chain(data: bytes, info: _Info, complete: bool) -> list[_Frame]:
    """The longest row of frame headers of which each follows from the one before, up to the last."""
    best: list[_Frame] = []
    ends: dict[int, list[_Frame]] = {}
    for frame in _headers(data, info):
        row = [*ends.pop(frame.first, [])[-2:], frame]
        ends[frame.first + frame.samples] = row
        if len(row) >= len(best) or len(row) > 2:
            best = row
    return best if len(best) > 1 or complete else []


def _headers(data: bytes, info: _Info) -> Iterator[_Frame]:
    offset = data.find(b"\xff")
    while 0 <= offset < len(data) - 5:
        if data[offset + 1] in (0xF8, 0xF9) and (frame := _header(data, offset, info)) is not None:
            yield frame
        offset = data.find(b"\xff", offset + 1)


def _header(data: bytes, offset: int, info: _Info) -> _Frame | None:
    """The frame header at a place, with its check sum right and in accord with STREAMINFO; None where there is none."""
    block, rate = data[offset + 2] >> 4, data[offset + 2] & 15
    channels, bits = data[offset + 3] >> 4, data[offset + 3] >> 1 & 7
    if not block or rate == 15 or channels > 10 or data[offset + 3] & 1:
        return None
    if (channels + 1 if channels < 8 else 2) != info.channels or bits == 3 or _BITS.get(bits, info.bits) != info.bits:
        return None
    extra = 0
    while extra < 7 and data[offset + 4] << extra & 0x80:
        extra += 1
    after = offset + 4 + max(1, extra)
    number = data[offset + 4] & (0x7F >> extra)
    for byte in data[offset + 5 : after]:
        number = number << 6 | byte & 0x3F
    long = {6: 1, 7: 2}.get(block, 0)
    samples = int.from_bytes(data[after : after + long], "big") + 1 if long else _BLOCKS[block]
    after += long + {12: 1, 13: 2, 14: 2}.get(rate, 0)
    if after >= len(data) or _crc(data[offset:after], 8, 0x07) != data[after]:
        return None
    return _Frame(offset, number if data[offset + 1] & 1 else number * info.largest, samples)


_BITS = {1: 8, 2: 12, 4: 16, 5: 20, 6: 24, 7: 32}


def _crc(data: bytes, width: int, polynomial: int) -> int:
    table, mask, value = _table(width, polynomial), (1 << width) - 1, 0
    for byte in data:
        value = (value << 8 & mask) ^ table[value >> width - 8 ^ byte]
    return value


_TABLES: dict[tuple[int, int], list[int]] = {}


def _table(width: int, polynomial: int) -> list[int]:
    if (width, polynomial) not in _TABLES:
        top, mask, rows = 1 << width - 1, (1 << width) - 1, []
        for byte in range(256):
            value = byte << width - 8
            for _ in range(8):
                value = (value << 1 ^ polynomial if value & top else value << 1) & mask
            rows.append(value)
        _TABLES[width, polynomial] = rows
    return _TABLES[width, polynomial]


def _frame_end(data: bytes, offset: int) -> int:
    """Where the frame at a place ends: with the data, before a tag or before zeros, as its check sum says; 0 if nowhere."""
    bare = len(data.rstrip(b"\0"))  # first, since zeros leave a check sum of zero as it is
    ends = [bare, bare + 1, bare + 2, len(data)]
    ends += [at for mark in (b"TAG", b"APETAGEX", b"ID3") if (at := data.find(mark, offset)) > 0]
    return next((end for end in ends if offset < end <= len(data) and not _crc(data[offset:end], 16, 0x8005)), 0)


# --- FLAC in OGG -----------------------------------------------------------------------------------------------------------


def is_ogg_flac(head: bytes) -> bool:
    """Whether an OGG file begins with a stream of FLAC; `head` is its first 64 bytes."""
    return head[:4] == b"OggS" and len(head) > 40 and head[27 + head[26] :].startswith(_OGG_FLAC)


def ogg_flac_layout(source: Source, start: int) -> Layout:
    """What the pages of the first stream hold: the bodies of OGG pages joined, less nine bytes, are a FLAC file."""
    bodies: list[Stretch] = []
    serial, offset = source.read(start + 14, start + 18), start
    while (head := source.read(offset, offset + 282))[:4] == b"OggS":
        count = head[26] if len(head) > 26 else 0
        body, size = offset + 27 + count, sum(head[27 : 27 + count])
        stop = min(body + size, source.size)
        if head[14:18] == serial and body < stop:
            bodies.append((body + 9 if not bodies else body, stop))
        offset = body + size
    return flac_layout(source, start, tuple(bodies), kind="OGG")
