"""What is explained at masked patches, as evaluations hold it, read with care: a configuration may say anything."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

PREDICTION, ALL = "prediction", "all"  # in an evaluation; all strategies together
RANK, COLLAPSED = "target_effective_rank", 0.5  # share of the untrained twin's rank below which targets are said to collapse
LEAST = -1.0


@dataclass(frozen=True)
class Explained:
    """The share of the error of the mean target that is explained, with its 95 % interval over works; shares of 1."""

    value: float
    low: float
    high: float
    n_windows: int
    n_works: int


def read_explained(evaluation: Mapping[str, object], weights: str = "trained", strategy: str = ALL) -> Explained | None:
    """What an evaluation says is explained; None where it says nothing of it, or nothing that can be."""
    value: object = evaluation
    for name in (weights, PREDICTION, strategy):
        value = value.get(name) if isinstance(value, Mapping) else None
    if not isinstance(value, Mapping):
        return None
    try:
        low, high = (float("nan") if bound is None else float(bound) for bound in value["explained_ci"])
        explained = Explained(float(value["explained"]), low, high, int(value["n_windows"]), int(value["n_works"]))
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    return explained if math.isfinite(explained.value) and explained.value <= 1 and explained.n_windows > 0 else None


def explained_text(explained: Explained) -> str:
    """A share with its interval, if it has one; how far it is below −100 % says nothing.

    >>> explained_text(Explained(0.344, 0.289, 0.403, 200, 24)), explained_text(Explained(-0.02, float("nan"), 0.1, 9, 2))
    ('34.4 % [28.9, 40.3]', '−2.0 %')
    """
    if explained.value < LEAST:
        return f"< {100 * LEAST:.0f} %".replace("-", "−")
    text = f"{100 * explained.value:.1f} %"
    known = explained.low <= explained.high
    return (f"{text} [{100 * explained.low:.1f}, {100 * explained.high:.1f}]" if known else text).replace("-", "−")


def rank_sentence(evaluation: Mapping[str, object]) -> str:
    """How many directions the targets take, beside the untrained twin's, and whether they have collapsed; "" where not known."""
    trained, twin = _ranks(evaluation)
    if trained is None or twin is None:
        return ""
    text = f"Targets take {trained:.1f} directions (effective rank), those of the untrained twin {twin:.1f}"
    if not has_collapsed(evaluation):
        return f"{text}."
    return f"{text}: less than half as many, which is called partly collapsed here. Few directions are easily predicted."


def has_collapsed(evaluation: Mapping[str, object]) -> bool:
    """Whether the targets take less than half as many directions as those of the untrained twin.

    >>> has_collapsed({"trained": {"target_effective_rank": 2.0}, "untrained": {"target_effective_rank": 13.0}})
    True
    """
    trained, twin = _ranks(evaluation)
    return trained is not None and twin is not None and trained < COLLAPSED * twin


def _ranks(evaluation: Mapping[str, object]) -> tuple[float | None, float | None]:
    return _rank(evaluation.get("trained")), _rank(evaluation.get("untrained"))


def _rank(record: object) -> float | None:
    value = record.get(RANK) if isinstance(record, Mapping) else None
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def prediction_headline(evaluation: Mapping[str, object]) -> str | None:
    """What is explained at masked patches, with the untrained twin beside it; None where nothing was measured of it."""
    explained, twin = read_explained(evaluation), read_explained(evaluation, "untrained")
    if explained is None:
        return None
    control = f"untrained twin {explained_text(twin)}" if twin else "no untrained twin was scored"
    windows = f"n = {explained.n_windows} windows of {explained.n_works} works"
    text = f"{explained_text(explained)} of the mean target's error at masked patches is explained ({windows}); {control}."
    return f"{text} Targets have partly collapsed." if has_collapsed(evaluation) else text


def prediction_rows(evaluation: Mapping[str, object]) -> list[dict[str, str]]:
    """What a model and its untrained twin explain, by how patches were masked; none where an evaluation says nothing of it."""
    rows = []
    for strategy in _strategies(evaluation):
        shares = [read_explained(evaluation, weights, strategy) for weights in ("trained", "untrained")]
        texts = ["–" if share is None else explained_text(share) for share in shares]
        rows.append({"masks": strategy, "error explained": texts[0], "untrained twin": texts[1]})
    return rows


def _strategies(evaluation: Mapping[str, object]) -> list[str]:
    trained = evaluation.get("trained")
    records = trained.get(PREDICTION) if isinstance(trained, Mapping) else None
    return [str(name) for name in records] if isinstance(records, Mapping) else []
