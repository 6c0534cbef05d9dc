"""Open a corpus by the name that a request or the command line gives it."""

from collections.abc import Callable
from pathlib import Path

from analysis.datasets.conditions import CONDITION_SETS
from analysis.datasets.corpus import load_demo_corpus
from analysis.datasets.maestro import load_maestro
from analysis.datasets.paired_folder import load_paired_folder
from analysis.datasets.piece import SPLITS, Corpus
from analysis.datasets.slakh import MIXES, load_slakh
from analysis.errors import CorpusError, shown
from analysis.files import home_expanded, is_folder, is_text

PROFILES = ("small", "full")
NAMES = (*PROFILES, *(f"{profile}-{one}" for profile in PROFILES for one in CONDITION_SETS if one != "recorded"))


def open_corpus(
    name: str,
    *,
    sample_rate: int = 24_000,
    progress: Callable[[int, int, str], None] | None = None,
    most_new: int | None = None,
) -> Corpus:
    """The demo corpus ("small", "full", or one of them with "-clean" or "-shifted"), or a folder.

    A folder with a `maestro*.csv` or `maestro*.json` is read as Maestro with its own splits, one of folders `Track*` as Slakh,
    any other as audio and MIDI files of the same stem, dealt into splits by work. Of a folder no more than `most_new` recordings
    that were not examined before are, where that is not None.

    Raises:
        UnreadError: more would have to be examined.
        CorpusError: there is neither such a name nor such a folder, or the folder cannot be used.
    """
    if name in NAMES:
        profile, _, conditions = name.partition("-")
        return load_demo_corpus(profile, conditions or "recorded", sample_rate=sample_rate, progress=progress)
    folder = home_expanded(name)
    if not is_text(name):
        raise CorpusError(f"The name {shown(name)} is not text in UTF-8. Rename the folder.")
    if not is_folder(folder):
        raise CorpusError(f"There is no corpus {shown(name)}: expected {', '.join(NAMES)} or a folder of audio and MIDI files.")
    if any(folder.glob("maestro*.csv")) or any(folder.glob("maestro*.json")):
        return load_maestro(folder, sample_rate=sample_rate, progress=progress, most_new=most_new)
    load = load_slakh if _is_slakh(folder) else load_paired_folder
    return load(folder, sample_rate=sample_rate, progress=progress, most_new=most_new)


def _is_slakh(folder: Path) -> bool:
    """Whether a folder, or one of its splits, holds a track as Slakh unpacks."""
    tracks = (track for home in (folder, *(folder / split for split in SPLITS)) for track in home.glob("Track*"))
    return any((track / "all_src.mid").is_file() or any((track / mix).is_file() for mix in MIXES) for track in tracks)
