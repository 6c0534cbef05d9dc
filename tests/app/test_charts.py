"""Figures are small, name their axes and carry one byte per cell."""

import numpy as np
import pytest

from app.charts import attention, audio, descriptors, notes, similarity, theme, training

LIMIT = 1_500_000


def figures(rng):
    seconds = np.arange(30_000) / 50
    share = rng.dirichlet(np.ones(1200), 1200).astype(np.float32)
    token_s = np.linspace(0, 4, 1200)
    onset = np.sort(rng.uniform(0, 600, 30_000))
    return {
        "waveform": audio.waveform(rng.normal(0, 0.1, 14_400_000).astype(np.float32), 24_000),
        "log_mel": audio.log_mel(seconds, -90 * rng.random((128, 30_000), np.float32), 12_000),
        "attention": attention.attention_map(share, token_s, token_s, "CNN token", "A4 token"),
        "received": attention.received(seconds, rng.random(30_000)),
        "ssm": similarity.self_similarity(token_s, rng.random((1200, 1200), np.float32)),
        "a4": descriptors.a4_bands(seconds, rng.random((8, 30_000), np.float32), np.geomspace(50, 8000, 9)),
        "notes": notes.piano_roll(onset, onset + 0.3, rng.integers(21, 109, 30_000)),
        "training": training.curves([{"step": i, "loss": 1 / (i + 1), "val_loss": None} for i in range(50_000)]),
    }


@pytest.fixture
def drawn(rng):
    return figures(rng)


def test_every_figure_is_small_and_names_its_axes(drawn):
    for name, drawing in drawn.items():
        assert len(drawing.to_json()) < LIMIT, name
        assert drawing.layout.xaxis.title.text, name
        assert drawing.layout.yaxis.title.text, name


def test_heat_maps_hold_one_byte_per_cell(drawn):
    kinds = {name: np.asarray(drawn[name].data[0].z).dtype for name in ("log_mel", "attention", "ssm", "a4")}
    assert kinds == {"log_mel": np.int8, "attention": np.uint8, "ssm": np.uint8, "a4": np.uint8}


def test_axes_and_domains(drawn):
    assert drawn["attention"].layout.yaxis.title.text == "query: CNN token time (s)"
    assert drawn["attention"].layout.xaxis.title.text == "key: A4 token time (s)"
    assert drawn["log_mel"].layout.yaxis.title.text == "frequency (Hz)"
    assert (drawn["ssm"].data[0].zmin, drawn["ssm"].data[0].zmax) == (0, 100)
    assert drawn["ssm"].layout.yaxis.scaleanchor == "x"
    assert len(drawn["waveform"].data[0].x) <= 2000


def test_levels_give_back_the_value():
    drawing = attention.attention_map(np.array([[0.25, 0.75]], np.float32), np.zeros(1), np.arange(2), "a", "b")
    assert np.asarray(drawing.data[0].z).tolist() == [[25, 75]]  # pyright: ignore[reportAttributeAccessIssue]


def test_pooling_keeps_the_mean(rng):
    values = rng.random((6, 8))
    np.testing.assert_allclose(theme.shrink(values, 3, 4).mean(), values.mean(), rtol=1e-6)
