"""The whole examination as one job: it goes on where it was stopped, since every finished study is in the store."""

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.errors import ConfigError
from analysis.jobs.kinds.kind import JobKind, Page, Request
from analysis.jobs.kinds.words import checkpoints_on_corpus
from analysis.jobs.queue import JobQueue
from analysis.run import RunContext

FIELDS = {"checkpoints": list, "corpus": str, "studies": list}


def submit_battery(queue: JobQueue, checkpoints: Sequence[str], corpus: str, studies: Sequence[str]) -> str:
    """Queue the examination with the memory that its largest study needs, and return the job's id.

    Raises:
        CheckpointError, ConfigError, CorpusError: the request cannot be used.
        JobError: the server is going down.
    """
    from analysis.training.loop import pick_device

    device = str(pick_device())
    document = {"checkpoints": list(checkpoints), "corpus": corpus, "studies": list(studies)}
    return queue.submit(KIND.name, document, needs_bytes=memory(document, device), device=device)


def memory(request: Request, device: str) -> int:
    """Bytes that the largest study of an examination takes on a device.

    Raises:
        CheckpointError, ConfigError, CorpusError: the request cannot be used.
    """
    from analysis.studies.battery import settings_for
    from analysis.studies.memory import needs_bytes
    from analysis.studies.study import build_request

    asked = {
        name: build_request(name, request["checkpoints"], settings_for(name, request["corpus"])) for name in request["studies"]
    }
    return max(needs_bytes(name, study, device) for name, study in asked.items())


def battery(request: dict[str, Any], context: RunContext) -> dict[str, Any]:
    """Run the examination; the document lists per study its place in the store, its headline, its command, or its reason.

    Raises:
        OtoscopeError: the request, a checkpoint or the corpus cannot be used.
        StoreError: the store does not take a result.
        Cancelled: the user asked to stop; studies that were finished are kept.
    """
    from analysis.store import StoreError, open_store
    from analysis.studies.battery import run_battery

    _check(request)
    store = open_store()
    parts = run_battery(
        request["checkpoints"], request["corpus"], studies=request["studies"], store=store, context=context,
    )  # fmt: skip
    for part in parts:
        if part.result is not None and store.get(part.key) is None:
            raise StoreError(f"{part.study} was computed, but the store does not hold it. Raise OTOSCOPE_STORE_BYTES.")
    studies = [
        {
            "study": part.study, "store_key": part.key, "headline": part.result.headline if part.result else "",
            "error": part.error, "command": part.command, "notices": list(part.notices),
        }
        for part in parts
    ]  # fmt: skip
    return {"studies": studies}


def _check(request: Mapping[str, Any]) -> None:
    right = all(isinstance(request.get(name), kind) for name, kind in FIELDS.items()) and set(request) == set(FIELDS)
    if not right or not all(isinstance(name, str) for name in (*request["checkpoints"], *request["studies"])):
        expected = "checkpoints (a list of names), corpus (a name or a folder) and studies (a list of names)"
        raise ConfigError(f"The request of an examination holds {expected}; got {dict(request)}.")


KIND = JobKind(
    "battery", f"{__name__}:battery", lambda _request: "Examination", checkpoints_on_corpus,
    lambda job: Page("battery", {"job": job.id}), memory,
)  # fmt: skip
