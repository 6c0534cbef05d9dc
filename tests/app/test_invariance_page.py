"""The page of invariance: the overview, one change dose by dose, its sound, and the very sound that a model was given."""

import json
import re
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pretty_midi
import pytest
import soundfile

from analysis.datasets.piece import Piece
from analysis.results import Result
from analysis.rows import Row, tables_of
from analysis.studies.invariance.rows import ChangeRow, DistanceRow, ScoreRow
from analysis.studies.pools.rows import PoolRow
from analysis.studies.shared_rows import SentenceRow, Weights, WorkWindowRow
from analysis.studies.stress.changes import BY_NAME, dose_label
from app import caching
from app.studies import invariance
from app.studies.invariance import Point
from tests.filled import filled

RATE, HUSHED = 24_000, 0.5
NAMES = ("time_shift", "note_velocity", "gain", "sound_font")
FAR = {"time_shift": 0.6, "note_velocity": 0.3, "gain": 0.0, "sound_font": 0.9}
POOL = PoolRow("S", 6, 6, 2.0, 0.0, 6, 2, 0.1, False, "6 candidates, 2 of the same work", "S is searched in a pool of 6.")
WEIGHTS: tuple[Weights, ...] = ("trained", "untrained")
EVIL = "**x** <script>alert(1)</script> [a](http://x)"


def changed(*checkpoints: str, names: tuple[str, ...] = NAMES) -> Result:
    """What could be found for 6 windows: every change moves by its own distance, later doses farther, the twin half as far."""
    rows: list[Row] = [POOL]
    arrays: dict[str, Any] = {"query": np.arange(6), "candidates": np.tile(np.arange(6), (6, 1))}
    for change in (BY_NAME[name] for name in names):
        labels = tuple(dose_label(change, dose) for dose in change.doses)
        about = (change.name, change.title, change.side, change.unit, change.unchanged, change.what)
        rows.append(ChangeRow(*about, labels, change.twin))
        for name, weights in product(checkpoints, WEIGHTS):
            number = len(arrays)
            doses = [d for d in change.doses if weights == "trained" or d in change.twin or d not in change.changing]
            arrays[f"ranks.{number}"] = np.stack([np.full((2, 6), 1 + row, np.int32) for row in range(len(doses))])
            far = np.zeros((len(doses), 2, 6), np.float32)
            for row, dose in enumerate(doses):
                order = change.doses.index(dose)
                share = FAR[change.name] * (dose in change.changing) * (0.5 if weights == "untrained" else 1.0)
                share *= (order + 1) / len(change.doses)
                far[row] = share * np.array([0.5, 1.5, 1, 1, 0.9, 1.1])
                later = change.rebase is not None and order > change.doses.index(change.rebase)
                against = dose_label(change, change.rebase) if later else "unaltered"
                place = (name, weights, change.name, change.side, dose, labels[order], order, against, row)
                drop = (share / 2, 0.0, share, 0.0)
                rows.append(ScoreRow(*place, 0.8, 0.7, 0.9, 0.1, 6, *drop, f"ranks.{number}"))
                moved = (share, share / 2, 2 * share, 0.0, 6, 0.4, f"distances.{number}")
                rows += [DistanceRow(*place, layer, layer, *moved, tap) for tap, layer in enumerate(("in", "emb"))]
            arrays[f"distances.{number}"] = far
    rows += [WorkWindowRow(f"piece {i}", 1.0 + i, f"work {i % 2}") for i in range(6)]
    made = {"checkpoint_sha256": dict.fromkeys(checkpoints, "ab" * 32), "command": "otoscope study invariance", "seed": 42}
    request = {"checkpoints": list(checkpoints), "corpus": "small", "split": "test", "seed": 42}
    return Result("invariance", request, f"{checkpoints[0]} ignores gain.", [], tables_of(rows), arrays, made)


@pytest.fixture(autouse=True)
def piece(monkeypatch, store, tmp_path) -> Piece:
    """A recording of 12 s, of noise with a peak of one half, which stands for every piece."""
    audio, midi, performance = tmp_path / "there.wav", tmp_path / "notes.mid", pretty_midi.PrettyMIDI()
    noise = np.random.default_rng(0).uniform(-HUSHED, HUSHED, 12 * RATE)
    soundfile.write(audio, noise, RATE, subtype="FLOAT")
    performance.instruments.append(pretty_midi.Instrument(0))
    performance.instruments[0].notes = [pretty_midi.Note(100, 60, 2.5, 3.0), pretty_midi.Note(20, 64, 2.75, 3.5)]
    performance.write(str(midi))
    found = Piece("piece", "c", "t", "g", "test", 12.0, audio, midi)
    names = [*(f"piece {i}" for i in range(6)), EVIL]
    monkeypatch.setattr(caching, "pieces", lambda corpus: {name: replace(found, piece_id=name) for name in names})
    return found


