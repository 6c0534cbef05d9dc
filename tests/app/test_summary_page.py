"""The page of the summary: what is at hand is shown with the ways to its pages, and the rest says so."""

from functools import partial
from typing import Any

import pytest

from analysis.errors import CorpusError
from analysis.studies.at_hand import AtHand
from analysis.studies.shipped import SHIPPED
from analysis.studies.summary.summarise import STUDIES
from app import answers, caching
from tests.shared import read_shipped

ARMS = {f"{arm}-small": arm for arm in ("D0", "d4a4", "a4r", "d4-a4r", "d4a4-zero")}


@pytest.fixture
def opened(open_page):
    return partial(open_page, "views/summary.py")


@pytest.fixture(scope="module")
def shipped():
    """The results that come with the library, by study."""
    return {study: [AtHand(one, "came with the checkpoints") for one in read_shipped(study)] for study in STUDIES}


@pytest.fixture
def library(monkeypatch, checkpoint, shipped):
    """The checkpoints that results come with; what is at hand about them, by study."""
    found = [checkpoint(name) for name in ARMS]
    for one in found:
        one.arm = ARMS[one.name]
    monkeypatch.setattr(caching, "checkpoints", lambda: list(found))
    at_hand = dict(shipped)
    monkeypatch.setattr(answers, "results_with", lambda study, request, ones: at_hand.get(study, []))
    return at_hand


def shown(app: Any) -> str:
    return "\n".join(str(one.value) for one in [*app.markdown, *app.caption, *app.header, *app.subheader])


def test_the_best_arm_stands_beside_its_controls_and_every_test_leads_to_its_page(library, opened, labels):
    app = opened(checkpoints=list(ARMS), corpus="full")
    assert app.title[0].value == "What do these checkpoints do, at a glance?"
    said = app.header[0].value
    assert "chance" in said
    assert "untrained twin" in said
    assert not any(f"{name} finds" in said for name, arm in ARMS.items() if arm == "d4a4-zero")
    assert len(said.split()) <= 30
    assert "Controls, not ranked: d4a4-zero-small" in shown(app)
    pages = ["Retrieval", "Ablation", "Transposition", "Similarity", "Bands", "Invariance", "Embedding", "Controls"]
    assert [label for label in labels(app) if label in pages] == pages
    for name in list(ARMS)[:4]:
        assert name in shown(app)
    assert "the bottleneck of reverse attention" in shown(app).lower()
    assert app.query_params["checkpoints"] == list(ARMS)


def test_the_figure_has_a_twin_as_a_table_and_as_files(library, opened):
    app = opened(checkpoints=["D0-small", "d4a4-small"], corpus="full")
    table = app.dataframe[0].value
    assert list(table["checkpoint"]) == ["D0-small", "d4a4-small"]
    assert table["Drop of S without A4"][0] == "no A4"
    assert " % [" in table["S, canonical pool"][0]
    assert len(app.get("plotly_chart")) == 1
    assert [one.label for one in app.get("download_button")] == ["Numbers, as CSV", "Whole result, as JSON"]
    assert "otoscope summary D0-small d4a4-small" in [one.value for one in app.code]
    assert any("summarise(['D0-small', 'd4a4-small'], 'full')" in one.value for one in app.code)


def test_what_is_not_at_hand_says_so_and_still_leads_to_its_page(library, opened, labels):
    for study in STUDIES:
        if study != "retrieval":
            library[study] = []
    app = opened(checkpoints=["D0-small", "a4r-small"], corpus="full")
    assert shown(app).count("Not computed yet for these checkpoints.") == 5  # D0 has no A4, so that the drop says more
    assert "Without A4: D0-small. Not computed: a4r-small." in shown(app)
    assert "Transposition" in labels(app)
    library["retrieval"] = []
    assert opened(checkpoints=["D0-small"], corpus="full").header[0].value.startswith("No result about these checkpoints")


def test_other_settings_and_origins_are_told(library, opened):
    library["similarity"] = [AtHand(one.result, one.origin, ("pool size 64 instead of 256",)) for one in library["similarity"]]
    said = shown(opened(checkpoints=["D0-small"], corpus="full"))
    assert "With other settings than the usual ones: pool size 64 instead of 256." in said
    assert "Of these numbers, some came with the checkpoints." in said


def test_without_checkpoints_and_without_a_choice_a_sentence_says_what_to_do(monkeypatch, library, opened, ran):
    app = opened(checkpoints="D0-small", corpus="full")
    app.multiselect[0].set_value([])
    assert "No checkpoint is chosen" in ran(app).info[0].value
    monkeypatch.setattr(caching, "checkpoints", list)
    assert "No checkpoint was found" in opened().info[0].value


def test_what_cannot_be_used_is_a_sentence(monkeypatch, library, opened):
    def refuse(*_):
        raise CorpusError("The corpus *is* gone.")

    monkeypatch.setattr(answers, "results_with", refuse)
    assert opened(checkpoints="D0-small", corpus="full").error[0].value == "The corpus \\*is\\* gone."


def test_shipped_controls_stand_there_until_somebody_chooses_otherwise(monkeypatch, library, opened, checkpoint):
    from analysis import paths

    made_up: list[Any] = caching.checkpoints()
    for one in made_up:
        one.path = paths.repository() / "checkpoints" / one.name
    app = opened()
    assert app.multiselect[0].value == [*SHIPPED, "d4a4-zero-small"]


def test_names_are_data(monkeypatch, checkpoint, opened, evil, obeyed, library):
    one = checkpoint(evil)
    monkeypatch.setattr(caching, "checkpoints", lambda: [one])
    app = opened(checkpoints=evil, corpus="full")
    assert "alert(1)" in shown(app)
    assert not obeyed(shown(app))
