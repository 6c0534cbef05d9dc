"""What answers every kind of question, and where its answer is kept."""

from collections.abc import Callable, Mapping
from dataclasses import asdict

from analysis.clips.audio_tower import audio_tower
from analysis.clips.clock import clock_of
from analysis.clips.companions import Companions
from analysis.clips.probes import ClipProbes
from analysis.clips.questions.answer import Answer
from analysis.clips.questions.explain import attribute_window
from analysis.clips.questions.find import find_heads
from analysis.clips.questions.patch import patch_pair
from analysis.clips.questions.question import Inquiry, Question
from analysis.clips.questions.remove import remove_head
from analysis.clips.questions.roll import roll
from analysis.datasets.audio import Waveform
from analysis.models.checkpoint import Checkpoint
from analysis.models.tower import Model
from analysis.run import RunContext
from analysis.sources import code_of
from analysis.store import Store

ANSWERS: Mapping[str, Callable[[Inquiry], Answer]] = {
    "find": find_heads, "remove": remove_head, "patch": patch_pair, "attribute": attribute_window,
    "roll": roll,
}  # fmt: skip


def answer(
    question: Question, model: Model, twin: Model, waveform: Waveform, companions: Companions, context: RunContext,
    probes: ClipProbes | None = None, other: Waveform | None = None,
) -> Answer:  # fmt: skip
    """The answer to a question about a recording.

    Args:
        question: what is inquiry.
        model: in evaluation.
        twin: its untrained twin, on the same device.
        waveform: the recording, at the rate of the tower that hears.
        companions: what belongs to it.
        context: for progress and cancelling.
        probes: of the model and its twin; None where none were fitted.
        other: the recording that the question names, at the rate of the tower that hears; None where it names none.

    Raises:
        ConfigError: it cannot be answered of this recording and this model.
        Cancelled: somebody asked to stop.
    """
    tower = audio_tower(model)
    clock = clock_of(waveform, tower.input)
    asked = Inquiry(question, model, twin, tower.name, waveform, companions, clock, context, probes, other)
    return ANSWERS[question.kind](asked)


def answer_key(question: Question, checkpoint: Checkpoint, recording: str, companions: str) -> str:
    """Where an answer is kept.

    Args:
        question: what is inquiry.
        checkpoint: of whose model.
        recording: key of the recording in the store.
        companions: key of what belongs to it; "" for nothing.
    """
    code = code_of("analysis.clips.questions.registry"), checkpoint.of_family.code
    weights = checkpoint.sha256, checkpoint.seed
    return Store.key(
        kind="clip answer", question=asdict(question), weights=weights, family=checkpoint.family, config=checkpoint.config,
        recording=recording, companions=companions, code=code,
    )  # fmt: skip