@pytest.fixture
def opened(open_page):
    return partial(open_page, "views/invariance.py", corpus="small")


def specs(app: Any) -> list[Any]:
    return [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]


def test_what_the_headline_leaves_out_stands_below_the_overview(queue, store, opened):
    result, said = changed("one"), "At no dose does S fall distinguishably with: gain, octave."
    store["one",] = replace(result, tables={**result.tables, **tables_of([SentenceRow(said)])})
    assert said in [caption.value for caption in opened(checkpoints=["one"]).caption]


def test_the_overview_has_every_change_at_its_strongest_what_moves_least_on_top(queue, store, opened, ran):
    store["one", "two"] = changed("one", "two")
    app = opened(checkpoints=["one", "two"])
    assert app.title[0].value == "What does it ignore?"
    overview = specs(app)[0]
    assert overview["layout"]["yaxis"]["ticktext"] == [
        "Gain −12 dB", "Note velocity ×1.5", "Time shift +8,000 samples", "Sound font Merlin",
    ]  # fmt: skip
    assert "<b>untrained twin</b>" in [note["text"] for note in overview["layout"]["annotations"]]
    words = [text for trace in overview["data"] if trace.get("name") == "cells" for text in trace["hovertext"]]
    assert any("compared with: rendered again" in text for text in words)
    assert any("60.0 % [30.0, 120.0]" in text for text in words)
    app.button_group[0].set_value("drop in S")
    ran(app)
    assert app.query_params["measure"] == "drop in S"
    assert any("30.0 % [0.0, 60.0]" in str(trace.get("hovertext")) for trace in specs(app)[0]["data"])


def test_one_change_over_its_doses(queue, store, opened, ran):
    store["one",] = changed("one")
    app = opened(checkpoints="one", change="Note velocity")
    main = specs(app)[1]
    assert [note["text"] for note in main["layout"]["annotations"]] == ["<b>S</b>", "<b>embedding moved</b>"]
    assert main["layout"]["xaxis"]["ticktext"] == ["×0.5", "×0.8", "×1", "×1.2", "×1.5"]
    lines = [trace for trace in main["data"] if trace["mode"] == "lines+markers" and "customdata" in trace]
    assert [line["line"]["dash"] for line in lines] == ["dash", "solid"] * 2  # twins beneath
    assert lines[1]["customdata"][4] == ["one", "trained", 4]
    assert any("velocities" in text.value for text in app.markdown)
    table = app.dataframe[-1].value
    assert table["embedding moved"].tolist()[4] == "30.0 % [15.0, 60.0]"
    assert table["drop in S"].isna().tolist() == [False, False, True, False, False, False, True, False]
    app.selectbox(key="pick_change").set_value("Gain")
    ran(app)
    assert app.query_params["change"] == "Gain"
    assert specs(app)[1]["layout"]["xaxis"]["ticktext"] == ["−12", "−6", "0", "+6", "+12"]
    assert "hatched: not distinguishable from nothing moved" in str(specs(app)[2]["layout"])


def test_the_pool_stands_beside_every_s(queue, store, opened):
    store["one",] = changed("one")
    said = [caption.value for caption in opened(checkpoints="one").caption]
    assert "S is searched in a pool of 6." in said
    assert "Ours: S is searched in a pool of 6." in said
    assert sum("S is of 6 candidates, 2 of the same work." in text for text in said) == 3


def test_what_is_published_is_beside_our_numbers(queue, store, opened):
    store["one",] = changed("one")
    app = opened(checkpoints="one")
    table = app.dataframe[1].value
    found = {row["condition"]: row["ours"] for row in table.to_dict("records")}
    assert found["note velocity × 1.5"] == "80.0 % [70.0, 90.0]"
    assert found["audio shifted by +8000 samples"] == "80.0 % [70.0, 90.0] (at -8000)"
    assert found["audio shifted by -4000 samples"] == "80.0 % [70.0, 90.0] (at +4000)"
    assert any("ours of the other sign stands beside it" in caption.value for caption in app.caption)


def test_the_windows_that_move_most_come_first_with_the_ranks_they_are_compared_with():
    result = changed("one")
    font = result.rows(ChangeRow)[3]
    rows = invariance.windows_behind(result, font, Point("one", "trained", 2))
    assert [row.window.piece for row in rows[:2]] == ["piece 1", "piece 5"]
    assert rows[0].ranks == "2 → 3"  # not the recording's 1
    assert invariance.windows_behind(result, font, Point("one", "trained", 1))[0].ranks == "1 → 2"


