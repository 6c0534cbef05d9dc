"""Heads taken out: nothing moves where nothing is replaced, what is before a head stays, controls are drawn among the others."""

import contextlib
import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from analysis.clips.heads.ablation import (
    REPLACEMENTS,
    Replacement,
    ablate_heads,
    ablate_with_controls,
    draw_other_heads,
    head_replacement,
)
from analysis.clips.probes import Probe, ProbeWords
from analysis.errors import ConfigError
from analysis.models.dual_encoder import DualEncoder
from analysis.models.dual_towers import AudioBatch
from analysis.models.heads import HeadId, cuttable_heads, head_outputs, replace_heads
from analysis.models.taps import capture
from tests.conformance import made_up_family
from tests.tiny import build_narrow

FIRST = HeadId(2, 1)


def noise(seed: int, n: int = 2, samples: int = 96_000) -> AudioBatch:
    return AudioBatch(torch.from_numpy(np.random.default_rng(seed).normal(0, 0.1, (n, samples)).astype(np.float32)))


@pytest.fixture(scope="module")
def model() -> DualEncoder:
    return build_narrow("D0", 3).eval()


def test_a_head_that_is_replaced_by_itself_moves_nothing(model: DualEncoder) -> None:
    batch = noise(1)
    effect = ablate_heads(model, "audio", batch, [FIRST], head_outputs(model.towers["audio"], batch))
    assert (effect.cosine_distance, effect.relative_change) == (0.0, 0.0)
    assert set(effect.states.values()) == {0.0}


@pytest.mark.parametrize("how", REPLACEMENTS)
def test_what_is_before_the_head_is_not_told_and_what_is_behind_moves(how: Replacement, model: DualEncoder) -> None:
    batch = noise(1)
    replacement = head_replacement(model.towers["audio"], how, [noise(2)])
    effect = ablate_heads(model, "audio", batch, [FIRST], replacement)
    assert list(effect.states) == ["audio.block.2", "audio.block.3", "audio.block.4"]
    assert min(effect.states.values()) > 0
    assert effect.cosine_distance > 0
    assert effect.n_windows == 2
    assert effect.score_change is None


def probe_of(tap: str, width: int) -> Probe:
    """It reads a weighted sum of a row (unweighted, that of a normalised row is 0), and twice that."""
    words = ProbeWords("chroma histogram", tap, ("once", "twice"), 1.0, 0.5, None, None, None)
    return Probe(words, np.stack([np.linspace(0, 1, width), np.linspace(0, 2, width)], axis=1), np.array([3.0, -3.0]))


def test_what_probes_of_the_last_block_read_changes_with_it(model: DualEncoder) -> None:
    batch, tower = noise(1), model.towers["audio"]
    width = model.config.audio_d_model
    replacement = head_replacement(tower, "zero", [], batch)
    probes = [probe_of("audio.block.4", width), probe_of("audio.block.1", width)]
    effect = ablate_heads(model, "audio", batch, [FIRST], replacement, probes=probes)
    values = {FIRST: replacement[FIRST.layer][..., FIRST.head, :]}
    rows = []
    for context in (contextlib.nullcontext(), replace_heads(tower, batch, values)):
        with torch.no_grad(), context, capture(model, ["audio.block.4"]) as seen:
            tower(batch)
        rows.append(seen["audio.block.4"].mean(dim=1).double() @ torch.linspace(0, 1, width, dtype=torch.float64))
    expected = float((rows[1] - rows[0]).abs().mean()) * 1.5  # once and twice
    assert effect.readings == {"chroma histogram": pytest.approx(expected, rel=1e-4)}
    assert expected > 0
    itself = ablate_heads(model, "audio", batch, [FIRST], head_outputs(tower, batch), probes=probes)
    assert itself.readings == {"chroma histogram": 0.0}


def test_a_mean_is_nearer_than_zero_to_what_a_head_adds(model: DualEncoder) -> None:
    """Of the windows themselves, the mean has the least squared distance of all constants."""
    batch, tower = noise(1), model.towers["audio"]
    outputs = head_outputs(tower, batch)[2][:, :, 1]
    mean = head_replacement(tower, "mean", [batch])[2][1]
    assert (outputs - mean).square().sum() < outputs.square().sum()


def test_a_score_is_that_of_the_pair(model: DualEncoder) -> None:
    batch = noise(1)
    replacement = head_replacement(model.towers["audio"], "zero", [], batch)
    with torch.no_grad():
        paired = model.towers["audio"](batch)  # as if the notes were where the sound is
    effect = ablate_heads(model, "audio", batch, [FIRST, HeadId(3, 0)], replacement, paired)
    assert effect.score_change == pytest.approx(-effect.cosine_distance, abs=1e-6)


def test_controls_are_as_many_other_heads_and_the_twin(model: DualEncoder) -> None:
    batch, heads = noise(1), [FIRST, HeadId(0 + 1, 0)]
    given = {"reference": [noise(2)], "twin": build_narrow("D0", 9).eval(), "n_random": 4, "seed": 5}
    ablation = ablate_with_controls(model, "audio", batch, heads, **given)
    again = ablate_with_controls(model, "audio", batch, heads, **given)
    assert [draw.heads for draw in ablation.random] == [draw.heads for draw in again.random]
    assert len(ablation.random) == 4
    assert all(len(draw.heads) == 2 and not set(draw.heads) & set(heads) for draw in ablation.random)
    assert ablation.twin is not None
    assert ablation.twin.heads == tuple(heads)
    assert ablation.twin.cosine_distance != ablation.trained.cosine_distance
    assert 0 <= (ablation.share_below or 0) <= 1
    assert len(ablation.headline.split()) <= 30
    assert "untrained twin" in ablation.headline
    assert re.search(r"without layer \d+, head \d+", ablation.headline)
    small = replace(ablation, trained=replace(ablation.trained, cosine_distance=0.00012)).headline
    assert small.startswith("0.00012 of cosine distance")
    smaller = replace(ablation, trained=replace(ablation.trained, cosine_distance=2e-6)).headline
    assert smaller.startswith("2e−06 of cosine distance")


def test_a_tower_of_another_family_has_heads_too() -> None:
    model = made_up_family.build(made_up_family.Sizes(), 4).eval()
    batch = noise(3, samples=16_000)
    heads = cuttable_heads(model.towers["audio"], batch)
    assert len(heads) == 4
    ablation = ablate_with_controls(model, "audio", batch, heads[:1], [noise(4, samples=16_000)], seed=1)
    assert len(ablation.random) == 3
    assert ablation.trained.cosine_distance > 0
    with pytest.raises(ConfigError, match="no pair with audio"):
        ablate_heads(
            model, "audio", batch, heads[:1], head_replacement(model.towers["audio"], "zero", [], batch), torch.ones(2, 16)
        )


def test_of_all_heads_there_are_no_others() -> None:
    heads = [HeadId(1, number) for number in range(2)]
    assert draw_other_heads(heads, heads, 3, seed=0) == []


def test_no_head_is_refused(model: DualEncoder) -> None:
    with pytest.raises(ConfigError, match="at least one"):
        ablate_heads(model, "audio", noise(1), [], {})
    with pytest.raises(ConfigError, match="Layer 0 has no heads"):
        ablate_heads(model, "audio", noise(1), [HeadId(0, 0)], {1: torch.zeros(8, 4)})
