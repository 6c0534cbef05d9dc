"""Where the sound of a file begins and ends, and what its header should have said: looked at once, before the decoder."""

import io
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from analysis.datasets.containers import begins_like, kind_at, last_page_is_whole, ogg_recordings
from analysis.datasets.flac_frames import flac_layout, is_ogg_flac, ogg_flac_layout
from analysis.datasets.mpeg_frames import mpeg_layout, search_frames, tag_bytes
from analysis.datasets.stretches import Layout, Source, Stretched
from analysis.datasets.wave_sizes import wave_layout

_MOST_TAGS = 16
_SKIPPED_BYTES = 2**20
_HEAD_BYTES = 512


def layout_of(stream: io.BufferedIOBase) -> Layout | None:
    """How a file is to be read; None where it is none of the accepted formats. The stream is left at its beginning."""
    try:
        source = Source(stream)
        kind, start = _locate(source)
        return None if kind is None else _layout(source, kind, start)
    finally:
        stream.seek(0)


@lru_cache(maxsize=4096)
def layout_of_file(stamp: tuple[Path, int, int]) -> Layout | None:
    """`layout_of` a file, which is looked at once; the stamp is its path, its size and the time of its last change (ns).

    Raises:
        OSError: it cannot be opened.
    """
    with stamp[0].open("rb") as stream:
        return layout_of(stream)


def seen(stream: io.BufferedIOBase, layout: Layout) -> io.BufferedIOBase:
    """The stream as the decoder should see it, at its beginning."""
    stream.seek(0)
    return io.BufferedReader(Stretched(stream, layout.stretches)) if layout.stretches else stream


def _locate(source: Source) -> tuple[str | None, int]:
    """The format and where it begins: behind tags, and behind what programs leave before the first frame of an MP3 file."""
    start, tagged = 0, False
    for _ in range(_MOST_TAGS):
        if (head := source.read(start, start + 10))[:3] != b"ID3" or len(head) < 10:
            break
        start, tagged = start + tag_bytes(head), True
    head = source.read(start, start + _HEAD_BYTES)
    if kind := kind_at(head):
        return kind, start
    if begins_like(head) and not tagged:
        return None, 0
    data = source.read(start, start + 2 * _SKIPPED_BYTES)
    padding = len(data) - len(data.lstrip(b"\0"))
    if (kind := kind_at(data[padding : padding + _HEAD_BYTES])) and (padding or tagged):
        return kind, start + padding
    if (offset := search_frames(data, 0)) >= 0:
        return "MP3", start + offset
    return ("MP3", start) if tagged else (None, 0)


def _layout(source: Source, kind: str, start: int) -> Layout:
    if kind == "MP3":
        return mpeg_layout(source.read(0, source.size), start)
    if kind == "FLAC":
        return flac_layout(source, start)
    if kind == "OGG":
        return _ogg_layout(source, start)
    if kind in ("WAV", "AIFF"):
        return _moved(wave_layout(Source(seen(source.stream, Layout(kind, ((start, source.size),)))), kind), source, start)
    return _moved(Layout(kind), source, start)


def _moved(layout: Layout, source: Source, start: int) -> Layout:
    """What was found out about the file from `start` on, as stretches of the whole file."""
    if not start:
        return layout
    inner = layout.stretches or ((0, source.size - start),)
    return replace(
        layout,
        stretches=tuple(stretch if isinstance(stretch, bytes) else (stretch[0] + start, stretch[1] + start) for stretch in inner),
    )


def _ogg_layout(source: Source, start: int) -> Layout:
    source.stream.seek(start)
    if (n_recordings := ogg_recordings(source.stream)) > 1:
        problem = (
            f"holds {n_recordings} recordings in one file (a chained OGG, as radio streams are saved), of which only the first "
            "could be read; expected one. Save each one as a file of its own, or all of it as WAV or FLAC."
        )
        return Layout("OGG", problem=problem)
    if is_ogg_flac(source.read(start, start + _HEAD_BYTES)):
        return ogg_flac_layout(source, start)
    whole = last_page_is_whole(source, start)
    cut = "is cut off: it ends without its last page. What comes before was read."
    return _moved(Layout("OGG", notices=() if whole else (cut,)), source, start)
