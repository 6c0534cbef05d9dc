"""The page of probes with a stored result: scores by layer beside nothing and input, all tasks, from an error to its sound."""

import json
import re
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import pytest

from analysis.results import Result
from analysis.studies.counterparts import counterparts
from app.components import probe_details, probe_marks

LAYERS = ("in", "block.1", "embedding")
TASKS = {"note density": ("R²", "ridge", 1), "composer": ("balanced accuracy", "logistic regression", 2)}
OUTPUTS = "pitch histogram"
MODELS = ("trained", "untrained")


def probed(*names: str, tasks: tuple[str, ...] = tuple(TASKS), piece: str = "piece") -> Result:
    """What probes could have found for 4 windows: block 1 of trained networks says most, the twin nothing."""
    tables: dict[str, Any] = {name: [] for name in ("scores", "best", "confusion", "classes", "outputs")}
    arrays: dict[str, Any] = {}
    for task in tasks:
        measure, probe, n_outputs = TASKS.get(task, ("R²", "ridge", 3))
        label = task.replace(" ", "_")
        sources = [(*model, f"{model[2]}.{layer}") for model in product(names, MODELS, ("audio", "midi")) for layer in LAYERS]
        sources += [("input", "input", "audio", "log-mel"), ("input", "input", "midi", "note statistics")]
        arrays[f"errors.{label}"] = np.tile(np.array([0.5, 3.0, 1.0, 2.0], np.float32), (len(sources), 1))
        arrays[f"windows.{label}"] = np.array([3, 2, 1, 0])
        for row, (name, weights, side, layer) in enumerate(sources):
            value = {"untrained": -0.1, "input": 0.3}.get(weights, 0.8 if "block" in layer else 0.6)
            who = {"checkpoint": name, "weights": weights, "side": side, "layer": layer, "task": task, "probe": probe}
            tables["scores"].append({
                **who, "measure": measure, "value": value, "ci_low": value - 0.2, "ci_high": value + 0.15, "shuffled": -0.05,
                "selectivity": value + 0.05, "n": 4, "n_works": 2, "n_outputs": n_outputs, "alpha": 10.0,
                "holds_label": layer == "note statistics", "errors": f"errors.{label}", "row": row, "reason": "",
            })  # fmt: skip
            if "block" in layer:
                _add_inside(tables, who, measure, n_outputs)
    blank = dict.fromkeys(tables["scores"][0] if tables["scores"] else ("checkpoint", "value"))
    tables["scores"].append({**blank, "task": "key", "reason": "no labels: expected *.harmony.tsv beside the audio"})
    tables["windows"] = [{"piece": f"{piece} {i}", "start_s": 10.0 * i} for i in range(4)]
    request = {"checkpoints": list(names), "corpus": "small", "split": "unseen", "seed": 42}
    made = {"command": f"otoscope study probes {' '.join(names)}", "seconds": 5.0, "seed": 42}
    said = f"Note density is read best from audio block 1 of {names[0]}."
    return Result("probes", request, said, [], tables, arrays, made)


def _add_inside(tables: dict[str, Any], who: dict[str, Any], measure: str, n_outputs: int) -> None:
    """What there is of the best layers."""
    if who["weights"] == "trained":
        numbers = {"value": 0.8, "ci_low": 0.6, "ci_high": 0.95, "shuffled": -0.05, "n": 4, "n_works": 2, "n_layers": 3}
        others = {"untrained_layer": who["layer"], "untrained": -0.1, "untrained_low": -0.3, "untrained_high": 0.05}
        others |= {"input_layer": "log-mel", "input": 0.3, "input_low": 0.1, "input_high": 0.45}
        above = {"above_untrained": 0.9, "above_untrained_low": 0.7, "above_untrained_high": 1.0}
        above |= {"above_input": 0.1, "above_input_low": -0.1, "above_input_high": 0.2}
        tables["best"].append({**who, "measure": measure, **numbers, **others, **above})
    if measure != "R²":
        for true, predicted in product(("Bach", "Satie"), repeat=2):
            share = 0.75 if true == predicted else 0.25
            tables["confusion"].append({**who, "true": true, "predicted": predicted, "n": 2, "value": share})
        for name in ("Bach", "Satie"):
            tables["classes"].append({**who, "class": name, "value": 0.75, "ci_low": 0.5, "ci_high": 1.0, "n": 2})
    elif n_outputs > 1:
        tables["outputs"] += [{**who, "output": name, "value": 0.5, "n": 4} for name in ("C4", "D4", "E4")]


