"""The page of bands with a stored result: the chart over the energy, details, and from a band to its sound."""

import json
import re
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import pytest
import soundfile

from analysis.models.families import find_family
from analysis.results import Result
from analysis.rows import Row, tables_of
from analysis.studies.bands.rows import (
    AgreementRow,
    AttributionRow,
    ConvergenceRow,
    DoseRow,
    FilterRow,
    NoteRow,
    PartRow,
    ReadingRow,
)
from analysis.studies.pools.rows import PoolRow
from analysis.studies.shared_rows import Weights, WorkWindowRow
from app import caching
from app.charts import doses
from app.charts.mark import Mark
from app.studies.bands import answer, details, marks, sound

BANDS = (("100–400 Hz", 100.0, 400.0), ("400–1600 Hz", 400.0, 1600.0))
MODELS: tuple[Weights, ...] = ("trained", "untrained")
RATE = 24_000
POOL = PoolRow("filters", 4, 16, 4.0, 0.0, 4, 4, 0.0625, False, "16 candidates, 4 of the same work", "A pool of 16.")


def ends(value: float) -> tuple[float, float, float]:
    """A number with its interval."""
    return value, value - 0.02, value + 0.02


def filtered(name: str, weights: Weights, number: int) -> list[FilterRow]:
    """Without the upper band a trained network moves by 0.3, else by as much as the sound one sample later."""
    rows = []
    for row, (band, low, high) in enumerate((*BANDS, ("one sample later", None, None))):
        moved = ends(0.3 if (weights, row) == ("trained", 1) else 0.05)
        energy, per_db = (ends(0.25), ends(0.5)) if low else ((None, None, None), (None, None, None))
        rows.append(FilterRow(
            name, weights, band, low, high, *moved, None if low is None else 0.04, 4, *ends(0.1), *ends(0.2), *energy, *per_db,
            None, None, f"filter.{number}", f"filter_similarity.{number}", row, 0.6,
        ))  # fmt: skip
    return rows


def examined(*names: str, with_a4: bool = True, attributed: bool = True, piece: str = "piece") -> Result:
    """What the study could have found for 4 windows."""
    rows: list[Row] = [NoteRow("", "doses", "of untrained twins only ±1 standard deviations")]
    arrays: dict[str, Any] = {"query": np.arange(4)}
    for number, (name, weights) in enumerate(product(names, MODELS)):
        rows += filtered(name, weights, number)
        arrays[f"filter.{number}"] = np.arange(12, dtype=np.float32).reshape(3, 4) / 20
        arrays[f"filter_similarity.{number}"] = np.full((3, 4), 0.125, np.float32)
        arrays[f"other.{number}"] = np.array([[0.1, -0.9, 0.2, 0.3]], np.float32)
        link = (f"other.{number}", 0)
        for band in BANDS:
            if with_a4:
                nothing = (None, None, None, None)
                rows += [
                    DoseRow(name, weights, *band, x, *ends(0.1), 0.03, 4, *ends(0.0), *nothing, link[0], "norms", 0)
                    for x in (-1.0, 1.0)
                ]
            for layer in ("audio.in", "audio.block.1"):
                rows.append(ReadingRow(name, weights, layer, *band, *ends(0.5), 0.0, 4, 0.02, *link))
            if attributed:
                rows.append(AttributionRow(name, weights, "integrated gradients", *band, *ends(0.3), 0.0, 4, *link))
        if attributed:
            pair = ("integrated gradients", "feature ablation")
            rows.append(AgreementRow(name, weights, *pair, *ends(0.01), 0.0, 4))
            rows.append(ConvergenceRow(name, weights, *ends(0.03), 0.0, 4, 0.052, 32, 0.7))
        if not with_a4:
            rows.append(NoteRow(name, "doses", f"{weights}: has no A4, so that no band of it can be shifted"))
    rows += [WorkWindowRow(f"{piece} {i}", 10.0 * i, f"work {i % 2}") for i in range(4)]
    rows += [PartRow(part, (0, 1, 2, 3)) for part in ("filters", "doses", "attribution")]
    request = {"checkpoints": list(names), "corpus": "small", "split": "test", "seed": 42}
    made = {"command": f"otoscope study bands {' '.join(names)}", "seconds": 5.0, "seed": 42}
    said = f"{names[0]} moves farthest without 400–1600 Hz."
    return Result("bands", request, said, [], tables_of([*rows, POOL]), arrays, made)


