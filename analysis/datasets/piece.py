"""Pieces, which are recordings with their notes, and corpora, which are pieces divided by work."""

import difflib
import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from analysis.datasets.annotations import Annotated
from analysis.datasets.audio import read_window
from analysis.datasets.midi import Notes, load_notes
from analysis.datasets.sidecars import Sidecars
from analysis.datasets.stems import Stem, mean_of
from analysis.errors import CorpusError
from analysis.fingerprints import file_sha256s
from analysis.seeding import derive

Split = Literal["train", "validation", "test"]
UNKNOWN_COMPOSER = "unknown"
SPLITS: tuple[Split, ...] = get_args(Split)
Listed = tuple[str, str, tuple[Path, ...]]


@dataclass(frozen=True)
class Piece:
    """One recording and its MIDI file; `midi_path` is None where it has none.

    Takes of one work share a `group`, and no group has pieces in two splits. `duration_s` is that of the audio. `stems` are its
    parts, where they are there by themselves. `annotated` is where annotations lie; None for beside the recording.
    """

    piece_id: str
    composer: str
    title: str
    group: str
    split: Split
    duration_s: float
    audio_path: Path
    midi_path: Path | None
    stems: tuple[Stem, ...] = ()
    annotated: Annotated | None = None

    @property
    def annotations(self) -> Annotated:
        """What people have annotated of it."""
        return Sidecars(self.audio_path) if self.annotated is None else self.annotated

    @property
    def midi_file(self) -> Path:
        """Its MIDI file.

        Raises:
            CorpusError: it has none.
        """
        if self.midi_path is None:
            raise CorpusError(f"{self.piece_id} has no MIDI file; expected one to read notes from. Put one beside the recording.")
        return self.midi_path

    @property
    def files(self) -> list[Path]:
        """The recording, then its MIDI file if it has one, then the files of its stems."""
        own = [self.audio_path] if self.midi_path is None else [self.audio_path, self.midi_path]
        return own + [path for stem in self.stems for path in stem.audio_paths]

    def notes(self) -> Notes:
        """All its notes; times in seconds from the start of the recording.

        Raises:
            CorpusError: it has no MIDI file.
            MidiError: the MIDI file cannot be read.
        """
        return _notes(self.midi_file)

    def onsets_s(self) -> NDArray[np.float64] | None:
        """When its notes begin, as annotated, else as its MIDI file has it, in order; None where neither is there.

        Raises:
            CorpusError: an annotation cannot be read.
            MidiError: the MIDI file cannot be read.
        """
        if (annotated := self.annotations.onsets_s()) is not None:
            return annotated
        return None if self.midi_path is None else self.notes().onset_s

    def waveform(self, start_s: float, stop_s: float, sample_rate: int) -> NDArray[np.float32]:
        """Samples of `[start_s, stop_s)`, mono at `sample_rate` Hz, shape `(samples,)`.

        Raises:
            AudioError: the audio cannot be read there.
        """
        return read_window(self.audio_path, start_s, stop_s, sample_rate)

    def mix(self, names: Sequence[str], start_s: float, stop_s: float, sample_rate: int) -> NDArray[np.float32]:
        """The mean of some of its stems in `[start_s, stop_s)`, mono at `sample_rate` Hz, shape `(samples,)`.

        Raises:
            CorpusError: it has no stem of a name, or none is named.
            AudioError: a stem cannot be read there.
        """
        stems = {stem.name: stem for stem in self.stems}
        unknown = [name for name in names if name not in stems]
        if unknown or not names:
            got = ", ".join(map(repr, unknown)) or "none"
            has = ", ".join(stems) if stems else "none"
            raise CorpusError(f"A mix of stems of {self.piece_id} needs some of its stems, which are: {has}; got {got}.")
        return mean_of([stems[name] for name in names], start_s, stop_s, sample_rate)


@lru_cache(maxsize=256)
def _notes(path: Path) -> Notes:
    return load_notes(path)


