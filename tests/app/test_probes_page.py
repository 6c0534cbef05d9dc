"""The page of probes with a stored result: scores by layer beside nothing and input, all tasks, from an error to its sound."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import pytest

from analysis.results import Result
from analysis.rows import Row, tables_of
from analysis.studies.counterparts import counterparts
from analysis.studies.probes.rows import (
    ACCURACY,
    INPUT,
    NOBODY,
    R2,
    BestRow,
    ClassRow,
    ConfusionRow,
    Measure,
    MissingRow,
    OutputRow,
    Probe,
    ScoreRow,
    Side,
    Weights,
    array_of,
)
from analysis.studies.shared_rows import WindowRow
from app.studies.probes import details, marks

LAYERS = ("in", "block.1", "embedding")
TASKS: dict[str, tuple[Measure, str, int]] = {"note density": (R2, "ridge", 1), "composer": (ACCURACY, "logistic regression", 2)}
OUTPUTS = "pitch histogram"
WEIGHTS: tuple[Weights, ...] = ("trained", "untrained")
SIDES: tuple[Side, ...] = ("audio", "midi")


def probed(*names: str, tasks: tuple[str, ...] = tuple(TASKS), piece: str = "piece") -> Result:
    """What probes could have found for 4 windows: block 1 of trained networks says most, the twin nothing."""
    rows = list[Row]()
    arrays: dict[str, Any] = {}
    for task in tasks:
        measure, probe, n_outputs = TASKS.get(task, (R2, "ridge", 3))
        models = ((*model, f"{model[2]}.{layer}") for model in product(names, WEIGHTS, SIDES) for layer in LAYERS)
        sources = [Probe(*source, task, probe) for source in models]
        sources.append(Probe(NOBODY, INPUT, "audio", "log-mel", task, probe))
        sources.append(Probe(NOBODY, INPUT, "midi", "note statistics", task, probe))
        arrays[array_of("windows", task)] = np.array([3, 2, 1, 0])
        for row, which in enumerate(sources):
            errors = array_of("errors", task) + (f".{names.index(which.checkpoint)}" if which.checkpoint else "")
            arrays[errors] = np.tile(np.array([0.5, 3.0, 1.0, 2.0], np.float32), (len(sources), 1))
            value = {"untrained": -0.1, "input": 0.3}.get(which.weights, 0.8 if "block" in which.layer else 0.6)
            numbers = value, value - 0.2, value + 0.15, -0.05, value + 0.05
            sizes = {"n": 4, "n_works": 2, "n_outputs": n_outputs, "alpha": 10.0}
            holds_label = which.layer == "note statistics"
            rows.append(ScoreRow(*which, measure, *numbers, **sizes, holds_label=holds_label, errors=errors, row=row, reason=""))
            if "block" in which.layer:
                rows += inside(which, measure, n_outputs)
    rows.append(MissingRow("key", "no labels: expected *.harmony.tsv beside the audio"))
    rows += [WindowRow(f"{piece} {i}", 10.0 * i) for i in range(4)]
    request = {"checkpoints": list(names), "corpus": "small", "split": "unseen", "seed": 42}
    made = {"command": f"otoscope study probes {' '.join(names)}", "seconds": 5.0, "seed": 42}
    said = f"Note density is read best from audio block 1 of {names[0]}."
    return Result("probes", request, said, [], tables_of(rows), arrays, made)


def inside(which: Probe, measure: Measure, n_outputs: int) -> Iterator[Row]:
    """What there is of the best layers."""
    if which.weights == "trained":
        numbers, twin = (0.8, 0.6, 0.95, -0.05, 4, 2, 3), (which.layer, -0.1, -0.3, 0.05, 0.9, 0.7, 1.0)
        heard = "log-mel", 0.3, 0.1, 0.45, 0.1, -0.1, 0.2
        yield BestRow(which.task, which.checkpoint, which.side, which.layer, which.probe, measure, *numbers, *twin, *heard)
    if measure == ACCURACY:
        for true, predicted in product(("Bach", "Satie"), repeat=2):
            yield ConfusionRow(*which, true, predicted, 2, 0.75 if true == predicted else 0.25)
        for name in ("Bach", "Satie"):
            yield ClassRow(*which, name, 0.75, 0.5, 1.0, 2)
    elif n_outputs > 1:
        for name in ("C4", "D4", "E4"):
            yield OutputRow(*which, name, 0.5, 4)


@pytest.fixture
def opened(open_page):
    return partial(open_page, "views/probes.py", corpus="small")


def said(app: Any) -> list[str]:
    return [text.value for text in (*app.markdown, *app.caption)]


def test_a_tower_of_any_name_stands_beside_the_input_that_it_reads():
    result = probed("one")
    rows = [replace(row, side="encoder") if isinstance(row, BestRow) else row for row in result.rows(BestRow)]
    assert marks.input_sides(with_rows(result, BestRow, rows)) == {"encoder": "audio", "audio": "audio", "MIDI": "MIDI"}


def test_the_stored_answer_is_shown_with_its_controls(queue, store, opened, labels):
    store["one", "two"] = probed("one", "two")
    app = opened(checkpoints=["one", "two"])
    assert app.title[0].value == "What can be read out of each layer?"
    assert app.header[0].value == "Note density is read best from audio block 1 of one."
    main, overview = (json.loads(chart.proto.spec) for chart in app.get("plotly_chart"))
    lines = [trace for trace in main["data"] if trace.get("customdata")]
    assert lines[2]["y"] == [0.6, 0.8, 0.6]  # after the twins, which lie beneath
    assert sum(trace["marker"]["symbol"] == ["square-open"] * 3 for trace in lines) == 2
    notes = [note["text"] for note in main["layout"]["annotations"]]
    assert {"input: log-mel", "input: note statistics (holds the label)"} <= set(notes)
    assert main["layout"]["xaxis"]["ticktext"] == ["in", "1", "emb"]
    assert [0.3, 0.3] in [[shape["y0"], shape["y1"]] for shape in main["layout"]["shapes"]]
    dotted = {(shape["yref"], shape["y0"]) for shape in main["layout"]["shapes"] if "dot" in shape["line"]["dash"]}
    assert dotted == {(note["yref"], note["y"]) for note in main["layout"]["annotations"] if note["text"].startswith("input: ")}
    assert "note density" in overview["layout"]["yaxis"]["ticktext"]
    assert "R²; n = 4 windows of 2 works." in said(app)
    assert any(r"Key: no labels: expected \*.harmony.tsv" in text for text in said(app))
    best = app.dataframe[1].value.to_dict("records")[0]
    assert (best["score"], best["twin"], best["input"]) == ("0.80 [0.60, 0.95]", "0.90 [0.70, 1.00]", "○ 0.10 [-0.10, 0.20]")
    assert (best["which"], best["layer"], best["n"]) == ("log-mel 0.30", "1", "4 of 2 works")
    assert "Compute" not in labels(app)


def test_the_largest_errors_are_heard_and_follow_a_click(queue, store, opened, ran):
    store["one",] = probed("one")
    app = opened(checkpoints=["one"])
    assert app.dataframe[0].value["error"].tolist() == [3.0, 2.0, 1.0, 0.5]
    assert "**Read worst here**: piece 2, 0:20 to 0:24" in said(app)
    assert any(text.startswith("one, audio layer 1, note density, ridge: score 0.80 ") for text in said(app))
    assert len(app.get("audio")) == 1
    key = ["one", "untrained", "midi", "midi.embedding", "note density", "ridge"]
    app.session_state["layers_note_density"] = {"selection": {"points": [{"customdata": key}]}}
    key = ["one", "trained", "midi", "midi.embedding", "composer", "logistic regression"]
    app.session_state["overview"] = {"selection": {"points": [{"customdata": key}]}}
    ran(app)
    assert any("one, MIDI layer emb, note density, ridge, untrained twin: score ○" in text for text in said(app))
    assert "**Read worst in this cell**: piece 2, 0:20 to 0:24" in said(app)


def test_classes_are_confused_and_a_cell_leads_to_sound(queue, store, opened, ran):
    store["one",] = probed("one")
    app = opened(checkpoints=["one"], task="composer")
    main, _, confusion = (json.loads(chart.proto.spec) for chart in app.get("plotly_chart"))
    assert "balanced accuracy (%)" in [axis["title"]["text"] for name, axis in main["layout"].items() if name == "yaxis"]
    assert "<b>one, audio 1</b>" in [note["text"] for note in confusion["layout"]["annotations"]]
    classes = app.dataframe[1].value.to_dict("records")
    assert classes[0] == {
        "class": "Bach", "checkpoint": "one", "side": "audio", "best layer": "1", "found": "75.0 % [50.0, 100.0]", "n": 2
    }  # fmt: skip
    key = ["one", "trained", "audio", "audio.block.1", "composer", "logistic regression"]
    app.session_state["confusion"] = {"selection": {"points": [{"customdata": key}]}}
    ran(app)
    assert "**Confused here**: piece 2, 0:20 to 0:24" in said(app)


def test_several_outputs_are_shown_apart(queue, store, opened):
    store["one",] = probed("one", tasks=(OUTPUTS,))
    app = opened(checkpoints=["one"])
    assert "Which parts of it are read" in [one.value for one in app.subheader]
    assert json.loads(app.get("plotly_chart")[-1].proto.spec)["layout"]["xaxis"]["ticktext"] == ["C4", "D4", "E4"]


def test_the_task_is_chosen_and_stays_in_the_address(queue, store, opened, ran):
    store["one",] = probed("one")
    app = opened(checkpoints=["one"])
    next(box for box in app.selectbox if box.label == "Task").select("composer")
    ran(app)
    assert app.query_params["task"] == "composer"
    assert "Balanced accuracy over 2 classes; n = 4 windows of 2 works." in said(app)


def test_without_any_task_the_reason_is_said(queue, store, opened):
    store["one",] = probed("one", tasks=())
    app = opened(checkpoints=["one"])
    assert app.info[0].value.startswith("No task can be asked of this corpus. Key: no labels")
    assert not app.get("plotly_chart")


def test_published_values_stand_beside_ours_of_the_embedding(queue, store, opened):
    store["one",] = probed("one", tasks=(OUTPUTS,))
    app = opened(checkpoints=["one"])
    table = next(one.value for one in app.dataframe if "published" in one.value)
    row = table.set_index("condition").loc["pitch histogram from audio"]
    assert (row["published"], row["ours"]) == ("0.181", "0.60 [0.40, 0.75]")


def test_a_unit_that_all_outputs_have_stands_in_the_title_of_their_axis() -> None:
    assert details.without_unit(["-12 semitones", "+1 semitones"]) == (["-12", "+1"], "semitones")
    assert details.without_unit(["C", "C sharp"]) == (["C", "C sharp"], "")


def test_where_nothing_is_published_ours_is_not_described(queue, store, checkpoints, opened):
    store["one",] = probed("one")
    assert any(text.startswith("Ours: linear probes") for text in said(opened(checkpoints=["one"])))
    checkpoints[0].arm = "vit1d"
    assert not any(text.startswith("Ours: linear probes") for text in said(opened(checkpoints=["one"])))


def test_a_name_is_no_markup(queue, store, checkpoints, opened, evil, obeyed):
    name = evil.split("/", 1)[0]
    checkpoints[0].name = name
    store[name,] = probed(name, piece=evil)
    app = opened(checkpoints=[name], task="composer")
    shown = "\n".join(str(one.value) for kind in ("markdown", "caption", "header", "subheader") for one in getattr(app, kind))
    assert shown.count("alert(1)") >= 3
    assert not obeyed(shown)
    spec = "".join(chart.proto.spec for chart in app.get("plotly_chart"))
    assert "<script" not in re.sub(r'"customdata":\[.*?\]\]', "", spec)  # which is never drawn


# --- marks -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("shuffled", "nothing"), [(-0.2, 0.0), (0.1, 0.1), (None, 0.0)])
def test_nothing_read_is_the_mean_or_shuffled_labels(shuffled, nothing):
    score = replace(probed("one").rows(ScoreRow)[0], shuffled=shuffled, selectivity=None if shuffled is None else 0.1)
    assert marks.nothing_read(score.measure, score.shuffled, score.n_outputs) == nothing
    mark = marks.mark_of(replace(score, value=0.05, ci_low=-0.1, ci_high=0.2), "audio", "one")
    assert mark.undecided
    assert ("selectivity" in mark.note) == (shuffled is not None)


def with_rows(result: Result, kind: type[Row], rows: Iterable[Row]) -> Result:
    """The result with other rows of one table."""
    return replace(result, tables={**result.tables, kind.table: [row.record() for row in rows]})


def test_the_best_layer_that_is_no_better_than_the_mean_is_marked():
    result = probed("one", tasks=("note density",))
    best = replace(
        result.rows(BestRow)[0], ci_low=-0.001, shuffled=-0.4, above_input=-0.001
    )  # above shuffled labels, not the mean
    shown = details.best_layers(with_rows(result, BestRow, [best]), "note density")[0]
    assert (shown["score"], shown["input"]) == ("○ 0.80 [0.00, 0.95]", "○ 0.00 [-0.10, 0.20]")


def test_an_mlp_is_named_apart_and_never_best(queue, store, opened):
    result = probed("one", tasks=("note density",))
    scores = result.rows(ScoreRow)
    linear = next(row for row in scores if row.layer == "audio.block.1" and row.weights == "trained")
    mlp = replace(linear, probe="MLP-512", value=0.95, ci_low=0.9, ci_high=0.99)
    store["one",] = result = with_rows(result, ScoreRow, [*scores, mlp])
    app = opened(checkpoints=["one"])
    names = [trace.get("name") for trace in json.loads(app.get("plotly_chart")[0].proto.spec)["data"]]
    assert "one, MLP-512" in names
    assert marks.best_of(marks.scored(result), "note density").probe == "ridge"
    assert any("one, audio layer 1, note density, ridge" in text for text in said(app))
    assert all("0.95" not in text for text in counterparts(result, {"one": "D0"}).values())
