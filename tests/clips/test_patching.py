"""Patches of minimal pairs: nothing exchanged moves nothing, everything exchanged is the source, both exactly."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from analysis.clips.heads.patching import moved, patch_both_ways, patch_grid
from analysis.datasets.midi import notes_from_rows
from analysis.datasets.minimal_pairs import CHANGES, RenderedWindow, minimal_pair
from analysis.errors import Cancelled, ConfigError, ShapeError
from analysis.models.dual_encoder import DualEncoder
from analysis.models.dual_towers import AudioBatch
from analysis.models.injections.film import Film
from analysis.models.midi_encoder import MidiBatch
from analysis.models.tower import Tower
from tests.conformance import made_up_family
from tests.tiny import build_narrow

DOSES = {"transposition": 3, "one note": 2, "tempo": 1.25, "timbre": 40}
ROWS = [(0.25 * i, 0.25 * i + 0.3, 55 + 7 * (i % 5), 60 + 5 * (i % 3)) for i in range(48)]
WINDOW = RenderedWindow(notes_from_rows(ROWS), start_s=5.0, duration_s=4.0)


@pytest.fixture(scope="module")
def model() -> DualEncoder:
    return build_narrow("d4-a4r", 3).eval()


def test_nothing_exchanged_moves_nothing_and_everything_is_the_source(one_thread: None) -> None:
    model = made_up_family.build(made_up_family.Sizes(), 4).eval()
    rng = np.random.default_rng(0)
    plain, changed = (AudioBatch(torch.from_numpy(rng.normal(0, 0.1, (1, 16_000)).astype(np.float32))) for _ in range(2))
    same = patch_grid(model, "audio", plain, plain, direction="denoising", n_segments=4)
    assert (same.effect == 0).all()
    assert (same.full == 0).all()
    assert "nothing to move" in same.notice(same.taps)
    denoising, noising = patch_both_ways(model, "audio", plain, changed, n_segments=4)
    for grid in (denoising, noising):
        assert (grid.full == 1).all()
        assert grid.notice(grid.taps) == ""
        assert grid.taps == ("audio.in", "audio.block.1", "audio.block.2")
        assert grid.special
        assert grid.segments == ((0.0, 0.0), (0.0, 0.5), (0.5, 1.0), (1.0, 1.5), (1.5, 2.0))
        # the embedding is the class token of the last block, and that token is the same before the first
        assert grid.effect[0, 0] == 0
        assert grid.effect[-1].tolist() == [1, 0, 0, 0, 0]
        assert (grid.effect[0, 1:] != 0).all()
    assert (denoising.direction, noising.direction) == ("denoising", "noising")


@pytest.mark.parametrize("change", CHANGES)
def test_a_minimal_pair_is_patched_in_a_tower_of_sound(change: str, model: DualEncoder, one_thread: None) -> None:
    tower: Tower = model.towers["audio"]
    pair = minimal_pair(change, DOSES[change], WINDOW)
    grid = patch_grid(
        model, "audio", tower.collate([pair.plain]), tower.collate([pair.changed]), direction="denoising", n_segments=2
    )  # fmt: skip
    assert (grid.full == 1).all()
    assert grid.apart > 0
    assert np.isfinite(grid.effect).all()


def test_one_note_is_carried_by_its_own_token_at_first(model: DualEncoder, one_thread: None) -> None:
    tower = model.towers["midi"]
    pair = minimal_pair("one note", 2, WINDOW)
    assert "moved by +2 semitones" in pair.title
    assert minimal_pair("one note", -1, WINDOW).title.endswith("moved by -1 semitone")
    assert minimal_pair("transposition", 1, WINDOW).title == "transposition by +1 semitone"
    plain, changed = tower.collate([pair.plain]), tower.collate([pair.changed])
    grid = patch_grid(model, "midi", plain, changed, direction="denoising", n_segments=4)
    assert (grid.full == 1).all()
    assert isinstance(plain, MidiBatch)
    assert isinstance(changed, MidiBatch)
    assert plain.onset_s is not None
    column = int(plain.onset_s[0, int((plain.pitch != changed.pitch).nonzero()[0, 1])])
    assert set(np.flatnonzero(grid.effect[0]).tolist()) <= {column - 1, column, column + 1}  # D4 tells its neighbours as well
    assert grid.effect[0, column] != 0


def test_what_enters_behind_the_tokens_is_said(one_thread: None) -> None:
    """FiLM scales and shifts by the mean of D4 behind every block; the steps add up to that from the first note to the last."""
    model = build_narrow("film-d4", 3).eval()
    assert model.midi.given is not None
    mechanism = model.midi.given.injection
    assert isinstance(mechanism, Film)
    with torch.no_grad():
        dict(mechanism.film.named_parameters())["2.weight"].normal_(generator=torch.Generator().manual_seed(1))
    tower = model.towers["midi"]
    pitch = WINDOW.performance.pitch + 9 * (WINDOW.performance.onset_s == WINDOW.notes().onset_s[-1])
    other = replace(WINDOW, performance=replace(WINDOW.performance, pitch=pitch))
    plain, changed = tower.collate([WINDOW]), tower.collate([other])
    grid = patch_grid(model, "midi", plain, changed, direction="noising", n_segments=2)
    assert grid.full[0] != 1
    assert "something else enters" in grid.notice(grid.taps)


def test_windows_of_other_tokens_are_refused(model: DualEncoder) -> None:
    tower = model.towers["midi"]
    pair = minimal_pair("tempo", 2, WINDOW)
    with pytest.raises(ShapeError, match="same tokens in both"):
        patch_grid(model, "midi", tower.collate([pair.plain]), tower.collate([pair.changed]), direction="denoising")
    two = tower.collate([pair.plain, pair.plain])
    with pytest.raises(ShapeError, match="one window"):
        patch_grid(model, "midi", two, two, direction="denoising")


def test_it_can_be_stopped(model: DualEncoder) -> None:
    def stop() -> None:
        raise Cancelled

    batch = model.towers["midi"].collate([WINDOW])
    with pytest.raises(Cancelled):
        patch_grid(model, "midi", batch, batch, direction="denoising", check=stop)


def test_a_line_is_measured_along_itself() -> None:
    target, source = torch.tensor([[1.0, 0.0]]), torch.tensor([[3.0, 0.0]])
    assert moved(target, target, source) == 0
    assert moved(source, target, source) == 1
    assert moved(torch.tensor([[0.0, 9.0]]), target, source) == -0.5


@pytest.mark.parametrize(
    ("change", "dose", "words"),
    [
        ("gain", 1, "There is no change"), ("tempo", 0, "above 0"), ("timbre", 200, "from 0 to 127"), ("one note", 0.5, "whole"),
        ("transposition", 0, "changes nothing"), ("timbre", 0, "changes nothing"), ("transposition", float("nan"), "finite"),
    ],
)  # fmt: skip
def test_what_is_no_change_is_refused(change: str, dose: float, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        minimal_pair(change, dose, WINDOW)


def test_renderings_of_a_pair_differ_in_what_was_changed_alone() -> None:
    pair = minimal_pair("one note", 4, WINDOW)
    plain, changed = (window.waveform(8_000, 4.0) for window in (pair.plain, pair.changed))
    assert len(plain) == len(changed) == 32_000
    first = np.flatnonzero(plain != changed)[0] / 8_000
    assert first == pytest.approx(2.0, abs=0.3)
    again: Callable[..., np.ndarray] = WINDOW.waveform
    assert np.array_equal(again(8_000, 4.0), plain)
