"""Slakh2100: multitrack MIDI rendered with sampled instruments; the mix with all its notes, and its stems."""

import re
from dataclasses import replace
from pathlib import Path

from analysis.datasets.examined import MOST_LISTED, examine_all, finding_sentences, usable
from analysis.datasets.piece import SPLITS, Corpus, Piece, Split, drop_straddlers, split_by_group, summarise
from analysis.datasets.source import Source
from analysis.datasets.stem_files import examine_stems
from analysis.datasets.stems import Stem
from analysis.errors import CorpusError
from analysis.files import is_file, is_text, printable
from analysis.run import Progress

LICENCE = "CC BY 4.0"
CITATION = (
    "Manilow, E., Wichern, G., Seetharaman, P., & Le Roux, J. (2019). Cutting music source separation some Slakh: "
    "A dataset to study the impact of training data quality and quantity. WASPAA."
)
MIXES = ("mix.flac", "mix.wav")
STEMS = re.compile(r"(S\d+)\.(?:flac|wav)")
_MOST_METADATA_BYTES = 1_000_000


def load_slakh(
    folder: Path, *, sample_rate: int, seed: int = 0, progress: Progress | None = None, most_new: int | None = None
) -> Corpus:
    """Read `Track*/{mix.flac, all_src.mid, metadata.yaml, stems/}` of `folder`, or of its `train/`, `validation/` and `test/`.

    Without those subfolders the tracks are dealt 70/10/20 by group from `seed`. A group is the song of the Lakh MIDI
    data set that a track was made from, as its metadata says; a song of two published splits stays in the stricter one.
    Stems are those whose files are there. What cannot be used or is unusual is listed in the notices. For `progress` and
    `most_new` see `examine_all`.

    Raises:
        UnreadError: more than `most_new` tracks would have to be examined.
        CorpusError: the folder has no complete track.
    """
    homes: dict[Split, Path] = {name: folder / name for name in SPLITS if (folder / name).is_dir()}
    tracks: list[tuple[Path, Split | None]]
    tracks = [(track, split) for split, home in homes.items() for track in sorted(home.glob("Track*"))]
    if not homes:
        tracks = [(track, None) for track in sorted(folder.glob("Track*"))]
    mixes, incomplete = list[tuple[Path, Split | None, Path]](), list[str]()
    for track, split in tracks:
        if not is_text(track):
            incomplete.append(f"{printable(track.name)} (its name is not text in UTF-8)")
            continue
        mix = next((track / name for name in MIXES if (track / name).is_file()), None)
        if mix is None or not (track / "all_src.mid").is_file():
            incomplete.append(f"{track.name} (no {'all_src.mid' if mix else 'mix.flac'})")
            continue
        mixes.append((track, split, mix))
    pairs = {mix: mix.parent / "all_src.mid" for _, _, mix in mixes}
    findings = examine_all(pairs, progress=progress, most_new=most_new)
    incomplete += [f"{mix.parent.name} ({why})" for mix, finding in findings.items() if (why := finding.problem)]
    findings = {mix: finding for mix, finding in findings.items() if usable(finding)}
    mixes = [row for row in mixes if row[2] in findings]
    if not mixes:
        raise CorpusError(
            f"{folder} has no complete track; expected Track*/mix.flac with Track*/all_src.mid, directly or in train/, "
            f"validation/ and test/. {' '.join(summarise('Left out', incomplete))}".rstrip()
        )
    songs = {track: _song(track) for track, *_ in mixes}
    dealt = split_by_group(songs.values(), seed)
    kept, straddling = drop_straddlers(
        _piece(mix, songs[track], split or dealt[songs[track]], findings[mix].duration_s) for track, split, mix in mixes
    )
    sentences = finding_sentences(findings, {mix: mix.parent.name for mix in findings})
    listed = {piece.piece_id: _stems(piece.audio_path.parent) for piece in kept}
    stems, without = examine_stems(listed, progress=progress, most_new=most_new)
    pieces = tuple(replace(piece, stems=stems[piece.piece_id]) for piece in kept)
    notices = (*summarise("Tracks left out", incomplete, MOST_LISTED), *sentences, *straddling, *without)
    return Corpus("Slakh2100", pieces, sample_rate, LICENCE, CITATION, notices)


def _piece(mix: Path, song: str, split: Split, duration_s: float) -> Piece:
    track = mix.parent
    return Piece(track.name, "unknown", track.name, song, split, duration_s, mix, track / "all_src.mid")


def _song(track: Path) -> str:
    """The Lakh song that a track was made from, else its MIDI file, else the track itself."""
    text = _metadata(track)
    song = re.search(r"^lmd_midi_dir:.*?(TR[A-Z0-9]{16})/", text, re.MULTILINE)
    midi = re.search(r"^UUID:\s*(\w+)", text, re.MULTILINE)
    match = song or midi
    return match[1] if match else track.name


def _stems(track: Path) -> tuple[Stem, ...]:
    """Stems whose files are there, by name, with the program of General MIDI that the metadata tell of each."""
    files = sorted(path for path in (track / "stems").glob("*") if STEMS.fullmatch(path.name) and is_file(path))
    programs: dict[str, str] = {}
    name = ""
    for line in _metadata(track).splitlines():
        if begins := re.fullmatch(r"\s+(S\d+):\s*", line):
            name = begins[1]
        elif name and (program := re.fullmatch(r"\s+midi_program_name:\s*(\S.*?)\s*", line)):
            programs[name] = printable(program[1])
    by_name = {path.stem: path for path in files}
    return tuple(Stem(name, f"{name} {programs.get(name, '')}".rstrip(), (path,)) for name, path in by_name.items())


def _metadata(track: Path) -> str:
    """What the metadata of a track say; nothing where there are none."""
    try:
        with (track / "metadata.yaml").open(encoding="utf-8", errors="replace") as file:
            return file.read(_MOST_METADATA_BYTES)
    except OSError:
        return ""


def is_slakh(folder: Path) -> bool:
    """Whether a folder, or one of its splits, holds a track as Slakh unpacks."""
    tracks = (track for home in (folder, *(folder / split for split in SPLITS)) for track in home.glob("Track*"))
    return any((track / "all_src.mid").is_file() or any((track / mix).is_file() for mix in MIXES) for track in tracks)


def has_stems(folder: Path) -> bool:
    """Whether a track of a folder, or of one of its splits, has stems."""
    tracks = (track for home in (folder, *(folder / split for split in SPLITS)) for track in home.glob("Track*"))
    return any(STEMS.fullmatch(path.name) for track in tracks for path in (track / "stems").glob("*"))


SOURCE = Source(
    "slakh", "Track*/mix.flac with Track*/all_src.mid, directly or in folders of splits", is_slakh, load_slakh, has_stems
)
