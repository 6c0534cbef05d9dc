"""Open a corpus by the name that a request or the command line gives it."""

from collections.abc import Callable

from analysis.datasets.conditions import CONDITION_SETS
from analysis.datasets.corpus import list_demo_pieces, load_demo_corpus
from analysis.datasets.corpus_rendering import render_pieces
from analysis.datasets.hands import HANDS, load_hands, render_hands, with_hands
from analysis.datasets.maestro import SOURCE as MAESTRO
from analysis.datasets.maps import SOURCE as MAPS
from analysis.datasets.moises import SOURCE as MOISES
from analysis.datasets.paired_folder import MIDI_SUFFIXES
from analysis.datasets.paired_folder import SOURCE as PAIRED_FOLDER
from analysis.datasets.piece import Corpus, Piece
from analysis.datasets.pop909 import SOURCE as POP909
from analysis.datasets.slakh import SOURCE as SLAKH
from analysis.datasets.source import Source
from analysis.errors import CorpusError, shown
from analysis.files import home_expanded, is_folder, is_text

PROFILES = ("small", "full")
REGISTERED: list[Source] = []  # layouts that are not part of the library; they are asked first
NAMES = (
    *PROFILES,
    *(f"{profile}-{kind}" for profile in PROFILES for kind in (*CONDITION_SETS, HANDS) if kind != "recorded"),
)


def open_corpus(
    name: str,
    *,
    sample_rate: int = 24_000,
    progress: Callable[[int, int, str], None] | None = None,
    most_new: int | None = None,
) -> Corpus:
    """The demo corpus ("small", "full", or one of them with "-clean", "-shifted" or "-hands"), or a folder.

    A folder is read in the first of the layouts of `sources` that it has. Of a folder no more than `most_new` recordings that
    were not examined before are, where that is not None.

    Raises:
        UnreadError: more would have to be examined.
        CorpusError: there is neither such a name nor such a folder, or the folder cannot be used.
    """
    if name in NAMES:
        profile, _, conditions = name.partition("-")
        if conditions == HANDS:
            return load_hands(profile, sample_rate=sample_rate, progress=progress)
        return load_demo_corpus(profile, conditions or "recorded", sample_rate=sample_rate, progress=progress)
    folder = home_expanded(name)
    if not is_text(name):
        raise CorpusError(f"The name {shown(name)} is not text in UTF-8. Rename the folder.")
    if not is_folder(folder):
        raise CorpusError(f"There is no corpus {shown(name)}: expected {', '.join(NAMES)} or a folder of audio and MIDI files.")
    source = next(source for source in sources() if source.recognises(folder))
    return source.load(folder, sample_rate=sample_rate, progress=progress, most_new=most_new)


def list_pieces(name: str) -> tuple[Piece, ...]:
    """The pieces of a corpus; of a demo corpus nothing is rendered.

    Raises:
        CorpusError: there is no such corpus, or it cannot be used.
    """
    if name not in NAMES:
        return open_corpus(name).pieces
    profile, _, conditions = name.partition("-")
    listed = list_demo_pieces(profile, "clean" if conditions == HANDS else conditions or "recorded")
    return tuple(map(with_hands, listed)) if conditions == HANDS else listed


def render_listed(name: str, piece: Piece) -> None:
    """Render what is missing of a piece of `list_pieces` of a demo corpus.

    Raises:
        CorpusError: it cannot be rendered.
    """
    _, _, conditions = name.partition("-")
    render_pieces([piece], "clean" if conditions == HANDS else conditions or "recorded")
    if conditions == HANDS and not is_rendered(piece):
        render_hands(piece)


def is_rendered(piece: Piece) -> bool:
    """Whether the recording and all its stems are there."""
    return piece.audio_path.is_file() and all(path.is_file() for stem in piece.stems for path in stem.audio_paths)


def has_notes(name: str) -> bool:
    """Whether recordings of a corpus of that name have MIDI files, told without reading one; True where nothing is there to ask.

    >>> has_notes("small")
    True
    """
    if name in NAMES or not is_text(name) or not is_folder(folder := home_expanded(name)):
        return True
    return any(path.suffix.lower() in MIDI_SUFFIXES for path in folder.rglob("*"))


def has_stems(name: str) -> bool:
    """Whether recordings of a corpus of that name have stems, told without reading one; True where nothing is there to ask.

    >>> has_stems("small"), has_stems("small-hands")
    (False, True)
    """
    if name in NAMES:
        return name.endswith(f"-{HANDS}")
    if not is_text(name) or not is_folder(folder := home_expanded(name)):
        return True
    return next(source for source in sources() if source.recognises(folder)).has_stems(folder)


def has_beats(name: str) -> bool:
    """Whether beats of recordings of a corpus of that name are annotated, told without reading one; True where nothing is there.

    >>> has_beats("small")
    False
    """
    if name in NAMES:
        return False
    if not is_text(name) or not is_folder(folder := home_expanded(name)):
        return True
    return next(source for source in sources() if source.recognises(folder)).has_beats(folder)


def sources() -> tuple[Source, ...]:
    """Layouts of folders; the first that recognises a folder reads it, and the last takes every folder."""
    return *REGISTERED, MAESTRO, SLAKH, MOISES, MAPS, POP909, PAIRED_FOLDER
