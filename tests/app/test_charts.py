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


def test_pooling_keeps_the_mean(rng):
    values = rng.random((6, 8))
    np.testing.assert_allclose(theme.shrink(values, 3, 4).mean(), values.mean(), rtol=1e-6)
