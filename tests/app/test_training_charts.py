"""Training as figures: every term, the collapse monitor, the score on validation."""

from typing import Any

import numpy as np
import pytest

from app.charts import training

HISTORY = [
    {
        "step": step, "loss": 16.0, "invariance": 0.3, "variance": 1.3, "covariance": 0.2, "audio_std": 0.3, "midi_std": 0.4,
        "validation_S": 0.4 if step % 2 == 0 else float("nan"),
    }
    for step in range(1, 5)
]  # fmt: skip


def curves(history) -> Any:
    return training.curves(history)


def spread(history) -> Any:
    return training.spread(history)


def validation(history, chance=None) -> Any:
    return training.validation(history, chance)


def names(drawing):
    return [trace.name for trace in drawing.data]


def test_every_term_of_the_loss_is_drawn():
    drawing = curves(HISTORY)
    assert names(drawing) == ["loss", "invariance", "variance", "covariance"]
    assert len({trace.line.dash + trace.line.color for trace in drawing.data}) == 4
    assert drawing.layout.yaxis.type == "log"
    assert drawing.layout.yaxis.title.text == "loss (no unit, log scale)"
    assert drawing.layout.xaxis.title.text == "training step"
    assert drawing.layout.showlegend


def test_terms_that_are_not_positive_are_drawn_on_a_linear_axis():
    drawing = curves([*HISTORY, HISTORY[0] | {"step": 5, "covariance": 0.0}])
    assert drawing.layout.yaxis.type == "linear"
    assert drawing.layout.yaxis.title.text == "loss (no unit)"


def test_a_loss_of_another_loop_is_drawn_too():
    drawing = curves([{"epoch": 0, "loss": 2.0, "val_loss": 3.0}, {"epoch": 1, "loss": 1.0, "val_loss": None}])
    assert names(drawing) == ["loss", "val loss"]
    assert drawing.layout.xaxis.title.text == "training epoch"
    assert list(drawing.data[1].x) == [0]


def test_the_collapse_monitor_has_its_target():
    drawing = spread(HISTORY)
    assert names(drawing) == ["audio", "MIDI"]
    (target,) = drawing.layout.shapes
    assert (target.y0, target.y1, target.line.dash) == (1, 1, "dash")
    assert drawing.layout.annotations[0].text == "target 1"


def test_validation_shows_its_steps_in_percent_beside_chance():
    drawing = validation(HISTORY, 10 / 256)
    assert list(drawing.data[0].x) == [2, 4]
    assert drawing.data[0].y == pytest.approx([40, 40])
    assert drawing.layout.shapes[0].y0 == pytest.approx(3.90625)
    assert drawing.layout.annotations[0].text == "chance 3.9 %"
    assert drawing.layout.yaxis.range[0] == 0
    assert not validation(HISTORY).layout.shapes


@pytest.mark.parametrize("draw", [curves, spread, validation])
@pytest.mark.parametrize("history", [[], [{"step": 1, "other": 2.0}], [{"step": "one", "loss": "high", "audio_std": None}]])
def test_what_was_not_recorded_is_said(draw, history):
    drawing = draw(history)
    assert not drawing.data
    assert drawing.layout.annotations[0].text == "not recorded"
    assert drawing.layout.yaxis.title.text


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e300, 10**400, True, "1"])
def test_what_is_no_number_is_not_drawn(value):
    (line,) = curves([{"step": 1, "loss": 1.0}, {"step": 2, "loss": value}]).data
    assert list(line.x) == [1]


def test_long_histories_are_pooled():
    (line,) = curves([{"step": step, "loss": float(step)} for step in range(1, 10_001)]).data
    assert len(line.x) == 2000
    assert np.mean(line.y) == pytest.approx(5000.5)


def test_what_else_was_validated_has_its_own_name_and_control():
    rows = [{"step": step, "validation_explained": share} for step, share in ((1, -0.4), (2, float("nan")), (3, 0.2))]
    drawing = validation(rows, chance=0.04)
    assert drawing.layout.yaxis.title.text == "error explained on validation (%)"
    assert list(drawing.data[0].y) == [-40, 20]
    assert drawing.layout.yaxis.range[0] < -40
    assert [note.text for note in drawing.layout.annotations] == ["the mean target"]


def test_choices_of_stems_on_validation_are_drawn_without_a_level() -> None:
    drawing: Any = training.validation([{"step": 1, "validation_accuracy": 0.1}, {"step": 2, "validation_accuracy": 0.2}], 0.5)
    assert drawing.layout.yaxis.title.text == "right on validation (%)"
    assert list(drawing.data[0].y) == [10, 20]
    assert not drawing.layout.annotations
