"""The page of stems, from answers that were really computed: the chart, the table, and from a wrong choice to three sounds."""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from analysis.clips.wav import wav_bytes
from analysis.models import families
from analysis.results import Result
from analysis.store import open_store
from analysis.studies.base.requests import build_request
from analysis.studies.base.study import run_study
from analysis.studies.stems.rows import AccuracyRow, StemRow
from app import caching, state
from app.kit import controls
from app.studies.stems import answer, hard_queries
from tests.conformance.drawn import Case, missing
from tests.conformance.made_up_ears import EARS, save_ears
from tests.tiny_stems import stems_beside

Ask = Callable[..., Result]


@pytest.fixture
def ask(tmp_path: Path, corpus_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ask]:
    """A function that asks the study about a model that hears the planted tones, a deaf one, or both."""
    folder, theirs = stems_beside(corpus_folder), tmp_path / "theirs"
    monkeypatch.setenv("OTOSCOPE_CHECKPOINTS", str(theirs))
    monkeypatch.setenv("OTOSCOPE_CORPORA", str(folder))
    monkeypatch.setenv("OTOSCOPE_CACHE", str(tmp_path / "cache"))
    families.register(EARS)
    save_ears(theirs)

    def run(*names: str) -> Result:
        settings = {"corpus": str(folder), "split": "all", "windows_per_piece": 4, "partitions": 3}
        return run_study("stems", build_request("stems", names, settings), store=open_store())

    yield run
    families.forget(EARS.name)


def test_an_answer_is_shown_with_chart_table_and_three_sounds(ask: Ask) -> None:
    name = "deaf"
    result = ask(name)
    app = Case.of(result).open()
    assert missing(app) == []
    assert app.title[0].value == "Which stems belong together?"
    table = app.dataframe[0].value
    assert table["model"].tolist() == [name, f"{name}, twin", "log-mel"]
    assert [*table.columns] == ["model", "K = 8 (%)"]
    rows = {(row.checkpoint, row.weights): row for row in result.rows(AccuracyRow) if row.negatives == "other works"}
    assert table["K = 8 (%)"].tolist()[0] == answer.cell(rows[name, "trained"])
    wrong = hard_queries.wrong_choices(result, rows[name, "trained"])
    assert len(app.dataframe[1].value) == len(wrong) > 1
    assert len(app.get("audio")) == 3
    heard = [text.value.partition(":")[0] for text in app.markdown if text.value.startswith("**")]
    assert heard[:3] == ["**Anchor**", "**Belongs to it**", "**Chosen instead**"]
    assert any("PHALAR" in str(frame.value.iloc[0, 0]) for frame in app.dataframe)


def test_another_origin_of_wrong_candidates_is_another_table(ask: Ask) -> None:
    result = ask("deaf")
    app = Case.of(result).open()
    app.button_group[0].set_value("same work too")
    app.run()
    assert not app.exception
    assert app.query_params["pool"] == "same work too"
    hard = next(row for row in result.rows(AccuracyRow) if (row.weights, row.negatives) == ("trained", "same work too"))
    assert app.dataframe[0].value["K = 8 (%)"].tolist()[0] == answer.cell(hard)
    assert any("wrong ones from: same work too" in caption.value for caption in app.caption)


def test_of_who_is_always_right_there_is_nothing_to_hear(ask: Ask) -> None:
    app = Case.of(ask("hears")).open()
    assert not app.exception
    assert any("there is nothing to hear" in caption.value for caption in app.caption)
    assert not app.get("audio")
    assert app.dataframe[0].value["K = 8 (%)"].tolist()[0] == "100.0 ± 0.0 [100.0, 100.0]"


def test_a_recording_that_has_gone_is_said(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    result = ask("deaf")
    monkeypatch.setattr(caching, "pieces", lambda corpus: {})
    app = Case.of(result).open()
    assert not app.exception
    assert not app.get("audio")
    assert sum(caption.value == "The recording or its stems are no longer there." for caption in app.caption) == 3


def test_the_chart_has_a_panel_per_origin_and_the_spectrum_last(ask: Ask) -> None:
    marks = answer.marks_of(ask("hears"))
    assert list(dict.fromkeys(mark.group for mark in marks)) == ["wrong: other works", "wrong: same work too"]
    assert [mark.series for mark in marks][-2:] == ["log-mel", "log-mel"]
    assert [mark.twin for mark in marks] == [False, False, True, True, False, False]
    assert {mark.null for mark in marks} == {1 / 8}


def test_of_equally_rare_ones_every_recording_comes_first(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    result = ask("hears")
    row = next(row for row in result.rows(AccuracyRow) if row.weights == "trained")
    n = row.n
    never = {row.right: np.zeros(n, np.float32), row.chosen: (np.arange(n) + 1) % n}
    order = hard_queries.wrong_choices(SimpleNamespace(arrays={**result.arrays, **never}, rows=result.rows), row)  # pyright: ignore[reportArgumentType]
    windows = result.tables["windows"]
    assert len({windows[choice.window]["piece"] for choice in order[:4]}) == 4
    sooner = {row.right: np.linspace(1, 0, n, dtype=np.float32), row.chosen: (np.arange(n) + 1) % n}
    order = hard_queries.wrong_choices(SimpleNamespace(arrays={**result.arrays, **sooner}, rows=result.rows), row)  # pyright: ignore[reportArgumentType]
    assert [choice.window for choice in order] == list(range(n))[::-1]


def test_what_is_heard_is_the_mix_of_the_stems_that_are_named(ask: Ask, corpus_folder: Path) -> None:
    result = ask("hears")
    titles = {row.title for row in hard_queries.stems_of(result, 0, "anchor")}
    names = tuple(row.name for row in hard_queries.stems_of(result, 0, "anchor"))
    window = result.tables["windows"][0]
    sound = caching.mix_excerpt(str(stems_beside(corpus_folder)), window["piece"], names, 0.0, 4.0, 8_000)
    piece = caching.pieces(str(stems_beside(corpus_folder)))[window["piece"]]
    assert sound == wav_bytes(piece.mix(names, 0.0, 4.0, 8_000), 8_000)
    assert titles <= {row.title for row in result.rows(StemRow)}


def test_the_address_may_say_which_kind_of_demo_corpus_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen: dict[str, str] = {}
    monkeypatch.setattr(state, "get_text", lambda _: "small-hands")
    monkeypatch.setattr(state, "start", lambda widget, start, _: chosen.setdefault(widget, start))
    monkeypatch.setattr(state, "put", lambda *_: None)
    monkeypatch.setattr(controls.st, "selectbox", lambda *_, **__: chosen[controls.CORPUS_WIDGET])
    assert controls.pick_corpus("hands") == "small"
    chosen.clear()
    assert controls.pick_corpus() == "full"


@pytest.mark.parametrize(("highest", "end"), [(0.26, 26), (0.27, 52), (1.0, 104)])
def test_few_ends_of_the_ordinate_hold_every_interval(highest: float, end: float) -> None:
    numbers = {"value": 0.02, "ci_low": 0.01, "ci_high": highest, "null": 1 / 64, "sd": 0.01, "n": 9}
    row = AccuracyRow("a", "trained", "other works", 64, score="cosine", right="", chosen="", **numbers)
    result = SimpleNamespace(rows=lambda _: [row])
    assert answer.domain_of(result) == (0, end)  # pyright: ignore
