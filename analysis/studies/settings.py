"""What a setting of a study may be, checked before anything is opened: it may come from an address in a browser."""

from types import ModuleType
from typing import Any

from analysis.errors import ConfigError, shown

SPLITS = ("train", "validation", "test", "all")
LONGEST_TEXT = 2_000
LARGEST_SEED = 2**63 - 1
MOST = {
    "windows_per_piece": 2_000, "n_queries": 20_000, "pool_size": 4_096, "n_same_piece": 4_096, "n_same_composer": 4_096,
    "n_shuffles": 2_000, "shuffles": 200, "n_seeds": 20, "evaluation_seeds": 200, "dose_windows": 2_000, "reading_windows": 2_000,
    "attribution_windows": 200, "n_neighbors": 1_000, "k": 1_000, "folds": 100, "inner_folds": 100, "perplexity": 1_000,
    "pairs": 4_000,
}  # fmt: skip
"""The largest value of a number: beyond it a study would take days, or more memory than it asks for."""
LEAST = {"windows_per_piece": 1, "n_queries": 1, "pool_size": 2}
"""The smallest value of a number, where that is not 0."""


def refuse_setting(study: str, module: ModuleType, key: str, value: Any) -> None:
    """Refuse a value that no run could use.

    Args:
        study: its name.
        module: of the study; its `SPLITS`, if it has any, are the splits it knows.
        key: name of the setting.
        value: of the kind that the setting has.

    Raises:
        ConfigError: a number is not finite, negative or too large, a text is too long, or there is no such split.
    """
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            raise ConfigError(f"{key} of {study} has {len(value):,} characters; expected at most {LONGEST_TEXT:,}.")
        splits = getattr(module, "SPLITS", SPLITS)
        if key == "split" and value not in splits:
            raise ConfigError(f"There is no split {shown(value)}; expected one of {', '.join(splits)}.")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        least, most = (-LARGEST_SEED, LARGEST_SEED) if key == "seed" else (LEAST.get(key, 0), MOST.get(key, 1_000_000))
        if not least <= value <= most:  # which is also what NaN and infinity are not
            raise ConfigError(f"{key} of {study} is {shown(value)}; expected a number from {least:,} to {most:,}.")
