"""A tiny corpus whose beats are annotated: clicks at one tempo per work over soft noise."""

from pathlib import Path

import numpy as np
import soundfile

from analysis.descriptors.metronome import clicks_at
from tests.shared import alone

RATE, SECONDS = 8_000, 14
TEMPI = (76.0, 90.0, 120.0, 150.0)
FIRST_S = 0.31


def beats_s(work: int) -> np.ndarray:
    """When there are beats in a work."""
    return np.arange(FIRST_S, SECONDS - 0.1, 60 / TEMPI[work])


def write_beats(folder: Path) -> Path:
    """Four works of 14 s."""
    folder.mkdir(parents=True)
    for work in range(len(TEMPI)):
        noise = 1e-3 * np.random.default_rng(work).standard_normal(SECONDS * RATE)
        soundfile.write(folder / f"work{work}.wav", clicks_at(beats_s(work), SECONDS, RATE) + noise, RATE)
        (folder / f"work{work}.beats.tsv").write_text("".join(f"{time_s:.4f}\tb\n" for time_s in beats_s(work)))
    return folder


def beats_beside(corpus_folder: Path) -> Path:
    """The folder of the tiny corpus with beats, beside that of the tiny corpus; made by the first that asks."""
    folder = corpus_folder.with_name("tiny beats")
    with alone(folder.with_suffix(".beats.lock")):
        return folder if folder.is_dir() else write_beats(folder)