def test_a_click_on_a_point_chooses_its_dose(queue, store, opened, ran):
    store["one",] = changed("one")
    app = opened(checkpoints="one", change="Time shift")
    app.session_state["doses_time_shift"] = {"selection": {"points": [{"customdata": ["one", "untrained", 0]}]}}
    ran(app)
    said = [caption.value for caption in app.caption]
    assert any("time shift −8,000 samples moves most in one, untrained twin;" in text for text in said)
    assert "**What the model heard**: Time shift −8,000 samples" in [text.value for text in app.markdown]
    app.session_state["doses_time_shift"] = {"selection": {"points": [{"customdata": ["one", "trained", 5]}]}}
    ran(app)
    assert any("At this dose nothing is changed" in caption.value for caption in app.caption)


def test_notes_that_were_changed_are_listed_and_not_played(queue, store, opened):
    store["one",] = changed("one")
    app = opened(checkpoints="one", change="Note velocity")
    assert len(app.get("audio")) == 1
    assert "**What the model read**: Note velocity ×1.5, 2 notes" in [text.value for text in app.markdown]
    notes = app.dataframe[1].value
    assert notes["velocity"].tolist() == ["100 → 127", "20 → 30"]
    assert notes["pitch"].tolist() == ["C4", "E4"]
    assert notes["at"].tolist() == pytest.approx([0.5, 0.75])


def test_what_is_compared_with_a_rendering_plays_that_too(queue, store, opened, monkeypatch, shown_strips):
    asked = []

    def altered(*key: Any) -> np.ndarray:
        asked.append(key)
        return np.full(4 * RATE - 9, 0.1, np.float32)

    monkeypatch.setattr(caching, "altered_window", altered)
    store["one",] = changed("one")
    app = opened(checkpoints="one", change="Sound font")
    assert [key[3:5] for key in asked] == [("sound_font", 0.0), ("sound_font", 1)]
    assert "**Compared with**: rendered again" in [text.value for text in app.markdown]
    assert shown_strips.names == ["original", "compared with", "altered"]
    assert not app.get("audio")


def test_what_is_played_is_what_the_model_heard(piece):
    samples = caching.altered_window("small", "piece 1", 2.0, "time_shift", 1000.0, RATE, 42, 4.0)
    recording = soundfile.read(piece.audio_path, dtype="float32")[0]
    assert samples == pytest.approx(recording[2 * RATE + 1000 : 6 * RATE + 1000], abs=1e-4)


def test_what_is_louder_is_made_as_loud_and_says_so(queue, store, opened, monkeypatch, shown_strips):
    monkeypatch.setattr(invariance, "usual_point", lambda result, change: Point("one", "trained", 4))
    store["one",] = changed("one")
    app = opened(checkpoints="one", change="Gain")
    assert shown_strips.names == ["original", "altered"]
    original, altered = shown_strips.shown[-1][1].variants
    assert altered.gain_db - original.gain_db == pytest.approx(-12, abs=0.01)
    assert shown_strips.channel("altered") == pytest.approx(shown_strips.channel("original") * 10 ** (12 / 20), abs=2e-3)
    said = [caption.value for caption in app.caption]
    assert any("12.0 dB above the recording" in text for text in said)
    assert any("Equal loudness undoes this change" in text for text in said)


def test_a_recording_that_cannot_be_read_is_said_and_the_rest_stays(queue, store, opened, piece):
    Path(piece.audio_path).write_bytes(b"no sound")
    caching.altered_window.clear()
    caching.part.clear()
    store["one",] = changed("one")
    app = opened(checkpoints="one", change="Gain")
    assert app.error
    assert len(app.get("plotly_chart")) == 3


def test_a_name_is_no_markup(queue, monkeypatch, checkpoint, evil, obeyed, opened, store):
    name = evil.replace("/", "|")  # names of checkpoints are names of folders
    monkeypatch.setattr(caching, "checkpoints", lambda: [checkpoint(name)])
    result = changed(name)
    windows = [replace(row, piece=evil) for row in result.rows(WorkWindowRow)]
    changes = [replace(row, title=evil, what=evil, unit=evil) for row in result.rows(ChangeRow)[:1]]
    store[name,] = replace(result, tables={**result.tables, **tables_of([*windows, *changes])})
    app = opened()
    shown = "\n".join(
        str(one.value) for kind in ("markdown", "caption", "header", "subheader", "error") for one in getattr(app, kind)
    )
    assert shown.count("alert(1)") >= 4
    assert not obeyed(shown + "\n".join(one.label for one in app.expander))
    spec = json.dumps([chart.proto.spec for chart in app.get("plotly_chart")])
    assert "alert" in spec
    assert "<script" not in re.sub(r'customdata\\":\[.*?\]\]', "", spec)  # which is never drawn


def test_of_sound_alone_nothing_is_said_of_notes_that_stay() -> None:
    change = filled(ChangeRow, what="The window is read later (earlier where negative); the MIDI window stays.")
    assert invariance.what_is_done(change, alone=True) == "The window is read later (earlier where negative)."
    assert invariance.what_is_done(change, alone=False) == change.what
