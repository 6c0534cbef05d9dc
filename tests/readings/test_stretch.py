"""Windows of models that hear more than others: which tokens count, and what a tower for notes is given."""

import numpy as np
import pytest
import torch

from analysis.datasets.piece import Corpus
from analysis.datasets.segments import list_segments
from analysis.models.sound import AudioBatch
from analysis.readings.stretch import cut, for_tower, mask_within
from tests.conformance.made_up_towers import GRID, PAIR


def built(family):
    return family.build(family.preset(*family.presets()), 0)


def test_tokens_count_whose_centres_lie_in_the_stretch() -> None:
    for tower in built(GRID).towers.values():
        batch = AudioBatch(torch.zeros(2, round(tower.input.sample_rate * tower.input.window_s)))
        tap = tower.taps()[0].name
        axis = tower.axis(tap, batch)
        assert axis is not None
        tokens, half = torch.zeros(2, axis.n, tower.width), tower.input.window_s / 2
        mask = mask_within(tower, tap, tokens, batch, half)
        assert mask is not None
        assert mask[:, : axis.special].all()
        assert (mask[1, axis.special :].numpy() == (axis.times_s < half)).all()
        assert 0 < mask[0, axis.special :].sum() < len(axis.times_s)
        assert mask_within(tower, tap, tokens, batch, tower.input.window_s) is None
        assert mask_within(tower, tower.taps()[-1].name, tokens[:, 0], batch, half) is None


def test_what_lies_behind_the_stretch_does_not_count_in_a_mean(rng: np.random.Generator) -> None:
    (tower, *_) = built(GRID).towers.values()
    batch, tap = AudioBatch(torch.zeros(1, 1)), tower.taps()[0].name
    axis = tower.axis(tap, batch)
    assert axis is not None
    tokens = torch.from_numpy(rng.standard_normal((1, axis.n, tower.width)).astype(np.float32))
    other = tokens.clone()
    late = np.concatenate([np.zeros(axis.special, bool), axis.times_s >= 0.5])
    other[:, late] += 1
    mask = mask_within(tower, tap, tokens, batch, 0.5)
    assert torch.equal(tower.pool(tokens, tap, mask), tower.pool(other, tap, mask))
    assert not torch.equal(tower.pool(tokens, tap, None), tower.pool(other, tap, None))


@pytest.mark.parametrize("stretch_s", [1.0, 5.0])
def test_no_tower_reads_more_than_it_was_made_for_and_of_notes_the_stretch_alone(stretch_s: float, corpus: Corpus) -> None:
    towers = built(PAIR).towers
    segments = list_segments(corpus.pieces, max_per_piece=1, window_s=4.0)
    lengths = {tower.modality: {each.duration_s for each in for_tower(segments, tower, stretch_s)} for tower in towers.values()}
    assert lengths == {"audio": {3.0}, "notes": {min(3.0, stretch_s)}}
    assert cut(towers, stretch_s) == (dict.fromkeys(towers, 1.0) if stretch_s == 1.0 else {})