@dataclass(frozen=True)
class Corpus:
    """Pieces that are used together, at `sample_rate` Hz; `notices` say what of the folder was left out and why.

    Raises:
        CorpusError: there is no piece, two share an id, or a group straddles two splits.
    """

    name: str
    pieces: tuple[Piece, ...]
    sample_rate: int
    licence: str
    citation: str
    notices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.pieces:
            raise CorpusError(f"{self.name} has no pieces; expected at least one. Check the folder.")
        ids = [piece.piece_id for piece in self.pieces]
        if len(set(ids)) < len(ids):
            twice = next(piece_id for piece_id in ids if ids.count(piece_id) > 1)
            raise CorpusError(f"{self.name} has two pieces called {twice!r}; expected different names. Rename one.")
        homes: dict[str, Split] = {}
        for piece in self.pieces:
            if homes.setdefault(piece.group, piece.split) != piece.split:
                raise CorpusError(
                    f"{self.name}: {piece.group!r} is in {homes[piece.group]} and in {piece.split}; expected all takes "
                    "of a work in one split. Move or leave out one of them."
                )

    @property
    def has_notes(self) -> bool:
        """Whether every piece has a MIDI file."""
        return all(piece.midi_path is not None for piece in self.pieces)

    def split(self, name: str) -> tuple[Piece, ...]:
        """The pieces of one split, in order; it may be empty.

        Raises:
            CorpusError: there is no split of that name.
        """
        if name not in SPLITS:
            raise CorpusError(f"There is no split {name!r}; expected one of {', '.join(SPLITS)}.")
        return tuple(piece for piece in self.pieces if piece.split == name)

    def find(self, piece_id: str) -> Piece:
        """The piece of that id.

        Raises:
            CorpusError: there is none; the nearest ids are named.
        """
        pieces = {piece.piece_id: piece for piece in self.pieces}
        if piece_id in pieces:
            return pieces[piece_id]
        near = difflib.get_close_matches(piece_id, pieces, n=3) or list(pieces)[:3]
        raise CorpusError(f"{self.name} has no piece {piece_id!r}. Did you mean {' or '.join(map(repr, near))}?")

    @property
    def sha256(self) -> str:
        """Identity of the contents: ids, splits and the bytes of every file; neither the machine nor the order matters.

        Raises:
            CorpusError: a file has gone since the corpus was loaded.
        """
        return self.read()

    def read(self, step: Callable[[int, int, str], None] | None = None) -> str:
        """`sha256`; `step` is told (files read, files to read, name) before every file that is read, and may raise to stop.

        Raises:
            CorpusError: a file has gone since the corpus was loaded.
        """
        try:
            return contents_sha256(self.listing(), step=step)
        except OSError as error:
            raise CorpusError(f"{self.name} has changed on disk: {error.filename} is gone. Load it again.") from error

    def listing(self) -> list[Listed]:
        """Of every piece what decides the identity of the corpus: id, split and files, annotations too."""
        return [(piece.piece_id, piece.split, (*piece.files, *piece.annotations.files)) for piece in self.pieces]


def contents_sha256(
    listing: Sequence[Listed],
    *,
    most_unread_bytes: int | None = None,
    step: Callable[[int, int, str], None] | None = None,
) -> str:
    """Identity of the contents of pieces, as `Corpus.sha256`.

    Args:
        listing: see `Corpus.listing`.
        most_unread_bytes: where more than so many bytes would have to be read, nothing is; None for no limit.
        step: told (files read, files to read, name) before every file that is read; it may raise to stop.

    Raises:
        OSError: a file is gone or cannot be read.
        UnreadError: more than `most_unread_bytes` would have to be read.
    """
    files = [path for _, _, of_piece in listing for path in of_piece]
    hashes = iter(file_sha256s(files, most_unread_bytes=most_unread_bytes, step=step))
    rows = [[piece_id, split, *islice(hashes, len(of_piece))] for piece_id, split, of_piece in listing]
    return hashlib.sha256(json.dumps(sorted(rows)).encode()).hexdigest()


def split_by_group(groups: Iterable[str], seed: int) -> dict[str, Split]:
    """Deal groups into 70 % train, 10 % validation and 20 % test; the same groups and seed give the same splits.

    Test and validation get at least two groups each where there are six, since retrieval needs wrong answers of another work;
    else test gets one where there are two, and validation one where there are three.

    >>> list(split_by_group("abcdefghij", seed=0).values()).count("train")
    6
    """
    order = sorted(set(groups), key=lambda group: derive(seed, "split by group", group))
    enough = len(order) >= 6
    n_test = max(round(0.2 * len(order)), 2 if enough else int(len(order) >= 2))
    n_validation = max(round(0.1 * len(order)), 2 if enough else int(len(order) >= 3))
    cut = n_test + n_validation
    homes: dict[str, Split] = {}
    for index, group in enumerate(order):
        homes[group] = "test" if index < n_test else "validation" if index < cut else "train"
    return homes


def drop_straddlers(pieces: Iterable[Piece]) -> tuple[tuple[Piece, ...], tuple[str, ...]]:
    """Leave out what would leak between published splits: a group stays where it is held out most strictly.

    Returns the pieces kept and a notice that names the others, none if there are none.
    """
    pieces = tuple(pieces)
    homes: dict[str, Split] = {}
    for piece in sorted(pieces, key=lambda piece: SPLITS.index(piece.split)):
        homes[piece.group] = piece.split
    kept = tuple(piece for piece in pieces if piece.split == homes[piece.group])
    dropped = [piece.piece_id for piece in pieces if piece.split != homes[piece.group]]
    return kept, summarise("Left out because another take of the same work is in a stricter split", dropped)


def summarise(what: str, names: Iterable[str], shown: int = 5) -> tuple[str, ...]:
    """One notice about any number of names, none if there are no names.

    >>> summarise("Files left out", ["a.wav", "b.wav", "c.wav"], shown=2)
    ('Files left out (3): a.wav, b.wav and 1 more.',)
    """
    names = list(names)
    if not names:
        return ()
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return (f"{what} ({len(names)}): {', '.join(names[:shown])}{more}.",)
