"""Which audio format a file is in, by its first bytes; what a file that is no audio looks like instead."""

import io
import re
from pathlib import Path

from analysis.datasets.stretches import Source

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
    (257, b"ustar", "a tar archive"),
)
# The first page of a logical stream: flag 2, position 0, a serial number, page 0, a check sum, one segment; then its codec.
_OGG_BEGINNING = re.compile(rb"OggS\x00[\x02\x06]\x00{8}.{4}\x00{4}.{4}\x01.(?:\x01vorbis|OpusHead|\x7fFLAC|Speex   )", re.DOTALL)
_LONGEST_BEGINNING = 36
_LONGEST_PAGE = 27 + 255 + 255 * 255
_OGG_CODECS = {b"Speex   ": "Speex", b"\x80theora": "Theora video", b"CELT    ": "CELT", b"fishead": "several streams"}
_WAVE_TAGS = (1, 2, 3, 6, 7, 0x11, 0x31, 0x45, 0xFFFE)
_WAVE_CODECS = {
    0x50: "MPEG layer I or II",
    0x55: "MP3",
    0x92: "AC-3",
    0xFF: "AAC",
    0x161: "WMA",
    0x674F: "Vorbis",
    0xF1AC: "FLAC",
}
_PICTURES = (b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis")


def printable(name: str, most: int = 80) -> str:
    r"""A file name as it can be shown: no control characters, no changes of direction, at most `most` characters.

    >>> printable("a\nb\u202egpj.wav")
    'a�b�gpj.wav'
    """
    shown = "".join(sign if sign.isprintable() or sign in "\u200c\u200d" else "\ufffd" for sign in name)
    return shown if len(shown) <= most else f"{shown[: most - 21]}…{shown[-20:]}"


def kind_at(head: bytes) -> str | None:
    """The format that the first bytes of a file announce, `None` when it is none of the accepted ones.

    >>> kind_at(b"fLaC and so on"), kind_at(b"MThd")
    ('FLAC', None)
    """
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return "WAV"
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return "AIFF"
    if head[4:8] == b"ftyp" and head[8:12] not in _PICTURES:
        return "M4A"
    return {b"fLaC": "FLAC", b"OggS": "OGG"}.get(head[:4]) or ("MP3" if _is_mp3_frame(head) else None)


def _is_mp3_frame(head: bytes) -> bool:
    """Eleven bits of synchronisation, a defined version, layer III, a defined bit rate and sample rate."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    return head[1] & 0x18 != 0x08 and head[1] & 0x06 == 0x02 and head[2] >> 4 != 15 and head[2] & 0x0C != 0x0C


def begins_like(head: bytes) -> str:
    """What a file is that is no audio and begins so; empty where that is not known."""
    return next((kind for offset, mark, kind in _STRANGERS if head[offset : offset + len(mark)] == mark), "")


def describe(head: bytes) -> str:
    """Say what a file that is no audio looks like, as the end of a sentence that begins with “it”.

    >>> describe(b"%PDF-1.7"), describe(b"Dear editor, "), describe(bytes([0, 1, 255]))
    ('looks like a PDF document', 'looks like text that begins with “Dear editor,”', 'begins with the bytes 00 01 ff')
    """
    if not head:
        return "is empty"
    if kind := begins_like(head):
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


def unread_codec(head: bytes) -> str:
    """What a WAV or OGG file holds that the decoder does not know, by its first bytes; empty where it should know it."""
    if head[:4] == b"OggS":
        return next((name for mark, name in _OGG_CODECS.items() if mark in head[28:64]), "")
    if head[8:12] == b"WAVE" and (offset := head.find(b"fmt ", 12)) >= 0:
        tag = int.from_bytes(head[offset + 8 : offset + 10], "little")
        return "" if tag in _WAVE_TAGS else _WAVE_CODECS.get(tag, f"samples of the unknown kind 0x{tag:04x}")
    return ""


def last_page_is_whole(source: Source, start: int) -> bool:
    """Whether an OGG file ends with the last page of its first stream, and all of that page is there."""
    serial, low = source.read(start + 14, start + 18), max(start, source.size - 3 * _LONGEST_PAGE)
    data = source.read(low, source.size)
    offset = data.rfind(b"OggS")
    while offset >= 0 and data[offset + 14 : offset + 18] != serial:
        offset = data.rfind(b"OggS", 0, offset)
    if offset < 0 or len(data) < offset + 27:
        return False
    table = data[offset + 27 : offset + 27 + data[offset + 26]]
    return bool(data[offset + 5] & 4) and offset + 27 + len(table) + sum(table) <= len(data)


def ogg_recordings(stream: io.BufferedIOBase, block_bytes: int = 2**20) -> int:
    """How many recordings an OGG file holds from where the stream is: internet radio is saved as one after the other."""
    n_recordings, rest = 0, b""
    while block := stream.read(block_bytes):
        data = rest + block
        ends = [match.end() for match in _OGG_BEGINNING.finditer(data)]
        n_recordings += len(ends)
        rest = data[max(len(data) - _LONGEST_BEGINNING + 1, *ends, 0) :]
    return n_recordings
