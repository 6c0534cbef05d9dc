"""Which clips a page reads while it is waited for, and which become a job."""

from dataclasses import replace

import pytest

from analysis.clips.audio_tower import audio_tower
from analysis.clips.cost import ClipSize
from analysis.errors import CheckpointError
from analysis.jobs.kinds.clip_memory import is_small, refuse_large_window
from analysis.models.arms import build_config
from analysis.models.config import ModelConfig
from analysis.models.dual_family import FAMILY


def size(config: ModelConfig, duration_s: float, overlap: str = "none") -> ClipSize:
    outline = FAMILY.outline(config)
    return ClipSize(FAMILY, config, outline, audio_tower(outline), duration_s, overlap)


@pytest.mark.parametrize(
    ("arm", "scale", "duration_s", "short"),
    [
        ("D0", "small", 30.0, True),
        ("d4-a4r", "small", 30.0, True),
        ("a4x", "small", 240.0, True),
        ("D0", "small", 600.0, False),
        ("d4a4", "small", 600.0, False),
        ("D0", "paper", 4.0, False),
        ("a4r", "paper", 4.0, True),  # 188 tokens where the others have 2,400
        ("a4r", "paper", 30.0, False),
    ],
)
def test_what_is_short(arm: str, scale: str, duration_s: float, short: bool) -> None:
    assert size(build_config(arm, scale), duration_s).is_short is short


def test_multiply_adds_of_one_window_are_those_of_its_matrices() -> None:
    config = build_config("D0", "small")
    convolutions = 12_000 * 32 * 16 + 3_000 * 64 * 32 * 8 + 750 * 128 * 64 * 8 + 188 * 192 * 128 * 8
    block = 188 * (4 * 192**2 + 2 * 192 * 512)
    attention = 3 * 188**2 * 192 + 3 * 188 * 192**2  # forward, and the pattern once more with its projections
    assert size(config, 4.0).multiply_adds == convolutions + 4 * (block + attention)


def test_a_job_takes_from_idle_to_busy_cores_more_than_its_matrices() -> None:
    nine_minutes = size(build_config("D0", "small"), 540.0)
    soonest_s, latest_s = nine_minutes.job_seconds
    assert 2 * nine_minutes.seconds < soonest_s < latest_s
    assert soonest_s < 20  # two passes of 5.5 s of processor time each
    assert latest_s > 50  # a busy machine of two cores took about a minute


def test_every_window_costs_the_same() -> None:
    config = build_config("a4x", "small")
    once = size(config, 1.0)
    assert size(config, 8.1).multiply_adds == 3 * once.multiply_adds
    assert size(config, 8.1).seconds == pytest.approx(3 * once.seconds)
    assert size(config, 8.0, "half").multiply_adds == 3 * once.multiply_adds  # at 0, 2 and 4 s


@pytest.mark.parametrize("scale", ["small", "paper"])
@pytest.mark.parametrize("arm", ["D0", "a4x", "a4r", "d4-a4r"])
def test_clips_of_our_own_arms_are_small(arm: str, scale: str) -> None:
    config = build_config(arm, scale)
    assert is_small(size(config, 600.0))
    refuse_large_window(size(config, 4.0), arm)


def test_few_weights_that_make_large_activations_are_read_by_no_page() -> None:
    config = replace(build_config("D0", "small"), n_samples=2**24, conv_strides=(2**6, 2**5, 2**4, 2**3))
    assert size(config, 30.0).is_short
    assert not is_small(size(config, 30.0))
    wide = replace(build_config("D0", "small"), n_samples=2**24, conv_strides=(2, 2**9, 2**4, 2**3))
    with pytest.raises(CheckpointError, match="One window of 'wide' takes .* a page looks at no more than"):
        refuse_large_window(size(wide, 4.0), "wide")
