"""How far a recording lies from what a model was trained on, as a job. Heavy libraries are imported where they are used."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from analysis.errors import CorpusError
from analysis.jobs.kinds.kind import JobKind, Names, NamesRequest, Page, Request

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analysis.datasets.audio import Waveform
    from analysis.jobs.job import Job
    from analysis.jobs.queue import JobQueue
    from analysis.models.checkpoint import Checkpoint
    from analysis.run import RunContext
    from analysis.store import Store


@dataclass(frozen=True)
class DistanceRequest(NamesRequest):
    """What a job computes: the checkpoint by name or folder, the key of the recording in the store, and the training corpus."""

    holds = (
        "The request of a training distance holds checkpoint (a name), clip (the key of a recording in the store) "
        "and corpus (a name or folder)"
    )

    checkpoint: str
    clip: str
    corpus: str


def corpus_at_hand(checkpoint: Checkpoint, store: Store, names: Iterable[str]) -> str | None:
    """Which corpus is the one that a checkpoint was trained on, by the contents of its files; told in a fraction of a second.

    Args:
        checkpoint: whose configuration says the SHA-256 of its corpus.
        store: where listings of corpora are kept.
        names: corpora and folders among which it is looked for.

    Returns:
        Its name; None where it is not here, has not been rendered or read yet, or the configuration does not say.
    """
    from analysis.studies.listings import known_corpus_sha256

    if not isinstance(wanted := checkpoint.training.get("corpus_sha256"), str):
        return None
    for name in names:
        try:
            if known_corpus_sha256(name, store) == wanted:
                return name
        except CorpusError:  # one that cannot be used is not it
            continue
    return None


def submit_distance(queue: JobQueue, checkpoint: str, waveform: Waveform, corpus: str) -> str:
    """Store a recording, queue its distance on the device it will be computed on, and return the job's id.

    Raises:
        CheckpointError, CorpusError: the checkpoint or the corpus cannot be used.
        StoreError: the store does not take the recording.
        JobError: the server is going down.
    """
    from analysis.clips.recordings import keep_recording
    from analysis.store import open_store
    from analysis.training.loop import pick_device

    device = str(pick_device())
    request = asdict(DistanceRequest(checkpoint, keep_recording(open_store(), waveform), corpus))
    return queue.submit(KIND.name, request, needs_bytes=memory(request, device), device=device)


def memory(request: Request, device: str) -> int:
    """Bytes that it takes on a device: as much as the map of embeddings of all windows of that corpus.

    Raises:
        CheckpointError, ConfigError, CorpusError: the request cannot be used.
    """
    from analysis.studies.base.requests import build_request
    from analysis.studies.memory import needs_bytes

    asked = DistanceRequest.of(request)
    return needs_bytes("embedding", build_request("embedding", [asked.checkpoint], {"corpus": asked.corpus}), device)


def subject(request: Request, names: Names) -> str:
    """The checkpoint, and the recording."""
    checkpoint, clip = (str(request.get(name, "")) for name in ("checkpoint", "clip"))
    return f"{PurePath(checkpoint).name} and {names.recording(clip) or 'a recording'}"


def page(job: Job) -> Page:
    """The clip page with that checkpoint and recording."""
    asked = DistanceRequest.of(job.request)
    return Page("clip", {"checkpoint": PurePath(asked.checkpoint).name, "clip": asked.clip})


def training_distance(request: Request, context: RunContext) -> dict[str, str]:
    """Compute the distance of a stored recording, as a `DistanceRequest` says; the document holds its key in the store.

    Raises:
        CheckpointError, ConfigError, CorpusError: the request cannot be used, or it is another corpus.
        StoreError: the recording left the store, or the store does not take the result.
        Cancelled: the user asked to stop; embeddings that were finished are kept.
    """
    from analysis.clips.recordings import read_recording
    from analysis.clips.training_distance import distance_key, put_distance
    from analysis.clips.training_distance import training_distance as compute
    from analysis.datasets.corpora import open_corpus
    from analysis.readings.study_run import StudyRun
    from analysis.store import StoreError, open_store
    from analysis.studies.base.study import find_checkpoint
    from analysis.training.loop import pick_device

    asked, store, device = DistanceRequest.of(request), open_store(), pick_device()
    checkpoint = find_checkpoint(asked.checkpoint)
    if (recording := read_recording(store, asked.clip)) is None:
        raise StoreError("The recording left the store before it was read. Open it again, or raise OTOSCOPE_STORE_BYTES.")
    corpus = open_corpus(asked.corpus, progress=context.step)
    study_run = StudyRun({checkpoint.name: checkpoint}, corpus, device, store, context)
    key = distance_key(checkpoint, asked.clip, device.type)
    put_distance(store, key, compute(study_run, checkpoint, recording))
    return {"store_key": key}


KIND = JobKind(
    "training_distance", f"{__name__}:training_distance", lambda _request: "Distance from the training set", subject, page, memory
)
