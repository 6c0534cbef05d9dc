"""Windows whose works are dealt into folds: by default of pieces on which no encoder was trained."""

from analysis.datasets.segments import Segment, drop_repeated
from analysis.errors import CorpusError
from analysis.measures.probes import FEWEST_WORKS
from analysis.readings.embeddings import list_windows
from analysis.readings.study_run import StudyRun

UNSEEN = "unseen"
UNSEEN_SPLITS = (UNSEEN, "train", "validation", "test", "all")


def folded_windows(study_run: StudyRun, split: str, windows_per_piece: int, folds: int) -> list[Segment]:
    """Windows of a split, or with "unseen" of validation and test pieces; of all where those have fewer works than folds.

    Raises:
        ConfigError: there is no such split.
        CorpusError: they are of fewer than three works.
        Cancelled: somebody asked to stop.
    """
    if split != UNSEEN:
        return enough_works(list_windows(study_run, split, windows_per_piece), study_run)
    unseen = [segment for part in ("validation", "test") for segment in list_windows(study_run, part, windows_per_piece)]
    n_works = len({segment.piece.group for segment in unseen})
    if n_works >= folds:
        return enough_works(drop_repeated(unseen), study_run)
    study_run.notice(
        f"{study_run.corpus.name} has {n_works} works outside its train split, too few for {folds} folds: all its pieces "
        "are used. Scores of a checkpoint that was trained on it are too high."
    )
    return enough_works(list_windows(study_run, "all", windows_per_piece), study_run)


def enough_works(segments: list[Segment], study_run: StudyRun) -> list[Segment]:
    """The windows.

    Raises:
        CorpusError: they are of fewer than three works.
    """
    if (n_works := len({segment.piece.group for segment in segments})) < FEWEST_WORKS:
        raise CorpusError(
            f"Probes need windows of {FEWEST_WORKS} works or more; {study_run.corpus.name} has {n_works} there. Use more pieces."
        )
    return segments
