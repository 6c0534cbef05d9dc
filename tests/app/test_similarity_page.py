"""The page of similarity with a stored result: matrices, means, what is behind a cell, and what a measure cannot say."""

from functools import partial
from itertools import product
from typing import Any, Literal

import numpy as np
import pytest

from analysis.results import Result
from analysis.rows import Row, tables_of
from analysis.studies.shared_rows import WorkWindowRow
from analysis.studies.similarity.rows import AUDIO_WITH_MIDI, MEAN, OTHER_BLOCKS, CellRow, GridRow, SummaryRow, Weights
from app.studies import similarity
from tests.filled import filled

LAYERS, CKA, RSA = ("1", "2"), "debiased CKA", "RSA, cosine, rho-a"
WEIGHTS: tuple[Weights, ...] = ("trained", "untrained")


def compared(name: str) -> Result:
    """What could be found for 4 windows by two measures; the first has contributions."""
    rows = list[Row]()
    arrays: dict[str, Any] = {}
    sides = name, "audio", name, "midi"
    for number, (measure, weights) in enumerate(product((CKA, RSA), WEIGHTS)):
        value = 0.4 if weights == "trained" else 0.05
        numbers = value, value - 0.1, value + 0.1, 0.0, 0.1, weights != "trained"
        for row, column in product(LAYERS, LAYERS):
            rows.append(CellRow(*sides, weights, row, column, 8, 8, 2.0, 3.0, measure, *numbers, None, 4, ""))
        kept = f"contributions.{number}" if measure == CKA else None
        if kept:
            arrays[kept] = np.tile(np.array([0.1, 0.4, 0.3, 0.2], np.float32), (2, 2, 1))
        rows.append(GridRow(*sides, weights, measure, LAYERS, LAYERS, kept, None))
        rows.append(SummaryRow(name, name, AUDIO_WITH_MIDI, weights, measure, MEAN, *numbers, n=4, works=2, cells=4, of_cells=4))
    rows += [WorkWindowRow(f"piece {i}", 10.0 * i, f"work {i % 2}") for i in range(4)]
    request = {"checkpoints": [name], "corpus": "small", "split": "test", "measure": CKA, "seed": 42}
    made = {"command": f"otoscope study similarity {name}", "seconds": 5.0, "seed": 42}
    return Result("similarity", request, f"{name}: layers share structure.", [], tables_of(rows), arrays, made)


@pytest.fixture
def opened(open_page, store, checkpoints, queue):
    store["one",] = compared("one")
    return partial(open_page, "views/similarity.py", checkpoints=["one"], corpus="small")


def captions(app: Any) -> str:
    return "\n".join(caption.value for caption in app.caption)


def test_a_cell_leads_to_the_windows_that_make_it(opened):
    app = opened()
    assert app.header[0].value == "one: layers share structure."
    heard = app.dataframe[0].value
    assert heard["piece"].tolist() == ["piece 1", "piece 2", "piece 3", "piece 0"]
    assert heard["share"].tolist() == pytest.approx([40, 30, 20, 10])
    assert len(app.get("audio")) == 1
    assert "noise ceiling" not in captions(app)


def test_a_layer_is_heard_beside_another_where_there_is_one() -> None:
    def cells(other_side: Literal["audio", "midi"], name: str = "one") -> list[CellRow]:
        numbers = {"p": 8, "q": 8, "n": 4, "reason": "", "estimator": CKA}
        whose = {"first": name, "first_side": "audio", "second": name, "second_side": other_side, "weights": "trained"}
        return [
            filled(CellRow, first_layer=row, second_layer=column, value=1.0 if row == column else 0.4, **whose, **numbers)
            for row, column in product(LAYERS, LAYERS)
        ]

    assert similarity.cell_of_mean(cells("audio"), (OTHER_BLOCKS, "one", "trained"))[-2:] == ("1", "2")
    assert similarity.cell_of_mean(cells("audio"), ("another", "two", "trained"))[-2:] == ("1", "2")
    assert similarity.cell_of_mean(cells("midi"), (MEAN, "one", "trained"))[-2:] == ("1", "1")
    both = [*cells("audio", "two"), *cells("midi")]  # of which those of audio with MIDI are shown
    assert similarity.cell_of_mean(cells("midi"), (OTHER_BLOCKS, "two", "trained"), both)[0] == "two"


def test_of_rsa_it_is_said_that_there_is_no_noise_ceiling_and_why(opened):
    said = captions(opened(measure=RSA))
    assert "RSA is drawn without a noise ceiling" in said
    assert "training seeds" in said


def test_a_mean_leads_to_its_highest_cell_and_a_later_cell_takes_its_place(opened, ran):
    app = opened()
    app.session_state["means"] = {"selection": {"points": [{"customdata": ["mean over blocks", "one", "untrained"]}]}}
    ran(app)
    assert "one, untrained: audio layer 1 with MIDI layer 1" in captions(app)
    cell = ["one", "audio", "one", "midi", "trained", "2", "1"]
    app.session_state["matrices"] = {"selection": {"points": [{"customdata": cell}]}}
    ran(app)
    assert "one, trained: audio layer 2 with MIDI layer 1" in captions(app)
