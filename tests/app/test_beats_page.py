"""The page of beats: a mark for every model, a map in BPM and seconds below beats, and a sentence on every recording."""

from typing import Any

import numpy as np
from streamlit.testing.v1 import AppTest

from analysis import paths
from analysis.results import Result
from analysis.rows import tables_of
from analysis.studies.beats.rows import MaterialRow, ScoreRow, StretchRow, TrackRow
from app.charts.tempo_map import tempo_map
from app.studies.beats import SOUND, TRAINED, TWIN, axes_of, marks_of, sentence_of

MATERIAL = MaterialRow(1, 1, 0, 0, 0.04, 30.0, 240.0, 2.0)
STRETCH = StretchRow("a", 10.0, "w", 2.0, "annotated.0")
TRACK = TrackRow("one", "trained", "a", 0.5, 0.25, 0.75, 0.2, 0.1, 0.3, 120.0, 60.0, "beats.0", "map.0", "envelope.0")


def test_every_model_and_librosa_has_a_mark_with_its_null() -> None:
    whose = (("one", "trained"), ("one", "untrained"), ("", "librosa"))
    marks = marks_of([ScoreRow(name, weights, "F", 0.5, 0.4, 0.6, 0.2, 5, "cosine") for name, weights in whose])  # pyright: ignore
    assert [(mark.group, mark.series, mark.twin) for mark in marks] == [
        ("one", TRAINED, False), ("one", TWIN, True), ("librosa", SOUND, False),
    ]  # fmt: skip
    assert {(mark.value, mark.low, mark.high, mark.null) for mark in marks} == {(0.5, 0.4, 0.6, 0.2)}


def test_a_map_has_its_place_in_the_recording_and_its_tempi() -> None:
    scores = np.arange(106 * 50, dtype=np.float32).reshape(106, 50)
    result = Result("beats", {}, "Headline.", [], tables_of([MATERIAL, STRETCH, TRACK]), {"map.0": scores}, {})
    bpm, times_s = axes_of(result, TRACK, STRETCH)
    assert (bpm[0], bpm[-1]) == (30.0, 240.0)
    np.testing.assert_allclose(times_s[[0, -1]], [10.02, 10.02 + 49 * 0.04])
    beats = {"annotated": np.array([10.5, 11.0]), "found": np.array([10.52])}
    drawing: Any = tempo_map(scores, bpm, times_s, beats)
    first, second, heat = drawing.data
    assert (list(first.x), set(first.y), list(second.y)) == ([10.5, 11.0], {"annotated"}, ["found"])
    np.testing.assert_array_equal(heat.z, scores)
    np.testing.assert_allclose(heat.y, bpm)
    titles = drawing.layout.yaxis2.title.text, drawing.layout.xaxis2.title.text
    assert titles == ("template (BPM)", "time in the recording (s)")
    assert list(drawing.layout.xaxis2.range) == [times_s[0], times_s[-1]]


def test_a_sentence_has_the_control_beside_the_number() -> None:
    said = "F 0.50 (moved in time 0.20), CMLt 0.25, AMLt 0.75; tracked at 60 BPM. The most similar template has 120 BPM."
    assert sentence_of(TRACK) == said


def test_of_the_demo_corpus_the_page_says_what_is_lacking() -> None:
    app = AppTest.from_file(str(paths.repository() / "app" / "views" / "beats.py"), default_timeout=300).run()
    assert not app.exception
    assert any(info.value.startswith("Beats needs annotated beats, but those of no recording of full") for info in app.info)
    assert "Compute" not in [button.label for button in app.button]
