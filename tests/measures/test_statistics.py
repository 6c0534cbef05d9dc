"""The bootstrap draws pieces, not queries."""

import numpy as np

from analysis.measures.statistics import bootstrap_by_piece


def test_one_piece_has_no_spread() -> None:
    values = np.arange(10.0)
    found = bootstrap_by_piece(np.zeros(10), lambda index: float(values[index].mean()), n_resamples=50, seed=0)
    assert found == (4.5, 4.5)


def test_two_pieces_give_the_whole_range() -> None:
    values = np.repeat([0.0, 1.0], 100)
    groups = np.repeat(["a", "b"], 100)
    assert bootstrap_by_piece(groups, lambda index: float(values[index].mean()), seed=0) == (0.0, 1.0)


def test_the_seed_decides(rng: np.random.Generator) -> None:
    values, groups = rng.random(100), np.repeat(np.arange(20), 5)
    one, two = (bootstrap_by_piece(groups, lambda index: float(values[index].mean()), seed=3) for _ in "ab")
    assert one == two
    assert one[0] < values.mean() < one[1]
