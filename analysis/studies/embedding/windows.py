"""Windows of the embedding study: which there are, and what each sounds like, to colour and to find them by."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float32
from numpy import ndarray

from analysis.datasets.segments import Segment, segment_notes, segment_waveform
from analysis.errors import CorpusError
from analysis.readings.embeddings import list_windows
from analysis.readings.study_run import StudyRun
from analysis.seeding import numpy_generator
from analysis.studies.embedding.rows import DescribedWindowRow
from analysis.units import amplitude_to_db

FEWEST_WINDOWS, MOST_WINDOWS, MOST_WORKS = 5, 4_000, 200
MOST_OF_PIECE = 2_000
SILENCE_DB = -120.0


def choose_windows(study_run: StudyRun, split: str, windows_per_piece: int, seed: int, pairs: int = 0) -> list[Segment]:
    """Windows of a split, of at most 200 works and at most 4,000 in all; the listener is told what is left out.

    Args:
        study_run: with the corpus.
        split: "train", "validation", "test" or "all".
        windows_per_piece: at most, evenly spread over each piece; of no account where `pairs` are asked for.
        seed: of the draw of works, where there are too many.
        pairs: how many windows in all, evenly spread over all that there are, so that a long piece gives more; 0: as many as
            `windows_per_piece` gives.

    Raises:
        ConfigError: there is no such split, or no window is asked for.
        CorpusError: there are fewer than 5 windows.
        Cancelled: somebody asked to stop.
    """
    segments = list_windows(study_run, split, MOST_OF_PIECE if pairs else windows_per_piece)
    if len(segments) < FEWEST_WINDOWS:
        raise CorpusError(
            f"The split {split} of {study_run.corpus.name} has {len(segments)} windows that no other equals; expected at least "
            f"{FEWEST_WINDOWS} to lay out a space. Use another split, more pieces or more windows_per_piece."
        )
    works = sorted({segment.piece.group for segment in segments})
    if len(works) > MOST_WORKS:
        study_run.notice(f"{len(works)} works are more than this study compares; going on with {MOST_WORKS} drawn by the seed.")
        kept = set(numpy_generator(seed, "works of the map").choice(works, MOST_WORKS, replace=False).tolist())
        segments = [segment for segment in segments if segment.piece.group in kept]
    if pairs:
        if len(segments) < pairs:
            study_run.notice(
                f"There are {len(segments):,} windows that no other equals, not {pairs:,}; going on with all of them."
            )
        return spread_evenly(segments, pairs)
    if len(segments) > MOST_WINDOWS:
        study_run.notice(
            f"{len(segments)} windows are more than a map holds; going on with {MOST_WINDOWS} spread evenly over them."
        )
    return spread_evenly(segments, MOST_WINDOWS)


def spread_evenly(segments: Sequence[Segment], most: int) -> list[Segment]:
    """At most that many of them, evenly spread."""
    if len(segments) <= most:
        return list(segments)
    return [segments[index * len(segments) // most] for index in range(most)]


def describe_windows(study_run: StudyRun, segments: Sequence[Segment]) -> list[DescribedWindowRow]:
    """Where every window is, with descriptors of its notes and its sound, in order.

    Raises:
        AudioError: a recording cannot be read.
        Cancelled: somebody asked to stop.
    """
    rows = []
    for number, segment in enumerate(segments):
        if number % 10 == 0:
            study_run.step(number, len(segments), "describing windows")
        notes, piece = segment_notes(segment), segment.piece
        density = np.count_nonzero(notes.onset_s >= segment.start_s) / segment.duration_s
        sound = describe_sound(segment_waveform(segment, study_run.corpus.sample_rate), study_run.corpus.sample_rate)
        which = number, piece.piece_id, piece.title, segment.start_s, piece.composer, piece.group, piece.split
        played = density, float(notes.pitch.mean()), float(notes.velocity.mean())
        rows.append(DescribedWindowRow(*which, *played, *sound))
    return rows


def describe_sound(samples: Float32[ndarray, " samples"], sample_rate: int) -> tuple[float, float | None]:
    """Loudness in dB re full scale (root mean square, not below −120), and spectral centroid in Hz.

    The centroid is the mean frequency weighted by the power spectrum of the whole window; None in silence.
    """
    wide = np.asarray(samples, np.float64)
    loudness = float(amplitude_to_db(float(np.sqrt(np.mean(wide**2))), SILENCE_DB))
    if loudness <= SILENCE_DB:
        return loudness, None
    power = np.abs(np.fft.rfft(wide * np.hanning(len(wide)))) ** 2
    return loudness, float(power @ np.fft.rfftfreq(len(wide), 1 / sample_rate) / power.sum())
