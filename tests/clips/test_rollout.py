"""Rollout against its own definition, with special tokens, and a sentence where it does not apply."""

from typing import Any

import numpy as np
import pytest

from analysis.clips.heads.rollout import apart, roll_out
from analysis.errors import ShapeError
from analysis.measures.rollout import rollout
from analysis.models.tower import AttentionPlace, TokenAxis
from tests.clips.test_head_reading import WINDOWS
from tests.conformance import made_up_family
from tests.tiny import build_narrow


def test_it_is_the_product_of_the_blocks(rng: np.random.Generator) -> None:
    patterns = [rng.dirichlet(np.ones(5), (2, 5)) for _ in range(3)]
    rolled = rollout(patterns)
    expected = np.eye(5)
    for pattern, layer in zip(patterns, rolled, strict=True):
        expected = (0.5 * pattern.mean(axis=0) + 0.5 * np.eye(5)) @ expected
        np.testing.assert_allclose(layer, expected)
    np.testing.assert_allclose(rolled.sum(axis=2), 1)


def test_heads_that_look_at_themselves_change_nothing() -> None:
    assert (rollout([np.eye(4)[None]] * 3) == np.eye(4)).all()


def test_other_tokens_are_refused() -> None:
    with pytest.raises(ShapeError, match="same tokens"):
        rollout([np.full((1, 2, 3), 1 / 3)])
    with pytest.raises(ShapeError, match="no block"):
        rollout([])


def test_special_tokens_stay_in_it_and_the_twin_is_beside() -> None:
    model, twin = (made_up_family.build(made_up_family.Sizes(), seed).eval() for seed in (1, 2))
    rolled, untrained = (roll_out(each.towers["audio"], WINDOWS[0]) for each in (model, twin))
    assert rolled.notice == ""
    assert rolled.layers == (1, 2)
    assert rolled.rolled.shape == (2, 21, 21)
    np.testing.assert_allclose(rolled.sources.sum(axis=1), 1)
    assert rolled.sources[0, 0] > 0
    assert apart(rolled, rolled).tolist() == [0, 0]
    assert (apart(rolled, untrained) > 0).all()


@pytest.mark.parametrize(
    ("arm", "words"), [("D0", ""), ("a4x", "CNN tokens look at A4 tokens"), ("a4r", "A4 tokens look at CNN tokens")]
)
def test_crossing_is_left_out_and_that_is_said(arm: str, words: str) -> None:
    rolled = roll_out(build_narrow(arm).eval().towers["audio"], WINDOWS[0])
    assert rolled.layers == (1, 2, 3, 4)
    assert words in rolled.notice
    assert bool(rolled.notice) is bool(words)


def test_where_tokens_change_from_block_to_block_there_is_none() -> None:
    class Striding(made_up_family.Listener):
        def attention(self, batch: Any) -> tuple[AttentionPlace, ...]:
            first, second = super().attention(batch)
            fewer = TokenAxis("pair of frames", np.arange(10.0) / 5)
            return first, second._replace(query=fewer, key=fewer)

    striding: Any = Striding(made_up_family.build(made_up_family.Sizes(), 1).eval())
    rolled = roll_out(striding, WINDOWS[0])
    assert rolled.axis is None
    assert "does not apply" in rolled.notice
    assert rolled.sources.shape == (0, 0)
