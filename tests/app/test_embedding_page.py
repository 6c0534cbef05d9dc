"""The page of the embedding with a stored result: maps, the windows chosen in them, cosines, measures, and their sound."""

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import pytest

from analysis.errors import ConfigError
from analysis.results import Result
from analysis.rows import Row, tables_of
from analysis.studies.embedding.alone import AUC_WORK
from analysis.studies.embedding.rows import (
    BinRow,
    CosineRow,
    DescribedWindowRow,
    ExampleRow,
    Kind,
    MeasureRow,
    Model,
    ProjectionRow,
    SpaceName,
    SpaceRow,
    VarianceRow,
    Weights,
)
from app.charts import histogram, theme
from app.charts.histogram import Bar
from app.studies.embedding import cosines as embedding_cosines
from app.studies.embedding import point_map, sound
from app.studies.embedding.points import SIDES, points_of

N = 6
WEIGHTS: tuple[Weights, ...] = ("trained", "untrained")
JOINT: tuple[SpaceName, ...] = ("joint",)
PAIRS: dict[Kind, tuple[int, ...]] = {"matched": (0, 0, 2, 4), "other works": (0, 9, 3, 1)}
JOINT_ONLY = ("AUC against other works", "AUC against the same work", "modality gap", "cosine of matched pairs")


def laid_out(*names: str, joint: bool = True, piece: str = "piece") -> Result:
    """What could have been found of 6 windows: t-SNE twice and PCA once of trained weights, PCA of the twin."""
    rows = list[Row]()
    arrays: dict[str, Any] = {}
    for number, model in enumerate(Model(name, weights) for name, weights in product(names, WEIGHTS)):
        in_one_space = (f"cosine.{number}", None, f"rival.{number}") if joint else (None, None, None)
        rows.append(SpaceRow(*model, joint, f"shared.{number}", *in_one_space))
        arrays[f"shared.{number}"] = np.array([0.5, 0.4, 0.3, 0.2, 0.1, 0.0], np.float32)
        if joint:
            arrays[f"cosine.{number}"] = np.array([0.9, 0.1, 0.8, 0.7, 0.3, 0.6], np.float32)
            arrays[f"rival.{number}"] = np.array([[5, 4, 3, 2, 1, 0]] * 2, np.int32)
            rows += cosines(model)
        maps = [("PCA", 42, True), ("t-SNE", 42, True), ("t-SNE", 43, False)]
        for method, seed, first in maps if model.weights == "trained" else maps[:1]:
            rows += a_map(arrays, model, method, seed, first, joint)
        rows += measures(model, joint)
    for i in range(N):
        which = i, f"{piece} {i}", f"{piece} {i}", 10.0 * i, piece, f"work {i % 2}", "test"
        rows.append(DescribedWindowRow(*which, 2.0 + i, 60.0, 64.0, -30.0, None if i == 0 else 900.0))
    request = {"checkpoints": list(names), "corpus": "small", "split": "test", "seed": 42}
    made = {"command": f"otoscope study embedding {' '.join(names)}", "seconds": 5.0, "seed": 42}
    return Result("embedding", request, f"{names[0]}: matched audio and MIDI are closer.", [], tables_of(rows), arrays, made)


def a_map(arrays: dict[str, Any], model: Model, method: str, seed: int, first: bool, joint: bool) -> Iterator[Row]:
    """A map, whose arrays are added; of PCA with the shares of variance."""
    number = sum(name.startswith("points.") for name in arrays)
    arrays[f"points.{number}"] = np.arange(4 * N, dtype=np.float32).reshape(2, N, 2) / 10
    arrays[f"trust.{number}"] = np.full((2, N), 0.9, np.float32)
    arrays[f"kept.{number}"] = np.full((2, N), 0.6, np.float32)
    is_pca = method == "PCA"
    start, perplexity = ("", None) if is_pca else ("pca" if first else "random", 3.0)
    trust = 0.8 if is_pca else 0.95 if first else 0.99
    variance = (0.7, 0.65, 0.75, 0.1) if is_pca else (None, None, None, None)
    for space in JOINT if joint else SIDES:
        of = f"points.{number}", f"trust.{number}", f"kept.{number}", None
        which = method, seed, first, start, *of, space, 12 if joint else 6, 2, "", perplexity, None
        kept, moved = (0.6, 0.55, 0.65, 0.2), None if first else 0.75
        yield ProjectionRow(*model, *which, trust, trust - 0.05, trust + 0.05, 0.5, *kept, moved, *variance)
        if is_pca:
            yield VarianceRow(*model, space, 1, 0.4)
            yield VarianceRow(*model, space, 2, 0.3)


