"""The page of the screening: published configurations by mechanism, ours beside them and never among them."""

import json
from functools import partial
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from analysis.errors import ConfigError
from analysis.models.checkpoint import Checkpoint
from analysis.published.published import Published
from analysis.studies import screened
from app import caching
from app.charts import screening, theme
from app.charts.screening import Here, Line
from app.kit import published_table
from app.studies.screening import records_of


def record(arm: str, value: float, condition: str = "5 epochs", measure: str = "S", study: str = "screening") -> Published:
    sentence = ("One run each.",)
    return Published(study, arm, condition, measure, value, "%", "paper", sentence, "Somebody (2026)", "Not comparable.")


POOL = {"S": 0.5, "S_ci": [0.4, 0.6], "chance": 0.04, "n_queries": 200, "n_works": 5, "pool_size": 256}


def checkpoint(name: str, arm: str, s: float) -> Any:
    pool = {"S": s, "S_ci": [s - 0.05, s + 0.05], "chance": 0.04, "n_queries": 500, "n_works": 24, "pool_size": 256}
    about = {"training": {"corpus": "demo-full"}, "config": {}, "sha256": "0" * 64, "history": list}
    return SimpleNamespace(name=name, arm=arm, scale="small", evaluation={"trained": {"canonical": pool}}, **about)


@pytest.fixture
def told(monkeypatch) -> list[Published]:
    """What is published."""
    records = [
        record("D0", 60.2), record("d4a4", 69.8), record("a4r", 68.6), record("film-a4", 59.2),
        record("D0", 90.0, measure=screened.SAME_PIECE), record("d4a4", 91.6, measure=screened.SAME_PIECE),
        record("d4a4", 83.8, "Cosine-60", study="confirmation"), record("d4a4", 83.4, "Cosine-tail-60", study="confirmation"),
        record("D0", 73.4, "Cosine-tail-60", study="confirmation"),
    ]  # fmt: skip

    def published(study: str, arm: str | None = None) -> tuple[Published, ...]:
        if not (found := tuple(one for one in records if one.study == study)):
            raise ConfigError("nothing")
        return found

    monkeypatch.setattr(screened, "published", published)
    monkeypatch.setattr(published_table, "published", published)
    return records


@pytest.fixture
def opened(open_page, monkeypatch):
    found: list[Any] = []
    monkeypatch.setattr(caching, "checkpoints", lambda: list(found))
    return SimpleNamespace(found=found, page=partial(open_page, "views/screening.py"))


def specs(app: Any) -> list[dict[str, Any]]:
    return [json.loads(one.proto.spec) for one in app.get("plotly_chart")]


def texts(spec: dict[str, Any]) -> list[str]:
    return [one["text"] for one in spec["layout"]["annotations"]]


def test_the_leader_its_groups_and_what_is_not_trained_here(told, opened):
    opened.found.append(checkpoint("mine", "d4a4", 0.344))
    app = opened.page()
    assert app.title[0].value == "Which descriptor, entered how, helps most?"
    said = app.header[0].value.replace("\N{NO-BREAK SPACE}", " ")
    assert said.startswith("69.8 % by d4a4: the highest S of 4 published configurations after 5 epochs, 9.6 points over")
    first, second = specs(app)
    assert first["layout"]["yaxis"]["ticktext"] == ["d4a4", "a4r", "D0", "film-a4"]
    assert [text for text in texts(first) if text.startswith("<b>")] == [
        "<b>concatenation</b>", "<b>reverse cross-attention</b>", "<b>baseline</b>", "<b>FiLM</b>", "<b>ours, small scale</b>",
    ]  # fmt: skip
    assert [text for text in texts(first) if "here" in text or "[" in text] == ["34.4 % [29.4, 39.4]", *["not trained here"] * 3]
    assert second["layout"]["yaxis"]["ticktext"] == ["d4a4, Cosine-60", "d4a4, Cosine-tail-60", "D0, Cosine-tail-60"]
    assert [text for text in texts(second) if "%" in text or "here" in text or "as" in text] == [
        "best D0 73.4 %", "34.4 % [29.4, 39.4]", "as above", "not trained here",
    ]  # fmt: skip
    assert [trace["x"] for trace in second["data"] if trace.get("error_x")] == [[34.4]]
    assert "xaxis2" in first["layout"]
    assert "xaxis2" not in second["layout"]
    assert any("Ours were trained from random weights on demo-full" in one.value for one in app.caption)
    table = next(frame.value for frame in app.dataframe if "published" in frame.value)
    ours = dict(zip(zip(table["arm"], table["measure"], strict=True), table["ours"], strict=True))
    assert ours["d4a4", "S"] == "34.4 % [29.4, 39.4] (mine)"
    assert pd.isna(ours["d4a4", screened.SAME_PIECE])


