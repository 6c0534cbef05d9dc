"""What the numbers of a result were made from, for the footer, and whose they are."""

from collections.abc import Mapping

from analysis.results import Result
from app.charts.mark import COLOURS


def names_of(result: Result) -> list[str]:
    """Names of the checkpoints, in the order of the request."""
    return list(result.checkpoints)


def colours_of(result: Result) -> dict[str, str]:
    """The colour that every checkpoint has in all figures of a page, by its place in the request."""
    return {name: COLOURS[number % len(COLOURS)] for number, name in enumerate(names_of(result))}


def facts(result: Result) -> dict[str, str]:
    """Checkpoints and corpus with the first digits of their hashes, split, seed, precision, device and duration."""
    made = result.provenance
    named = (("checkpoints", "checkpoint_sha256"), ("corpus", "corpus_sha256"))
    shas = {label: _hashes(dict(made.get(field, {}))) for label, field in named}
    seconds = made.get("seconds")
    rest = {
        "split": result.request.get("split"), "works": made.get("n_works"), "seed": made.get("seed"),
        "dtype": made.get("dtype"), "device": made.get("device"),
        "computed in": None if seconds is None else f"{seconds:.0f} s", "code": made.get("code_version"),
    }  # fmt: skip
    return shas | {name: str(fact) for name, fact in rest.items() if fact is not None}


def _hashes(shas: Mapping[str, str]) -> str:
    return ", ".join(f"{name} ({str(sha)[:12]})" for name, sha in shas.items())
