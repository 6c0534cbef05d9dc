"""Your own recordings: one folder in which every audio file has a MIDI file of the same name, or none has one."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import cast

from analysis.datasets.containers import AUDIO_SUFFIXES
from analysis.datasets.examined import examine_all, finding_sentences, usable
from analysis.datasets.piece import SPLITS, UNKNOWN_COMPOSER, Corpus, Piece, Split, split_by_group, summarise
from analysis.datasets.piece_table import PIECE_TABLE, Described, read_piece_table
from analysis.datasets.source import Source
from analysis.errors import CorpusError
from analysis.files import is_folder, is_text, printable
from analysis.run import Progress

MIDI_SUFFIXES = (".mid", ".midi")

NO_NOTES = "There is no MIDI file in this folder: only studies that read audio alone can be made of it."
TAKE_PATTERN = r"(?i:[ _-]+take[ _-]*\d+|_(?:ENSTDk|AkPn|Sptk|Stbg)\w{2,4})$"
"""The end of a stem that only tells takes of one work apart: `_take2`, or the instrument and microphone of MAPS."""


def load_paired_folder(
    folder: Path,
    *,
    sample_rate: int,
    split: str = "by_group",
    seed: int = 0,
    group_pattern: str = TAKE_PATTERN,
    progress: Progress | None = None,
    most_new: int | None = None,
) -> Corpus:
    """Pair audio and MIDI files by stem: `X.flac` with `X.mid`, else with the only MIDI file that begins with `X.`.

    In a folder without a single MIDI file every recording is a piece without notes, which is enough for studies of audio alone.

    What `group_pattern` matches is cut from a stem to get its group, so that two takes of one work share one.
    `by_group` deals the groups 70/10/20 from `seed`; any other `split` takes all pieces. A `pieces.csv` in the folder may
    tell composers, titles, works and splits, see `read_piece_table`. Where the folder itself has not both kinds of files, those
    in its subfolders are paired, such as `audio/` and `midi/`. What does not pair, cannot be read, is silent, or is not as long
    as its MIDI is listed in the notices. For `progress` and `most_new` see `examine_all`.

    Raises:
        UnreadError: more than `most_new` recordings would have to be examined.
        CorpusError: the folder does not exist, nothing in it pairs, or `split`, `group_pattern` or `pieces.csv` is not valid.
    """
    if split != "by_group" and split not in SPLITS:
        raise CorpusError(f"There is no split {split!r}; expected by_group, {', '.join(SPLITS)}.")
    (audio, midi), unnamed = _files(folder)
    pairs: Mapping[Path, Path | None] = _pair(audio, midi) if midi else dict.fromkeys(audio)
    table = read_piece_table(folder)
    rows = {path: table.get(_stem(path), Described()) for path in pairs}
    groups = {path: rows[path].work or group for path, group in _groups(pairs, group_pattern).items()}
    findings = examine_all(pairs, progress=progress, most_new=most_new)
    names = {path: path.name for path in pairs}
    durations = {path: finding.duration_s for path, finding in findings.items() if usable(finding)}
    notices = (
        *((NO_NOTES,) if pairs and not midi else ()),
        *summarise("Audio files without one MIDI file of the same name", (p.name for p in audio if p not in pairs)),
        *summarise("MIDI files without one audio file of the same name", (p.name for p in midi if p not in pairs.values())),
        *finding_sentences(findings, names),
        *summarise("Files whose names are not text in UTF-8", unnamed),
        *summarise(f"Names in {PIECE_TABLE} without files", (name for name in table if name not in map(_stem, pairs))),
    )
    if not durations:
        problem = "pairs" if not pairs else "can be used"
        raise CorpusError(
            f"Nothing in {folder.name} {problem}: expected audio and MIDI files with the same name before the suffix; got "
            f"{len(audio)} audio and {len(midi)} MIDI files. {' '.join(notices)}".rstrip()
        )
    homes = split_by_group((groups[path] for path in durations), seed)
    pieces = tuple(
        _piece(path, pairs[path], rows[path], groups[path], homes[groups[path]] if split == "by_group" else split, duration_s)
        for path, duration_s in durations.items()
    )
    return Corpus(folder.name, pieces, sample_rate, "as stated by the owner of the folder", "", notices)


def _groups(paths: Iterable[Path], group_pattern: str) -> dict[Path, str]:
    try:
        take = re.compile(group_pattern)
    except re.error as error:
        raise CorpusError(f"group_pattern {group_pattern!r} is no regular expression ({error}). Correct it.") from error
    return {path: take.sub("", _stem(path)) or _stem(path) for path in paths}


def _piece(audio: Path, midi: Path | None, row: Described, group: str, split: str, duration_s: float) -> Piece:
    stem = _stem(audio)
    title, composer = row.title or stem.replace("_", " "), row.composer or UNKNOWN_COMPOSER
    return Piece(stem, composer, title, group, cast(Split, row.split or split), duration_s, audio, midi)


def _stem(path: Path) -> str:
    return unicodedata.normalize("NFC", path.stem)  # the same name on every file system


def _files(folder: Path) -> tuple[tuple[list[Path], list[Path]], list[str]]:
    """Audio and MIDI files of the folder itself, else of its subfolders, by name; hidden ones are ignored.

    Then names that are not text.
    """
    if not is_folder(folder):
        raise CorpusError(f"{folder} is not a folder; expected one that holds audio and MIDI files. Check the path.")
    for depth in ("*", "**/*"):
        paths = sorted(path for path in folder.glob(depth) if path.is_file() and not _hidden(path.relative_to(folder)))
        kinds = [[path for path in paths if path.suffix.lower() in suffixes] for suffixes in (AUDIO_SUFFIXES, MIDI_SUFFIXES)]
        if all(kinds):
            break
    unnamed = [printable(path.name) for kind in kinds for path in kind if not is_text(path)]
    audio, midi = ([path for path in kind if is_text(path)] for kind in kinds)
    return (audio, midi), unnamed


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _pair(audio: list[Path], midi: list[Path]) -> dict[Path, Path]:
    """The MIDI file of each audio file that has one: exact stems first, then the longest stems."""
    free, pairs = dict.fromkeys(midi), dict[Path, Path]()
    stems = Counter(map(_stem, audio))
    longest_first = sorted((path for path in audio if stems[_stem(path)] == 1), key=lambda path: -len(path.stem))
    for exact in (True, False):
        for path in longest_first:
            stem = _stem(path)
            fits = [m for m in free if _stem(m) == stem or (not exact and _stem(m).startswith(f"{stem}."))]
            if path not in pairs and len(fits) == 1:
                pairs[path] = fits[0]
                del free[fits[0]]
    return {path: pairs[path] for path in audio if path in pairs}


SOURCE = Source(
    "paired folder",
    "audio and MIDI files of the same stem, or audio alone, dealt into splits by work",
    lambda _: True,
    load_paired_folder,
)
