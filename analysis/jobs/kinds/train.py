"""Training as a job. Heavy libraries are imported where they are used."""

import dataclasses
from pathlib import Path, PurePath

from analysis.errors import ConfigError
from analysis.files import Json
from analysis.jobs.job import Job
from analysis.jobs.kinds.kind import JobKind, Names, Page, Request
from analysis.run import RunContext


def train(request: Request, context: RunContext) -> dict[str, str]:
    """Train a checkpoint; the request holds the fields of `TrainRequest`, and `corpus`, `out` and `resume`.

    The loss of every step and S on validation are reported as metrics, named as in the history of the checkpoint.

    Raises:
        ConfigError, CorpusError: the request or the corpus cannot be used.
        Cancelled: the user asked to stop; a later run with `resume` goes on from the last validation.
    """
    from analysis.datasets.corpora import open_corpus
    from analysis.training.loop import TrainRequest
    from analysis.training.train_checkpoint import train_checkpoint

    fields: Json = dict(request)  # Any: `TrainRequest` and `open_corpus` say what they may be
    corpus, out, resume = fields.pop("corpus", "full"), fields.pop("out", None), fields.pop("resume", False)
    known = [field.name for field in dataclasses.fields(TrainRequest)]
    if unknown := sorted(set(fields) - set(known)):
        raise ConfigError(f"Unknown settings {', '.join(unknown)}: expected corpus, out, resume, {', '.join(known)}.")
    if not out or "arm" not in fields:
        raise ConfigError(f"Expected an arm and a folder `out` for the checkpoint, got {request}.")

    def step(done: int, total: int, what: str) -> None:
        context.progress(done, total, what)
        context.cancel.check()

    wanted = TrainRequest(**fields)
    opened = open_corpus(wanted.objective.corpus_of(corpus), progress=step)
    for sentence in opened.notices:
        context.notice(sentence)
    saved = train_checkpoint(wanted, opened, Path(out), resume=resume, progress=step, metrics=context.metrics)
    return {"checkpoint": str(saved.path)}


def subject(request: Request, _names: Names) -> str:
    """The arm, its scale and its seed, as far as they are told."""
    seed = request.get("seed")
    parts = [request.get("arm"), request.get("scale"), None if seed is None else f"seed {seed}"]
    return ", ".join(str(part) for part in parts if part)


def page(job: Job) -> Page | None:
    """The checkpoint that was written, among all checkpoints; None unless the job is done."""
    written = job.document.get("checkpoint") if isinstance(job.document, dict) else None
    return None if written is None else Page("checkpoints", {"checkpoint": PurePath(str(written)).name})


KIND = JobKind("train", f"{__name__}:train", lambda _request: "Training", subject, page)