@pytest.fixture
def opened(open_page):
    return partial(open_page, "views/probes.py", corpus="small")


def said(app: Any) -> list[str]:
    return [text.value for text in (*app.markdown, *app.caption)]


def test_the_stored_answer_is_shown_with_its_controls(queue, store, opened, labels):
    store["one", "two"] = probed("one", "two")
    app = opened(checkpoints=["one", "two"])
    assert app.title[0].value == "What can be read out of each layer?"
    assert app.subheader[0].value == "Note density is read best from audio block 1 of one."
    main, overview = (json.loads(chart.proto.spec) for chart in app.get("plotly_chart"))
    lines = [trace for trace in main["data"] if trace.get("customdata")]
    assert lines[2]["y"] == [0.6, 0.8, 0.6]  # after the twins, which lie beneath
    assert sum(trace["marker"]["symbol"] == ["square-open"] * 3 for trace in lines) == 2
    notes = [note["text"] for note in main["layout"]["annotations"]]
    assert {"input: log-mel", "input: note statistics (holds the label)"} <= set(notes)
    assert main["layout"]["xaxis"]["ticktext"] == ["in", "1", "emb"]
    assert [0.3, 0.3] in [[shape["y0"], shape["y1"]] for shape in main["layout"]["shapes"]]
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


def test_a_name_is_no_markup(queue, store, checkpoints, opened, evil, obeyed):
    name = evil.split("/", 1)[0]
    checkpoints[0].name = name
    store[name,] = probed(name, piece=evil)
    app = opened(checkpoints=[name], task="composer")
    shown = "\n".join(str(one.value) for kind in ("markdown", "caption", "subheader") for one in getattr(app, kind))
    assert shown.count("alert(1)") >= 3
    assert not obeyed(shown)
    spec = "".join(chart.proto.spec for chart in app.get("plotly_chart"))
    assert "<script" not in re.sub(r'"customdata":\[.*?\]\]', "", spec)  # which is never drawn


# --- marks -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("shuffled", "nothing"), [(-0.2, 0.0), (0.1, 0.1), (None, 0.0)])
def test_nothing_read_is_the_mean_or_shuffled_labels(shuffled, nothing):
    row = {**probed("one").tables["scores"][0], "shuffled": shuffled, "selectivity": None if shuffled is None else 0.1}
    assert probe_marks.nothing_read(row) == nothing
    mark = probe_marks.mark_of({**row, "value": 0.05, "ci_low": -0.1, "ci_high": 0.2}, "audio", "one")
    assert mark.undecided
    assert ("selectivity" in mark.note) == (shuffled is not None)


def test_the_best_layer_that_is_no_better_than_the_mean_is_marked():
    result = probed("one", tasks=("note density",))
    row: Any = result.tables["best"][0]
    row |= {"ci_low": -0.001, "shuffled": -0.4, "above_input": -0.001}  # above shuffled labels, but not above the mean
    shown = probe_details.best_layers(result, "note density")[0]
    assert (shown["score"], shown["input"]) == ("○ 0.80 [0.00, 0.95]", "○ 0.00 [-0.10, 0.20]")


def test_an_mlp_is_named_apart_and_never_best(queue, store, opened):
    result = probed("one", tasks=("note density",))
    linear = next(row for row in result.tables["scores"] if row["layer"] == "audio.block.1" and row["weights"] == "trained")
    scores: Any = result.tables["scores"]
    scores.append({**linear, "probe": "MLP-512", "value": 0.95, "ci_low": 0.9, "ci_high": 0.99})
    store["one",] = result
    app = opened(checkpoints=["one"])
    names = [trace.get("name") for trace in json.loads(app.get("plotly_chart")[0].proto.spec)["data"]]
    assert "one, MLP-512" in names
    assert probe_marks.best_of(probe_marks.scored(result), "note density")["probe"] == "ridge"
    assert any("one, audio layer 1, note density, ridge" in text for text in said(app))
    assert all("0.95" not in text for text in counterparts(result, {"one": "D0"}).values())
