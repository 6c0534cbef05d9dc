"""The results that pages show: what the store holds, or what came with the shipped checkpoints, each read once."""

from collections.abc import Sequence
from typing import Any

from app import caching


def stored_result(study: str, request: Any, checkpoints: Sequence[Any]) -> Any | None:
    """The stored result of a study's request; None where there is none. What was found is kept, what was not is looked for again.

    Raises:
        OtoscopeError: the request, a checkpoint or the corpus cannot be used.
    """
    from analysis.store import open_store
    from analysis.studies.study import stored_result as find

    key = ("stored", study, repr(request), _shas(checkpoints), caching.stamp(request.corpus))
    return caching.once(key, lambda: find(study, request, open_store()))


def found_result(study: str, request: Any, checkpoints: Sequence[Any]) -> tuple[Any | None, str]:
    """The result that the store holds, else the one that came with the checkpoints and what to know about that; None for none.

    Raises:
        OtoscopeError: the request, a checkpoint or the corpus cannot be used.
    """
    from analysis.results import code_version
    from analysis.studies.shipped import shipped_result

    if (found := stored_result(study, request, checkpoints)) is not None:
        return found, ""
    shas = _shas(checkpoints)
    found = caching.once(("shipped", study, repr(request), shas), lambda: shipped_result(study, request, dict(shas)))
    if found is None:
        return None, ""
    older = "" if found.provenance.get("code_version") == code_version() else ", computed by another version of the library"
    return found, f"came with the checkpoints{older}"


def _shas(checkpoints: Sequence[Any]) -> tuple[tuple[str, str], ...]:
    return tuple((str(one.name), str(one.sha256)) for one in checkpoints)
