"""One recording, window by window: what is summed over a pass equals what the patterns say."""

import dataclasses

import numpy as np
import pytest
import torch

from analysis.clips import use as study
from analysis.clips.use import ClipAnalysis, analyse_clip, measure_use, n_windows, open_analysis
from analysis.datasets.audio import Waveform
from analysis.errors import Cancelled, ShapeError
from analysis.measures.attention import effective_tokens
from analysis.models.arms import build_config
from analysis.models.dual_encoder import build_arm, build_model
from analysis.models.patterns import read_attention

SECONDS = 9.1


def recording(seconds: float = SECONDS, sample_rate: int = 24_000) -> Waveform:
    samples = np.random.default_rng(5).normal(0, 0.1, round(seconds * sample_rate)).astype(np.float32)
    return Waveform(samples, sample_rate, "noise.wav", "0" * 64)


@pytest.fixture(scope="module", params=["D0", "a4x", "d4-a4r"])
def analysed(request: pytest.FixtureRequest) -> ClipAnalysis:
    return analyse_clip(build_arm(request.param, "small", 0).eval(), recording())


def test_layers_name_what_attends_to_what(analysed: ClipAnalysis) -> None:
    mechanism = getattr(analysed.model.config.audio_entry, "injection", "none")
    kinds = {layer: (analysed.grid(layer).query_kind, analysed.grid(layer).key_kind) for layer in analysed.layers}
    blocks = ("A4 token", "A4 token") if mechanism == "reverse" else ("CNN token", "CNN token")
    cross = {"none": {}, "cross": {0: ("CNN token", "A4 token")}, "reverse": {0: ("A4 token", "CNN token")}}
    assert kinds == cross[mechanism] | {layer: blocks for layer in range(1, 5)}


def test_patterns_have_the_shape_of_their_grid_and_rows_sum_to_1(analysed: ClipAnalysis) -> None:
    for layer in analysed.layers:
        grid = analysed.grid(layer)
        pattern = analysed.attention(1, layer, 3)
        assert pattern.shape == (len(grid.query_times_s), len(grid.key_times_s))
        np.testing.assert_allclose(pattern.sum(axis=1), 1, rtol=1e-4)
        heads = [analysed.attention(1, layer, head) for head in range(1, 9)]
        np.testing.assert_allclose(analysed.attention(1, layer, None), np.mean(heads, axis=0), rtol=1e-4, atol=1e-7)


def test_received_and_spread_are_those_of_the_patterns(analysed: ClipAnalysis) -> None:
    layer = analysed.layers[0]
    grid, window_s = analysed.grid(layer), analysed.window_s
    for head in (None, 5):
        patterns = [
            analysed.attention(w, layer, head)[w * window_s + grid.query_times_s < SECONDS] for w in range(analysed.n_windows)
        ]
        times, received = analysed.use.received(layer, head)
        expected = np.concatenate([pattern.mean(axis=0) for pattern in patterns])[: len(times)]
        np.testing.assert_allclose(received, expected, rtol=1e-3, atol=1e-7)
        rows = effective_tokens(torch.from_numpy(np.concatenate(patterns)))
        spread = analysed.use.spread(layer, head)
        assert spread.effective == pytest.approx(rows.mean().item(), rel=1e-4)
        assert spread.low <= spread.effective <= spread.high
        assert (spread.n_queries, spread.n_windows, spread.n_keys) == (len(rows), 3, patterns[0].shape[1])
        assert times[-1] < SECONDS
        assert np.all(np.diff(times) > 0)


def test_self_similarity_is_the_cosine_of_the_averaged_hidden_states(analysed: ClipAnalysis) -> None:
    states, _ = read_attention(analysed.model.audio, analysed.windows)
    tokens = states[2].flatten(0, 1).numpy()[: 188 + 188 + 52]
    times, matrix = analysed.use.self_similarity(2)
    assert analysed.use.tokens_per_cell == 1
    unit = tokens / np.linalg.norm(tokens, axis=1, keepdims=True)
    np.testing.assert_allclose(matrix, unit @ unit.T, atol=1e-4)
    assert len(times) == len(tokens)


