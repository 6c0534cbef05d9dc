"""Results that are at hand for some checkpoints: of exactly these, or of others among which they are; nothing is computed."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from analysis.errors import OtoscopeError
from analysis.files import Json
from analysis.models.checkpoint import Checkpoint
from analysis.models.families import family_names, find_family
from analysis.results import Result
from analysis.store import Store
from analysis.studies.base.registry import find_study
from analysis.studies.base.requests import build_request
from analysis.studies.base.selections import shipped_selection
from analysis.studies.base.settings import AnyRequest
from analysis.studies.base.study import MODEL_CODE, STUDY_CODE, find_checkpoint, stored_result
from analysis.studies.shipped import come_with_us, setting_differences, shipped_result, shipped_results

BEGINNING_BYTES = 16_384  # of a document, in which its request stands
ReadStored = Callable[[str, AnyRequest, Sequence[Checkpoint]], Result | None]
ReadShipped = Callable[[str], Sequence[Result]]
OUR_BEGINNING = re.compile(rb'\{"schema_version": \d+, "study": "([a-z]+)", "request": ')


@dataclass(frozen=True)
class AtHand:
    """A result that need not be computed.

    Attributes:
        result: the result.
        origin: what is to be known about where it was found; "" for what this version of the library has stored.
        differing: the settings in which it differs from what was asked, in words.
    """

    result: Result
    origin: str = ""
    differing: tuple[str, ...] = ()


def exact_result(study: str, request: AnyRequest, checkpoints: Sequence[Checkpoint], store: Store) -> AtHand | None:
    """What was asked, as the store holds it, else as it came with the checkpoints; None for none.

    Raises:
        CheckpointError, CorpusError: a checkpoint or the corpus cannot be used.
    """
    if (stored := stored_result(study, request, store)) is not None:
        return AtHand(stored)
    shas = {checkpoint.name: checkpoint.sha256 for checkpoint in checkpoints}
    shipped = shipped_result(study, request, shas) if come_with_us(checkpoints) else None
    shipped = shipped or shipped_selection(study, request, checkpoints)
    return None if shipped is None else AtHand(shipped, origin_of(shipped))


def origin_of(shipped: Result) -> str:
    """What is to be known of a result that came with the checkpoints."""
    same = shipped.provenance.get(STUDY_CODE) == find_study(shipped.study).code
    families: dict[str, str] = shipped.provenance.get(MODEL_CODE) or {"": ""}
    same = same and all(name in family_names() and find_family(name).code == code for name, code in families.items())
    older = "" if same else ", computed by another version of the library"
    return f"came with the checkpoints{older}"


def others_with(
    study: str, request: AnyRequest, wanted: Sequence[Checkpoint], store: Store,
    *, read_stored: ReadStored | None = None, read_shipped: ReadShipped = shipped_results,
) -> tuple[AtHand, ...]:  # fmt: skip
    """Results of other selections, or with other settings on the same corpus, that together hold as many of some checkpoints
    as can be had: those whose settings differ least first, then stored ones, then those that hold more of them.

    Numbers of one checkpoint do not depend on which others were examined with it.

    Args:
        study: name of the study.
        request: what was asked; its settings are what others are held against.
        wanted: the checkpoints that are looked for; another checkpoint of the same name is none of them.
        store: where results are kept.
        read_stored: the stored result of study, request and the checkpoints that it names; from the store by default.
        read_shipped: all results of a study that came with the library.
    """
    read = read_stored or (lambda name, asked, _: stored_result(name, asked, store))
    at_hand: list[AtHand] = []
    missing = {checkpoint.name: checkpoint for checkpoint in wanted}
    held_by = (*_stored(study, request, missing, store, read), *_shipped(request, missing, read_shipped(study)))
    for candidate, held in _ranked(request, held_by):
        if new := [name for name in held if name in missing]:
            at_hand.append(candidate)
            for name in new:
                del missing[name]
    return tuple(at_hand)


Held = tuple[Result, str, list[str]]  # a result, what is to be known of it, and which of the checkpoints it holds


def _ranked(request: AnyRequest, held_by: Sequence[Held]) -> list[tuple[AtHand, list[str]]]:
    differing = partial(setting_differences, request=request, leave_out=("checkpoints",))
    candidates = [(AtHand(result, origin, differing(result)), held) for result, origin, held in held_by if held]
    return sorted(candidates, key=lambda candidate: (len(candidate[0].differing), bool(candidate[0].origin), -len(candidate[1])))


def _stored(study: str, request: AnyRequest, wanted: Mapping[str, Checkpoint], store: Store, read: ReadStored) -> Iterator[Held]:
    """What the store holds under the keys of requests that name one of the checkpoints; a key decides everything."""
    for asked in _stored_requests(study, store):
        if asked.corpus != request.corpus or not {Path(name).name for name in asked.checkpoints} & set(wanted):
            continue
        try:
            opened = {checkpoint.name: checkpoint for checkpoint in map(find_checkpoint, asked.checkpoints)}
            result = read(study, asked, list(opened.values()))
        except OtoscopeError:  # such as a checkpoint that has gone
            continue
        if result is not None:
            yield result, "", [name for name, checkpoint in wanted.items() if name in opened and _same(opened[name], checkpoint)]


def _shipped(request: AnyRequest, wanted: Mapping[str, Checkpoint], results: Sequence[Result]) -> Iterator[Held]:
    for result in results:
        if result.corpus == request.corpus:
            shas = result.provenance.get("checkpoint_sha256", {})
            held = [
                name for name, checkpoint in wanted.items() if shas.get(name) == checkpoint.sha256 and come_with_us([checkpoint])
            ]
            yield result, origin_of(result), held


def _same(first: Checkpoint, other: Checkpoint) -> bool:
    """Whether both have the same weights, configuration and untrained twin."""
    mine, theirs = ((checkpoint.sha256, checkpoint.config, checkpoint.seed) for checkpoint in (first, other))
    return mine == theirs


def _stored_requests(study: str, store: Store) -> list[AnyRequest]:
    """Requests of a study that the store may hold results of, none twice; those that cannot be asked any more are left out."""
    requests: Json = {}
    for beginning in store.beginnings(BEGINNING_BYTES):
        settings = _request_in(study, beginning)
        if settings is None or not isinstance(names := settings.pop("checkpoints", None), list):
            continue
        try:
            asked = build_request(study, names, settings)
        except (OtoscopeError, TypeError, ValueError):  # of another version of the library
            continue
        requests[repr(asked)] = asked
    return list(requests.values())


def _request_in(study: str, beginning: bytes) -> Json | None:
    """The request in the first bytes of a document; None where there is none of that study."""
    match = OUR_BEGINNING.match(beginning)
    if match is None or match[1].decode() != study:
        return None
    try:
        request, _ = json.JSONDecoder().raw_decode(beginning[match.end() :].decode("utf-8", "ignore"))
    except ValueError:
        return None
    return request if isinstance(request, dict) else None
