"""One recording, window by window: what is summed over a pass equals what the patterns say."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from analysis.clips import read as reading_module
from analysis.clips.clock import Clock, clock_of
from analysis.clips.read import read_clip
from analysis.clips.reading import ClipReading
from analysis.clips.window_patterns import WindowPatterns
from analysis.datasets.audio import Waveform
from analysis.errors import Cancelled, ConfigError, ShapeError
from analysis.measures.attention import effective_tokens
from analysis.models.arms import build_config
from analysis.models.audio_encoder import AudioEncoder
from analysis.models.dual_encoder import DualEncoder, build_arm, build_model
from analysis.models.patterns import read_attention
from analysis.models.tower import InputSpec

SECONDS = 9.1


def recording(seconds: float = SECONDS, sample_rate: int = 24_000) -> Waveform:
    samples = np.random.default_rng(5).normal(0, 0.1, round(seconds * sample_rate)).astype(np.float32)
    return Waveform(samples, sample_rate, "noise.wav", "0" * 64)


@dataclasses.dataclass
class Read:
    reading: ClipReading
    patterns: WindowPatterns


@pytest.fixture(scope="module", params=["D0", "a4x", "d4-a4r"])
def read(request: pytest.FixtureRequest) -> Read:
    model = build_arm(request.param, "small", 0).eval()
    return Read(read_clip(model, recording()), WindowPatterns(model, recording()))


def audio_encoder(read: Read) -> AudioEncoder:
    assert isinstance(read.patterns.model, DualEncoder)
    return read.patterns.model.audio


def test_layers_name_what_attends_to_what(read: Read) -> None:
    mechanism = getattr(read.patterns.model.config.audio_entry, "injection", "none")
    kinds = {layer.layer: (layer.query.kind, layer.key.kind) for layer in read.reading.layers}
    blocks = ("A4 token", "A4 token") if mechanism == "reverse" else ("CNN token", "CNN token")
    cross = {"none": {}, "cross": {0: ("CNN token", "A4 token")}, "reverse": {0: ("A4 token", "CNN token")}}
    assert kinds == cross[mechanism] | {layer: blocks for layer in range(1, 5)}


def test_patterns_have_the_shape_of_their_grid_and_rows_sum_to_1(read: Read) -> None:
    for layer in read.reading.layers:
        pattern = read.patterns.pattern(1, layer.layer, 3)
        assert pattern.shape == (layer.query.n, layer.key.n)
        np.testing.assert_allclose(pattern.sum(axis=1), 1, rtol=1e-4)
        heads = [read.patterns.pattern(1, layer.layer, head) for head in range(1, 9)]
        np.testing.assert_allclose(read.patterns.pattern(1, layer.layer, None), np.mean(heads, axis=0), rtol=1e-4, atol=1e-7)


def test_received_spread_and_distance_are_those_of_the_patterns(read: Read) -> None:
    layer = read.reading.layers[0]
    clock, query_s, key_s = read.reading.clock, layer.query.times_s, layer.key.times_s
    for head in (None, 5):
        patterns = [read.patterns.pattern(w, layer.layer, head)[clock.inside(query_s)[w]] for w in range(clock.n_windows)]
        times, received = read.reading.received(layer.layer, head)
        expected = np.concatenate([pattern.mean(axis=0) for pattern in patterns])[: len(times)]
        np.testing.assert_allclose(received, expected, rtol=1e-3, atol=1e-7)
        rows = effective_tokens(torch.from_numpy(np.concatenate(patterns)))
        spread = read.reading.spread(layer.layer, head)
        assert spread.effective == pytest.approx(rows.mean().item(), rel=1e-4)
        assert spread.low <= spread.effective <= spread.high
        assert (spread.n_queries, spread.n_windows, spread.n_keys) == (len(rows), 3, patterns[0].shape[1])
        far = [(p * np.abs(query_s[: len(p), None] - key_s)).sum(axis=1) for p in patterns]
        assert spread.distance_s == pytest.approx(np.concatenate(far).mean(), rel=1e-3)
        assert spread.special == pytest.approx(0, abs=1e-5)
        assert times[-1] < SECONDS
        assert np.all(np.diff(times) > 0)


def test_small_pictures_hold_the_largest_number_of_every_cell(read: Read) -> None:
    layer = read.reading.layers[-1]
    pattern = read.patterns.pattern(1, layer.layer, 3)
    run = -(-len(pattern) // 48)
    rows = np.maximum.reduceat(pattern, np.arange(0, len(pattern), run), axis=0)
    cells = np.maximum.reduceat(rows, np.arange(0, pattern.shape[1], run), axis=1)
    thumb, top = layer.use.thumbs[1, 3], layer.use.tops[1, 3]
    assert top == pytest.approx(pattern.max(), rel=1e-4)
    np.testing.assert_allclose(thumb / 255 * top, cells, atol=0.51 / 255 * top + 1e-6)


def test_self_similarity_is_the_cosine_of_the_averaged_hidden_states(read: Read) -> None:
    states, _ = read_attention(audio_encoder(read), torch.from_numpy(read.patterns.windows))
    tokens = states[2].flatten(0, 1).numpy()[: 188 + 188 + 52]
    times, matrix = read.reading.self_similarity(2)
    assert read.reading.states[2].per_cell == 1
    unit = tokens / np.linalg.norm(tokens, axis=1, keepdims=True)
    np.testing.assert_allclose(matrix, unit @ unit.T, atol=1e-4)
    assert len(times) == len(tokens)


def test_batches_and_cells_do_not_change_the_sums(monkeypatch: pytest.MonkeyPatch) -> None:
    model, noise = build_arm("a4r", "small", 0).eval(), recording()
    whole = read_clip(model, noise)
    reported: list[tuple[int, int]] = []
    monkeypatch.setattr(reading_module, "TOKENS_AT_ONCE", 1)
    monkeypatch.setattr(reading_module, "MAX_SIDE", 100)
    split = read_clip(model, noise, progress=lambda done, total: reported.append((done, total)))
    assert reported == [(1, 3), (2, 3), (3, 3)]
    for layer in whole.numbers:
        np.testing.assert_allclose(split.received(layer, 2)[1], whole.received(layer, 2)[1], rtol=1e-3, atol=1e-7)
    assert split.states[0].per_cell == 5
    times, matrix = split.self_similarity(0)
    assert matrix.shape == (len(times), len(times)) == (86, 86)
    starts = np.arange(0, len(whole.states[0].cells), 5)
    sizes = np.diff(np.append(starts, len(whole.states[0].cells)))[:, None]
    expected = np.add.reduceat(whole.states[0].cells, starts) / sizes
    np.testing.assert_allclose(split.states[0].cells, expected, rtol=1e-3, atol=1e-5)


def test_windows_that_overlap_give_every_moment_once() -> None:
    model, noise = build_arm("D0", "small", 0).eval(), recording()
    apart, half = read_clip(model, noise), read_clip(model, noise, "half")
    assert half.clock.n_windows == 4
    for read in (apart, half):
        times, received = read.received(1)
        assert np.all(np.diff(times) > 0)
        assert len(received) == len(times) == len(read.states[1].cells)
    patterns = WindowPatterns(model, noise, "half")
    times, received = half.received(1, 3)
    second = (times >= 3.0) & (times < 5.0)  # what belongs to the window that begins at 2 s
    np.testing.assert_allclose(received[second], patterns.pattern(1, 1, 3).mean(axis=0)[47:141], rtol=1e-3, atol=1e-7)


def test_as_many_tokens_as_the_paper_in_bounded_pictures() -> None:
    config = dataclasses.replace(
        build_config("D0", "small"), conv_channels=(8, 8, 8, 16), conv_kernels=(10, 3, 3, 3), conv_strides=(5, 2, 2, 2),
        conv_paddings=(0, 1, 1, 1), conv_groups=4, audio_d_model=16, audio_d_ff=16, audio_n_layers=1, max_audio_tokens=2400,
    )  # fmt: skip
    model, noise = build_model(config, 0).eval(), recording(4.0)
    reading = read_clip(model, noise)
    assert WindowPatterns(model, noise).pattern(0, 1, None).shape == (2400, 2400)
    assert reading.layer(1).use.thumbs.shape == (1, 9, 48, 48)
    assert len(reading.self_similarity(1)[0]) <= 512


def test_places_that_are_not_there(read: Read) -> None:
    with pytest.raises(ShapeError, match="There is no window 3: expected 0 to 2"):
        read.patterns.pattern(3, 1, None)
    with pytest.raises(ShapeError, match="There is no layer 5: expected one of "):
        read.patterns.pattern(0, 5, None)
    with pytest.raises(ShapeError, match="There is no layer 5: expected . to 4"):
        read.reading.layer(5)
    with pytest.raises(ShapeError, match="There is no head 0: expected 1 to 8"):
        read.patterns.pattern(0, 1, 0)
    with pytest.raises(ShapeError, match="There is no state 9: expected 0 to 4"):
        read.reading.self_similarity(9)
    with pytest.raises(ShapeError, match="The model hears 24000 Hz; got 16000 Hz"):
        read_clip(read.patterns.model, recording(1.0, 16_000))
    with pytest.raises(ConfigError, match="There is no overlap 'some': expected one of none, half"):
        read_clip(read.patterns.model, recording(1.0), "some")


@pytest.mark.parametrize(("seconds", "expected"), [(0.5, 1), (4.0, 1), (4.001, 2), (8.0, 2)])
def test_windows_cover_the_clip(seconds: float, expected: int) -> None:
    assert clock_of(recording(seconds), InputSpec(24_000, 4.0)).n_windows == expected


@given(st.integers(1, 400), st.integers(1, 60), st.data())
def test_every_moment_has_one_window(n_samples: int, window: int, data: st.DataObject) -> None:
    clock = Clock(n_samples, 10, window, data.draw(st.integers(1, window)))
    assert (clock.n_windows - 1) * clock.hop + window >= n_samples
    assert clock.n_windows == 1 or (clock.n_windows - 2) * clock.hop + window < n_samples
    belonging = clock.belonging((np.arange(window) + 0.5) / 10)
    starts = np.arange(clock.n_windows)[:, None] * clock.hop
    samples = (starts + np.arange(window))[belonging]
    assert sorted(samples) == list(range(n_samples))
    assert all(clock.belonging(np.array([0.5 / 10]))[clock.window_at(0.05)])


def test_a_pass_can_be_stopped_between_its_modules() -> None:
    """A window of the paper's size takes seconds: asking only between windows would be too late."""
    model, asked = build_arm("a4x", "small", 0).eval(), []

    def stop() -> None:
        asked.append(1)
        if len(asked) == 40:
            raise Cancelled

    with pytest.raises(Cancelled):
        read_clip(model, recording(4.0), check=stop)
    asked.clear()
    one_window = recording(4.0)
    checked = read_clip(model, one_window, check=lambda: asked.append(1))
    assert len(asked) > 60
    assert checked.states[2].cells.tobytes() == read_clip(model, one_window).states[2].cells.tobytes()
    assert not any(module._forward_pre_hooks for module in model.modules())
