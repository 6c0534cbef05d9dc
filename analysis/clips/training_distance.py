"""How far a recording lies from what a model was trained on, in its own embedding, beside works that it has not heard either."""

from dataclasses import asdict, dataclass
from functools import partial

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from analysis.clips.audio_tower import audio_tower
from analysis.clips.clock import clock_of
from analysis.datasets.audio import Waveform
from analysis.datasets.segments import Segment
from analysis.errors import CorpusError
from analysis.files import Json
from analysis.measures.nearest import K, Standing, nearest_distance, standing
from analysis.models.checkpoint import Checkpoint
from analysis.models.tower import embedding_tap
from analysis.readings.embeddings import list_windows, spread
from analysis.readings.reader import Reader
from analysis.readings.study_run import StudyRun
from analysis.sources import code_of
from analysis.store import Store

PER_PIECE = 8  # windows of a recording
MOST_TRAINING, MOST_HELD_OUT = 1_000, 400  # windows
HELD_OUT = ("validation", "test")


@dataclass(frozen=True)
class TrainingDistance:
    """A recording beside held-out works.

    Attributes:
        standing: of its mean distance.
        n_windows: of the recording.
        n_training: windows of the training split that were searched.
        k: how many of them are nearest.
        corpus: its name.
    """

    standing: Standing
    n_windows: int
    n_training: int
    corpus: str
    k: int = K


def training_distance(study_run: StudyRun, checkpoint: Checkpoint, waveform: Waveform, seed: int = 0) -> TrainingDistance:
    """Mean cosine distance of the windows of a recording from their 5 nearest windows of the training split.

    The null are windows of the works of the validation and the test split, held against the same training windows: 8 evenly
    spread windows of every recording, at most 1,000 for training and 400 held out. Embeddings of the corpus are kept in the store
    of `study_run`. A window of the recording that is padded counts only where there is no other.

    Args:
        study_run: with the corpus that the model was trained on.
        checkpoint: of one model that hears.
        waveform: at the rate of its audio tower.
        seed: of the interval over works.

    Raises:
        CorpusError: the corpus is not that of the training, or has too few windows in a split.
        ShapeError: the recording is at another rate, or no tower hears.
        Cancelled: somebody asked to stop.
    """
    refuse_other_corpus(study_run, checkpoint)
    training = spread(list_windows(study_run, "train", PER_PIECE, fewest=K), MOST_TRAINING)
    held_out = spread([window for split in HELD_OUT for window in list_windows(study_run, split, PER_PIECE)], MOST_HELD_OUT)
    if not held_out:
        raise CorpusError(f"{study_run.corpus.name} has no window of a held-out work, so there is no control. Use a larger one.")
    embed = partial(_of_corpus, study_run, checkpoint)
    rows = embed([*training, *held_out], "windows of the training and of held-out works")
    among, mine = rows[: len(training)], _of_recording(study_run, checkpoint, waveform)
    works = np.array([window.piece.group for window in held_out])
    stands = standing(nearest_distance(mine, among), nearest_distance(rows[len(training) :], among), works, seed=seed)
    return TrainingDistance(stands, len(mine), len(training), study_run.corpus.name)


def refuse_other_corpus(study_run: StudyRun, checkpoint: Checkpoint) -> None:
    """Refuse a corpus that a checkpoint was not trained on: what it heard in training is not known of it.

    Raises:
        CorpusError: it is another one.
    """
    trained_on = checkpoint.training.get("corpus_sha256")
    if trained_on != (corpus_sha256 := study_run.corpus.sha256):
        raise CorpusError(
            f"{checkpoint.name} was trained on another corpus (SHA-256 {str(trained_on)[:12]}) than {study_run.corpus.name} "
            f"({corpus_sha256[:12]}). Give the one it was trained on."
        )


def _of_corpus(study_run: StudyRun, checkpoint: Checkpoint, windows: list[Segment], what: str) -> Float[ndarray, "windows d"]:
    tower = audio_tower(checkpoint.outline())
    tap = embedding_tap(tower)
    rows = Reader(study_run, checkpoint, "trained").rows(windows, {tower.name: (tap,)}, what=what)
    return rows[tap].astype(np.float64)


@torch.no_grad()
def _of_recording(study_run: StudyRun, checkpoint: Checkpoint, waveform: Waveform) -> Float[ndarray, "windows d"]:
    tower = audio_tower(study_run.model(checkpoint, "trained"))
    clock = clock_of(waveform, tower.input)
    whole = [number for number, span in enumerate(clock.spans) if span.padded_from_s is None] or [0]
    rows = []
    for samples in clock.cut(waveform)[whole]:
        study_run.cancel.check()
        rows.append(tower(tower.collate([], torch.from_numpy(samples)[None]).to(study_run.device)).float().cpu().numpy())
    return np.concatenate(rows).astype(np.float64)


def sentence(distance: TrainingDistance) -> str:
    """How unusual the distance is, number first, then its control."""
    stands = distance.standing
    interval = "" if stands.low is None or stands.high is None else f", 95 % of resamples {stands.low:.0%} to {stands.high:.0%}"
    return (
        f"Farther from the training set than {stands.share:.0%} of windows of works it has not heard "
        f"({stands.distance:.3f}; theirs {stands.held_out:.3f}; {stands.n_works} works{interval})."
    )


def distance_key(checkpoint: Checkpoint, recording: str, device: str) -> str:
    """Where the distance of a recording is kept; the corpus is decided by the checkpoint."""
    corpus, code = str(checkpoint.training.get("corpus_sha256")), code_of(__name__)
    return Store.key(kind="training distance", model=checkpoint.key, corpus=corpus, recording=recording, device=device, code=code)


def put_distance(store: Store, key: str, distance: TrainingDistance) -> None:
    """Store it.

    Raises:
        StoreError: the store does not take it.
    """
    store.put(key, {"kind": "training distance", **asdict(distance)}, {})


def read_distance(store: Store, key: str) -> TrainingDistance | None:
    """What is under a key; None if there is nothing, or something else."""
    if (entry := store.get(key)) is None:
        return None
    try:
        numbers: Json = {name: value for name, value in entry.document.items() if name not in ("kind", "standing")}
        return TrainingDistance(Standing(**entry.document["standing"]), **numbers)
    except (KeyError, TypeError):  # written by another version of the library
        return None
