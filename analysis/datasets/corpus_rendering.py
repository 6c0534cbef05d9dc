"""Render the audio of pieces that come as MIDI: in parallel, resumable, and never half a file."""

import io
import multiprocessing
import os
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import soundfile
from numpy import ndarray

from analysis import paths
from analysis.datasets.conditions import apply_conditions, draw_conditions
from analysis.datasets.midi import parse_midi
from analysis.datasets.piece import Piece
from analysis.datasets.rendering import render_midi
from analysis.errors import CorpusError
from analysis.files import replace_file
from analysis.run import Progress, ignore
from analysis.seeding import numpy_generator

WORKERS = max(2, (os.cpu_count() or 1) // 2)  # the other half is left to whoever looks on
LOOK_EVERY_S = 0.05
STALE_AFTER_S = 3600.0


def render_pieces(
    pieces: Iterable[Piece],
    conditions: str = "recorded",
    seed: int = 0,
    sample_rate: int = 24_000,
    progress: Progress | None = None,
) -> tuple[Piece, ...]:
    """The pieces with their audio on disk and its true duration; what is there already is kept.

    `progress` is told many times a second (pieces done, pieces in all, the last one): where it raises, rendering ends at once.

    Raises:
        CorpusError: a rendering cannot be written, as on a disk that is full or may only be read.
    """
    pieces = tuple(pieces)
    render = partial(_render_piece, conditions=conditions, seed=seed, sample_rate=sample_rate)
    render_missing(pieces, lambda piece: [piece.audio_path], render, progress)
    return tuple(replace(piece, duration_s=soundfile.info(piece.audio_path).duration) for piece in pieces)


def render_missing(
    pieces: Sequence[Piece],
    files: Callable[[Piece], Sequence[Path]],
    render: Callable[[Piece], None],
    progress: Progress | None = None,
) -> None:
    """Render the pieces of which a file is missing, in several processes.

    Args:
        pieces: all of them.
        files: those that rendering a piece makes.
        render: makes them, in another process: a function of a module, perhaps with arguments.
        progress: see `render_pieces`.

    Raises:
        CorpusError: as `render`.
    """
    missing = [piece for piece in pieces if not all(path.is_file() for path in files(piece))]
    done = len(pieces) - len(missing)
    report = progress or ignore
    report(done, len(pieces), "")
    if len(missing) == 1 and progress is None:  # nobody can stop it, so it needs no process of its own
        render(missing[0])
    elif missing:
        _sweep({path.parent for piece in missing for path in files(piece)})
        _render_many(missing, render, lambda count, what: report(done + count, len(pieces), what))


def _render_many(missing: list[Piece], render: Callable[[Piece], None], report: Callable[[int, str], None]) -> None:
    """Render in `WORKERS` processes at most; where `report` raises, they are killed."""
    pool = ProcessPoolExecutor(min(WORKERS, len(missing)), mp_context=multiprocessing.get_context("spawn"))
    longest_first = sorted(missing, key=lambda piece: -piece.duration_s)
    try:
        titles = {pool.submit(render, piece): piece.piece_id for piece in longest_first}
        running, what = set(titles), ""
        while running:
            ended, running = wait(running, LOOK_EVERY_S, FIRST_COMPLETED)
            for future in ended:
                future.result()
                what = titles[future]
            report(len(missing) - len(running), what)
    except BaseException:
        for process in dict(pool._processes or {}).values():  # until Python 3.14 there is no public way to end them
            process.kill()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _sweep(folders: Iterable[Path]) -> None:
    """Remove what renderings that were ended have left behind; recent files may belong to one that runs."""
    for folder in folders:
        for path in folder.glob(".*.partial"):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > STALE_AFTER_S:
                    path.unlink()


def _render_piece(piece: Piece, conditions: str, seed: int, sample_rate: int) -> None:
    """Render one piece to its place; a half-written file never appears there."""
    drawn = draw_conditions(conditions, piece.piece_id, seed)
    midi = parse_midi(piece.midi_file)
    dry = render_midi(midi, sample_rate=sample_rate, program=drawn.program, sound_font=drawn.sound_font)
    rng = numpy_generator(seed, "room", conditions, piece.piece_id)
    wet = apply_conditions(dry, drawn, sample_rate=sample_rate, rng=rng)
    write_rendering(piece.audio_path, wet, sample_rate, piece.title)


def write_rendering(path: Path, waveform: ndarray, sample_rate: int, title: str) -> None:
    """Write a waveform `(samples,)` at `sample_rate` Hz to its place in the cache, as 16 bits; half a file never appears there.

    Raises:
        CorpusError: it cannot be written; `title` says what of.
    """
    soundfile.write(written := io.BytesIO(), waveform, sample_rate, subtype="PCM_16", format="WAV")
    try:
        paths.make_cache()
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, written.getvalue())
    except OSError as error:
        raise CorpusError(
            f"The rendering of {title} cannot be written ({error.strerror}). Free some space, or set OTOSCOPE_CACHE to "
            "a folder that can be written to."
        ) from error
