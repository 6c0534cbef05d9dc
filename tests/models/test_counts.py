"""Counted parameters, tokens and costs are exactly those of the source."""

import pytest

from analysis.errors import ConfigError
from analysis.models.arms import ARMS, build_config
from analysis.models.counting import count_parameters, describe


@pytest.mark.parametrize(
    ("arm", "total"), [("D0", 74_194_432), ("d4a4", 75_520_000), ("a4r", 78_608_896), ("d4-a4r", 78_874_624),
     ("A7", 75_258_368), ("film-d4", 74_723_456)],
)  # fmt: skip
def test_paper_scale_totals(arm: str, total: int) -> None:
    counts = count_parameters(arm, "paper")
    assert counts.pop("total") == total
    assert sum(counts.values()) == total


def test_components_of_the_baseline() -> None:
    counts = count_parameters("D0", "paper")
    assert counts["audio CNN"] == 3_158_528
    assert counts["audio transformer"] == 50_384_896
    assert counts["MIDI embeddings"] == 316_928
    assert counts["MIDI transformer"] == 12_610_560
    assert counts["audio head"] == 920_832
    assert counts["MIDI head"] == 658_688


@pytest.mark.parametrize("arm", ARMS)
def test_small_scale_is_small(arm: str) -> None:
    assert count_parameters(arm, "small")["total"] <= 3_000_000
    config = build_config(arm, "small")
    assert 180 <= config.n_audio_tokens <= 300
    assert (config.audio_n_layers, config.midi_n_layers) == (4, 4)


def test_three_honest_ratios() -> None:
    described = describe("a4r", "paper")
    saving = described.reverse_attention_saving
    assert (described.cnn_tokens, described.a4_frames) == (2400, 188)
    assert saving.scores_only == pytest.approx(162.97, abs=0.005)
    assert saving.with_cross_attention == pytest.approx(38.88, abs=0.005)
    assert saving.linear_layers == pytest.approx(12.77, abs=0.005)


def test_unknown_names() -> None:
    with pytest.raises(ConfigError, match="Unknown arm 'd5': expected one of D0"):
        build_config("d5", "paper")
    with pytest.raises(ConfigError, match="Unknown scale 'huge'"):
        build_config("D0", "huge")
