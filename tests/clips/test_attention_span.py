"""The sentence about how widely attention is spread, at its boundaries."""

import pytest

from analysis.clips.attention_span import AttentionSpan, headline

TWIN = AttentionSpan(182.0, 180.0, 184.0, 7.5, 188, 1410, 8)


def trained(effective: float, n_windows: int = 8) -> AttentionSpan:
    return AttentionSpan(effective, effective, effective, 5.0, 188, 1410, n_windows)


def test_a_head_beside_its_twin_and_uniform_attention() -> None:
    assert headline("Layer 2", 3, 8, "CNN token", trained(41.26), TWIN) == (
        "Layer 2, head 3 spreads each query over 41.3 of 188 CNN tokens "
        "(untrained twin: 182; uniform: 188; n = 1,410 queries in 8 windows)."
    )


def test_the_mean_and_the_cross_attention_are_called_by_their_names() -> None:
    sentence = headline("A4 cross-attention", None, 8, "A4 token", trained(41.26, 1), TWIN)
    assert sentence.startswith("A4 cross-attention, mean of 8 heads, spreads each query over 41.3 of 188 A4 tokens")
    assert sentence.endswith("n = 1,410 queries in 1 window).")


@pytest.mark.parametrize(("effective", "claimed"), [(179.9, False), (180.0, True), (184.0, True), (184.1, False)])
def test_within_the_range_of_the_twin_no_difference_is_claimed(effective: float, claimed: bool) -> None:
    sentence = headline("Layer 1", 1, 8, "CNN token", trained(effective), TWIN)
    assert ("Not distinguishable from the twin, whose windows range from 180 to 184." in sentence) is claimed


def test_a_twin_that_has_yet_to_read_is_said() -> None:
    assert "(untrained twin: yet to be read; uniform: 188;" in headline("Layer 1", 1, 8, "CNN token", trained(41.0), None)


def test_one_window_has_no_range() -> None:
    assert "Not distinguishable" not in headline("Layer 1", 1, 8, "CNN token", trained(182.0, 1), TWIN)
