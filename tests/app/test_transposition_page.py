"""The page of transposition: its charts, from a point to the sound and to the notes, and what is said where less is known."""

import json
import re
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import pretty_midi
import pytest

from analysis.datasets.piece import Piece
from analysis.models.config import Side
from analysis.results import Result
from analysis.rows import Row, tables_of
from analysis.studies.cautions import WINDOWS_READ
from analysis.studies.pools.rows import PoolRow
from analysis.studies.shared_rows import Weights, WorkWindowRow
from analysis.studies.transposition.rows import (
    DisplacementRow,
    DistanceRow,
    RangeRow,
    RetentionRow,
    ScoreRow,
    Transposed,
)
from app import caching
from app.kit import altered_sound
from app.studies import transposition
from app.studies.transposition import Point

POOL = PoolRow("S", 6, 6, 2.0, 0.0, 6, 2, 0.1, False, "6 candidates, 2 of the same work", "S is searched in a pool of 6.")
WEIGHTS: tuple[Weights, ...] = ("trained", "untrained")
EVIL = "**x** <script>alert(1)</script> [a](http://x)"
SHIFTS = (-3, 0, 3)
LAYERS = ("in", "1", "emb")
MODELS = ("scores", "retention", "distances", "displacements")  # tables with rows about a model


def transposed(*names: str, rendered: bool = True) -> Result:
    """What could be found for 6 windows: trained S falls from 100 to 50 % with the MIDI alone, and stays with both."""
    moved: tuple[Transposed, ...] = ("MIDI alone", "audio alone", "both")
    sides: tuple[Side, ...] = ("midi", "audio")
    rows: list[Row] = [POOL]
    arrays: dict[str, Any] = {"query": np.arange(6), "candidates": np.tile(np.arange(6), (6, 1))}
    arrays["folded"] = np.array([[0] * 6, [0] * 6, [0, 2, 0, 0, 0, 0]], np.int32)
    for number, (name, weights) in enumerate(product(names, WEIGHTS)):
        for order, what in enumerate(moved if rendered else moved[:1]):
            array, ranks = f"ranks.{number}.{order}", np.ones((3, 2, 6), np.int32)
            ranks[2] = [[1, 12, 1, 1, 11, 1], [1, 15, 1, 1, 1, 1]]
            arrays[array] = ranks
            for row, shift in enumerate(SHIFTS):
                share = 0.1 if weights == "untrained" else 0.5 if shift and what != "both" else 1.0
                score, drop = (share, share - 0.05, share, 0.1, 6), (1 - share, 0.9 - share, 1 - share, 0.0)
                rows.append(ScoreRow(name, weights, what, "the notes are transposed", shift, *score, *drop, array, row))
            rows.append(RetentionRow(name, weights, what, 3, 0.5, 0.4, 0.6, 0.1, 6))
        for side in sides[: 1 + rendered]:
            far, array = np.zeros((3, 3, 6), np.float32), f"distances.{number}.{side}"
            far[2] = np.array([0.1, 0.9, 0.2, 0.3, 0.5, 0.4]) + (0.2 if side == "audio" else 0.0)
            arrays[array] = far
            for (row, shift), (tap, layer) in product(enumerate(SHIFTS), enumerate(LAYERS)):
                where = (name, weights, side, shift, f"{side}.{layer}", layer)
                rows.append(DistanceRow(*where, float(far[row, tap].mean()), 0.0, 0.9, 0.0, 6, 0.4, array, row, tap))
        for row, shift in enumerate((-3, 3) if rendered else ()):
            cosine, above = (0.4, 0.3, 0.5, 0.1, 6), (0.3, 0.2, 0.4, 0.0)
            rows.append(DisplacementRow(name, weights, shift, *cosine, *above, f"displacements.{number}", row))
    rows += [
        RangeRow(shift, int((counts > 0).sum()), float(counts.sum() / 24), 6)
        for shift, counts in zip(SHIFTS, arrays["folded"], strict=True)
    ]
    rows += [WorkWindowRow(f"piece {i}", 10.0 * i, f"work {i % 2}") for i in range(6)]
    made = {"checkpoint_sha256": dict.fromkeys(names, "ab" * 32), "command": "otoscope study transposition", "seed": 42}
    request = {"checkpoints": list(names), "corpus": "small", "split": "test", "seed": 42}
    return Result("transposition", request, f"{names[0]} follows.", [], tables_of(rows), arrays, made)


