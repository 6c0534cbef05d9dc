"""Counted parameters, tokens and costs are exactly those of the source."""

import pytest

from analysis.errors import ConfigError
from analysis.models.arms import ARMS, PUBLISHED_CONTROLS, REAL_ARMS, build_config
from analysis.models.counting import count_parameters, describe
from analysis.published.published import published as published_of

ATTENTION, MIDI_ATTENTION = 4 * 1024 * 1025, 4 * 512 * 513
PRINTED = {  # totals of the authors' code
    "D0": 74_194_432, "d4a4": 75_520_000, "a4r": 78_608_896, "d4-a4r": 78_874_624, "film-a4": 75_252_352, "film-d4": 74_723_456,
    "film-dual": 75_781_376, "moe-a4": 78_663_944, "moe-dual": 79_850_512, "t3-wt": 77_235_968, "t3-tri": 77_235_968,
    "t3-anc": 75_910_400,
}  # fmt: skip


@pytest.mark.parametrize(
    ("arm", "more"),
    [
        ("D0", 0), ("d4", 265_728), ("a4", 1_059_840), ("d4a4", 1_325_568), ("a4r", 4_414_464), ("d4-a4r", 4_680_192),
        ("A7", 1_063_936), ("A8", 1_063_936), ("A9", 1_063_936),
        ("a4x", 9 * 1024 + ATTENTION + 2048), ("A7x", 13 * 1024 + ATTENTION + 2048), ("d4-a4x", 265_728 + 4_209_664),
        ("D4x", 5 * 512 + MIDI_ATTENTION + 1024), ("D4r", 5 * 512 + MIDI_ATTENTION + 1024),
        ("d4a4cm", 1029 * 1024 + 2048 + 521 * 512 + 1024),
        ("film-a4", 1_057_920), ("film-d4", 529_024), ("film-dual", 1_586_944),
        ("moe-a4", 4_469_512), ("moe-a4-v2", 4_469_512), ("moe-a4-v3", 4_469_512), ("moe-a4-v4", 4_469_512),
        ("moe-dual", 5_656_080), ("t3-anc", 1_715_968), ("t3-wt", 3_041_536), ("t3-tri", 3_041_536),
    ],
)  # fmt: skip
def test_paper_scale_totals(arm: str, more: int) -> None:
    """What an arm has more than D0; of those whose totals the source prints, that is the difference of the totals."""
    counts = count_parameters(arm, "paper")
    total = counts.pop("total")
    assert sum(counts.values()) == total == 74_194_432 + more
    assert total == PRINTED.get(arm, total)


def test_every_screened_configuration_is_a_row() -> None:
    published = {record.arm for record in published_of("screening") if record.condition == "5 epochs"}
    assert {arm.name for arm in REAL_ARMS.values() if arm.origin == "screened"} == published
    assert len(published) == 24
    assert {arm.name: arm.origin for arm in REAL_ARMS.values() if arm.origin != "screened"} == {
        "d4-a4x": "ours", "d4-a4r": "long runs",
    }  # fmt: skip
    assert {name for name, arm in ARMS.items() if arm.origin == "control"} == {f"d4a4-{v}" for v in PUBLISHED_CONTROLS}


def test_components_of_the_baseline() -> None:
    counts = count_parameters("D0", "paper")
    assert counts["audio CNN"] == 3_158_528
    assert counts["audio transformer"] == 50_384_896
    assert counts["MIDI embeddings"] == 316_928
    assert counts["MIDI transformer"] == 12_610_560
    assert counts["audio head"] == 920_832
    assert counts["MIDI head"] == 658_688


@pytest.mark.parametrize("arm", [*REAL_ARMS, "d4a4-shuffled"])
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