def measures(model: Model, joint: bool) -> Iterator[Row]:
    """All five measures, those of the joint space missing elsewhere; nothing is found of the twin."""
    for measure in (*JOINT_ONLY, "neighbours shared by audio and MIDI"):
        value, unit = 0.9 if model.weights == "trained" else 0.5, "share" if measure not in JOINT_ONLY else ""
        if joint or measure not in JOINT_ONLY:
            p = 0.031 if measure == "modality gap" else None
            yield MeasureRow(*model, measure, value, value - 0.05, value + 0.05, 0.5, N, unit, p, "")
        else:
            note = "Not available: audio and MIDI have spaces of their own."
            yield MeasureRow(*model, measure, None, None, None, None, 0, unit, None, note)


def cosines(model: Model) -> Iterator[Row]:
    """Two kinds in four bins of 0.5: matched pairs in the highest, others in the second and, only one, in the highest."""
    for kind, pairs in PAIRS.items():
        for i, count in enumerate(pairs):
            yield BinRow(*model, kind, i, -1 + 0.5 * i, -0.5 + 0.5 * i, count / sum(pairs), count)
            for audio in range(min(count, 3)):
                midi = audio if kind == "matched" else audio + 1
                yield ExampleRow(*model, kind, i, audio, midi, -0.9 + 0.5 * i + audio / 10)
        yield CosineRow(*model, kind, 0.0, -0.4, 0.0, 0.2, 0.3, 0.6, sum(pairs))


@pytest.fixture
def opened(open_page):
    return partial(open_page, "views/embedding.py")


def spec(app: Any, number: int) -> dict[str, Any]:
    """A figure of the page."""
    return json.loads(app.get("plotly_chart")[number].proto.spec)


def captions(app: Any) -> str:
    return "\n".join(caption.value for caption in app.caption)


def test_the_map_says_its_seed_and_how_far_it_can_be_trusted(queue, store, checkpoints, opened, labels):
    store["one", "two"] = laid_out("one", "two")
    app = opened(checkpoints=["one", "two"], corpus="small")
    assert app.title[0].value == "How is the space laid out?"
    assert app.header[0].value == "one: matched audio and MIDI are closer."
    picker = next(box for box in app.selectbox if box.label == "Map")
    assert picker.options == ["PCA", "t-SNE, seed 42", "t-SNE, seed 43", "PCA, untrained twin"]
    assert picker.value == "t-SNE, seed 42"  # not seed 43, which only looks better
    said = captions(app).replace("\\", "").replace("\N{NO-BREAK SPACE}", " ")
    assert "6 pairs of 2 works, joined by light grey lines. For 2,000 as in the publication, set pairs under Settings." in said
    assert "t-SNE, seed 42: 12 points, perplexity 3, begun from PCA; trustworthiness 0.95 [0.90, 1.00]" in said
    assert "(a random map 0.50); 60.0 % [55.0, 65.0] of nearest neighbours kept (random 20.0 %) (k = 2)." in said
    assert "With seed 43 points lie 0.75 spreads of this map away" in said
    lines = next(trace for trace in spec(app, 0)["data"] if trace["name"] == "joined")
    assert lines["mode"] == "lines"
    assert "Compute" not in labels(app)


def test_another_map_and_colour_stay_in_the_address(queue, store, checkpoints, opened, ran):
    store["one",] = laid_out("one")
    app = opened(checkpoints=["one"], corpus="small", method="PCA", colour="note density")
    layout = spec(app, 0)["layout"]
    assert layout["xaxis"]["title"]["text"] == "principal component 1 (no unit, 40.0 % of variance)"
    assert layout["coloraxis"]["colorbar"]["title"]["text"] == "note density (notes per s)"
    next(box for box in app.selectbox if box.label == "Map").set_value("PCA, untrained twin")
    ran(app)
    assert app.query_params["method"] == "PCA, untrained twin"
    assert "70.0" in captions(app)  # of the variance
    assert "points lie" not in captions(app)  # there is but one map of the twin


def test_until_something_is_chosen_the_farthest_pairs_are_heard(queue, store, checkpoints, opened):
    store["one",] = laid_out("one")
    app = opened(checkpoints=["one"], corpus="small")
    listed = app.dataframe[0].value
    assert listed["piece"].tolist() == [f"piece {i}" for i in (1, 4, 5, 3, 2, 0)]
    said = [text.value for text in app.markdown]
    assert "**This window**: piece 1, 0:10 to 0:14" in said
    assert "**The MIDI of another work nearest to this audio**: piece 4, 0:40 to 0:44" in said
    assert "Chosen points, as CSV" not in [button.label for button in app.get("download_button")]