def test_batches_and_cells_do_not_change_the_sums(monkeypatch: pytest.MonkeyPatch) -> None:
    model, noise = build_arm("a4r", "small", 0).eval(), recording()
    whole = measure_use(model, noise)
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(study, "TOKENS_AT_ONCE", 1)
    monkeypatch.setattr(study, "MAX_SIDE", 100)
    split = measure_use(model, noise, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]
    for layer in whole.layers:
        np.testing.assert_allclose(split.received(layer, 2)[1], whole.received(layer, 2)[1], rtol=1e-3, atol=1e-7)
    assert split.tokens_per_cell == 5
    times, matrix = split.self_similarity(0)
    assert matrix.shape == (len(times), len(times)) == (86, 86)
    starts = np.arange(0, whole.cells.shape[1], 5)
    sizes = np.diff(np.append(starts, whole.cells.shape[1]))[:, None]
    np.testing.assert_allclose(split.cells[0], np.add.reduceat(whole.cells[0], starts) / sizes, rtol=1e-3, atol=1e-5)


def test_as_many_tokens_as_the_paper_in_bounded_pictures() -> None:
    config = dataclasses.replace(
        build_config("D0", "small"), conv_channels=(8, 8, 8, 16), conv_kernels=(10, 3, 3, 3), conv_strides=(5, 2, 2, 2),
        conv_paddings=(0, 1, 1, 1), conv_groups=4, audio_d_model=16, audio_d_ff=16, audio_n_layers=1, max_audio_tokens=2400,
    )  # fmt: skip
    analysed = analyse_clip(build_model(config, 0).eval(), recording(4.0))
    pattern = analysed.attention(0, 1, None)
    overview = analysed.attention_view(0, 1, None)
    assert (pattern.shape, overview.values.shape, overview.tokens_per_cell) == ((2400, 2400), (480, 480), (5, 5))
    np.testing.assert_allclose(overview.values[7, 9], pattern[35:40, 45:50].mean(), rtol=1e-4)
    near = analysed.attention_view(0, 1, None, (1.0, 1.5), (3.0, 3.5))
    assert near.tokens_per_cell == (1, 1)
    first = int(np.flatnonzero(analysed.grid(1).query_times_s >= 1.0)[0])
    np.testing.assert_allclose(near.values[0], pattern[first, 1800 : 1800 + near.values.shape[1]], rtol=1e-5)  # two passes
    assert len(analysed.use.self_similarity(1)[0]) <= 512


def test_places_that_are_not_there(analysed: ClipAnalysis) -> None:
    lowest = analysed.layers[0]
    with pytest.raises(ShapeError, match="There is no window 3: expected 0 to 2"):
        analysed.attention(3, 1, None)
    with pytest.raises(ShapeError, match=f"There is no layer 5: expected {lowest} to 4"):
        analysed.attention(0, 5, None)
    with pytest.raises(ShapeError, match="There is no head 0: expected 1 to 8"):
        analysed.attention(0, 1, 0)
    with pytest.raises(ShapeError, match="No .* token lies between 3.9955 s and 4 s. Choose a wider part"):
        analysed.attention_view(0, 1, None, (3.9955, 4.0))
    with pytest.raises(ShapeError, match="The model hears 24000 Hz; got 16000 Hz"):
        analyse_clip(analysed.model, recording(1.0, 16_000))


@pytest.mark.parametrize(("seconds", "expected"), [(0.5, 1), (4.0, 1), (4.001, 2), (8.0, 2)])
def test_windows_cover_the_clip(seconds: float, expected: int) -> None:
    assert n_windows(build_config("D0", "small"), seconds) == expected


def test_a_pass_can_be_stopped_between_its_modules() -> None:
    """A window of the paper's size takes seconds: asking only between windows would be too late."""
    model, asked = build_arm("a4x", "small", 0).eval(), []

    def stop() -> None:
        asked.append(1)
        if len(asked) == 40:
            raise Cancelled

    with pytest.raises(Cancelled):
        measure_use(model, recording(4.0), check=stop)
    asked.clear()
    one_window = recording(4.0)
    checked = measure_use(model, one_window, check=lambda: asked.append(1))
    assert len(asked) > 60
    assert checked.cells.tobytes() == measure_use(model, one_window).cells.tobytes()
    assert not any(module._forward_pre_hooks for module in model.modules())


def test_what_was_measured_elsewhere_opens_to_the_same_analysis() -> None:
    model, noise = build_arm("D0", "small", 0).eval(), recording(5.0)
    whole = analyse_clip(model, noise)
    opened = open_analysis(model, noise, measure_use(model, noise))
    np.testing.assert_allclose(opened.described[1], whole.described[1], rtol=1e-4, atol=1e-4)  # the same by another path
    np.testing.assert_allclose(opened.attention(1, 2, 3), whole.attention(1, 2, 3), rtol=1e-4, atol=1e-7)
    assert opened.use.device == "cpu"
