"""What the replacements of the study `ablation` draw on: who gets whose descriptor, and windows of the training set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.datasets.segments import Segment, list_segments
from analysis.readings.embeddings import spread
from analysis.readings.study_run import StudyRun
from analysis.seeding import numpy_generator
from analysis.studies.ablation.kinds import (
    EXCHANGED,
    EXCHANGES,
    KINDS,
    MEAN,
    OTHER_WORK,
    SAME_WORK,
    SHUFFLED,
    TRAINING_NOISE,
    WINDOW_NOISE,
    ZERO,
)
from analysis.studies.ablation.rows import KindRow

SAMPLE = 256  # windows of the training set at most
Partners = Mapping[Segment, Segment]


@dataclass(frozen=True)
class Material:
    """All windows of a study, those of the training set, for each kind of exchange every window's partner, and the seed.

    A kind of exchange that these windows do not allow is missing. Without a training split `training` are the windows.
    """

    windows: Sequence[Segment]
    training: Sequence[Segment]
    partners: Mapping[str, Partners]
    seed: int

    def rows(self) -> list[KindRow]:
        """A row per kind."""
        n, own = len(self.training), self.training is self.windows
        whose = f"all {n} windows of this study" if own else f"{n} windows of the training split, evenly spread"
        what = {
            ZERO: "Zeros.",
            WINDOW_NOISE: "White Gaussian noise with the mean and SD of each feature in this very window.",
            TRAINING_NOISE: f"White Gaussian noise with the mean and SD of each feature over {whose}.",
            SHUFFLED: "The window's own values at other times.",
            EXCHANGED: f"That of another of the {len(self.windows)} windows: an exchange in which nobody keeps its own.",
            SAME_WORK: "That of another window of the same work, drawn at random.",
            OTHER_WORK: "That of a window of another work, drawn at random.",
            MEAN: f"The mean over all {len(self.windows)} windows: of A4 at every moment, of D4 over all notes.",
        }
        return [KindRow(kind, what[kind]) for kind in KINDS if kind not in EXCHANGES or kind in self.partners]


def gather(study_run: StudyRun, windows: Sequence[Segment], seed: int) -> Material:
    """Partners and training windows for the windows of a study.

    Args:
        study_run: whose corpus has the training split; told what cannot be had.
        windows: of the study.
        seed: of the exchanges.

    Raises:
        Cancelled: somebody asked to stop.
    """
    works: dict[str, list[Segment]] = {}
    for window in windows:
        works.setdefault(window.piece.group, []).append(window)
    partners: dict[str, Partners] = {}
    if len(windows) > 1:
        order = sattolo(len(windows), numpy_generator(seed, "ablation exchange"))
        partners[EXCHANGED] = {window: windows[other] for window, other in zip(windows, order, strict=True)}
    else:
        study_run.notice("Only one window: descriptors cannot be exchanged.")
    if lonely := sum(len(members) == 1 for members in works.values()):
        whose = f"{lonely} works have" if lonely > 1 else "1 work has"
        study_run.notice(f"{whose} a single window: no descriptor can be exchanged for that of another window of the same work.")
    else:
        partners[SAME_WORK] = {window: _drawn(SAME_WORK, window, works[window.piece.group], seed) for window in windows}
    if len(works) > 1:
        partners[OTHER_WORK] = {window: _drawn(OTHER_WORK, window, _elsewhere(window, works), seed) for window in windows}
    else:
        study_run.notice("All windows are of one work: no descriptor can be exchanged for that of another work.")
    return Material(windows, _training_windows(study_run, windows), partners, seed)


def sattolo(n: int, rng: np.random.Generator) -> list[int]:
    """A random order of `n` that is one single cycle (Sattolo, 1986), so that from two on nobody keeps its place.

    >>> sorted(sattolo(5, np.random.default_rng(0)))
    [0, 1, 2, 3, 4]
    """
    order = list(range(n))
    for last in range(n - 1, 0, -1):
        other = int(rng.integers(last))
        order[last], order[other] = order[other], order[last]
    return order


def _elsewhere(window: Segment, works: Mapping[str, Sequence[Segment]]) -> list[Segment]:
    return [member for work, members in works.items() if work != window.piece.group for member in members]


def _drawn(kind: str, window: Segment, candidates: Sequence[Segment], seed: int) -> Segment:
    """One of the candidates that is not the window itself, from (seed, kind, window)."""
    others = [candidate for candidate in candidates if candidate != window]
    return others[int(numpy_generator(seed, kind, window.piece.piece_id, str(window.start_s)).integers(len(others)))]


def _training_windows(study_run: StudyRun, windows: Sequence[Segment]) -> Sequence[Segment]:
    """At most `SAMPLE` windows of the training split, evenly over all of them; without one those of the study."""
    pieces = study_run.corpus.split("train")
    segments: list[Segment] = []
    for number, piece in enumerate(pieces):
        study_run.step(number, len(pieces), f"{piece.title}: reading notes of the training split")
        segments += list_segments([piece], max_per_piece=-(-SAMPLE // len(pieces)), window_s=study_run.window_s)
    if segments:
        return spread(segments, SAMPLE)
    study_run.notice(
        f"The corpus has no training split: the mean and SD of noise are those of all {len(windows)} windows of this study, not "
        "of a training set."
    )
    return windows
