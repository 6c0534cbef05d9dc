"""MoisesDB: songs whose stems are folders of sources. The mix is not among the files: it is their sum, made once and kept."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from analysis.datasets.audio import probe
from analysis.datasets.corpus_rendering import render_missing, write_rendering
from analysis.datasets.examined import MOST_LISTED
from analysis.datasets.piece import UNKNOWN_COMPOSER, Corpus, Piece, Split, split_by_group, summarise
from analysis.datasets.source import Source
from analysis.datasets.stem_files import examine_stems
from analysis.datasets.stems import Stem
from analysis.errors import CorpusError
from analysis.files import is_file, is_text, printable, read_file
from analysis.fingerprints import UnreadError
from analysis.paths import cache
from analysis.run import Progress

TABLE = "data.json"
STEMS, STEM_NAME, TRACKS, FILE = "stems", "stemName", "tracks", ("id", "extension")  # keys of the table
LARGEST_TABLE = 1_000_000
CEILING = 0.99
LICENCE = "MoisesDB: non-commercial research only, by its own terms"
CITATION = (
    "Pereira, I., Araújo, F., Korzeniowski, F., & Vogl, R. (2023). Moisesdb: A dataset for source separation beyond 4-stems. "
    "arXiv:2307.15913."
)


@dataclass(frozen=True)
class _Song:
    """What the table of a track says."""

    title: str
    artist: str
    stems: tuple[Stem, ...]

    @property
    def work(self) -> str:
        """Takes of it share a group."""
        return f"{self.artist}: {self.title}"

    @property
    def files(self) -> list[Path]:
        """All its sources."""
        return [path for stem in self.stems for path in stem.audio_paths]


def load_moises(
    folder: Path, *, sample_rate: int, seed: int = 0, progress: Progress | None = None, most_new: int | None = None
) -> Corpus:
    """Read `TRACK/data.json` with `TRACK/STEM/SOURCE.wav`, in `folder` or in a folder in it, such as `moisesdb_v0.1`.

    A stem is the sum of its sources, and the recording the sum of its stems, made here at `sample_rate` Hz and kept in the
    cache. Songs of one artist and title are one work; works are dealt 70/10/20 from `seed`. What cannot be used is listed in the
    notices. For `progress` and `most_new` see `examine_all`; a mix that is not made yet counts as not examined.

    Raises:
        UnreadError: more than `most_new` files or mixes would have to be examined or made.
        CorpusError: the folder has no complete track, or a mix cannot be written.
    """
    songs, broken = _songs(folder)
    listed = {track.name: song.stems for track, song in songs.items()}
    usable, without = examine_stems(listed, progress=progress, most_new=most_new)
    broken += [f"{name} (no source of it can be used)" for name, stems in usable.items() if not stems]
    notices = (*summarise("Tracks left out", broken, MOST_LISTED), *without)
    whole = {track: replace(song, stems=usable[track.name]) for track, song in songs.items() if usable[track.name]}
    if not whole:
        raise CorpusError(
            f"{folder} has no complete track; expected TRACK/{TABLE} with TRACK/STEM/SOURCE.wav, directly or in a folder such "
            f"as moisesdb_v0.1. {' '.join(notices)}".rstrip()
        )
    homes = split_by_group((song.work for song in whole.values()), seed)
    pieces = tuple(_piece(track.name, song, homes[song.work], sample_rate) for track, song in whole.items())
    if most_new is not None and sum(not piece.audio_path.is_file() for piece in pieces) > most_new:
        raise UnreadError("Mixes of recordings have not been made yet.")
    render_missing(pieces, lambda piece: [piece.audio_path], partial(render_mix, sample_rate=sample_rate), progress)
    return Corpus("MoisesDB", pieces, sample_rate, LICENCE, CITATION, notices)


def render_mix(piece: Piece, sample_rate: int) -> None:
    """Write the sum of the stems of a piece to its place, mono; it is scaled down where it would clip.

    Raises:
        AudioError: a stem cannot be read.
        CorpusError: it cannot be written.
    """
    mix = np.zeros(round(piece.duration_s * sample_rate), np.float32)
    for stem in piece.stems:
        waveform = stem.waveform(0.0, piece.duration_s, sample_rate)
        mix[: len(waveform)] += waveform[: len(mix)]
    peak = float(np.abs(mix).max(initial=0.0))
    write_rendering(piece.audio_path, mix * min(1.0, CEILING / peak) if peak else mix, sample_rate, piece.title)


def _songs(folder: Path) -> tuple[dict[Path, _Song], list[str]]:
    """Songs by the folders of their tracks, and what is wrong with the others."""
    songs, broken = dict[Path, _Song](), list[str]()
    for track in _tracks(folder):
        try:
            songs[track] = _read_song(track)
        except CorpusError as error:
            broken.append(f"{printable(track.name)} ({str(error).rstrip('.')})")
    return songs, broken


def _tracks(folder: Path) -> Iterator[Path]:
    """Folders with a table, by name, directly or one folder deeper."""
    for pattern in (f"*/{TABLE}", f"*/*/{TABLE}"):
        if tables := sorted(folder.glob(pattern)):
            return (table.parent for table in tables if is_text(table))
    return iter(())


def _read_song(track: Path) -> _Song:
    """The table of a track, checked.

    Raises:
        CorpusError: it is malformed, names a file outside the track, or none that is there.
    """
    try:
        table = json.loads(read_file(track / TABLE, LARGEST_TABLE))
        sources: dict[str, list[Path]] = {}
        for stem in table[STEMS]:
            name = _plain(stem[STEM_NAME])
            sources.setdefault(name, []).extend(track / name / _file_name(*map(source.get, FILE)) for source in stem[TRACKS])
        title, artist = (str(table.get(key) or "") for key in ("song", "artist"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CorpusError(f"{TABLE} cannot be read as the table of a track: {error}") from error
    there = {name: tuple(path for path in paths if is_file(path)) for name, paths in sources.items()}
    stems = tuple(Stem(name, name.replace("_", " "), paths) for name, paths in there.items() if paths)
    if not stems:
        raise CorpusError(f"none of the {sum(map(len, sources.values()))} sources that {TABLE} names is there")
    return _Song(printable(title) or track.name, printable(artist) or UNKNOWN_COMPOSER, stems)


def _file_name(source_id: object, extension: object) -> str:
    return f"{_plain(source_id)}.{_plain(extension)}"


def _plain(name: object) -> str:
    """A name of a folder or a file, refused where it is anything else.

    Raises:
        ValueError: it is no text, or leads elsewhere.
    """
    if not isinstance(name, str) or not name or not is_text(name) or name in (".", "..") or any(c in name for c in "/\\\0"):
        raise ValueError(f"{name!r} is not the name of a file")
    return name


def _piece(name: str, song: _Song, split: Split, sample_rate: int) -> Piece:
    """The recording as long as its longest source; other sources have another mix."""
    stamps = [(str(path.absolute()), path.stat().st_size, path.stat().st_mtime_ns) for path in song.files]
    key = hashlib.sha256(json.dumps(stamps).encode()).hexdigest()[:32]
    duration_s = max(probe(path).duration_s for path in song.files)
    mix = cache() / "corpus" / f"mixes-{sample_rate}" / f"{key}.wav"
    return Piece(name, song.artist, song.title, song.work, split, duration_s, mix, None, song.stems)


def is_moises(folder: Path) -> bool:
    """Whether a folder holds the table of a track as MoisesDB unpacks, directly or in a folder in it."""
    track = next(_tracks(folder), None)
    if track is None:
        return False
    try:
        table = json.loads(read_file(track / TABLE, LARGEST_TABLE))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(table, dict) and isinstance(table.get("stems"), list)


SUMMARY = "TRACK/data.json with TRACK/STEM/SOURCE.wav, directly or in a folder in it"
SOURCE = Source("moisesdb", SUMMARY, is_moises, load_moises, lambda _: True)