def with_norms(result: Result) -> Result:
    """The same with the L2 norms of the changes, and a pool of its own for bands of A4."""
    norm = {"l2": 2.0, "l2_ci_low": 1.98, "l2_ci_high": 2.02, "l2_null": 1.99}
    rows = [replace(row, **norm) for row in result.rows(DoseRow)]
    small = replace(POOL, part="doses", pool_size=8, short="8 candidates, 4 of the same work", sentence="A pool of 8.")
    arrays = {**result.arrays, "norms": np.array([[1.0, 2.0, 4.0, 3.0]], np.float32)}
    return replace(result, tables={**result.tables, **tables_of([*rows, POOL, small])}, arrays=arrays)


@pytest.fixture
def opened(open_page):
    return partial(open_page, "views/bands.py", corpus="small")


@pytest.fixture
def recording(store):
    """Two tones of the same level, one in each band, as the recording of every piece."""
    time = np.arange(60 * RATE) / RATE
    sound = 0.2 * np.sin(2 * np.pi * 200 * time) + 0.2 * np.sin(2 * np.pi * 800 * time)
    soundfile.write(caching.pieces("small")["piece 0"].audio_path, sound, RATE)
    return caching.pieces("small")["piece 0"].audio_path


def said(app: Any) -> list[str]:
    return [text.value for text in (*app.markdown, *app.caption)]


def test_the_stored_answer_is_shown_with_its_controls(queue, store, opened, recording, labels):
    store["one", "two"] = examined("one", "two")
    app = opened(checkpoints=["one", "two"])
    assert app.title[0].value == "Which frequencies drive it?"
    assert app.header[0].value == "one moves farthest without 400–1600 Hz."
    main, shifts, reading, attribution = (json.loads(chart.proto.spec) for chart in app.get("plotly_chart"))
    lines = [trace for trace in main["data"] if trace.get("customdata")]
    assert [trace["y"] for trace in lines] == [pytest.approx(y) for y in ([25 / 3] * 2,) * 2 + ([25 / 3, 50],) * 2]
    assert lines[2]["marker"]["symbol"] == ["circle-open", "circle"]
    assert lines[2]["x"] == [200.0, 800.0]
    assert main["layout"]["yaxis2"]["title"]["text"] == "energy (%)"
    assert shifts["layout"]["yaxis"]["type"] == "log"
    assert [note["text"] for note in reading["layout"]["annotations"]][:1] == ["<b>one</b>"]
    assert "<b>gradients</b>" in [note["text"] for note in attribution["layout"]["annotations"]]
    table = app.dataframe[1].value.to_dict("records")[0]
    assert table["gradients ~ ablation"] == "○ 0.01 [-0.01, 0.03]"
    assert (table["error of the gradients"], table["largest"]) == ("3.0 % [1.0, 5.0]", "5.2 %")
    rows = app.dataframe[2].value.to_dict("records")
    assert rows[0]["distance"] == "○ 0.05 [0.03, 0.07]"
    assert (rows[1]["moved"], rows[1]["energy"], rows[2]["band"]) == ("50.0 %", "25.0 % [23.0, 27.0]", "(one sample later)")
    assert "Of untrained twins only ±1 standard deviations." in said(app)
    assert "Compute" not in labels(app)


def test_a_band_is_heard_kept_and_removed_and_beside_a_random_one(queue, store, opened, recording, ran, shown_strips):
    store["one",] = examined("one")
    app = opened(checkpoints=["one"])
    rows = app.dataframe[0].value.to_dict("records")
    assert [row["start_s"] for row in rows] == ["0:30", "0:20", "0:10", "0:00"]
    assert "The windows that one moves most without 400–1600 Hz. Click a point above" in " ".join(said(app))
    energies = "Kept: 400–1,600 Hz; energy 3.0 dB below the recording. Removed: all but 400–1,600 Hz; energy 3.0 dB"
    assert any(text.startswith(energies) for text in said(app))
    assert shown_strips.names == ["original", "kept", "removed", "random"]
    whole, kept, removed = (shown_strips.channel(name) for name in ("original", "kept", "removed"))
    assert kept + removed == pytest.approx(whole, abs=2e-3)
    assert np.abs(np.fft.rfft(kept)).argmax() / 4 == pytest.approx(800, abs=1)  # of 4 s
    assert not app.get("audio")  # the strip is the player
    app.session_state["filters"] = {"selection": {"points": [{"customdata": ["one", "untrained", "100–400 Hz"]}]}}
    ran(app)
    assert np.abs(np.fft.rfft(shown_strips.channel("kept"))).argmax() / 4 == pytest.approx(200, abs=1)
    assert shown_strips.shown[-1][2].endswith("100–400 Hz")
    assert any("one, untrained twin, moves most without" in text for text in said(app))


