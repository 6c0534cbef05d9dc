"""Heads that follow the music over the works of a corpus, as a job. Heavy libraries are imported where they are used."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import PurePath
from typing import TYPE_CHECKING

from analysis.jobs.kinds.clip_probes import CorpusRequest, memory, subject  # it reads as many windows as probes, or fewer
from analysis.jobs.kinds.kind import JobKind, Page, Request

if TYPE_CHECKING:
    from analysis.jobs.job import Job
    from analysis.jobs.queue import JobQueue
    from analysis.run import RunContext


def submit_corpus_heads(queue: JobQueue, checkpoint: str, corpus: str) -> str:
    """Queue the search for heads on the device it will be computed on, and return the job's id.

    Raises:
        CheckpointError, CorpusError: the checkpoint or the corpus cannot be used.
        JobError: the server is going down.
    """
    from analysis.training.loop import pick_device

    device, request = str(pick_device()), asdict(CorpusRequest(checkpoint, corpus))
    return queue.submit(KIND.name, request, needs_bytes=memory(request, device), device=device)


def page(job: Job) -> Page:
    """The clip page with that checkpoint."""
    return Page("clip", {"checkpoint": PurePath(CorpusRequest.of(job.request).checkpoint).name})


def corpus_heads(request: Request, context: RunContext) -> dict[str, str]:
    """Look for heads, as a `CorpusRequest` says, unless the answer is stored; the document holds its key in the store.

    Raises:
        CheckpointError, ConfigError, CorpusError: the request cannot be used, or the model has no heads.
        StoreError: the store does not take the answer.
        Cancelled: the user asked to stop.
    """
    from analysis.clips.heads.corpus import corpus_heads_key, heads_in_corpus
    from analysis.clips.questions.answer import put_answer, read_answer
    from analysis.datasets.corpora import open_corpus
    from analysis.readings.study_run import StudyRun
    from analysis.store import open_store
    from analysis.studies.base.study import find_checkpoint
    from analysis.training.loop import pick_device

    asked, store = CorpusRequest.of(request), open_store()
    checkpoint = find_checkpoint(asked.checkpoint)
    corpus = open_corpus(asked.corpus, progress=context.step)
    key = corpus_heads_key(checkpoint, corpus.sha256)
    if read_answer(store, key) is None:
        study_run = StudyRun({checkpoint.name: checkpoint}, corpus, pick_device(), store, context)
        put_answer(store, key, heads_in_corpus(study_run, checkpoint))
    return {"store_key": key}


KIND = JobKind("corpus_heads", f"{__name__}:corpus_heads", lambda _request: "Heads that follow the music", subject, page, memory)
