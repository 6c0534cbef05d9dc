"""What came with the checkpoints, about some of them or in another order: put together from the parts of what is there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from analysis.errors import ConfigError
from analysis.models.checkpoint import Checkpoint
from analysis.results import Result
from analysis.studies.base.measurement import put_together
from analysis.studies.base.parts import Parts, conclude, measurement_of
from analysis.studies.base.registry import find_study
from analysis.studies.base.requests import asked, command_of
from analysis.studies.base.settings import AnyRequest
from analysis.studies.shipped import come_with_us, setting_differences, shipped_results


def selected(result: Result, checkpoints: Mapping[str, Checkpoint]) -> Result | None:
    """The answer about these checkpoints that the parts of a result give; None where it does not hold all of them.

    Numbers are those of the result, and so are the seconds; what holds of all checkpoints together is concluded anew.
    """
    study, shas = find_study(result.study), result.provenance.get("checkpoint_sha256", {})
    if not study.has_parts or any(shas.get(name) != checkpoint.sha256 for name, checkpoint in checkpoints.items()):
        return None
    parts = Parts(study, request_of(result, checkpoints), checkpoints, "", "")
    try:
        whole = measurement_of(study, result)
        measured = [put_together([whole.about(), whole.about(*about)]) for about in parts.needed]
        answer = conclude(parts, measured)
    except ConfigError:  # of an older version of the study
        return None
    request = dict(result.request) | {"checkpoints": list(checkpoints)}
    made = dict(result.provenance) | {
        "checkpoint_sha256": {name: shas[name] for name in checkpoints},
        "command": command_of(result.study, parts.request),
    }
    return Result(result.study, request, answer.headline, answer.values, answer.tables, answer.arrays, made)


def shipped_selection(
    study: str,
    request: AnyRequest,
    checkpoints: Sequence[Checkpoint],
    *,
    other_settings: bool = False,
    folder: Path | None = None,
) -> Result | None:  # fmt: skip
    """The answer about these checkpoints that what came with them gives: with these settings, or with the nearest others.

    Args:
        study: name of the study.
        request: from `build_request`.
        checkpoints: that it names, in its order.
        other_settings: whether settings may differ; the corpus may not.
        folder: where to look; by default among what is shipped.
    """
    if not come_with_us(checkpoints):
        return None
    wanted = {checkpoint.name: checkpoint for checkpoint in checkpoints}
    for result in _nearest(shipped_results(study, folder), request, other_settings):
        if (answer := selected(result, wanted)) is not None:
            return answer
    return None


def _nearest(results: Iterable[Result], request: AnyRequest, other_settings: bool) -> list[Result]:
    """Results on the corpus of a request, those whose settings differ least first; by default only those in which none does."""
    same_corpus = [result for result in results if result.corpus == request.corpus]
    n_differing = [len(setting_differences(result, request, leave_out=("checkpoints",))) for result in same_corpus]
    ranked = sorted(zip(n_differing, same_corpus, strict=True), key=lambda pair: pair[0])
    return [result for n, result in ranked if other_settings or not n]


def request_of(result: Result, checkpoints: Mapping[str, Checkpoint]) -> AnyRequest:
    """The request of a result about other checkpoints; a setting that did not exist then has its usual value."""
    kind = find_study(result.study).request
    return replace(asked(result, kind), checkpoints=tuple(checkpoints))
