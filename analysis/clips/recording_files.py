"""Recordings of a folder, each with the notes and annotations of its stem, and a name for what is made of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.datasets.containers import AUDIO_SUFFIXES
from analysis.datasets.paired_folder import MIDI_SUFFIXES
from analysis.errors import AudioError
from analysis.files import is_folder, printable, safe_name

SUMMARY = "summary.csv"  # stands beside what is made of recordings
ANNOTATION_SUFFIXES = (".csv", ".tsv", ".txt", ".lab", ".jams", ".json")


@dataclass(frozen=True)
class RecordingFiles:
    """A recording.

    Attributes:
        audio: its file.
        name: different from that of every other, safe for a folder.
        midi: notes of the same stem; None for none.
        annotations: files of the same stem that may hold some.
    """

    audio: Path
    name: str
    midi: Path | None = None
    annotations: tuple[Path, ...] = ()


def recordings_in(paths: Sequence[Path]) -> list[RecordingFiles]:
    """Recordings among paths, in their order: files as they are, and of every folder the audio files right in it, by name.

    Raises:
        AudioError: a folder holds none, or cannot be listed.
    """
    files = [file for path in paths for file in (_audio_in(path) if is_folder(path) else [path])]
    names = {SUMMARY}
    return [_with_companions(file, names) for file in dict.fromkeys(files)]


def _audio_in(folder: Path) -> list[Path]:
    files = [path for path in _listed(folder) if path.suffix.lower() in AUDIO_SUFFIXES and not path.name.startswith(".")]
    if not files:
        raise AudioError(f"{printable(folder)} holds no recording; expected files such as .wav, .flac or .mp3 right in it.")
    return files


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise AudioError(f"{printable(folder)} cannot be listed ({error.strerror}). Give a folder that can be read.") from error


def _with_companions(audio: Path, names: set[str]) -> RecordingFiles:
    first = name = safe_name(audio.stem, "recording")
    number = 1
    while name.casefold() in names:  # some file systems do not tell A from a
        number += 1
        name = f"{first}-{number}"
    names.add(name.casefold())
    beside = [path for path in _listed(audio.parent) if path.stem == audio.stem] if is_folder(audio.parent) else []
    midi = next((path for path in beside if path.suffix.lower() in MIDI_SUFFIXES), None)
    return RecordingFiles(audio, name, midi, tuple(path for path in beside if path.suffix.lower() in ANNOTATION_SUFFIXES))
