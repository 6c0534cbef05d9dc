"""Rows of windows in the store, piece by piece, so that what one study read of a piece serves another with other windows.

A piece is known by the bytes of its files, wherever they lie. Its rows are in parts that are only ever added: part 0 holds what
was read first, the next what was missing then. Windows are found in any of them by start and length.
"""

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

import numpy as np
from numpy import ndarray

from analysis.datasets.piece import Piece
from analysis.datasets.segments import Segment
from analysis.errors import CorpusError
from analysis.fingerprints import file_sha256s
from analysis.store import Store, StoreError

WINDOWS, STEMS, ROWS, NAMES = "windows", "stems", "rows", "names"
Window = tuple[str, float, float, tuple[str, ...]]


class KeptRows:
    """Rows of windows by name, each from a part in the store or from `add`.

    Args:
        store: None where nothing is kept.
        identity: all that decides the rows but the piece and the window; of one identity all rows are computed alike.
        segments: the windows that are asked for.
        named: whether the name of a piece decides its rows too, as that of seeds.

    Raises:
        CorpusError: a file of a piece is gone.
    """

    def __init__(self, store: Store | None, identity: Mapping[str, object], segments: Sequence[Segment], *, named: bool) -> None:
        self.store, self.base, self.segments = store, Store.key(**identity), segments
        self.blocks: dict[str, list[ndarray]] = {}
        self.rows: dict[str, dict[Window, int]] = {}
        pieces = {segment.piece.piece_id: segment.piece for segment in segments}
        contents = _contents(pieces.values()) if store is not None else {}
        self.contents = {name: [*hashes, name] if named else hashes for name, hashes in contents.items()}
        self.n_parts = {piece_id: self._read(piece_id) for piece_id in self.contents}

    def missing(self, names: Sequence[str]) -> list[int]:
        """Which windows lack a row of a name, in their order; of no name, those that lack one of any that others have."""
        known = [self.rows.get(name, {}) for name in names or self.rows]
        return [
            number
            for number, segment in enumerate(self.segments)
            if not known or any(_window(segment) not in rows for rows in known)
        ]

    def add(self, segments: Sequence[Segment], arrays: Mapping[str, ndarray]) -> None:
        """Take rows in, and put them into the store; what is there already stays as it is."""
        numbers: dict[str, list[int]] = {}
        for number, segment in enumerate(segments):
            numbers.setdefault(segment.piece.piece_id, []).append(number)
        self._take([_window(segment) for segment in segments], arrays)
        if self.store is None:
            return
        entries = {}
        for piece_id, chosen in numbers.items():
            windows = np.array([[segments[number].start_s, segments[number].duration_s] for number in chosen], np.float64)
            parts = {f"{ROWS}.{i}": array[chosen] for i, array in enumerate(arrays.values())}
            document = {NAMES: list(arrays), STEMS: [list(segments[number].stems) for number in chosen]}
            entries[self._key(piece_id, self.n_parts[piece_id])] = document, {WINDOWS: windows, **parts}
            self.n_parts[piece_id] += 1
        with contextlib.suppress(StoreError):
            self.store.put_all(entries)

    def arrays(self, names: Sequence[str]) -> dict[str, ndarray]:
        """Rows of all windows by name, in the order of the windows; of no name, those of all names."""
        windows = [_window(segment) for segment in self.segments]
        return {
            name: np.concatenate(self.blocks[name])[[self.rows[name][window] for window in windows]]
            for name in names or self.rows
        }

    def _read(self, piece_id: str) -> int:
        """Take in every part of a piece; how many there are."""
        number = 0
        while self.store is not None and (entry := self.store.get(self._key(piece_id, number))) is not None:
            pairs = zip(entry.arrays[WINDOWS], entry.document[STEMS], strict=True)
            windows = [(piece_id, float(start), float(length), tuple(stems)) for (start, length), stems in pairs]
            self._take(windows, {name: entry.arrays[f"{ROWS}.{i}"] for i, name in enumerate(entry.document[NAMES])})
            number += 1
        return number

    def _take(self, windows: Sequence[Window], arrays: Mapping[str, ndarray]) -> None:
        for name, array in arrays.items():
            blocks, rows = self.blocks.setdefault(name, []), self.rows.setdefault(name, {})
            before = sum(map(len, blocks))
            blocks.append(array)
            for number, window in enumerate(windows):
                rows.setdefault(window, before + number)

    def _key(self, piece_id: str, part: int) -> str:
        return Store.key(base=self.base, piece=self.contents[piece_id], part=part)


def _contents(pieces: Iterable[Piece]) -> dict[str, list[str]]:
    """SHA-256 of the files of every piece."""
    pieces = list(pieces)
    try:
        hashes = iter(file_sha256s([path for piece in pieces for path in piece.files]))
    except OSError as error:
        raise CorpusError(f"The corpus has changed on disk: {error.filename} is gone. Load it again.") from error
    return {piece.piece_id: list(islice(hashes, len(piece.files))) for piece in pieces}


def _window(segment: Segment) -> Window:
    return segment.piece.piece_id, segment.start_s, segment.duration_s, segment.stems
