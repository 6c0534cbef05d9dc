"""Render the audio of pieces that come as MIDI: in parallel, resumable, and never half a file."""

import multiprocessing
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace

import soundfile

from analysis.datasets.conditions import apply_conditions, draw_conditions
from analysis.datasets.midi import parse_midi
from analysis.datasets.piece import Piece
from analysis.datasets.rendering import render_midi
from analysis.seeding import numpy_generator

Progress = Callable[[int, int, str], None]
WORKERS = 2


def render_pieces(
    pieces: Iterable[Piece],
    conditions: str = "recorded",
    seed: int = 0,
    sample_rate: int = 24_000,
    progress: Progress | None = None,
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
