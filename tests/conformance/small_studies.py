"""A small request of every study: on a tiny corpus, of checkpoints with the weights they begin with."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from analysis.models.checkpoint import Checkpoint
from analysis.studies.base.registry import find_study
from analysis.studies.base.requests import build_request
from tests.tiny_beats import beats_beside
from tests.tiny_stems import stems_beside

Make = Callable[..., Checkpoint]
WINDOWS: dict[str, Any] = {"split": "all", "windows_per_piece": 4}
POOLS: dict[str, Any] = {**WINDOWS, "n_queries": 16, "pool_size": 16}
STRESS: dict[str, Any] = {**POOLS, "n_same_piece": 3, "n_same_composer": 0}
FEW_WINDOWS: dict[str, Any] = {"dose_windows": 8, "reading_windows": 8, "attribution_windows": 1}
SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "retrieval": STRESS, "controls": POOLS, "replication": {**POOLS, "evaluation_seeds": 2}, "ablation": STRESS,
    "bands": {**STRESS, **FEW_WINDOWS, "bands": "47,750,1500,3000", "doses": "0.1"},
    "transposition": {**STRESS, "semitones": "3"}, "invariance": {**STRESS, "changes": "time_shift,gain,note_velocity"},
    "similarity": {**WINDOWS, "n_shuffles": 20}, "probes": {**WINDOWS, "folds": 2, "inner_folds": 2},
    "stems": {**WINDOWS, "partitions": 3}, "onsets": WINDOWS, "structure": WINDOWS,
    "beats": {"split": "all", "seconds": 4, "stride_ms": 40, "bpm_step": 5},
    "tokens": {**WINDOWS, "folds": 2, "inner_folds": 2},
    "embedding": {**WINDOWS, "n_seeds": 2, "n_neighbors": 5, "perplexity": 5},
}  # fmt: skip
USUAL = (("D0", 1), ("d4a4", 1))
OF: Mapping[str, tuple[tuple[str, int], ...]] = {
    "controls": (("D0", 1), ("d4a4", 1), ("d4a4-zero", 1)), "replication": (*USUAL, ("D0", 2), ("d4a4", 2)),
}  # fmt: skip


def checkpoints_of(study: str, make: Make) -> list[Checkpoint]:
    """What the study is asked about."""
    return [make(arm, seed) for arm, seed in OF.get(study, USUAL)]


def request_of(study: str, make: Make, corpus_folder: Path) -> Any:
    """The request for all of it, by names, as a page asks; `OTOSCOPE_CHECKPOINTS` has to name their folder."""
    names = [one.name for one in checkpoints_of(study, make)]
    return build_request(study, names, {**SETTINGS[study], "corpus": str(corpus_of(study, corpus_folder))})


def corpus_of(study: str, corpus_folder: Path) -> Path:
    """The tiny corpus, or the one beside it with stems or beats, where the study needs them."""
    if find_study(study).needs.beats:
        return beats_beside(corpus_folder)
    return stems_beside(corpus_folder) if find_study(study).needs.stems else corpus_folder
