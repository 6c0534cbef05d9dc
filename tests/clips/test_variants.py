"""Variants add up, are equally loud, never clip, and the random part holds the energy of the part."""

import io

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from numpy import ndarray

from analysis.clips.variants import NAMES, Part, cut_part, make_variants, match_loudness, part_title, random_part
from analysis.errors import ConfigError
from analysis.measures.loudness import integrated_loudness

RATE = 24_000
PARTS = [Part(band_hz=(300.0, 1200.0)), Part(span_s=(0.5, 1.5)), Part((300.0, 1200.0), (0.5, 1.5)), Part(span_s=(0.0, 3.0))]


def clip(seed: int = 0, level: float = 0.1) -> ndarray:
    """Noise that falls towards high frequencies, louder in its middle."""
    noise = np.random.default_rng(seed).standard_normal(3 * RATE)
    fallen = np.convolve(noise, np.exp(-np.arange(64) / 12), mode="same")
    return level * fallen / np.abs(fallen).max() * (1 + np.sin(np.pi * np.arange(len(noise)) / len(noise)))


@pytest.mark.parametrize("part", PARTS, ids=part_title)
def test_they_are_equally_loud_and_do_not_clip(part: Part) -> None:
    variants = make_variants(clip(), RATE, part, seed=1)
    assert [variant.name for variant in variants.variants] == list(NAMES)
    assert np.abs(variants.samples).max() <= 10 ** (-1 / 20) + 1e-6
    target = integrated_loudness(variants.samples[:1].astype(float), RATE)
    for sound, variant in zip(variants.samples, variants.variants, strict=True):
        heard = integrated_loudness(sound[None].astype(float), RATE)
        assert (heard is None) == (variant.loudness is None)
        if heard is not None and variant.short_of_db == 0:
            assert heard == pytest.approx(target, abs=0.05)
            assert heard == pytest.approx(variant.loudness, abs=0.05)


@pytest.mark.parametrize("part", PARTS, ids=part_title)
def test_kept_and_removed_add_up_before_their_gains(part: Part) -> None:
    sound = clip()
    variants = make_variants(sound, RATE, part, seed=1)
    undone = [wave / 10 ** (variant.gain_db / 20) for wave, variant in zip(variants.samples, variants.variants, strict=True)]
    np.testing.assert_allclose(undone[1] + undone[2], undone[0], atol=1e-6)


@pytest.mark.parametrize("part", PARTS[:3], ids=part_title)
def test_the_random_part_holds_as_much_energy(part: Part) -> None:
    sound = clip()
    kept = np.sum(cut_part(sound, RATE, part) ** 2)
    places = set()
    for seed in range(8):
        random = random_part(sound, RATE, part, seed)
        assert random == random_part(sound, RATE, part, seed)
        places.add(random)
        assert np.sum(cut_part(sound, RATE, random) ** 2) == pytest.approx(kept, rel=0.15)  # its edges are soft
    assert len(places) == 8


def test_the_file_has_a_channel_for_each() -> None:
    variants = make_variants(clip(), RATE, PARTS[0], seed=1)
    samples, rate = soundfile.read(io.BytesIO(variants.wav()))
    assert rate == RATE
    assert samples.shape == (3 * RATE, 4)
    np.testing.assert_allclose(samples.T, variants.samples, atol=1e-4)
    assert "original" in variants.notice
    assert "dB" in variants.notice


def test_a_click_is_softer_than_the_others_and_that_is_said() -> None:
    click = np.zeros(3 * RATE)
    click[RATE // 2] = 0.9
    matched, variants = match_loudness((clip(level=0.4), click, clip(1), clip(2)), NAMES, RATE)
    assert variants[1].short_of_db > 0
    assert np.abs(matched).max() <= 10 ** (-1 / 20) + 1e-6


def test_a_part_without_loudness_keeps_the_gain_of_the_original() -> None:
    quiet = make_variants(clip(level=1e-5), RATE, Part(span_s=(0.5, 0.6)), seed=1)
    assert {variant.gain_db for variant in quiet.variants} == {0.0}
    assert "no loudness" in quiet.notice


@given(low=st.floats(0, 2.5), length=st.floats(0.05, 0.5), seed=st.integers(0, 99))
def test_a_random_span_is_in_the_clip(low: float, length: float, seed: int) -> None:
    sound = clip()
    random = random_part(sound, RATE, Part(span_s=(low, low + length)), seed)
    assert random.span_s is not None
    assert 0 <= random.span_s[0] < random.span_s[1] <= 3


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (Part(), "neither"), (Part(band_hz=(500.0, 100.0)), "500 to 100 Hz"), (Part(band_hz=(0.0, 13_000.0)), "0 to 12000 Hz"),
        (Part(span_s=(1.0, 9.0)), "0 to 3 s"),
    ],
)  # fmt: skip
def test_what_is_no_part_is_refused(part: Part, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        make_variants(clip(), RATE, part, seed=0)


def test_silence_is_no_part() -> None:
    sound = clip()
    sound[:RATE] = 0
    with pytest.raises(ConfigError, match="no sound in this part"):
        make_variants(sound, RATE, Part(span_s=(0.2, 0.8)), seed=0)
