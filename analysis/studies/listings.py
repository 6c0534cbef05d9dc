"""The identity of a corpus, told quickly: its files are listed from memory, and known by their fingerprints."""

import importlib.metadata
from contextlib import suppress
from pathlib import Path

from analysis import paths
from analysis.datasets.corpora import NAMES, open_corpus
from analysis.datasets.corpus import PACKAGE
from analysis.datasets.piece import Corpus, Listed, contents_sha256
from analysis.fingerprints import UnreadError
from analysis.sources import code_of
from analysis.store import Store, StoreError

MOST_UNEXAMINED = 8  # recordings, which takes a few tenths of a second
MOST_UNREAD_BYTES = 64 * 2**20  # about a tenth of a second


def known_corpus_sha256(name: str, store: Store) -> str | None:
    """What `open_corpus(name).sha256` would be, told without rendering and in a fraction of a second; None if it cannot be.

    Raises:
        CorpusError: there is neither such a name nor such a folder, or the folder cannot be used.
    """
    try:
        listing = _known_listing(store, name) if name in NAMES else open_corpus(name, most_new=MOST_UNEXAMINED).listing()
        return None if listing is None else contents_sha256(listing, most_unread_bytes=MOST_UNREAD_BYTES)
    except (OSError, UnreadError):
        return None


def remember_listing(name: str, corpus: Corpus, store: Store) -> None:
    """Keep the list of files of a demo corpus, whose pieces it takes seconds to list. Folders are listed anew every time."""
    if name in NAMES:
        rows = [[piece_id, split, str(audio), str(midi or "")] for piece_id, split, audio, midi, _ in corpus.listing()]
        with suppress(StoreError):  # then it takes seconds the next time too
            store.put(_key(name), {"kind": "corpus listing", "pieces": rows}, {})


def _known_listing(store: Store, name: str) -> list[Listed] | None:
    if (entry := store.get(_key(name))) is None:
        return None
    try:
        rows = entry.document["pieces"]
        return [(str(piece_id), split, Path(audio), Path(midi) if midi else None, ()) for piece_id, split, audio, midi in rows]
    except (KeyError, TypeError, ValueError):  # of another version, or written by somebody else
        return None


def _key(name: str) -> str:
    """A listing follows from the code, the package of MIDI files and the place of the rendered audio."""
    try:
        package = importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        package = ""
    where = str(paths.cache())
    return Store.key(
        kind="corpus listing", corpus=name, package=f"{PACKAGE} {package}", cache=where, code=code_of("analysis.datasets.corpora")
    )