def test_a_click_in_a_detail_leads_to_its_windows(queue, store, opened, recording, ran):
    store["one",] = examined("one")
    app = opened(checkpoints=["one"])
    assert sum("Click a point or a cell to hear" in text for text in said(app)) == 3
    app.session_state["doses"] = {"selection": {"points": [{"customdata": ["one", "trained", "100–400 Hz", -1]}]}}
    ran(app)
    assert app.dataframe[1].value["distance"].tolist() == pytest.approx([-0.9, 0.3, 0.2, 0.1])
    assert "**Moves with A4 shifted**: piece 1, 0:10 to 0:14" in said(app)


def test_the_norm_of_the_change_is_shown_on_demand(queue, store, opened, recording, ran):
    store["one",] = with_norms(examined("one"))
    app = opened(checkpoints=["one"])
    assert not [trace for trace in json.loads(app.get("plotly_chart")[1].proto.spec)["data"] if trace.get("y") == [2.0, 2.0]]
    box = next(one for one in app.button_group if one.label == "Shown of a shift")
    assert box.options == ["embedding moved", "L2 norm of the change"]
    box.set_value("L2 norm of the change")
    ran(app)
    app.session_state["doses"] = {"selection": {"points": [{"customdata": ["one", "trained", "100–400 Hz", -1]}]}}
    ran(app)
    assert app.query_params["shift"] == "L2 norm of the change"
    shifts = json.loads(app.get("plotly_chart")[1].proto.spec)
    lines = [trace for trace in shifts["data"] if trace.get("customdata")]
    assert all(line["y"] == [2.0, 2.0] for line in lines)
    assert lines[-1]["marker"]["symbol"] == ["circle-open"] * 2  # inside the random direction's
    assert "L2 norm of the change<br>(no unit)" in str(shifts["layout"])
    assert app.dataframe[1].value["change"].tolist() == [4.0, 3.0, 2.0, 1.0]
    assert any("before any normalisation. n = 4 windows. S is of 8 candidates, 4 of the same work." in text for text in said(app))


def test_the_pools_stand_beside_every_s(queue, store, opened, recording):
    store["one",] = with_norms(examined("one"))
    app = opened(checkpoints=["one"], measure="drop in S")
    assert {"A pool of 16.", "A pool of 8."} <= set(said(app))
    assert any(text.endswith("n = 4 windows. S is of 16 candidates, 4 of the same work.") for text in said(app))
    assert any("S: 4 queries among 16 candidates, 4 of the same work, chance 6.2 %." in text for text in said(app))


def test_without_a4_and_attribution_the_page_says_so(queue, store, opened, recording):
    store["one",] = examined("one", with_a4=False, attributed=False)
    app = opened(checkpoints=["one"])
    assert len(app.get("plotly_chart")) == 2
    assert said(app).count("one has no A4, so that no band of it can be shifted.") == 1  # and nothing of doses of twins


def test_it_is_said_with_what_the_sound_is_compared(queue, store, checkpoints, opened, recording):
    store["one",] = store["one", "two"] = examined("one", "two")
    assert any("of a window's sound with its own notes, from" in text for text in said(opened(checkpoints=["one"])))
    hearing = find_family("vit1d")
    checkpoints[0].outline = lambda: hearing.outline(hearing.preset("vit1d-tiny"))
    assert any("of a window's sound with the sound as it was, from" in text for text in said(opened(checkpoints=["one"])))
    assert any("its own notes (where a model reads" in text for text in said(opened(checkpoints=["one", "two"])))


