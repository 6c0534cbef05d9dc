"""Figures are small, name their axes and carry one byte per cell."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from analysis.clips.use import analyse_clip

from analysis.datasets.audio import Waveform
from analysis.descriptors.a4 import DESCRIPTOR as A4
from analysis.models.arms import build_config
from analysis.models.dual_encoder import build_model
from app.charts import attention, audio, descriptors, notes, similarity, theme, timeline, training

LIMIT = 1_500_000


def layout(drawing: go.Figure) -> Any:
    return drawing.layout


def figures(rng):
    seconds = np.arange(30_000) / 50
    share = rng.dirichlet(np.ones(1200), 1200).astype(np.float32)
    token_s = np.linspace(0, 4, 1200)
    onset = np.sort(rng.uniform(0, 600, 30_000))
    return {
        "waveform": audio.waveform(rng.normal(0, 0.1, 14_400_000).astype(np.float32), 24_000),
        "log_mel": audio.log_mel(seconds, -90 * rng.random((128, 30_000), np.float32), 12_000),
        "attention": attention.attention_map(share, token_s, token_s, "CNN token", "A4 token"),
        "received": attention.received(seconds, rng.random(30_000), 1 / 188, rng.random(30_000), 600.0, (8.0, 12.0)),
        "ssm": similarity.self_similarity(token_s, rng.random((1200, 1200), np.float32)),
        "a4": descriptors.over_time(seconds, rng.random((8, 30_000), np.float32), "A4", A4.look),
        "notes": notes.piano_roll(onset, onset + 0.3, rng.integers(21, 109, 30_000)),
        "training": training.curves([{"step": i, "loss": 1 / (i + 1), "val_loss": None} for i in range(50_000)]),
    }


@pytest.fixture
def drawn(rng):
    return figures(rng)


def test_every_figure_is_small_and_names_its_axes(drawn):
    for name, drawing in drawn.items():
        assert len(drawing.to_json()) < LIMIT, name
        assert layout(drawing).xaxis.title.text, name
        assert layout(drawing).yaxis.title.text, name


def test_heat_maps_hold_few_bytes_per_cell(drawn):
    kinds = {name: np.asarray(drawn[name].data[0].z).dtype for name in ("log_mel", "attention", "ssm", "a4")}
    assert kinds == {"log_mel": np.int8, "attention": np.float32, "ssm": np.int8, "a4": np.float32}


def test_figures_over_the_clip_share_one_clock(rng):
    seconds = np.arange(1500) / 50
    level, bands = -80 * rng.random((128, 1500), np.float32), rng.random((8, 1500), np.float32)
    over_time = [
        audio.waveform(rng.normal(0, 0.1, 720_000).astype(np.float32), 24_000, (4.0, 8.0)),
        audio.log_mel(seconds, level, 12_000, 30.0, (4.0, 8.0)),
        notes.piano_roll(np.array([1.0]), np.array([2.0]), np.array([60]), 30.0, (4.0, 8.0)),
        attention.received(seconds, rng.random(1500), 0.005, None, 30.0, (4.0, 8.0)),
        descriptors.over_time(seconds, bands, "A4", A4.look, 30.0),
    ]
    assert {(layout(one).margin.l, layout(one).margin.r, layout(one).margin.autoexpand) for one in over_time} == {(76, 96, False)}
    assert {tuple(layout(one).xaxis.range) for one in over_time} == {(0, 30)}
    assert {(layout(one).xaxis.dtick, layout(one).xaxis.automargin, layout(one).yaxis.automargin) for one in over_time} == {
        (5, False, False)
    }
    for one in over_time[:4]:
        (band,) = (shape for shape in layout(one).shapes if shape.type == "rect")
        assert (band.x0, band.x1) == (4, 8)


def test_a_window_that_outlasts_the_clip_is_marked_to_its_end():
    drawing = timeline.figure("y", 6.5, 100, (4.0, 8.0))
    assert max(shape.x1 for shape in layout(drawing).shapes) == 6.5


def test_one_large_share_does_not_hide_the_others():
    shares = np.full((100, 100), 0.005, np.float32)
    shares[3, 4] = 0.9
    trace = attention.attention_map(shares, np.arange(100), np.arange(100), "a", "b").data[0]
    z = np.asarray(trace.z)  # pyright: ignore[reportAttributeAccessIssue]
    assert z[3, 4] == np.float32(0.9)
    assert z[0, 0] == pytest.approx(trace.zmax) == pytest.approx(0.005)  # pyright: ignore[reportAttributeAccessIssue]
    assert trace.colorbar.ticktext[-1].startswith("≥")  # pyright: ignore[reportAttributeAccessIssue]


def test_received_names_its_controls():
    drawing = attention.received(np.arange(4.0), np.full(4, 0.3), 0.25, np.full(4, 0.26))
    assert {trace.name: trace.line.dash for trace in drawing.data} == {"trained": None, "untrained twin": "dash"}  # pyright: ignore[reportAttributeAccessIssue]
    assert "uniform" in [note.text for note in layout(drawing).annotations]
    assert [shape.y0 for shape in layout(drawing).shapes] == [0.25]


def test_a_part_that_is_not_square_fills_the_picture_and_the_end_of_the_clip_is_marked():
    shares = np.full((10, 10), 0.1, np.float32)
    square = attention.attention_map(shares, np.arange(10), np.arange(10), "a", "b", end_s=6.5)
    assert layout(square).yaxis.scaleanchor == "x"
    assert [(shape.x0, shape.y0) for shape in layout(square).shapes] == [(6.5, 0), (0, 6.5)]
    part = attention.attention_map(shares, np.arange(10) / 10, np.arange(10), "a", "b", end_s=20.0)
    assert layout(part).yaxis.scaleanchor is None
    assert not layout(part).shapes


def test_a_pooled_picture_says_so():
    drawing = attention.attention_map(np.eye(3, dtype=np.float32), np.arange(3), np.arange(3), "a", "b", (5, 5), "Window 2")
    assert [note.text for note in layout(drawing).annotations] == ["Window 2<br>mean of 5 × 5 tokens per cell"]


def clip_figures(analysed) -> Iterator[go.Figure]:
    """Everything the page draws of an analysis, in one place."""
    use, layer = analysed.use, analysed.layers[0]
    grid, view = analysed.grid(layer), analysed.attention_view(0, layer, 1)
    times, share = use.received(layer, 1)
    yield attention.attention_map(
        view.values, view.query_times_s, view.key_times_s, grid.query_kind, grid.key_kind, view.tokens_per_cell
    )
    yield attention.received(times, share, 1 / len(grid.key_times_s), share, use.duration_s)
    cells, matrix = use.self_similarity(layer)
    yield similarity.self_similarity(cells, matrix, "", use.duration_s)
    frames, bands = analysed.described
    yield descriptors.over_time(frames, bands, "A4", analysed.descriptor.look, use.duration_s)


@pytest.mark.parametrize(("seconds", "conv"), [(30, None), (4, ((10, 3, 3, 3), (5, 2, 2, 2), (0, 1, 1, 1)))])
def test_figures_of_a_long_clip_and_of_2400_tokens_are_small(rng, seconds: int, conv: Any):
    config = build_config("d4-a4r" if conv is None else "D0", "small")
    if conv is not None:  # as many tokens as at paper scale, in a tiny model
        kernels, strides, paddings = conv
        sizes: dict[str, Any] = {
            "conv_kernels": kernels,
            "conv_strides": strides,
            "conv_paddings": paddings,
            "max_audio_tokens": 2400,
        }
        narrow: dict[str, Any] = {
            "conv_channels": (8, 8, 8, 16),
            "conv_groups": 4,
            "audio_d_model": 16,
            "audio_d_ff": 16,
            "audio_n_layers": 1,
        }
        config = dataclasses.replace(config, **sizes, **narrow)
    samples = rng.normal(0, 0.1, seconds * 24_000).astype(np.float32)
    analysed = analyse_clip(build_model(config, 0).eval(), Waveform(samples, 24_000, "noise", "0" * 64))
    for drawing in clip_figures(analysed):
        assert len(drawing.to_json() or "") < LIMIT


def test_axes_and_domains(drawn):
    assert drawn["attention"].layout.yaxis.title.text == "query: CNN token time (s)"
    assert drawn["attention"].layout.xaxis.title.text == "key: A4 token time (s)"
    assert drawn["log_mel"].layout.yaxis.title.text == "frequency (Hz)"
    assert (drawn["ssm"].data[0].zmin, drawn["ssm"].data[0].zmax) == (0, 100)
    assert drawn["ssm"].layout.yaxis.scaleanchor == "x"
    assert len(drawn["waveform"].data[0].x) <= 2000


def test_hovering_gives_the_true_value():
    drawing = attention.attention_map(np.array([[0.25, 0.75]], np.float32), np.zeros(1), np.arange(2), "a", "b")
    assert np.asarray(drawing.data[0].z).tolist() == [[0.25, 0.75]]  # pyright: ignore[reportAttributeAccessIssue]
    assert "share %{z:.3%}" in drawing.data[0].hovertemplate  # pyright: ignore[reportAttributeAccessIssue]
    drawing = similarity.self_similarity(np.arange(2.0), np.array([[1, -0.4], [-0.4, 1]], np.float32))
    assert np.asarray(drawing.data[0].z).tolist() == [[100, -40], [-40, 100]]  # pyright: ignore[reportAttributeAccessIssue]


def test_pooling_keeps_the_mean(rng):
    values = rng.random((6, 8))
    np.testing.assert_allclose(theme.shrink(values, 3, 4).mean(), values.mean(), rtol=1e-6)


def test_a_roll_that_leaves_notes_out_says_so() -> None:
    onset = np.arange(12_000) / 100
    left_out, complete = (notes.piano_roll(onset[:n], onset[:n] + 0.1, np.full(n, 60)).to_json() or "" for n in (12_000, 10_000))
    assert "the first 10,000 of 12,000 notes" in left_out
    assert "the first" not in complete
