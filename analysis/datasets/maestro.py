"""MAESTRO: about 200 hours of competition piano, recorded with its key presses."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from analysis.datasets.examined import Finding, examine_all, finding_sentences
from analysis.datasets.piece import SPLITS, Corpus, Piece, Split, drop_straddlers, summarise
from analysis.datasets.source import Source
from analysis.errors import CorpusError
from analysis.files import is_file, is_text, read_file
from analysis.run import Progress

COLUMNS = ("canonical_composer", "canonical_title", "split", "midi_filename", "audio_filename")
LARGEST_TABLE = 64 * 2**20  # bytes
LICENCE = "CC BY-NC-SA 4.0"
CITATION = "Hawthorne, C. et al. (2019). Enabling factorized piano music modeling and generation with the MAESTRO dataset. ICLR."


def load_maestro(folder: Path, *, sample_rate: int, progress: Progress | None = None, most_new: int | None = None) -> Corpus:
    """Read MAESTRO as it unpacks: `maestro-v3.0.0.csv` beside one folder per year, with the published splits.

    A group is a composer and title. The JSON tables of this and earlier versions are read where there is no CSV.
    Recordings that are missing, unreadable or not as long as the table says are listed in the notices; a piece lasts as
    long as its audio file. For `progress` and `most_new` see `examine_all`.

    Raises:
        UnreadError: more than `most_new` recordings would have to be examined.
        CorpusError: there is no table, it is malformed or points outside the folder, or none of its files is there.
    """
    table = _table(folder)
    entries, missing, unreadable, differing = dict[Path, _Entry](), [], [], []
    for number, row in enumerate(_rows(table), start=1):
        entry = _entry(row, f"{table.name}, entry {number}")
        audio, midi = folder / entry.audio, folder / entry.midi
        if not (is_file(audio) and is_file(midi)):
            missing.append(entry.audio if not is_file(audio) else entry.midi)
            continue
        entries[audio] = entry
    pieces, used = [], dict[Path, Finding]()
    pairs = {audio: folder / entry.midi for audio, entry in entries.items()}
    for audio, finding in examine_all(pairs, progress=progress, most_new=most_new).items():
        entry = entries[audio]
        if why := finding.problem:
            unreadable.append(f"{entry.audio} ({why})")
            continue
        if entry.duration_s is not None and abs(finding.duration_s - entry.duration_s) > 1.0:
            differing.append(f"{entry.audio} ({finding.duration_s:.1f} s, not {entry.duration_s:.1f} s)")
        pieces.append(entry.piece(audio, pairs[audio], finding.duration_s))
        used[audio] = finding
    if not pieces:
        raise CorpusError(
            f"None of the {len(missing) + len(unreadable)} recordings in {table.name} can be read. Unpack the audio "
            f"and MIDI files beside the table. {' '.join(summarise('Missing', missing, shown=2))}".rstrip()
        )
    kept, straddling = drop_straddlers(pieces)
    notices = (
        *summarise("Recordings left out because a file is missing", missing),
        *summarise("Recordings left out because they cannot be read", unreadable),
        *summarise("Recordings that are not as long as the table says", differing),
        *finding_sentences(used, {audio: entries[audio].audio for audio in used}),
        *straddling,
    )
    return Corpus("MAESTRO", kept, sample_rate, LICENCE, CITATION, notices)


@dataclass(frozen=True)
class _Entry:
    """One row of the table, checked; paths are relative to its folder."""

    composer: str
    title: str
    split: Split
    midi: str
    audio: str
    duration_s: float | None

    def piece(self, audio: Path, midi: Path, duration_s: float) -> Piece:
        group = f"{self.composer}: {self.title}"
        piece_id = str(PurePosixPath(self.audio).with_suffix(""))
        return Piece(piece_id, self.composer, self.title, group, self.split, duration_s, audio, midi)


def _table(folder: Path) -> Path:
    for suffix in ("csv", "json"):
        if tables := sorted(folder.glob(f"maestro-v*.{suffix}")):
            return tables[-1]
    raise CorpusError(f"{folder} has no maestro-v3.0.0.csv; expected the folder where MAESTRO was unpacked. Pick that one.")


def _rows(table: Path) -> list[dict[str, object]]:
    """The rows of a CSV table, of a JSON list of rows, or of a JSON object of columns."""
    try:
        text = read_file(table, LARGEST_TABLE).decode("utf-8-sig")
        if table.suffix == ".csv":
            return [dict(row) for row in csv.DictReader(text.splitlines(keepends=True))]
        content = json.loads(text)
        if isinstance(content, dict):
            keys = list(content[COLUMNS[0]])
            return [{column: values[key] for column, values in content.items()} for key in keys]
        return [dict(row) for row in content]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, csv.Error) as error:
        raise CorpusError(f"{table.name} cannot be read as a table ({error}). Download it again.") from error


def _entry(row: dict[str, object], where: str) -> _Entry:
    absent = [column for column in COLUMNS if not isinstance(row.get(column), str) or not row[column] or not is_text(row[column])]
    if absent:
        raise CorpusError(f"{where}: expected text under {', '.join(absent)}; got none. Download the table again.")
    composer, title, split, midi, audio = (str(row[column]) for column in COLUMNS)
    if split not in SPLITS:
        raise CorpusError(f"{where}: the split is {split!r}; expected one of {', '.join(SPLITS)}. Correct it.")
    for name in (midi, audio):
        if PureWindowsPath(name).anchor or PurePosixPath(name).is_absolute() or ".." in PureWindowsPath(name).parts:
            raise CorpusError(f"{where}: {name!r} leaves the folder; expected a relative path without “..”. Correct it.")
    duration = row.get("duration")
    try:
        duration_s = float(str(duration)) if duration else None
    except (ValueError, OverflowError) as error:
        raise CorpusError(f"{where}: the duration is {duration!r}; expected seconds. Correct it.") from error
    return _Entry(composer, title, split, midi, audio, duration_s)


def is_maestro(folder: Path) -> bool:
    """Whether a folder holds one of Maestro's tables."""
    return any(folder.glob("maestro*.csv")) or any(folder.glob("maestro*.json"))


SOURCE = Source("maestro", "maestro*.csv or .json with the recordings it names; its own splits", is_maestro, load_maestro)
