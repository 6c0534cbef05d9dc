"""Figures of training, and what all charts share."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from app.charts import theme, training

LIMIT = 1_500_000


def layout(drawing: go.Figure) -> Any:
    return drawing.layout


def test_curves_of_a_long_training_are_small_and_name_their_axes() -> None:
    drawing = training.curves([{"step": i, "loss": 1 / (i + 1), "val_loss": None} for i in range(50_000)])
    assert len(drawing.to_json() or "") < LIMIT
    assert layout(drawing).xaxis.title.text
    assert layout(drawing).yaxis.title.text


def test_a_figure_is_described_in_words() -> None:
    drawing = theme.figure("step", "loss").add_scatter(name="<b>trained</b>").add_scatter(name="trained").add_scatter()
    assert theme.described(drawing) == "Figure: loss over step. Drawn: trained."
    for number in range(10):
        drawing.add_scatter(name=f"run {number}")
    assert theme.described(drawing).endswith("run 6 and 3 more.")
    assert theme.described(go.Figure(layout={"yaxis": {"title": {"text": "S<sub>10</sub> (%)"}}})) == "Figure: S 10 (%)."


def test_pooling_keeps_the_mean(rng):
    values = rng.random((6, 8))
    np.testing.assert_allclose(theme.shrink(values, 3, 4).mean(), values.mean(), rtol=1e-6)
