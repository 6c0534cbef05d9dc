"""Questions about heads and tokens in one recording as jobs. Heavy libraries are imported where they are needed."""

from dataclasses import asdict, dataclass, field, fields
from pathlib import PurePath
from typing import TYPE_CHECKING

from analysis.errors import ConfigError
from analysis.jobs.kinds.kind import JobKind, Names, Page, Request
from analysis.jobs.queue import JobQueue
from analysis.run import RunContext

if TYPE_CHECKING:
    from analysis.clips.questions.question import Question
    from analysis.datasets.audio import Waveform
    from analysis.models.checkpoint import Checkpoint

TITLES = {
    "find": "Heads that follow the music", "remove": "Without a head", "patch": "Patching", "attribute": "Attribution",
    "roll": "Rollout",
}  # fmt: skip


AT_ONCE = {"remove": 24, "attribute": 8}  # windows that are in memory together


@dataclass(frozen=True)
class QuestionRequest:
    """What a job answers.

    Attributes:
        checkpoint: name or folder.
        clip: key of the recording in the store, at the rate of the tower that hears.
        companions: key of what belongs to it; "" for nothing.
        companions_of: key of the recording that this belongs to.
        question: as `analysis.clips.questions.question.Question` has it.
    """

    checkpoint: str
    clip: str
    companions: str
    companions_of: str
    question: dict[str, object] = field(default_factory=dict)

    @classmethod
    def of(cls, document: Request) -> "QuestionRequest":
        """The request of a job.

        Raises:
            ConfigError: a field is missing, unknown or of another kind.
        """
        names = [item.name for item in fields(cls)]
        question = document.get("question")
        texts = [document.get(name) for name in names[:-1]]
        if document.keys() != set(names) or not isinstance(question, dict) or not all(isinstance(text, str) for text in texts):
            raise ConfigError(f"A question about a clip holds {', '.join(names)}; got {dict(document)}.")
        checkpoint, clip, companions, companions_of = map(str, texts)
        return cls(checkpoint, clip, companions, companions_of, question)


def submit_question(
    queue: JobQueue, checkpoint: str, waveform: "Waveform", companions: tuple[str, str], question: "Question",
    other: "Waveform | None" = None,
) -> str:  # fmt: skip
    """Store a recording, queue a question about it, and return the job's id.

    Args:
        queue: of the server.
        checkpoint: name or folder.
        waveform: the recording, at the rate of the tower that hears.
        companions: key of what belongs to it and the key of the recording that this belongs to; "" and "" for nothing.
        question: what is asked.
        other: the recording that the question names, at the rate of that tower; None where it names none.

    Raises:
        CheckpointError: the checkpoint cannot be used.
        StoreError: the store does not hold both recordings and what belongs to the first at once.
        JobError: the server is going down.
    """
    from analysis.clips.recordings import keep_recording
    from analysis.store import open_store
    from analysis.studies.base.study import find_checkpoint
    from analysis.training.loop import pick_device

    device, store = str(pick_device()), open_store()
    needed = _needed(find_checkpoint(checkpoint), waveform, question.kind, device, other)  # refused before anything is kept
    kept = [key for key in (companions[0], question.probes) if key]
    kept += [] if other is None else [keep_recording(store, other, kept)]
    request = asdict(QuestionRequest(checkpoint, keep_recording(store, waveform, kept), *companions, asdict(question)))
    return queue.submit(KIND.name, request, needs_bytes=needed, device=device)


def memory(request: Request, device: str) -> int:
    """Bytes that an answer takes on a device, as reading the recording does, with gradients of one window; and another beside it.

    Raises:
        CheckpointError, ConfigError: the checkpoint or the request cannot be used.
    """
    from analysis.clips.recordings import read_recording
    from analysis.store import open_store
    from analysis.studies.base.study import find_checkpoint

    asked = QuestionRequest.of(request)
    store, named = open_store(), asked.question.get("other")
    recording, other = read_recording(store, asked.clip), read_recording(store, str(named)) if named else None
    if recording is None:
        return 0
    return _needed(find_checkpoint(asked.checkpoint), recording, str(asked.question.get("kind")), device, other)


def _needed(checkpoint: "Checkpoint", waveform: "Waveform", kind: str, device: str, other: "Waveform | None") -> int:
    from analysis.jobs.kinds.clip_memory import beside_bytes, needs_bytes

    read = needs_bytes(checkpoint, waveform.duration_s, device, at_once=AT_ONCE.get(kind, 1))
    return 2 * read + (0 if other is None else beside_bytes(len(other.samples), device))


def title(request: Request) -> str:
    """What is asked, in words."""
    return TITLES.get(str(QuestionRequest.of(request).question.get("kind")), "A question about a clip")


def subject(request: Request, names: Names) -> str:
    """The checkpoint, and the recording."""
    asked = QuestionRequest.of(request)
    return f"{PurePath(asked.checkpoint).name} on {names.recording(asked.clip) or 'a recording'}"


def clip_question(request: Request, context: RunContext) -> dict[str, str]:
    """Answer a question about a recording that is in the store; what is stored already is not computed again.

    Raises:
        CheckpointError: the checkpoint cannot be used.
        ConfigError: the question cannot be answered of this recording and model.
        StoreError: the recording is not in the store any more, or the store does not take the answer.
        Cancelled: the user asked to stop.
    """
    from analysis.clips.companions import Companions, read_companions
    from analysis.clips.probes import read_probes
    from analysis.clips.questions.answer import put_answer, read_answer
    from analysis.clips.questions.question import Question
    from analysis.clips.questions.registry import answer, answer_key
    from analysis.clips.recordings import read_recording
    from analysis.store import StoreError, open_store
    from analysis.studies.base.study import find_checkpoint
    from analysis.training.loop import pick_device

    asked = QuestionRequest.of(request)
    question = Question.of(asked.question)
    store, checkpoint, device = open_store(), find_checkpoint(asked.checkpoint), pick_device()
    recording, other = read_recording(store, asked.clip), read_recording(store, question.other) if question.other else None
    if recording is None or (question.other and other is None):
        raise StoreError("A recording left the store before it was read. Open it again, or raise OTOSCOPE_STORE_BYTES.")
    companions = read_companions(store, asked.companions, asked.companions_of) if asked.companions else None
    if asked.companions and companions is None:
        left = "Notes and annotations left the store before they were read."
        raise StoreError(f"{left} Add them again, or raise OTOSCOPE_STORE_BYTES.")
    key = answer_key(question, checkpoint, asked.clip, asked.companions)
    if read_answer(store, key) is None:
        model, twin = (built().to(device) for built in (checkpoint.model, checkpoint.untrained_twin))
        probes = read_probes(store, question.probes) if question.probes else None
        put_answer(store, key, answer(question, model, twin, recording, companions or Companions(), context, probes, other))
    return {"store_key": key}


def page(job: object) -> Page | None:
    """The clip page, with the recording, and another beside it where the question names one."""
    asked = QuestionRequest.of(getattr(job, "request", {}))
    parameters = {"checkpoint": PurePath(asked.checkpoint).name, "clip": asked.companions_of or asked.clip}
    other = asked.question.get("other")
    beside = {"beside": f"recording:{other}"} if other else {}
    return Page("clip", parameters | beside | ({"with": asked.companions} if asked.companions else {}))


KIND = JobKind("clip_question", f"{__name__}:clip_question", title, subject, page, memory, partial_results=False)
