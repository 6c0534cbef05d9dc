"""Requests are written as they always were: stored and shipped results are found by that."""

import json
from dataclasses import asdict

import pytest

from analysis.studies.base.requests import build_request, command_of

START = '{"checkpoints": ["a"], "corpus": "full", "split": "test", "windows_per_piece": '


@pytest.mark.parametrize(
    ("study", "rest"),
    [
        ("retrieval", '100, "n_queries": 500, "pool_size": 256, "n_same_piece": 64, "n_same_composer": 32, "seed": 42}'),
        ("ablation", '65, "n_queries": 500, "pool_size": 256, "n_same_piece": 64, "n_same_composer": 32, "seed": 42}'),
        ("controls", '100, "n_queries": 500, "pool_size": 256, "seed": 42}'),
        ("replication", '100, "n_queries": 500, "pool_size": 256, "evaluation_seeds": 10, "seed": 42}'),
    ],
)
def test_the_fields_their_order_and_their_defaults_stay(study: str, rest: str) -> None:
    assert json.dumps(asdict(build_request(study, ["a"], {}))) == START + rest


def test_sizes_are_what_pools_are_asked_for() -> None:
    assert build_request("controls", ["a"], {"pool_size": 8}).sizes == {"n_queries": 500, "pool_size": 8}
    hard = build_request("ablation", ["a"], {"n_same_piece": 3}).sizes
    assert hard == {"n_queries": 500, "pool_size": 256, "n_same_piece": 3, "n_same_composer": 32}
    assert command_of("replication", build_request("replication", ["a"], {"seed": 1, "evaluation_seeds": 3})).endswith(
        "--set evaluation_seeds=3 --set seed=1"
    )
