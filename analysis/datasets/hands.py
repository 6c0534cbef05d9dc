"""The demonstration corpus with its two hands as stems, each rendered by itself from what the file says it plays."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pretty_midi

from analysis.datasets.conditions import CLEAN, apply_conditions
from analysis.datasets.corpus import load_demo_corpus
from analysis.datasets.corpus_rendering import render_missing, write_rendering
from analysis.datasets.midi import parse_midi
from analysis.datasets.piece import Corpus, Piece
from analysis.datasets.rendering import RENDERER_VERSION, render_midi
from analysis.datasets.stems import Stem
from analysis.errors import CorpusError
from analysis.paths import cache
from analysis.run import Progress
from analysis.seeding import numpy_generator

HANDS = "hands"
BEGINNINGS = {"left": "links", "right": "rechts"}  # how the package calls the instruments of a file
CEILING = 0.99


def load_hands(profile: str, *, sample_rate: int = 24_000, progress: Progress | None = None) -> Corpus:
    """The demo corpus as a dry grand piano whose stems are the left and the right hand, each rendered where the cache lacks it.

    Room, noise and instrument are the same for all pieces, so that nothing but the music tells which hands belong together.

    Args:
        profile: "full" or "small", see `load_demo_corpus`.
        sample_rate: of the rendered audio, in Hz.
        progress: told (renderings done, renderings in all, the piece just finished).

    Raises:
        CorpusError: the package is missing or incomplete, or there is no such profile.
    """
    corpus = load_demo_corpus(profile, "clean", sample_rate=sample_rate, progress=_part(progress, 0))
    pieces = tuple(with_hands(piece, sample_rate) for piece in corpus.pieces)
    render_missing(pieces, _files, partial(render_hands, sample_rate=sample_rate), _part(progress, 1))
    return replace(corpus, name=f"{corpus.name}-{HANDS}", pieces=pieces)


def with_hands(piece: Piece, sample_rate: int = 24_000) -> Piece:
    """A piece of the demo corpus with its hands as stems, rendered or not."""
    folder = cache() / "corpus" / f"{HANDS}-{sample_rate}-v{RENDERER_VERSION}"
    stems = tuple(Stem(name, f"{name} hand", (folder / f"{piece.piece_id}.{name}.wav",)) for name in BEGINNINGS)
    return replace(piece, stems=stems)


def render_hands(piece: Piece, sample_rate: int = 24_000) -> None:
    """Render each hand of a piece to its place, so loud that both together are what the clean rendering of the piece is.

    Raises:
        CorpusError: a hand is missing in the MIDI file, or a rendering cannot be written.
    """
    midi = parse_midi(piece.midi_file)
    hands = [render_midi(_hand(midi, name, piece.piece_id), sample_rate=sample_rate) for name in BEGINNINGS]
    length = max(map(len, hands))
    hands = [np.pad(hand, (0, length - len(hand))) for hand in hands]
    both = np.stack(hands).sum(axis=0)
    levelled = apply_conditions(both, CLEAN, sample_rate=sample_rate, rng=numpy_generator(0, "no room"))
    gain = float(np.abs(levelled).max(initial=0.0)) / max(float(np.abs(both).max(initial=0.0)), 1e-9)
    gain = min(gain, CEILING / max(1e-9, *(float(np.abs(hand).max(initial=0.0)) for hand in hands)))
    for hand, path in zip(hands, _files(piece), strict=True):
        write_rendering(path, hand * gain, sample_rate, piece.title)


def _hand(midi: pretty_midi.PrettyMIDI, name: str, piece_id: str) -> pretty_midi.PrettyMIDI:
    """What one hand plays."""
    hand = pretty_midi.PrettyMIDI()
    hand.instruments = [part for part in midi.instruments if part.name.lower().startswith(BEGINNINGS[name])]
    if not hand.instruments:
        raise CorpusError(f"{piece_id} has no instrument for the {name} hand; expected one. Install the package again.")
    return hand


def _files(piece: Piece) -> Sequence[Path]:
    return [path for stem in piece.stems for path in stem.audio_paths]


def _part(progress: Progress | None, number: int) -> Progress | None:
    """Progress of the first or second half of all renderings."""
    return progress and (lambda done, total, what: progress(done + number * total, 2 * total, what))