def of_sound_alone(name: str) -> Result:
    """The same of a model that reads sound alone, which has to find itself."""
    both = transposed(name)
    moved = {
        table: [{**row, "moved": "sound"} for row in both.tables[table] if row["moved"] == "audio alone"]
        for table in ("scores", "retention")
    }
    heard = [row for row in both.tables["distances"] if row["side"] == "audio"]
    return replace(both, tables={**both.tables, **moved, "distances": heard, "displacements": []})


@pytest.fixture
def opened(open_page):
    return partial(open_page, "views/transposition.py")


@pytest.fixture(autouse=True)
def played(monkeypatch, store, tmp_path) -> list[tuple[Any, ...]]:
    """What was asked to be made for the player; every window has the notes C4 and B7."""
    asked: list[tuple[Any, ...]] = []

    def altered(*key: Any) -> np.ndarray:
        asked.append(key)
        return np.full(1000, 0.1, np.float32)

    midi, performance = tmp_path / "notes.mid", pretty_midi.PrettyMIDI()
    performance.instruments.append(pretty_midi.Instrument(0))
    starts = [(10.0 * window + at, pitch) for window in range(6) for at, pitch in ((0, 60), (1, 107))]
    performance.instruments[0].notes = [pretty_midi.Note(80, pitch, start, start + 0.5) for start, pitch in starts]
    performance.write(str(midi))
    there = tmp_path / "there.wav"
    there.touch()
    names = [*(f"piece {i}" for i in range(6)), EVIL]
    pieces = {name: Piece(name, "c", "t", "g", "test", 600.0, there, midi) for name in names}
    monkeypatch.setattr(caching, "altered_window", altered)
    monkeypatch.setattr(caching, "part", lambda *_: np.full(1000, 0.2, np.float32))
    monkeypatch.setattr(caching, "pieces", lambda corpus: pieces)
    return asked


def specs(app: Any) -> list[Any]:
    return [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]


def test_a_stored_result_is_drawn_with_its_twin_and_chance(queue, store, opened):
    store["one",] = transposed("one")
    app = opened(checkpoints="one")
    assert app.title[0].value == "Does it follow a transposition, or ignore it?"
    main, retention, directions, layers = specs(app)
    assert [note["text"] for note in main["layout"]["annotations"]] == ["<b>MIDI alone</b>", "<b>audio alone</b>", "<b>both</b>"]
    lines = [trace for trace in main["data"] if trace["mode"] == "lines+markers" and "hovertext" in trace]
    assert [line["line"].get("dash") for line in lines] == ["dash", "solid"] * 3  # twins beneath
    assert "transposition +3 semitones" in lines[1]["hovertext"][2]
    assert "drop in S 50.0 % [40.0, 50.0]" in lines[1]["hovertext"][2]
    assert lines[1]["customdata"][2] == ["one", "trained", "MIDI alone", 3]
    assert main["layout"]["xaxis"]["ticktext"] == ["−3", "0", "+3"]
    assert "chance" in [trace.get("name") for trace in main["data"]]
    assert retention["layout"]["yaxis"]["ticktext"] == ["MIDI alone", "audio alone", "both"]
    assert any("windows of other works" in str(note["text"]) for note in directions["layout"]["annotations"])
    assert layers["layout"]["xaxis"]["ticktext"] == ["in", "1", "emb"]


def test_twins_have_one_entry_in_the_legend(queue, store, opened):
    store["one", "two"] = transposed("one", "two")
    drawings = specs(opened(checkpoints=["one", "two"]))
    for drawing in drawings:
        named = [trace["name"] for trace in drawing["data"] if trace.get("showlegend") is not False and trace["x"] == [None]]
        assert named[:3] in (["one", "untrained twins", "two"], ["one", "two"])
    dashes = {trace["line"]["dash"] for trace in drawings[0]["data"] if trace["mode"] == "lines+markers"}
    assert dashes == {"solid", "dash", "dot"}


