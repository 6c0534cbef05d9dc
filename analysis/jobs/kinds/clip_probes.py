"""Probes for the clip desk as a job: fitted once per checkpoint. Heavy libraries are imported where they are used."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from analysis.jobs.kinds.kind import JobKind, Names, NamesRequest, Page, Request

if TYPE_CHECKING:
    from analysis.jobs.job import Job
    from analysis.jobs.queue import JobQueue
    from analysis.run import RunContext


@dataclass(frozen=True)
class CorpusRequest(NamesRequest):
    """A checkpoint, by name or folder, and a corpus that it is to hear: for probes the one that it was trained on."""

    holds = "A request about a checkpoint and a corpus holds checkpoint (a name) and corpus (a name or folder)"

    checkpoint: str
    corpus: str


def submit_probes(queue: JobQueue, checkpoint: str, corpus: str) -> str:
    """Queue the fit of probes on the device it will be computed on, and return the job's id.

    Raises:
        CheckpointError, CorpusError: the checkpoint or the corpus cannot be used.
        JobError: the server is going down.
    """
    from analysis.training.loop import pick_device

    device, request = str(pick_device()), asdict(CorpusRequest(checkpoint, corpus))
    return queue.submit(KIND.name, request, needs_bytes=memory(request, device), device=device)


def memory(request: Request, device: str) -> int:
    """Bytes that it takes on a device: as much as the study of probes on that corpus.

    Raises:
        CheckpointError, ConfigError, CorpusError: the request cannot be used.
    """
    from analysis.studies.base.requests import build_request
    from analysis.studies.memory import needs_bytes

    asked = CorpusRequest.of(request)
    study_request = build_request("probes", [asked.checkpoint], {"corpus": asked.corpus, "split": "transfer"})
    return needs_bytes("probes", study_request, device)


def subject(request: Request, names: Names) -> str:
    """The checkpoint, and the corpus."""
    checkpoint, corpus = (str(request.get(name, "")) for name in ("checkpoint", "corpus"))
    return f"{PurePath(checkpoint).name} on {names.corpus(corpus)}"


def page(job: Job) -> Page:
    """The clip page with that checkpoint."""
    return Page("clip", {"checkpoint": PurePath(CorpusRequest.of(job.request).checkpoint).name})


def clip_probes(request: Request, context: RunContext) -> dict[str, str]:
    """Fit the probes, as a `CorpusRequest` says, unless they are stored already; the document holds their key in the store.

    Raises:
        CheckpointError, ConfigError, CorpusError: the request cannot be used, or it is another corpus.
        StoreError: the store does not take the result.
        Cancelled: the user asked to stop; rows of windows that were finished are kept.
    """
    from analysis.clips.probes import probes_key, put_probes, read_probes
    from analysis.datasets.corpora import open_corpus
    from analysis.readings.study_run import StudyRun
    from analysis.store import open_store
    from analysis.studies.base.study import find_checkpoint
    from analysis.studies.probes.for_clips import clip_probes as compute
    from analysis.training.loop import pick_device

    asked, store, device = CorpusRequest.of(request), open_store(), pick_device()
    checkpoint = find_checkpoint(asked.checkpoint)
    key = probes_key(checkpoint, device.type)
    if read_probes(store, key) is None:
        corpus = open_corpus(asked.corpus, progress=context.step)
        study_run = StudyRun({checkpoint.name: checkpoint}, corpus, device, store, context)
        put_probes(store, key, compute(study_run, checkpoint))
    return {"store_key": key}


KIND = JobKind("clip_probes", f"{__name__}:clip_probes", lambda _request: "Probes for clips", subject, page, memory)
