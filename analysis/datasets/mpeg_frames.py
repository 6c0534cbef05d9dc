"""MP3 files frame by frame: how many there are, whatever a header says, and a header that says it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from analysis.datasets.stretches import Layout, Stretch, replaced

_KBPS = {
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_CHAIN = 3  # headers in a row that tell frames from chance
_SEARCHED = 2**20
_DECODER_DELAY = 529  # samples by which every decoder of layer III is late


class Frame(NamedTuple):
    """One header: its bytes in the file, sample rate (Hz), samples, channels, and bytes before the main data."""

    size: int
    rate: int
    samples: int
    channels: int
    side: int


def read_frame(head: bytes) -> Frame | None:
    """The frame that a header of 4 bytes describes; None where it is none of layer III with a bit rate.

    >>> read_frame(bytes.fromhex("fffb90c4"))
    Frame(size=417, rate=44100, samples=1152, channels=1, side=17)
    """
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return None
    version, bit_rate, rate = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or rate == 3 or bit_rate in (0, 15):
        return None
    first, hz = version == 3, _RATES[version][rate]
    mono = head[3] >> 6 == 3
    size = (144 if first else 72) * _KBPS[first][bit_rate] * 1000 // hz + (head[2] >> 1 & 1)
    side = (17 if mono else 32) if first else (9 if mono else 17)
    return Frame(size, hz, 1152 if first else 576, 1 if mono else 2, side)


def _alike(first: Frame, other: Frame) -> bool:
    return (first.rate, first.samples, first.channels) == (other.rate, other.samples, other.channels)


def find_frames(data: bytes, start: int, stop: int, chain: int = _CHAIN) -> int:
    """Where the first of `chain` frames in a row begins that are alike, -1 where none does; the last may end with the file."""
    offset = data.find(b"\xff", start, stop)
    while offset >= 0:
        at, first, count = offset, read_frame(data[offset : offset + 4]), 0
        while first and (frame := read_frame(data[at : at + 4])) and _alike(first, frame):
            at, count = at + frame.size, count + 1
            if count >= chain or (at == len(data) and count > 1):
                return offset
        offset = data.find(b"\xff", offset + 1, stop)
    return -1


@dataclass
class _Walk:
    """What one pass over the frames found."""

    runs: list[list[int]] = field(default_factory=list)
    count: int = 0
    cut: bool = False
    gaps: list[tuple[int, int]] = field(default_factory=list)
    changed: bool = False

    def add(self, start: int, stop: int) -> None:
        if self.runs and self.runs[-1][1] == start:
            self.runs[-1][1] = stop
        else:
            self.runs.append([start, stop])
        self.count += 1


class _HeaderFrame(NamedTuple):
    """What the header frame says: its size, where in it the count is (-1: nowhere), the count, and where the encoder begins."""

    size: int
    at: int
    frames: int
    encoder: int = 0


def _header_frame(data: bytes, offset: int) -> _HeaderFrame | None:
    """The Xing, Info or VBRI header in the frame at a place; None where there is none."""
    if (frame := read_frame(data[offset : offset + 4])) is None:
        return None
    at = offset + 4 + frame.side
    if data[at : at + 4] in (b"Xing", b"Info"):
        flags = int.from_bytes(data[at + 4 : at + 8], "big")
        encoder = 12 + frame.side + sum(size for bit, size in ((1, 4), (2, 4), (4, 100), (8, 4)) if flags & bit)
        if not flags & 1 or encoder > frame.size:
            return _HeaderFrame(frame.size, -1, 0)
        return _HeaderFrame(frame.size, 12 + frame.side, int.from_bytes(data[at + 8 : at + 12], "big"), encoder)
    if data[offset + 36 : offset + 40] == b"VBRI":
        return _HeaderFrame(frame.size, -1, int.from_bytes(data[offset + 50 : offset + 54], "big"))
    return None


def _walk(data: bytes, offset: int, first: Frame) -> _Walk:
    walk = _Walk()
    while offset < len(data):
        frame = read_frame(data[offset : offset + 4])
        if frame is None:
            after = _skip(data, offset)
            if after < 0:
                break
            if data[offset:after].strip(b"\0\xff") and not _is_tag(data, offset):
                walk.gaps.append((walk.count, after - offset))
            offset = after
            continue
        if offset + frame.size > len(data):
            walk.cut = True
            break
        if not _alike(first, frame):
            if _lonely(data, offset, frame):
                offset += 1
                continue
            walk.changed = True
            break
        if (
            _header_frame(data, offset) is None
        ):  # a second header frame stands where another file was joined on; it holds no sound
            walk.add(offset, offset + frame.size)
        offset += frame.size
    return walk


def _lonely(data: bytes, offset: int, frame: Frame) -> bool:
    """Whether what looks like a header of another kind is followed by no second one."""
    after = read_frame(data[offset + frame.size : offset + frame.size + 4])
    return after is None or not _alike(frame, after)


def _is_tag(data: bytes, offset: int) -> bool:
    return data.startswith((b"ID3", b"TAG", b"APETAGEX", b"LYRICS"), offset)


def _skip(data: bytes, offset: int) -> int:
    """Where frames go on behind what is none, -1 where none do."""
    if data[offset : offset + 3] == b"ID3" and offset + 10 <= len(data):
        offset += tag_bytes(data[offset : offset + 10])
    elif data[offset : offset + 3] == b"TAG":
        offset += 128
    else:
        offset += 1
    return find_frames(data, offset, len(data), chain=2)


def tag_bytes(head: bytes) -> int:
    """The length of an ID3 tag with its head of 10 bytes and its foot, if it has one; sizes have seven bits to the byte."""
    size = sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
    return 10 + size + (10 if head[5] & 0x10 else 0)


def mpeg_layout(data: bytes, start: int) -> Layout:
    """The frames of an MP3 file from `start` on, behind a header that counts them.

    The decoder believes the header, or without one guesses from the first frame, and stops there. A header frame that counts
    too few is corrected; one that counts more frames than there are tells what is missing.
    """
    if find_frames(data, start, start + 1, chain=2) < 0 and (offset := search_frames(data, start)) >= 0:
        start = offset
    first = read_frame(data[start : start + 4])
    if first is None or start + first.size > len(data):
        return Layout("MP3", ((start, len(data)),) if start else ())
    header_frame = _header_frame(data, start)
    walk = _walk(data, start + (header_frame.size if header_frame else 0), first)
    if not walk.count:
        return Layout("MP3", ((start, len(data)),) if start else ())
    frames: tuple[Stretch, ...] = tuple((low, high) for low, high in walk.runs)
    size = sum(high - low for low, high in walk.runs)
    if header_frame is not None and header_frame.at >= 0:
        head = _corrected(data[start : start + header_frame.size], header_frame, walk.count, size)
    else:
        head = _new_header(data[start : start + 4], first, walk.count, size)
    share = walk.count / header_frame.frames if header_frame and walk.count < header_frame.frames else 1.0
    return Layout("MP3", (head, *frames), share, tuple(_notices(walk, first)))


def _corrected(frame: bytes, header_frame: _HeaderFrame, count: int, size: int) -> bytes:
    """The header frame of a file with its frames counted as they are."""
    changes = {header_frame.at: count.to_bytes(4, "big")}
    if frame[header_frame.at - 1] & 2:
        changes[header_frame.at + 4] = (len(frame) + size).to_bytes(4, "big")
    if (
        count < header_frame.frames
        and frame[header_frame.encoder : header_frame.encoder + 1].strip(b"\0")
        and header_frame.encoder + 24 <= len(frame)
    ):
        delay = int.from_bytes(frame[header_frame.encoder + 21 : header_frame.encoder + 24], "big") >> 12
        changes[header_frame.encoder + 21] = (delay << 12 | _DECODER_DELAY).to_bytes(3, "big")  # the padding went with the end
    return b"".join(stretch for stretch in replaced((frame,), changes) if isinstance(stretch, bytes))


def _new_header(head: bytes, first: Frame, count: int, size: int) -> bytes:
    """A header frame that counts so many frames of so many bytes, and a silent frame.

    The decoder drops as many samples as it and the encoder are late, once there is a header; the silent frame is what it drops.
    """
    heads = [bytes([0xFF, head[1] | 1, bit_rate << 4 | head[2] & 0x0C, head[3]]) for bit_rate in range(1, 15)]
    sizes = {bits: frame.size for bits in heads if (frame := read_frame(bits))}
    encoder = b"Lavf".ljust(21, b"\0") + (first.samples - _DECODER_DELAY << 12 | _DECODER_DELAY).to_bytes(3, "big") + bytes(12)
    n_bytes = 4 + first.side + 16 + len(encoder)
    bits = next(bits for bits in heads if sizes[bits] >= n_bytes)  # the highest bit rate has room in every version
    counted = b"Xing" + b"".join(number.to_bytes(4, "big") for number in (3, count + 1, 2 * sizes[bits] + size))
    silent = bits.ljust(sizes[bits], b"\0")
    return (bits + bytes(first.side) + counted + encoder).ljust(sizes[bits], b"\0") + silent


def _notices(walk: _Walk, first: Frame) -> Iterator[str]:
    if walk.gaps:
        n_frames, lost = walk.gaps[0]
        more = f" and in {len(walk.gaps) - 1} more places" if len(walk.gaps) > 1 else ""
        at = f"{n_frames * first.samples / first.rate:.1f} s"
        yield f"is damaged near {at}{more}: {lost:,} bytes there hold no sound and were skipped."
    if walk.changed:
        after = walk.count * first.samples / first.rate
        yield f"changes its sample rate or its channels after {after:.1f} s; only what comes before was read, and more follows."


def search_frames(data: bytes, start: int) -> int:
    """Where MP3 frames begin behind something else within 1 MiB, -1 where none do."""
    return find_frames(data, start, min(len(data), start + _SEARCHED), chain=_CHAIN + 1)