def test_every_number_is_in_a_table_beside_what_is_published(queue, store, opened):
    store["one",] = transposed("one")
    app = opened(checkpoints="one")
    published, scores, retention, displaced = (table.value for table in app.dataframe[-4:])
    by_condition = {(row["condition"], row["measure"]): row["ours"] for row in published.to_dict("records")}
    assert by_condition["+3 semitones", "S"] == "50.0 % [45.0, 50.0]"
    assert by_condition["±3 semitones", "retention"] == "50.0 % [40.0, 60.0]"
    assert scores["S"].tolist()[3:6] == ["50.0 % [45.0, 50.0]", "100.0 % [95.0, 100.0]", "50.0 % [45.0, 50.0]"]
    assert len(scores) == 18
    assert retention["semitones"].unique().tolist() == ["±3"]
    assert displaced["difference"][0] == "0.30 [0.20, 0.40]"


def test_the_pool_stands_beside_every_s(queue, store, opened):
    store["one",] = transposed("one")
    app = opened(checkpoints="one", corpus="small")
    said = [caption.value for caption in app.caption]
    assert "S is searched in a pool of 6." in said
    assert "Ours: S is searched in a pool of 6." in said
    assert sum("S is of 6 candidates, 2 of the same work." in text for text in said) == 2
    assert "S (%), 6 candidates, 2 of the same work" in app.get("plotly_chart")[0].proto.spec


def test_the_windows_that_move_most_come_first():
    rows = transposition.windows_behind(transposed("one"), Point("one", "trained", "both", 3))
    assert [row.window.piece for row in rows] == [f"piece {i}" for i in (1, 4, 5, 3, 2, 0)]
    first = {"moved": pytest.approx(100.0), "rank": "1 → 15", "folded": 2, "piece": "piece 1", "start_s": 10.0}
    assert rows[0].number == 1
    assert rows[0].record() == first


def test_windows_are_heard_as_the_models_of_a_result_read_them(queue, store, played, opened, monkeypatch, shown_strips):
    excerpts = []
    monkeypatch.setattr(caching, "part", lambda *asked: excerpts.append(asked[1:]) or np.full(1000, 0.2, np.float32))
    result = transposed("one")
    read = {"window_s": 2.0, "sample_rate": 16_000}
    store["one",] = replace(result, provenance={**result.provenance, WINDOWS_READ: read})
    app = opened(checkpoints="one", corpus="small")
    assert [asked[-1] for asked in played] == [2.0, 2.0]
    assert excerpts == [(10.0, 12.0, 16_000)]
    assert "**The recording**: piece 1, 0:10 to 0:12" in [text.value for text in app.markdown]


def test_a_point_leads_to_what_the_model_heard_and_read(queue, store, played, opened, shown_strips):
    store["one",] = transposed("one")
    app = opened(checkpoints="one", corpus="small")
    assert played == [("small", "piece 1", 10.0, "transposition", dose, 24_000, 42, 4.0) for dose in (0.0, 3)]
    assert (shown_strips.names, len(app.get("audio"))) == (["original", "compared with", "altered"], 0)
    said = [text.value for text in app.markdown]
    assert "**The recording**: piece 1, 0:10 to 0:14" in said
    assert "**What the model heard**: +3 semitones" in said
    assert "**What the model read**: +3 semitones, 2 notes" in said
    notes = app.dataframe[1].value
    assert notes["pitch"].tolist() == ["C4 → D♯4", "B7 → D7"]
    assert notes["velocity"].tolist() == ["80", "80"]
    assert any("8.3 % of the notes, in 1 of 6 windows, are folded" in caption.value for caption in app.caption)


def test_a_recording_that_is_not_rendered_is_asked_for_once(queue, store, played, opened, labels, tmp_path):
    (tmp_path / "there.wav").unlink()
    store["one",] = transposed("one")
    app = opened(checkpoints="one")
    assert not played
    assert "Render it" in labels(app)