def test_a_loop_leads_to_windows_their_sound_and_their_numbers(queue, store, checkpoints, opened, ran):
    store["one",] = laid_out("one")
    app = opened(checkpoints=["one"], corpus="small", method="PCA")
    points = [{"customdata": [number]} for number in (2, N + 2, N + 5)]
    app.session_state["map-0-0"] = {"selection": {"points": points}}
    ran(app)
    listed = app.dataframe[0].value
    assert listed[["points", "piece"]].to_numpy().tolist() == [["both", "piece 2"], ["MIDI", "piece 5"]]
    assert "3 points of 2 windows are chosen." in captions(app)
    assert "**This window**: piece 2, 0:20 to 0:24" in [text.value for text in app.markdown]
    assert "Chosen points, as CSV" in [button.label for button in app.get("download_button")]


def recoloured(app: Any, colour: str, ran: Any) -> Any:
    """The page with another colour: its map is a new figure, in which nothing has been chosen yet."""
    del app.session_state["map-0-0"]
    next(box for box in app.selectbox if box.label == "Colour").set_value(colour)
    return ran(app)


def selected(app: Any) -> list[int]:
    """Numbers of the points that are drawn as chosen; of a figure where none is, every point."""
    traces = [trace for trace in spec(app, 0)["data"] if trace["name"] == "points"]
    chosen = [(trace["customdata"], trace.get("selectedpoints")) for trace in traces]
    return sorted(number for numbers, places in chosen for i, number in enumerate(numbers) if places is None or i in places)


def test_another_colour_keeps_what_was_chosen(queue, store, checkpoints, opened, ran, press):
    store["one",] = laid_out("one")
    app = opened(checkpoints=["one"], corpus="small", method="PCA")
    app.session_state["map-0-0"] = {"selection": {"points": [{"customdata": number} for number in (0, N, N + 5)]}}
    ran(app)
    recoloured(app, "spectral centroid", ran)  # which window 0 lacks, so that its points are traces of their own
    assert "3 points of 2 windows are chosen." in captions(app)
    assert selected(app) == [0, N, N + 5]
    ran(app)
    assert "3 points of 2 windows are chosen." in captions(app)  # also the next time the page is run
    app.session_state["map-0-0"] = {"selection": {"points": [{"customdata": 1}]}}
    ran(app)
    assert "1 point of 1 window is chosen." in captions(app)
    app.session_state["map-0-0"] = {"selection": {"points": []}}
    ran(app)
    assert "Draw a loop around points" in captions(app)  # none is chosen in the figure: what came with it is not chosen again
    recoloured(app, "composer", ran)
    assert "Draw a loop around points" in captions(app)
    assert selected(app) == list(range(2 * N))


def test_what_came_with_another_colour_can_be_dropped_and_another_map_begins_anew(queue, store, checkpoints, opened, ran, press):
    store["one",] = laid_out("one")
    app = opened(checkpoints=["one"], corpus="small", method="PCA")
    app.session_state["map-0-0"] = {"selection": {"points": [{"customdata": 2}]}}
    ran(app)
    recoloured(app, "composer", ran)
    assert "1 point of 1 window is chosen." in captions(app)
    press(app, "Choose none")
    assert "Draw a loop around points" in captions(app)
    assert selected(app) == list(range(2 * N))
    app.session_state["map-0-0"] = {"selection": {"points": [{"customdata": 2}]}}
    ran(app)
    next(box for box in app.selectbox if box.label == "Map").set_value("t-SNE, seed 42")
    ran(app)
    assert "Draw a loop around points" in captions(app)


def test_the_chosen_points_as_csv_are_those_of_the_map():
    result = laid_out("one", "two")
    row = point_map.maps_of(result, "two")["t-SNE, seed 43"][0]
    points = points_of(result, row, SIDES)
    lines = sound.points_csv(result, row, [points[1], points[N + 4]]).splitlines()
    assert len(lines) == 3
    table = [dict(zip(lines[0].split(","), line.split(","), strict=True)) for line in lines[1:]]
    assert [(row["checkpoint"], row["seed"], row["modality"], row["window"]) for row in table] == [
        ("two", "43", "audio", "1"), ("two", "43", "midi", "4"),
    ]  # fmt: skip
    assert [float(row["x"]) for row in table] == pytest.approx([points[1].x, points[N + 4].x])


