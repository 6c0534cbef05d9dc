"""The whole examination as one job: it goes on where it was stopped, since every finished study is in the store."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

from analysis.errors import ConfigError
from analysis.files import JsonObject
from analysis.jobs.kinds.kind import JobKind, Page, Request, is_names
from analysis.jobs.kinds.words import checkpoints_on_corpus
from analysis.jobs.queue import JobQueue
from analysis.run import RunContext


@dataclass(frozen=True)
class BatteryRequest:
    """What is examined: checkpoints (names or folders), on a corpus, by studies."""

    checkpoints: list[str]
    corpus: str
    studies: list[str]

    @classmethod
    def of(cls, document: Request) -> "BatteryRequest":
        """The request of a job.

        Raises:
            ConfigError: a field is missing, unknown or of another kind.
        """
        checkpoints, corpus, studies = (document.get(field.name) for field in fields(cls))
        is_whole = document.keys() == {field.name for field in fields(cls)}
        if not is_whole or not is_names(checkpoints) or not isinstance(corpus, str) or not is_names(studies):
            expected = "checkpoints (a list of names), corpus (a name or a folder) and studies (a list of names)"
            raise ConfigError(f"The request of an examination holds {expected}; got {dict(document)}.")
        return cls(checkpoints, corpus, studies)


@dataclass(frozen=True)
class Computed:
    """What became of one study of an examination.

    Attributes:
        study: its name.
        store_key: under which the store holds its result, unless it holds it in parts alone; "" for none.
        headline: of its result; "" for none.
        error: why there is no result; "" where there is one.
        command: the command line that gives the same numbers.
        notices: sentences to be read beside the result.
    """

    study: str
    store_key: str
    headline: str
    error: str
    command: str
    notices: list[str]

    @classmethod
    def all_of(cls, document: JsonObject) -> "list[Computed]":  # JSON that `battery` returned
        """The studies of a finished job, from its document."""
        return [cls(**record) for record in document["studies"]]


def submit_battery(queue: JobQueue, checkpoints: Sequence[str], corpus: str, studies: Sequence[str]) -> str:
    """Queue the examination with the memory that its largest study needs, and return the job's id.

    Raises:
        CheckpointError, ConfigError, CorpusError: the request cannot be used.
        JobError: the server is going down.
    """
    from analysis.training.loop import pick_device

    device = str(pick_device())
    document = asdict(BatteryRequest(list(checkpoints), corpus, list(studies)))
    return queue.submit(KIND.name, document, needs_bytes=memory(document, device), device=device)


def memory(request: Request, device: str) -> int:
    """Bytes that the largest study of an examination takes on a device.

    Raises:
        CheckpointError, ConfigError, CorpusError: the request cannot be used.
    """
    from analysis.studies.base.requests import build_request
    from analysis.studies.battery import settings_for
    from analysis.studies.memory import needs_bytes

    asked = BatteryRequest.of(request)
    built = {name: build_request(name, asked.checkpoints, settings_for(name, asked.corpus)) for name in asked.studies}
    return max(needs_bytes(name, study, device) for name, study in built.items())


def battery(request: Request, context: RunContext) -> dict[str, list[dict[str, object]]]:
    """Run the examination; the document lists per study its place in the store, its headline, its command, or its reason.

    Raises:
        OtoscopeError: the request, a checkpoint or the corpus cannot be used.
        StoreError: the store does not take a result.
        Cancelled: the user asked to stop; studies that were finished are kept.
    """
    from analysis.store import StoreError, open_store
    from analysis.studies.battery import run_battery, stored_of

    asked, store = BatteryRequest.of(request), open_store()
    parts = run_battery(asked.checkpoints, asked.corpus, studies=asked.studies, store=store, context=context)
    for part in parts:
        if part.result is not None and stored_of(part.study, asked.checkpoints, asked.corpus, store) is None:
            raise StoreError(f"{part.study} was computed, but the store does not hold it. Raise OTOSCOPE_STORE_BYTES.")
    made = [
        Computed(part.study, part.key, part.result.headline if part.result else "", part.error, part.command, list(part.notices))
        for part in parts
    ]
    return {"studies": [asdict(examined) for examined in made]}


KIND = JobKind(
    "battery", f"{__name__}:battery", lambda _request: "Examination", checkpoints_on_corpus,
    lambda job: Page("battery", {"job": job.id}), memory,
)  # fmt: skip
