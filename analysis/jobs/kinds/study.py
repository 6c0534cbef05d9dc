"""Studies as jobs: how one is submitted, and what the worker does. Heavy libraries are imported where they are used."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from analysis.errors import ConfigError
from analysis.jobs.job import Job
from analysis.jobs.kinds.kind import JobKind, Page, Request
from analysis.jobs.kinds.words import checkpoints_on_corpus
from analysis.jobs.queue import JobQueue
from analysis.run import RunContext
from analysis.studies.registry import find_study

FIELDS = {"study": str, "checkpoints": list, "settings": dict, "fresh": bool}


def submit_study(
    queue: JobQueue, name: str, checkpoints: Sequence[str], settings: Mapping[str, Any], *, fresh: bool = False
) -> str:
    """Queue a study on the device it will run on, with the memory it will need, and return the job's id.

    Args:
        queue: of the server.
        name: of the study.
        checkpoints: names or folders.
        settings: what differs from the defaults of the study; the job's request holds them all.
        fresh: whether to compute what is stored already.

    Raises:
        CheckpointError, ConfigError, CorpusError: the request cannot be used.
        JobError: the server is going down.
    """
    from analysis.studies.study import build_request
    from analysis.training.loop import pick_device

    request, device = build_request(name, checkpoints, settings), str(pick_device())
    complete = {key: value for key, value in asdict(request).items() if key != "checkpoints"}
    document = {"study": name, "checkpoints": list(checkpoints), "settings": complete, "fresh": fresh}
    return queue.submit(KIND.name, document, needs_bytes=memory(document, device), device=device)


def memory(request: Request, device: str) -> int:
    """Bytes that a study takes on a device, see `analysis.studies.memory`.

    Raises:
        CheckpointError, ConfigError, CorpusError: the request cannot be used.
    """
    from analysis.studies.memory import needs_bytes
    from analysis.studies.study import build_request

    asked = build_request(request["study"], request["checkpoints"], request["settings"])
    return needs_bytes(request["study"], asked, device)


def title(request: Request) -> str:
    """What a study is called; of one that is not known here its name."""
    name = str(request.get("study", "study"))
    try:
        return find_study(name).title
    except ConfigError:
        return name.replace("_", " ").capitalize()


def page(job: Job) -> Page | None:
    """The page of the study; None for a study of another version of the library."""
    try:
        return Page(find_study(str(job.request.get("study"))).name, {"job": job.id})
    except ConfigError:
        return None


def study(request: dict[str, Any], context: RunContext) -> dict[str, Any]:
    """Run a study: `{"study": name, "checkpoints": [...], "settings": {...}, "fresh": bool}`, the last two optional.

    The result is in the store, under `store_key` of the document. A result that the store refuses would be found nowhere, so
    the job fails; its headline is told in a notice.

    Raises:
        OtoscopeError: the request, a checkpoint or the corpus cannot be used.
        StoreError: the store does not take the result.
        Cancelled: the user asked to stop; embeddings that were finished are kept.
    """
    from analysis.store import StoreError, open_store
    from analysis.studies.study import build_request, finish_study

    _check(request)
    asked = build_request(request["study"], request["checkpoints"], request.get("settings", {}))
    finished = finish_study(
        request["study"], asked, store=open_store(), context=context, fresh=request.get("fresh", False),
    )  # fmt: skip
    result = finished.result
    if finished.not_stored:
        context.notice(f"Computed, but not stored: {result.headline}")
        raise StoreError(f"The result was computed, but cannot be stored, and so not shown. {finished.not_stored}")
    seconds = result.provenance["seconds"]
    return {"study": request["study"], "store_key": finished.key, "headline": result.headline, "seconds": seconds}


def _check(request: Mapping[str, Any]) -> None:
    wrong = [name for name, value in request.items() if not isinstance(value, FIELDS.get(name, ()))]
    missing = [name for name in ("study", "checkpoints") if name not in request]
    if wrong or missing or not all(isinstance(name, str) for name in request["checkpoints"]):
        expected = "study (a name), checkpoints (a list of names), settings (a dictionary) and fresh (true or false)"
        raise ConfigError(f"The request of a study holds {expected}; got {dict(request)}.")


KIND = JobKind("study", f"{__name__}:study", title, checkpoints_on_corpus, page, memory)