def test_before_the_joint_embedding_each_side_has_its_map(queue, store, checkpoints, opened, ran):
    store["one",] = laid_out("one", joint=False)
    app = opened(checkpoints=["one"], corpus="small", colour="cosine of the pair")
    figure = spec(app, 0)
    assert "joined" not in [trace["name"] for trace in figure["data"]]
    assert len(next(trace for trace in figure["data"] if trace["name"] == "points")["customdata"]) == N
    assert next(box for box in app.selectbox if box.label == "Colour").value == "audio or MIDI"  # no cosine there
    assert "no cosine leads from one to the other" in captions(app)
    assert app.dataframe[0].value["piece"].tolist()[0] == "piece 5"  # with the fewest shared neighbours
    app.button_group[0].set_value("midi")
    ran(app)
    assert app.query_params["side"] == "midi"
    table = app.dataframe[1].value.to_dict("records")
    assert [row["measure"] for row in table if row["note"]] == [
        "AUC, other works", "AUC, same work", "modality gap", "matched cosine",
    ]  # fmt: skip


def test_a_bin_leads_to_two_sounds(queue, store, checkpoints, opened, ran):
    store["one",] = laid_out("one")
    app = opened(checkpoints=["one"], corpus="small")
    pairs = app.dataframe[1].value  # the most alike others of which there are three, not the single one above
    assert pairs["cosine"].tolist() == pytest.approx([0.3, 0.2, 0.1])
    assert pairs["MIDI"].tolist() == ["piece 3, 0:30", "piece 2, 0:20", "piece 1, 0:10"]
    said = [text.value for text in app.markdown]
    assert "**Audio**: piece 2, 0:20 to 0:24" in said
    assert "**MIDI, heard from its recording**: piece 3, 0:30 to 0:34" in said
    app.session_state["cosines-0"] = {"selection": {"points": [{"customdata": ["trained", "matched", 3]}]}}
    ran(app)
    assert "one, matched: 3 of the 4 pairs with a cosine of 0.5 to 1." in captions(app).replace("\\", "")
    assert not any(text.value.startswith("**MIDI, heard") for text in app.markdown)
    app.session_state["cosines-0"] = {"selection": {"points": [{"customdata": ["untrained", "other works", 3]}]}}
    ran(app)
    assert "one, untrained twin, other works: the only pair with a cosine of 0.5 to 1." in captions(app)


def test_measures_stand_beside_the_twin_and_their_null(queue, store, checkpoints, opened):
    store["one",] = laid_out("one")
    app = opened(checkpoints=["one"], corpus="small")
    rows = app.dataframe[2].value.to_dict("records")
    assert rows[2] == {
        "checkpoint": "one", "measure": "modality gap", "trained": "0.90 [0.85, 0.95]", "twin": "○ 0.50 [0.45, 0.55]",
        "null": "0.50", "null of the twin": "0.50", "p": "p = 0.031", "n": 6,
    }  # fmt: skip
    assert rows[4]["trained"] == "90.0 % [85.0, 95.0]"
    assert app.dataframe[3].value["map"].tolist() == ["PCA", "t-SNE, seed 42", "t-SNE, seed 43", "PCA, untrained twin"]
    assert app.dataframe[3].value["trustworthiness"].tolist()[0] == "0.80 [0.75, 0.85], random 0.50"


def test_a_name_is_no_markup(queue, store, checkpoints, opened, evil, obeyed):
    name = evil.split("/", 1)[0]
    checkpoints[0].name = name
    store[name,] = laid_out(name, piece=evil)
    app = opened(checkpoints=[name], corpus="small", colour="composer")
    shown = "\n".join(str(one.value) for kind in ("markdown", "caption", "header", "subheader") for one in getattr(app, kind))
    assert shown.count("alert(1)") >= 3
    assert not obeyed(shown)
    assert "<script" not in "".join(chart.proto.spec for chart in app.get("plotly_chart"))


def test_a_map_like_one_at_random_is_said_to_be():
    row = laid_out("one").rows(ProjectionRow)[1]
    said = point_map.trusted(replace(row, trustworthiness_null=row.trustworthiness_ci_low))
    assert "trustworthiness 0.95 [0.90, 1.00], not distinguishable from a random map;" in said
    assert "a random map 0.89)" in point_map.trusted(replace(row, trustworthiness_null=0.89))
    flat = replace(row, trustworthiness=None, note="Not available: all its windows are in one place.")
    assert point_map.trusted(flat) == "12 points. Not available: all its windows are in one place."


# --- histogram -------------------------------------------------------------------------------------------------------------