def test_a_sweep_is_compared_with_the_baseline_by_work(told, opened):
    app = opened.page()
    assert any("`otoscope sweep D0 d4a4 --seeds 0,1,2`" in one.value for one in app.caption)
    assert any(one.value.startswith("film-a4: FiLM is given the mean of A4 over time, which is 0") for one in app.caption)
    for arm, reached in (("D0", 20), ("d4a4", 29), ("a4r", 22)):
        for seed in (0, 1):
            hits = {"audio_to_midi": [reached] * 5, "midi_to_audio": [reached + seed] * 5}
            pool = {**POOL, "by_work": {"works": list("abcde"), "queries": [40] * 5, **hits}}
            evaluation = {weights: {"canonical": pool} for weights in ("trained", "untrained")}
            training = {"corpus_sha256": "0", "steps": 3, "schedule": "cosine", "corpus": "demo", "seed": seed}
            opened.found.append(Checkpoint(Path(f"{arm}-{seed}"), arm, "small", {}, training, evaluation, "0" * 64))
    opened.found.append(checkpoint("stray", "a4", 0.9))  # examined without counts
    app = opened.page()
    table = next(frame.value for frame in app.dataframe if "published" in frame.value and "twin" in frame.value)
    assert table["arm"].tolist() == ["d4a4", "a4r", "D0"]
    assert table["difference"].tolist()[:2] == ["+22.5 [22.5, 22.5]", "+5.0 [5.0, 5.0]"]
    assert table["published"].tolist()[:2] == ["+9.6", "+8.4"]
    assert "How do ours differ from D0?" in [one.value for one in app.subheader]


def test_without_checkpoints_the_published_numbers_stand_alone(told, opened):
    app = opened.page()
    assert "none of them is trained here" in app.header[0].value
    assert "trained here" not in [trace.get("name") for trace in specs(app)[0]["data"]]


def test_the_numbers_of_both_figures_can_be_downloaded(told, opened):
    assert [button.label for button in opened.page().get("download_button")] == ["Numbers, as CSV"] * 2
    marks = (Here(40.0, 30.0, 50.0, "one, ours"),)
    records = records_of(Line("concatenation", "d4", 70.0, 80.0, "as published", marks))
    assert [(row["source"], row["S"], row["note"]) for row in records] == [
        ("published", 70.0, "as published"), ("ours", 40.0, "one, ours"),
    ]  # fmt: skip


def test_without_published_numbers_it_is_said(told, opened):
    told.clear()
    app = opened.page()
    assert app.info[0].value.startswith("No published screening came with this package.")
    assert "How to read this, and how it misleads" in [one.label for one in app.expander]


def test_what_misleads_is_told(told, opened):
    app = opened.page()
    text = "\n".join(one.value for one in app.markdown)
    for said in (
        "did not begin at random weights",
        "one seed",
        "the very pool that is reported",
        "got a constant in place of A4",
    ):
        assert said in text.replace("\n", " ").replace("  ", " "), said


def test_published_and_ours_are_told_apart_without_colour() -> None:
    lines = [
        Line("g <b>", "a <i>", 60.0, 90.0, "note", (Here(30.0, 25.0, 38.0, "mine <b>"),)),
        Line("g <b>", "b", 50.0),
        Line("", "c", 40.0),
    ]
    drawing = screening.forest(lines, second_title="accuracy (%)", baseline=("D0", 50.0), notes="ours").to_plotly_json()
    ours = next(trace for trace in drawing["data"] if trace.get("error_x"))
    assert (ours["marker"]["symbol"], ours["marker"]["color"]) == ("circle", theme.JOINT)
    assert (ours["error_x"]["array"], ours["error_x"]["arrayminus"]) == ([8.0], [5.0])
    assert ours["hovertext"] == ["mine &lt;b&gt;"]
    diamonds = [trace for trace in drawing["data"] if trace["marker"]["symbol"] == "diamond-open" and trace.get("hovertext")]
    assert [list(trace["x"]) for trace in diamonds] == [[60.0, 50.0, 40.0], [90.0]]
    low, high = drawing["layout"]["xaxis"]["range"]
    assert low < 25
    assert high > 60
    heights = drawing["layout"]["yaxis"]["tickvals"]
    assert [round(b - a) for a, b in pairwise(heights)] == [screening.ROW_PX] * 2
    assert drawing["layout"]["shapes"][0]["line"]["dash"] == "dash"
    assert "<b>g &lt;b&gt;</b>" in [one["text"] for one in drawing["layout"]["annotations"]]
    assert "Nothing to draw" in screening.forest([]).to_plotly_json()["layout"]["annotations"][0]["text"]
