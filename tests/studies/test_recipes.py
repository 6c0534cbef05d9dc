"""Two checkpoints are alike when every setting that decides a run is the same, and no other counts."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analysis.models.checkpoint import Checkpoint
from analysis.studies.recipes import differences, most_common, recipe_of

TRAINING: dict[str, Any] = {
    "seed": 0, "steps": 10, "batch_size": 64, "schedule": "cosine", "warmup": 1, "floor": 0.1, "tail_end": 0.02,
    "reference_steps": 0, "hold": 0.5, "end": "cosine", "learning_rates": "", "weight_decay": 1e-4, "beta1": 0.9, "beta2": 0.999,
    "clip_norm": 1.0, "bf16": True, "freeze": "", "corpus_sha256": "a" * 64, "device": "cpu", "recipe": "small",
}  # fmt: skip


def trained(**changed: Any) -> Checkpoint:
    return Checkpoint(Path("one"), "D0", "small", {}, {**TRAINING, **changed}, {}, "0" * 64)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"warmup": 2}, "warmup 2 instead of 1"), ({"weight_decay": 0.01}, "weight decay 0.01 instead of 0.0001"),
        ({"bf16": False}, "bf16 False instead of True"), ({"beta2": 0.95}, "beta2 0.95 instead of 0.999"),
        ({"freeze": "cnn and positions"}, "freeze cnn and posi instead of "),
        ({"clip_norm": 3.0}, "clip norm 3.0 instead of 1.0"),
        ({"learning_rates": "paper"}, "learning rates paper instead of small"), ({"steps": 11}, "steps 11 instead of 10"),
        ({"corpus_sha256": "b" * 64}, f"corpus {'b' * 12} instead of {'a' * 12}"),
    ],
)  # fmt: skip
def test_every_setting_that_decides_a_run_counts(changed: dict[str, Any], words: str) -> None:
    assert differences(trained(**changed), recipe_of(trained())) == words


@pytest.mark.parametrize("changed", [{"seed": 1}, {"device": "cuda"}, {"recipe": "paper"}, {"hold": 0.9}, {"floor": 0.3}])
def test_what_decides_nothing_does_not_count(changed: dict[str, Any]) -> None:
    assert recipe_of(trained(**changed)) == recipe_of(trained())


def test_settings_of_a_schedule_count_where_it_is_used() -> None:
    tail = trained(schedule="cosine-tail")
    assert differences(trained(schedule="cosine-tail", floor=0.3), recipe_of(tail)) == "floor 0.3 instead of 0.1"
    hold = trained(schedule="trapezoidal")
    assert differences(trained(schedule="trapezoidal", hold=0.9), recipe_of(hold)) == "hold 0.9 instead of 0.5"


def test_what_an_older_checkpoint_does_not_say_is_not_guessed() -> None:
    older = replace(trained(), training={"steps": 10})
    assert "warmup not recorded instead of 1" in differences(older, recipe_of(trained()))
    assert most_common([trained(), older, trained(seed=3)]) == recipe_of(trained())