def test_without_a_renderer_only_the_midi_is_moved(queue, store, opened):
    store["one",] = transposed("one", rendered=False)
    app = opened(checkpoints="one")
    assert len(app.get("plotly_chart")) == 3
    assert any("Both sides can be moved only in a corpus" in caption.value for caption in app.caption)
    assert transposition.usual_point(store["one",]) == ("one", "trained", "MIDI alone", 3)


def test_a_click_on_a_point_chooses_its_shift(queue, store, opened, ran):
    store["one",] = transposed("one")
    app = opened(checkpoints="one")
    app.session_state["responses"] = {"selection": {"points": [{"customdata": ["one", "untrained", "MIDI alone", -3]}]}}
    ran(app)
    said = [caption.value for caption in app.caption]
    assert any("windows that one, untrained twin moves most with the MIDI alone −3 semitones;" in text for text in said)
    assert "How far every layer moves at −3 semitones" in [one.value for one in app.subheader]
    assert len(app.get("audio")) == 1
    app.session_state["responses"] = {"selection": {"points": [{"customdata": ["one", "trained", "both", 0]}]}}
    ran(app)
    assert any("At 0 semitones nothing is moved" in caption.value for caption in app.caption)
    assert not app.get("audio")
    assert "How far every layer moves at +3 semitones" in [one.value for one in app.subheader]


def test_a_window_that_is_no_query_has_no_rank():
    result = transposed("one")
    few = replace(result, arrays={**result.arrays, "query": np.array([4])})
    ranks = np.ones((2, 1), int)
    rows = altered_sound.most_moved(few, np.arange(6.0), ranks, 9 * ranks)
    assert [(row.number, row.ranks) for row in rows[:2]] == [(5, None), (4, "1 → 9")]


def test_a_name_is_no_markup(queue, monkeypatch, checkpoint, evil, obeyed, opened, store):
    name = evil.replace("/", "|")  # names of checkpoints are names of folders
    monkeypatch.setattr(caching, "checkpoints", lambda: [checkpoint(name)])
    result = transposed(name)
    windows = [replace(row, piece=evil) for row in result.rows(WorkWindowRow)]
    store[name,] = replace(result, tables={**result.tables, **tables_of(windows)})
    app = opened()
    shown = "\n".join(
        str(one.value) for kind in ("markdown", "caption", "header", "subheader", "error") for one in getattr(app, kind)
    )
    assert shown.count("alert(1)") >= 3
    assert not obeyed(shown)
    spec = json.dumps([chart.proto.spec for chart in app.get("plotly_chart")])
    assert "alert" in spec
    assert "<script" not in re.sub(r'customdata\\":\[.*?\]\]', "", spec)  # which is never drawn


def test_four_panels_stand_in_two_lines_of_full_height(queue, store, opened):
    store["one",], store["two",] = transposed("one"), of_sound_alone("two")
    tables = {name: [*rows, *store["two",].tables[name]] for name, rows in store["one",].tables.items() if name in MODELS}
    arrays = {**store["one",].arrays, **store["two",].arrays}
    both = replace(store["one",], tables={**store["one",].tables, **tables}, arrays=arrays)
    store["one", "two"] = replace(both, request={**both.request, "checkpoints": ["one", "two"]})
    one, four = (json.loads(opened(checkpoints=names).get("plotly_chart")[0].proto.spec) for names in (["one"], ["one", "two"]))
    assert four["layout"]["height"] - one["layout"]["height"] == transposition.MAIN_PX


def test_of_sound_alone_nothing_is_asked_about_midi(queue, store, opened):
    store["one",] = of_sound_alone("one")
    app = opened(checkpoints=["one"])
    assert "Do audio and MIDI move the same way?" not in [subheader.value for subheader in app.subheader]
    left = json.loads(app.get("plotly_chart")[1].proto.spec)
    assert any("twin" in trace.get("name", "") for trace in left["data"])  # it can find itself, so that it has what to lose
    assert not any("have nothing to lose" in caption.value for caption in app.caption)
