"""Studies as jobs: how one is submitted, and what the worker does. Heavy libraries are imported where they are used."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields

from analysis.errors import ConfigError
from analysis.jobs.job import Job
from analysis.jobs.kinds.kind import JobKind, Page, Request, is_names
from analysis.jobs.kinds.words import checkpoints_on_corpus
from analysis.jobs.queue import JobQueue
from analysis.run import RunContext
from analysis.studies.base.registry import find_study


@dataclass(frozen=True)
class StudyRequest:
    """What a job computes.

    Attributes:
        study: its name.
        checkpoints: names or folders.
        settings: those that differ from the defaults of the study, or all.
        fresh: whether to compute what is stored already.
    """

    study: str
    checkpoints: list[str]
    settings: dict[str, object] = field(default_factory=dict)
    fresh: bool = False

    @classmethod
    def of(cls, document: Request) -> "StudyRequest":
        """The request of a job, settings and `fresh` may be left out.

        Raises:
            ConfigError: a field is missing, unknown or of another kind.
        """
        study, checkpoints = document.get("study"), document.get("checkpoints")
        settings, fresh = document.get("settings", {}), document.get("fresh", False)
        is_known = document.keys() <= {field.name for field in fields(cls)}
        if not is_known or not isinstance(study, str) or not is_names(checkpoints):
            raise _refused(document)
        if not isinstance(settings, dict) or not isinstance(fresh, bool):
            raise _refused(document)
        return cls(study, checkpoints, settings, fresh)


def _refused(document: Request) -> ConfigError:
    expected = "study (a name), checkpoints (a list of names), settings (a dictionary) and fresh (true or false)"
    return ConfigError(f"The request of a study holds {expected}; got {dict(document)}.")


@dataclass(frozen=True)
class Computed:
    """What a job returns: the study, where the store holds its result, its headline, and the seconds that it took."""

    study: str
    store_key: str
    headline: str
    seconds: float


def submit_study(
    queue: JobQueue, name: str, checkpoints: Sequence[str], settings: Mapping[str, object], *, fresh: bool = False
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
    from analysis.studies.base.requests import build_request
    from analysis.training.loop import pick_device

    request, device = build_request(name, checkpoints, settings), str(pick_device())
    complete = {key: value for key, value in asdict(request).items() if key != "checkpoints"}
    document = asdict(StudyRequest(name, list(checkpoints), complete, fresh))
    return queue.submit(KIND.name, document, needs_bytes=memory(document, device), device=device)


def memory(request: Request, device: str) -> int:
    """Bytes that a study takes on a device, see `analysis.studies.memory`.

    Raises:
        CheckpointError, ConfigError, CorpusError: the request cannot be used.
    """
    from analysis.studies.base.requests import build_request
    from analysis.studies.memory import needs_bytes

    asked = StudyRequest.of(request)
    return needs_bytes(asked.study, build_request(asked.study, asked.checkpoints, asked.settings), device)


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


def study(request: Request, context: RunContext) -> dict[str, object]:
    """Run a study as a `StudyRequest` says; the document is a `Computed`.

    The result is in the store, under `store_key` of the document, unless all its parts are there. A result that the store refuses
    would be found nowhere, so the job fails; its headline is told in a notice.

    Raises:
        OtoscopeError: the request, a checkpoint or the corpus cannot be used.
        StoreError: the store does not take the result.
        Cancelled: the user asked to stop; embeddings that were finished are kept.
    """
    from analysis.store import StoreError, open_store
    from analysis.studies.base.requests import build_request
    from analysis.studies.base.study import finish_study

    asked = StudyRequest.of(request)
    built = build_request(asked.study, asked.checkpoints, asked.settings)
    finished = finish_study(asked.study, built, store=open_store(), context=context, fresh=asked.fresh)
    result = finished.result
    if finished.not_stored:
        context.notice(f"Computed, but not stored: {result.headline}")
        raise StoreError(f"The result was computed, but cannot be stored, and so not shown. {finished.not_stored}")
    return asdict(Computed(asked.study, finished.key, result.headline, result.provenance["seconds"]))


KIND = JobKind("study", f"{__name__}:study", title, checkpoints_on_corpus, page, memory)
