"""A study of no interest: how loud every work is, whatever a checkpoint makes of it."""

from dataclasses import dataclass

import numpy as np

from analysis.datasets.audio import read_window
from analysis.numbers import Value
from analysis.readings.embeddings import list_windows
from analysis.readings.study_run import Answer, StudyRun
from analysis.studies.base.settings import Seed, Split, WindowsPerPiece


@dataclass(frozen=True)
class Request:
    """Windows of a corpus."""

    checkpoints: tuple[str, ...]
    corpus: str = "full"
    split: Split = "all"
    windows_per_piece: WindowsPerPiece = 2
    seed: Seed = 42


def run(request: Request, study_run: StudyRun) -> Answer:
    """Root mean square of every window."""
    segments = list_windows(study_run, request.split, request.windows_per_piece, fewest=1)
    levels: dict[str, list[float]] = {}
    for one in segments:
        window = read_window(one.piece.audio_path, one.start_s, one.start_s + 4.0, 24_000)
        levels.setdefault(one.piece.group, []).append(float(np.sqrt(np.mean(np.square(window)))))
    values = [
        Value(
            {"checkpoint": name, "weights": "trained", "work": work, "what": "level"},
            float(np.mean(found)),
            None,
            None,
            len(found),
            0.0,
            "",
            "mean over windows",
        )
        for name in study_run.checkpoints
        for work, found in levels.items()
    ]
    rows = [{"work": work, "windows": len(found)} for work, found in levels.items()]
    return Answer(f"{len(levels)} works have a level.", values, {"works": rows}, {})
