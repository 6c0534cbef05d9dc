"""The results that pages show: what the store holds, or what came with the shipped checkpoints, each read once."""

from collections.abc import Sequence
from typing import Any

from analysis.datasets.audio import Waveform
from app import caching


def stored_result(study: str, request: Any, checkpoints: Sequence[Any]) -> Any | None:
    """The stored result of a study's request; None where there is none. What was found is kept, what was not is looked for again.

    Raises:
        OtoscopeError: the request, a checkpoint or the corpus cannot be used.
    """
    from analysis.store import open_store
    from analysis.studies.study import stored_result as find

    key = ("stored", study, repr(request), _identities(checkpoints), caching.stamp(request.corpus))
    return caching.once(key, lambda: find(study, request, open_store()))


def found_result(study: str, request: Any, checkpoints: Sequence[Any]) -> tuple[Any | None, str]:
    """The result that the store holds, else the one that came with the checkpoints and what to know about that; None for none.

    Raises:
        OtoscopeError: the request, a checkpoint or the corpus cannot be used.
    """
    from analysis.studies.at_hand import origin_of

    if (found := stored_result(study, request, checkpoints)) is not None:
        return found, ""
    key = ("shipped", study, repr(request), _identities(checkpoints))
    if (found := caching.once(key, lambda: _shipped_result(study, request, checkpoints))) is None:
        return None, ""
    return found, origin_of(found)


def nearby_result(study: str, request: Any, checkpoints: Sequence[Any]) -> tuple[Any | None, str]:
    """The result that came with these checkpoints and other settings, and in what those differ; None where there is none."""
    from analysis.studies.shipped import setting_differences

    key = ("nearby", study, repr(request), _identities(checkpoints))
    if (found := caching.once(key, lambda: _shipped_nearby(study, request, checkpoints))) is None:
        return None, ""
    return found, ", ".join(setting_differences(found, request))


def result_with_more(study: str, request: Any, checkpoints: Sequence[Any]) -> Any | None:
    """The result that came for these checkpoints and others, whose weights need not be here; None where there is none."""
    from analysis.studies.shipped import come_with_us, shipped_with_more

    shas = {str(one.name): str(one.sha256) for one in checkpoints}
    key = ("more", study, repr(request), _identities(checkpoints))
    return caching.once(key, lambda: shipped_with_more(study, request, shas) if come_with_us(checkpoints) else None)


def results_with(study: str, request: Any, checkpoints: Sequence[Any]) -> list[Any]:
    """Results that hold some of the checkpoints, each an `AtHand`: what was asked, then of other selections and settings.

    Raises:
        OtoscopeError: the request, a checkpoint or the corpus cannot be used.
    """
    from analysis.store import open_store
    from analysis.studies.at_hand import AtHand, others_with
    from analysis.studies.shipped import shipped_results

    result, origin = found_result(study, request, checkpoints)
    if result is not None:
        return [AtHand(result, origin)]
    shipped = lambda name: caching.once(("all shipped", name), lambda: shipped_results(name)) or []  # noqa: E731
    return list(others_with(study, request, checkpoints, open_store(), read_stored=stored_result, read_shipped=shipped))


def stored_use(checkpoint: Any, clip: Waveform, *, twin: bool) -> Any | None:
    """What the store holds of a checkpoint's attention over a clip, or of its untrained twin's: a `ClipUse`; None for nothing."""
    from analysis.clips.store import read_use, use_key
    from analysis.store import open_store
    from analysis.training.loop import pick_device

    key = use_key(checkpoint, caching.recording_key(clip), twin=twin, device=pick_device().type)
    return caching.once(("use", key), lambda: read_use(open_store(), key))


def recording(key: str) -> Waveform | None:
    """The recording that the store holds under a key; None where there is none."""
    from analysis.clips.store import read_recording
    from analysis.store import open_store

    return caching.once(("recording", key), lambda: read_recording(open_store(), key))


def _shipped_result(study: str, request: Any, checkpoints: Sequence[Any]) -> Any | None:
    """Shipped results know the weights; the configuration has to be the shipped one as well."""
    from analysis.studies.shipped import come_with_us, shipped_result

    return shipped_result(study, request, _shas(checkpoints)) if come_with_us(checkpoints) else None


def _shipped_nearby(study: str, request: Any, checkpoints: Sequence[Any]) -> Any | None:
    from analysis.studies.shipped import come_with_us, shipped_with_other_settings

    return shipped_with_other_settings(study, request, _shas(checkpoints)) if come_with_us(checkpoints) else None


def _shas(checkpoints: Sequence[Any]) -> dict[str, str]:
    return {str(one.name): str(one.sha256) for one in checkpoints}


def _identities(checkpoints: Sequence[Any]) -> tuple[tuple[str, ...], ...]:
    return tuple((str(one.name), *caching.identity(one)) for one in checkpoints)