def test_steps_go_from_edge_to_edge_and_dots_lead_on():
    bars = [Bar("matched", i / 4, (i + 1) / 4, share, 8, ("k", i)) for i, share in enumerate((0, 0.25, 0, 0.75))]
    others = [Bar("<b>other", i / 4, (i + 1) / 4, share) for i, share in enumerate((1, 0, 0, 0))]
    drawing: Any = histogram.panels(
        {"trained": bars + others, "twin": bars}, x_title="cosine (no unit)", y_title="share (%)", n_name="pairs",
        null="<b>other", twins=["twin"], colours={"matched": theme.JOINT},
    )  # fmt: skip
    steps, dots = drawing.data[:2]
    assert (steps.x, steps.y) == ((0.25, 0.25, 0.5, 0.75, 1.0, 1.0), (0, 25, 0, 75, 75, 0))
    assert (dots.x, dots.y, dots.customdata) == ((0.375, 0.875), (25, 75), (["k", 1], ["k", 3]))
    assert dots.hovertext[0] == "trained: matched<br>0.25 to 0.5<br>25.0 % (8 pairs)"
    assert (steps.line.color, steps.line.dash) == (theme.JOINT, "solid")
    assert drawing.data[2].fillcolor == histogram.BAND
    twin = [trace for trace in drawing.data if trace.yaxis == "y2"]
    assert (twin[0].line.color, twin[0].line.dash, len(twin)) == (theme.TWIN, "dash", 2)
    assert drawing.layout.xaxis.range == (-0.25, 1.25)
    assert "<b>other" not in drawing.to_json().replace("\\u003c", "<")


def test_nothing_is_said_to_be_nothing():
    drawing: Any = histogram.panels({"trained": [Bar("matched", 0, 1, 0)]}, x_title="x", y_title="y")
    assert "Nothing to draw" in drawing.layout.annotations[0].text


@pytest.mark.parametrize(
    ("numbers", "said"),
    [((1, 1, 0.5), r"from 1 to 1; expected the lower edge first"), ((0, 1, 1.5), r"is 1.5; expected 0 to 1")],
)
def test_a_bar_that_cannot_be_is_refused(numbers, said):
    with pytest.raises(ConfigError, match=said):
        Bar("matched", *numbers)


def test_all_checkpoints_are_overlaid_with_their_twins(queue, store, checkpoints, opened):
    store["one", "two"] = laid_out("one", "two")
    app = opened(checkpoints=["one", "two"], corpus="small")
    curves = embedding_cosines.curves_of(store["one", "two"])
    assert [(title, [(curve.name, curve.twin) for curve in panel]) for title, panel in curves.items()] == [
        ("matched pairs", [("one", False), ("two", False)]),
        ("pairs of other works", [("one", False), ("two", False)]),
        ("matched pairs, untrained twins (shares on a scale of their own)", [("one", True), ("two", True)]),
    ]
    assert [sum(bar.n for bar in curve.bars) for curve in curves["matched pairs"]] == [6, 6]
    assert [curve.mean for curve in curves["matched pairs"]] == [0.0, 0.0]
    together = spec(app, 2)
    assert {"one", "two"} <= {trace.get("name") for trace in together["data"]}
    assert "Do the checkpoints differ in how close matched pairs are?" in [one.value for one in app.subheader]


def test_before_the_joint_embedding_nothing_is_overlaid(queue, store, checkpoints, opened):
    store["one",] = laid_out("one", joint=False)
    app = opened(checkpoints=["one"], corpus="small")
    assert "Do the checkpoints differ in how close matched pairs are?" not in [one.value for one in app.subheader]
    assert "6 windows of 2 works." in captions(app)


def test_of_sound_alone_nothing_is_said_of_midi(queue, store, checkpoints, opened):
    both = laid_out("one", joint=False)
    maps = [{**row, "perplexity": 47 / 3} for row in both.tables["projections"] if row["space"] == "audio"]
    measured = [MeasureRow("one", weights, AUC_WORK, 0.9, 0.8, 1.0, 0.5, N, "", None, "").record() for weights in WEIGHTS]
    spaces = [SpaceRow("one", weights, False, None, None, None, None).record() for weights in WEIGHTS]
    tables = {**both.tables, "projections": maps, "measures": measured, "spaces": spaces}
    store["one",] = replace(both, headline="AUC 0.9.", tables=tables)
    app = opened(checkpoints=["one"], corpus="small")
    said = "\n".join([captions(app), *(subheader.value for subheader in app.subheader)])
    assert "perplexity 15.7" in said
    assert "The null is chance." in said
    assert "MIDI" not in said
    assert "area under the curve" in json.dumps([spec(app, number) for number in range(len(app.get("plotly_chart")))])
