"""The summary of checkpoints by name: which results are looked for, and the command that prints them."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar, runtime_checkable

from analysis.errors import CheckpointError
from analysis.models.checkpoint import Checkpoint
from analysis.models.sides import compared_sides
from analysis.models.tower import Model
from analysis.results import Result
from analysis.store import Store, open_store
from analysis.studies.at_hand import AtHand, exact_result, others_with
from analysis.studies.base.requests import build_request
from analysis.studies.base.settings import AnyRequest
from analysis.studies.base.study import find_checkpoint
from analysis.studies.summary.panels import QUESTIONS, Summary, assemble
from analysis.studies.summary.words import as_result

STUDIES = tuple(dict.fromkeys(study for question in QUESTIONS for study in question.studies))
C = TypeVar("C", bound="Chosen")
Find = Callable[[str, AnyRequest, Sequence[C]], Sequence[AtHand]]


@runtime_checkable
class Chosen(Protocol):
    """What a summary needs of a checkpoint."""

    @property
    def name(self) -> str: ...
    @property
    def arm(self) -> str: ...
    def outline(self) -> Model: ...


@dataclass(frozen=True)
class Summed:
    """A summary, the results that it was read from by study, and itself in the schema of a result."""

    summary: Summary
    at_hand: Mapping[str, Sequence[AtHand]]
    result: Result


def summarise(names: Sequence[str], corpus: str = "full", store: Store | None = None) -> Summed:
    """What is stored or came with the library about checkpoints, with the usual settings where it is there; nothing is computed.

    Args:
        names: of checkpoints, or folders.
        corpus: of all studies.
        store: where results are looked for; that of this machine by default.

    Raises:
        CheckpointError, CorpusError: a checkpoint or the corpus cannot be used, or two checkpoints have one name.
    """
    checkpoints = [find_checkpoint(name) for name in names]
    if len({checkpoint.name for checkpoint in checkpoints}) < len(checkpoints):
        raise CheckpointError(
            f"Two checkpoints have the same name: {', '.join(checkpoint.name for checkpoint in checkpoints)}. Rename a folder."
        )
    opened_store = store or open_store()

    def find(study: str, request: AnyRequest, wanted: Sequence[Checkpoint]) -> Sequence[AtHand]:
        exact = exact_result(study, request, wanted, opened_store)
        return [exact] if exact else others_with(study, request, wanted, opened_store)

    return sum_up(checkpoints, names, corpus, find)


def sum_up(checkpoints: Sequence[C], names: Sequence[str], corpus: str, find: Find[C]) -> Summed:
    """The summary of opened checkpoints.

    Args:
        checkpoints: in the order in which they were chosen.
        names: what requests call them.
        corpus: of all studies.
        find: gives the results at hand of study, request and checkpoints.
    """
    at_hand = {study: find(study, build_request(study, names, {"corpus": corpus}), checkpoints) for study in STUDIES}
    alone = [checkpoint.name for checkpoint in checkpoints if len(compared_sides(checkpoint.outline())) == 1]
    summary = assemble({checkpoint.name: checkpoint.arm for checkpoint in checkpoints}, at_hand, alone)
    request = {"checkpoints": [checkpoint.name for checkpoint in checkpoints], "corpus": corpus}
    command = shlex.join(["otoscope", "summary", *names, *([] if corpus == "full" else ["--corpus", corpus])])
    return Summed(summary, at_hand, as_result(summary, request, at_hand, command))