def test_the_measure_is_chosen_and_stays_in_the_address(queue, store, opened, recording, ran):
    store["one",] = examined("one")
    app = opened(checkpoints=["one"], measure="drop in S")
    assert "drop in S (percentage points)" in app.get("plotly_chart")[0].proto.spec
    next(box for box in app.selectbox if box.label == "Shown").select("embedding moved")
    ran(app)
    title = json.loads(app.get("plotly_chart")[0].proto.spec)["layout"]["yaxis"]["title"]["text"]
    assert title == "embedding moved<br>(% of the way to another work)"  # beside the figure, not below it
    next(box for box in app.selectbox if box.label == "Shown").select("distance per dB")
    ran(app)
    assert "per fall of the level" in app.get("plotly_chart")[0].proto.spec
    assert app.query_params["measure"] == "distance per dB"


def test_a_recording_that_cannot_be_read_is_said(queue, store, opened):
    store["one",] = examined("one")  # whose recording is empty
    app = opened(checkpoints=["one"])
    assert "there.wav" in app.error[0].value


def test_a_name_is_no_markup(queue, store, checkpoints, opened, recording, evil, obeyed):
    name = evil.split("/", 1)[0]
    checkpoints[0].name = name
    store[name,] = examined(name, with_a4=False, piece=evil)
    app = opened(checkpoints=[name])
    shown = "\n".join(str(one.value) for kind in ("markdown", "caption", "header", "subheader") for one in getattr(app, kind))
    assert shown.count("alert(1)") >= 3
    assert not obeyed(shown)
    spec = "".join(chart.proto.spec for chart in app.get("plotly_chart"))
    assert "<script" not in re.sub(r'"customdata":\[.*?\]\]', "", spec)  # which is never drawn


# --- marks and sounds ------------------------------------------------------------------------------------------------------


def test_a_mark_has_the_unit_of_its_measure():
    row = filtered("one", "trained", 0)[1]
    moved = marks.mark_of(row, "", marks.MEASURES["embedding moved"], 0.6)
    drop = marks.mark_of(row, "", marks.MEASURES["drop in S"], 0.6)
    assert moved is not None
    assert drop is not None
    assert (moved.value, moved.null, moved.unit) == (pytest.approx(50), pytest.approx(100 * 0.04 / 0.6), "%")
    assert (drop.value, drop.low, drop.null, drop.unit) == (pytest.approx(10), pytest.approx(8), 0.0, "points")
    assert marks.mark_of(replace(row, distance_per_db=None), "", marks.MEASURES["distance per dB"], 0.6) is None


def test_a_band_from_zero_has_a_place_on_the_logarithmic_axis():
    band = answer.Energy("low", 0.0, 2100.0, 0.7)
    mark = Mark("", "one", 0.5, at=marks.centre(band.low_hz, band.high_hz))
    drawing: Any = answer.add_energy(doses.curves([mark], x_title="f", y_title="y", log=True), [band])
    assert mark.at == 205.0
    assert drawing.layout.xaxis.ticktext == ("0", "2,100")
    assert drawing.layout.xaxis.tickvals == (20.0, 2100.0)
    energy = drawing.data[-2]
    assert energy.x[:4] == (20.0, 20.0, 2100.0, 2100.0)
    assert energy.y[:4] == pytest.approx((0.0, 70.0, 70.0, 0.0))


def test_kept_and_removed_add_up_and_part_the_tones(recording):
    whole, kept = sound.cut(recording, 1.0, 4.0, [100.0, 400.0, 1600.0], 0, RATE)
    spectrum = np.abs(np.fft.rfft(kept * np.hanning(len(kept))))
    places = [round(tone * len(kept) / RATE) for tone in (200, 800)]
    assert spectrum[places[1]] < 1e-3 * spectrum[places[0]]
    assert len(whole) == len(kept) == 4 * RATE


def test_a_band_without_sound_is_silent_and_a_faint_one_is_not():
    recording = np.full(RATE, 0.5, np.float32)
    assert sound.is_silent(0 * recording, recording)
    assert sound.is_silent(1e-5 * recording, recording)
    assert not sound.is_silent(1e-4 * recording, recording)
    assert sound.is_silent(0 * recording, 0 * recording)


def test_agreement_has_one_row_per_model():
    rows = details.agreement(examined("one", "two"))
    assert [(row["checkpoint"], row["weights"]) for row in rows] == list(product(("one", "two"), MODELS))
