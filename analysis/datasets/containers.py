"""Which audio format a file is in, by its first bytes; what a file that is no audio looks like instead."""

import io
import re
import struct
from pathlib import Path

ACCEPTED = "a WAV, FLAC, OGG, MP3, AIFF or M4A file"

_SUFFIXES = {
    "WAV": (".wav", ".wave", ".bwf", ".rf64"),
    "FLAC": (".flac",),
    "OGG": (".ogg", ".oga", ".opus"),
    "MP3": (".mp3",),
    "AIFF": (".aif", ".aiff", ".aifc"),
    "M4A": (".m4a", ".mp4", ".m4b", ".mov"),
}

AUDIO_SUFFIXES = frozenset(suffix for suffixes in _SUFFIXES.values() for suffix in suffixes)

_STRANGERS = (
    (0, b"MThd", "a MIDI file"),
    (0, b"%PDF", "a PDF document"),
    (0, b"\x89PNG", "a PNG picture"),
    (0, b"\xff\xd8\xff", "a JPEG picture"),
    (0, b"GIF8", "a GIF picture"),
    (8, b"WEBP", "a WebP picture"),
    (8, b"AVI ", "an AVI video"),
    (4, b"ftyp", "a HEIC or AVIF picture"),
    (0, b"PK\x03\x04", "a ZIP archive or an office document"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"\x1aE\xdf\xa3", "a Matroska or WebM file"),
    (0, b"0&\xb2u", "a WMA or WMV file"),
    (0, b"\xff\xf1", "a bare AAC stream"),
    (0, b"\xff\xf9", "a bare AAC stream"),
    (0, b"caff", "a Core Audio (CAF) file"),
    (0, b".snd", "a Sun AU file"),
    (0, b"#EXTM3U", "a playlist"),
)
# The first page of a logical stream: flag 2, position 0, a serial number, page 0, a check sum, one segment; then its codec.
_OGG_BEGINNING = re.compile(rb"OggS\x00[\x02\x06]\x00{8}.{4}\x00{4}.{4}\x01.(?:\x01vorbis|OpusHead|\x7fFLAC|Speex   )", re.DOTALL)
_LONGEST_BEGINNING = 36
_PICTURES = (b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis")
_MOST_CHUNKS = 1000


def printable(name: str, most: int = 80) -> str:
    r"""A file name as it can be shown: no control characters, no changes of direction, at most `most` characters.

    >>> printable("a\nb\u202egpj.wav")
    'a�b�gpj.wav'
    """
    shown = "".join(sign if sign.isprintable() or sign in "\u200c\u200d" else "\ufffd" for sign in name)
    return shown if len(shown) <= most else f"{shown[: most - 21]}…{shown[-20:]}"


def sniff(stream: io.BufferedIOBase) -> str | None:
    """The format of a file by its content, `None` when it is none of the accepted ones.

    >>> import io
    >>> sniff(io.BytesIO(b"fLaC and so on")), sniff(io.BytesIO(b"MThd"))
    ('FLAC', None)
    """
    stream.seek(0)
    head = stream.read(12)
    if head[:3] == b"ID3" and len(head) >= 10:
        stream.seek(10 + _tag_bytes(head[6:10]))
        return "FLAC" if stream.read(4) == b"fLaC" else "MP3"
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return "WAV"
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return "AIFF"
    if head[4:8] == b"ftyp" and head[8:12] not in _PICTURES:
        return "M4A"
    return {b"fLaC": "FLAC", b"OggS": "OGG"}.get(head[:4]) or ("MP3" if _is_mp3_frame(head) else None)


def _tag_bytes(size: bytes) -> int:
    """The length of an ID3 tag, which is written with seven bits to the byte."""
    return sum((byte & 0x7F) << shift for byte, shift in zip(size, (21, 14, 7, 0), strict=True))


def _is_mp3_frame(head: bytes) -> bool:
    """Eleven bits of synchronisation, a defined version, layer III, a defined bit rate and sample rate."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    return head[1] & 0x18 != 0x08 and head[1] & 0x06 == 0x02 and head[2] >> 4 != 15 and head[2] & 0x0C != 0x0C


def describe(head: bytes) -> str:
    """Say what a file that is no audio looks like, as the end of a sentence that begins with “it”.

    >>> describe(b"%PDF-1.7"), describe(b"Dear editor, "), describe(bytes([0, 1, 255]))
    ('looks like a PDF document', 'looks like text that begins with “Dear editor,”', 'begins with the bytes 00 01 ff')
    """
    if not head:
        return "is empty"
    for offset, mark, kind in _STRANGERS:
        if head[offset : offset + len(mark)] == mark:
            return f"looks like {kind}"
    try:
        text = head[:24].decode().strip()
    except UnicodeDecodeError:
        text = ""
    if text and text.replace("\n", " ").isprintable():
        return f"looks like text that begins with “{' '.join(text.split())}”"
    return f"begins with the bytes {head[:8].hex(' ')}"


def contradiction(name: str, kind: str) -> str:
    """The notice for a name whose suffix promises another format than the content has; empty when there is none.

    >>> contradiction("x.mp3", "FLAC")
    'x.mp3 is really a FLAC file; it was read as FLAC.'
    """
    suffix = Path(name).suffix.lower()
    if not suffix[1:2].isalpha() or not suffix[1:].isalnum() or suffix in _SUFFIXES[kind]:
        return ""
    return f"{name} is really {'an' if kind[0] in 'AOM' else 'a'} {kind} file; it was read as {kind}."


def present_fraction(stream: io.BufferedIOBase, kind: str) -> float:
    """How much of the sound that the header of a WAV or AIFF file promises is in the file, 1 for other formats.

    Decoders quietly shorten such a header to what is there, so that a truncated file would pass for a short one.
    """
    if kind not in ("WAV", "AIFF"):
        return 1.0
    order, mark = ("<", b"data") if kind == "WAV" else (">", b"SSND")
    end = stream.seek(0, io.SEEK_END)
    offset, long_size = 12, None
    for _ in range(_MOST_CHUNKS):
        stream.seek(offset)
        header = stream.read(8)
        if len(header) < 8:
            return 1.0
        size = int(struct.unpack(f"{order}I", header[4:])[0])
        if header[:4] == b"ds64":  # RF64 keeps sizes beyond 32 bits here: of the file, then of the data
            body = stream.read(16)
            long_size = int.from_bytes(body[8:16], "little") if len(body) == 16 else None
        if header[:4] == mark:
            promised = long_size if size == 0xFFFFFFFF else size
            return min(1.0, max(1, end - offset - 8) / promised) if promised else 1.0
        offset += 8 + size + size % 2
    return 1.0


def ogg_recordings(stream: io.BufferedIOBase, block_bytes: int = 2**20) -> int:
    """How many recordings an OGG file holds: internet radio is saved as one after the other."""
    found, rest = 0, b""
    stream.seek(0)
    while block := stream.read(block_bytes):
        data = rest + block
        ends = [match.end() for match in _OGG_BEGINNING.finditer(data)]
        found += len(ends)
        rest = data[max(len(data) - _LONGEST_BEGINNING + 1, *ends, 0) :]
    return found
