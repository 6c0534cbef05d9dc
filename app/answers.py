"""The results that pages show: what the store holds, or what came with the shipped checkpoints, each read once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from analysis.datasets.audio import Waveform
from analysis.results import Result
from analysis.studies.base.settings import AnyRequest as Request
from app import caching
from app.latest import Key

if TYPE_CHECKING:
    from analysis.models.checkpoint import Checkpoint
    from analysis.studies.at_hand import AtHand


class Identity(NamedTuple):
    """What decides an answer beside the study and its request.

    Attributes:
        checkpoints: per checkpoint its name, its weights and its configuration.
        corpus: changes where a folder of recordings does.
    """

    checkpoints: tuple[tuple[str, ...], ...]
    corpus: str


@dataclass(frozen=True)
class StudyRequest:
    """A question to a study; a page makes it once with `study_request` and hands it on.

    Attributes:
        study: its name.
        request: of the study.
        checkpoints: that the request names.
        identity: what decides the answer beside these names.
    """

    study: str
    request: Request
    checkpoints: tuple[Checkpoint, ...]
    identity: Identity

    @property
    def sha256s(self) -> dict[str, str]:
        """SHA-256 of the weights, by name of the checkpoint."""
        return {str(checkpoint.name): str(checkpoint.sha256) for checkpoint in self.checkpoints}


@dataclass(frozen=True)
class Answered:
    """A result and where it was found.

    Attributes:
        result: the result.
        key: under which the store holds it; "" for one that came with the checkpoints.
        origin: what is to be known about where it was found; "" for what this version of the library has stored.
        differing: the settings in which it differs from what was asked, in words.
    """

    result: Result
    key: str = ""
    origin: str = ""
    differing: tuple[str, ...] = ()


def study_request(study: str, request: Request, checkpoints: Sequence[Checkpoint]) -> StudyRequest:
    """The question of a study's request about checkpoints as they are now."""
    identities = tuple((str(checkpoint.name), *caching.identity(checkpoint)) for checkpoint in checkpoints)
    return StudyRequest(study, request, tuple(checkpoints), Identity(identities, caching.stamp(request.corpus)))


def stored_result(asked: StudyRequest) -> Answered | None:
    """The stored result; None where there is none. What was found is kept, what was not is looked for again.

    Raises:
        OtoscopeError: the request, a checkpoint or the corpus cannot be used.
    """
    return caching.once(("stored", asked.study, repr(asked.request), asked.identity), lambda: _read_stored(asked))


def found_result(asked: StudyRequest) -> Answered | None:
    """The result that the store holds, else the one that came with the checkpoints; None for none.

    Raises:
        OtoscopeError: the request, a checkpoint or the corpus cannot be used.
    """
    return stored_result(asked) or caching.once(_shipped_key("shipped", asked), lambda: _read_shipped(asked))


def nearby_result(asked: StudyRequest) -> Answered | None:
    """The result that came with these checkpoints and other settings; None where there is none."""
    return caching.once(_shipped_key("nearby", asked), lambda: _read_nearby(asked))


def result_with_more(asked: StudyRequest) -> Result | None:
    """The result that came for these checkpoints and others, whose weights need not be here; None where there is none."""
    from analysis.studies.shipped import come_with_us, shipped_with_more

    def read() -> Result | None:
        return shipped_with_more(asked.study, asked.request, asked.sha256s) if come_with_us(asked.checkpoints) else None

    return caching.once(_shipped_key("more", asked), read)


def results_with(study: str, request: Request, checkpoints: Sequence[Checkpoint]) -> list[AtHand]:
    """Results that hold some of the checkpoints: what was asked, then of other selections and settings.

    Raises:
        OtoscopeError: the request, a checkpoint or the corpus cannot be used.
    """
    from analysis.store import open_store
    from analysis.studies.at_hand import AtHand, others_with
    from analysis.studies.shipped import shipped_results

    if (answered := found_result(study_request(study, request, checkpoints))) is not None:
        return [AtHand(answered.result, answered.origin)]

    def read_stored(name: str, other: Request, opened: Sequence[Checkpoint]) -> Result | None:
        stored = stored_result(study_request(name, other, opened))
        return None if stored is None else stored.result

    def read_shipped(name: str) -> Sequence[Result]:
        return caching.once(("all shipped", name), lambda: shipped_results(name)) or []

    store = open_store()
    return list(others_with(study, request, checkpoints, store, read_stored=read_stored, read_shipped=read_shipped))


def _shipped_key(kind: str, asked: StudyRequest) -> Key:
    """What came with the checkpoints does not depend on what the corpus is today."""
    return kind, asked.study, repr(asked.request), asked.identity.checkpoints


def _read_stored(asked: StudyRequest) -> Answered | None:
    from analysis.store import open_store
    from analysis.studies.base.study import identify, kept_result

    store = open_store()
    if (identity := identify(asked.study, asked.request, store)) is None:
        return None
    result = kept_result(identity, store)
    return None if result is None else Answered(result, identity.key)


def _read_shipped(asked: StudyRequest) -> Answered | None:
    """Shipped results know the weights; the configuration has to be the shipped one as well."""
    from analysis.studies.at_hand import origin_of
    from analysis.studies.base.selections import shipped_selection
    from analysis.studies.shipped import come_with_us, shipped_result

    if not come_with_us(asked.checkpoints):
        return None
    result = shipped_result(asked.study, asked.request, asked.sha256s)
    result = result or shipped_selection(asked.study, asked.request, asked.checkpoints)
    return None if result is None else Answered(result, origin=origin_of(result))


def _read_nearby(asked: StudyRequest) -> Answered | None:
    from analysis.studies.base.selections import shipped_selection
    from analysis.studies.shipped import come_with_us, setting_differences, shipped_with_other_settings

    if not come_with_us(asked.checkpoints):
        return None
    result = shipped_with_other_settings(asked.study, asked.request, asked.sha256s)
    result = result or shipped_selection(asked.study, asked.request, asked.checkpoints, other_settings=True)
    if result is None:
        return None
    differing = setting_differences(result, asked.request, leave_out=("checkpoints",))
    origin = f"came with the checkpoints, with other settings: {', '.join(differing)}"
    return Answered(result, origin=origin, differing=tuple(differing))


def recording(key: str) -> Waveform | None:
    """The recording that the store holds under a key; None where there is none."""
    from analysis.clips.recordings import read_recording
    from analysis.store import open_store

    return caching.once(("recording", key), lambda: read_recording(open_store(), key))
