"""The page of checkpoints: table, choice, card, import, and what is said where something is missing."""

from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from analysis.errors import CheckpointError
from analysis.models.arms import build_config
from analysis.models.counting import count_parameters
from analysis.models.families import find_family
from app import caching
from app.components import checkpoint_table
from app.components.checkpoint_table import table_key
from app.kit.plain import card, plain

HISTORY = [
    {"step": step, "loss": 16.0, "invariance": 0.3, "variance": 1.3, "covariance": 0.2, "audio_std": 0.3, "midi_std": 0.4}
    for step in (1, 2)
]


def scores(value: float) -> dict[str, Any]:
    ranks = {"R@1": 0.1, "R@5": 0.2, "R@10": value, "MRR": 0.15}
    pool = {
        "S": value, "S_ci": [value - 0.03, value + 0.03], "chance": 10 / 256, "n_queries": 500, "n_works": 24,
        "pool_size": 256, "audio_to_midi": ranks, "midi_to_audio": ranks,
    }  # fmt: skip
    return {"canonical": pool, "no_overlap": pool}


def checkpoint(name: str, value: float | None = None, **fields: Any) -> Any:
    evaluation = {} if value is None else {"trained": scores(value), "untrained": scores(0.04)}
    training = {"corpus": "demo-full", "n_train_pieces": 75, "steps": 1200, "validation_pool": 256} if value else {}
    known = {
        "path": Path("nowhere") / name, "name": name, "arm": "D0", "scale": "small", "training": training,
        "config": build_config("D0", "small").to_dict(), "evaluation": evaluation, "sha256": "0123456789abcdef" * 4,
        "history": lambda: HISTORY, "family": "dual", "of_family": find_family("dual"),
    }  # fmt: skip
    return SimpleNamespace(**known | fields)


@pytest.fixture
def library(monkeypatch):
    """The checkpoints that the page finds."""
    found: list[Any] = []
    monkeypatch.setattr(caching, "checkpoints", lambda: list(found))
    return found


@pytest.fixture
def opened(open_page):
    return partial(open_page, "views/checkpoints.py")


def test_nothing_there(library, opened):
    app = opened()
    assert app.info[0].value.startswith("No checkpoint was found. Import one below, train one with `otoscope train`")
    assert "Import a checkpoint" in [expander.label for expander in app.expander]
    assert not app.dataframe


def test_the_table_says_what_there_is(library, opened):
    library.extend([checkpoint("low", 0.095), checkpoint("high", 0.5), checkpoint("bare", history=list)])
    app = opened()
    table = app.dataframe[0].value.to_dict("list")
    assert table["name"] == ["high", "low", "bare"]
    assert table["S"][:2] == ["50.0 % [47.0, 53.0]", " 9.5 % [6.5, 12.5]"]
    assert table["untrained"][0] == "4.0 % [1.0, 7.0]"
    assert pd.isna(table["S"][2])
    assert table["parameters"] == [2_635_616] * 3
    assert table["data"][0] == "demo-full, 75 pieces"
    assert table["steps"][0] == 1200
    assert set(table["sha256"]) == {"0123456789ab"}
    assert (table["arm"][0], table["family"][0]) == ("D0 (small)", "dual encoder")
    assert app.header[0].value.startswith("S = 50.0\u00a0% ")
    assert ": high finds most (" in app.header[0].value
    assert any("n = 500 queries" in caption.value for caption in app.caption)


def test_the_first_row_is_chosen_and_the_address_chooses_another(library, opened):
    library.extend([checkpoint("low", 0.1), checkpoint("high", 0.5)])
    assert opened().header[-1].value == "high"
    app = opened(checkpoint="low")
    assert app.header[-1].value == "low"
    assert "checkpoint: low (0123456789ab)" in app.caption[-1].value


def test_a_control_is_marked_below_its_arm_and_not_chosen_first(library, opened):
    library.extend([checkpoint("zero", 0.9, arm="d4a4-zero"), checkpoint("base", 0.6), checkpoint("both", 0.5, arm="d4a4")])
    app = opened()
    assert app.dataframe[0].value["name"].tolist() == ["base", "both", "↳ zero"]
    assert app.header[-1].value == "base"
    assert ": base ranks first (" in app.header[0].value
    assert any(caption.value.startswith("↳ control") for caption in app.caption)


def test_a_row_chooses_the_card_and_the_address(library, opened, ran):
    library.extend([checkpoint("low", 0.1), checkpoint("high", 0.5)])
    app = opened()
    app.session_state[table_key(["high", "low"])] = {"selection": {"rows": [1], "columns": [], "cells": []}}
    ran(app)
    assert app.header[-1].value == "low"
    assert app.query_params["checkpoint"] == "low"
    library.pop(0)  # the list has changed: row 1 is gone, and so is "low"
    ran(app)
    assert app.header[-1].value == "high"


def test_open_in_clip_keeps_the_checkpoint(library, monkeypatch, open_page, ways):
    library.extend([checkpoint("low", 0.1), checkpoint("high", 0.5)])
    monkeypatch.setattr(caching, "demo_clips", list)
    app = open_page("main.py", checkpoint="low")
    assert ("Open in Clip", "clip", {"checkpoint": ["low"]}) in ways(app)
    assert ("Clip", "clip", {"checkpoint": ["low"]}) in ways(app)


def test_the_card_shows_scores_parts_and_training(library, opened):
    library.append(checkpoint("only", 0.5))
    app = opened()
    _, retrieval, parameters, _ = (frame.value for frame in app.dataframe)
    assert list(retrieval.columns) == ["pool", "query → match", "R@1", "R@5", "R@10", "untrained R@10", "MRR"]
    assert len(retrieval) == 4
    assert parameters["parameters"].iloc[:-1].sum() == parameters["parameters"].iloc[-1]
    total = parameters.iloc[-1]
    assert (total["component"], total["paper scale"], total["published"]) == ("total", 74_194_432, "74.2 M")
    assert any("add up to 76.7 million" in one.value for one in app.caption)
    assert len(app.get("plotly_chart")) == 5
    assert any("chance R@1 0.4 %, R@5 2.0 %, R@10 3.9 %" in one.value for one in app.caption)
    assert {"Configuration", "How to read this, and how it misleads"} <= {one.label for one in app.expander}


def test_the_numbers_of_every_figure_can_be_downloaded(library, opened):
    library.append(checkpoint("a", 0.6))
    assert {button.label for button in opened().get("download_button")} == {"Numbers, as CSV"}
    records = checkpoint_table.score_records(library)
    first = {name: records[0][name] for name in ("checkpoint", "weights", "pool", "value")}
    assert first == {"checkpoint": "a", "weights": "trained", "pool": "canonical", "value": 0.6}


def test_without_scores_and_without_history(library, opened):
    library.append(checkpoint("bare", history=list))
    app = opened()
    assert app.header[0].value == "bare came without scores, so how well it finds the match is not known."
    assert app.info[0].value.startswith("This checkpoint came without a training history.")
    assert [chart.key for chart in app.get("plotly_chart")] == ["architecture"]


def test_a_history_that_cannot_be_read_is_a_sentence(library, opened):
    def history():
        raise CheckpointError("bad/history.csv is not a table of numbers (x). Restore or remove it.")

    library.append(checkpoint("bad", 0.5, history=history))
    assert opened().error[0].value == "bad/history.csv is not a table of numbers (x). Restore or remove it."


def test_sizes_of_another_kind_are_counted_as_they_are(library, opened):
    library.append(checkpoint("odd", 0.5, config=build_config("D0", "small").to_dict() | {"audio_n_layers": 2}))
    app = opened()
    usual = count_parameters("D0", "small")
    expected = usual["total"] - usual["audio transformer"] // 2
    assert app.dataframe[0].value["parameters"].tolist() == [expected]
    assert any(f"{expected:,} parameters, counted on the model." in one.value for one in app.caption)


def test_what_describes_no_model_is_neither_counted_nor_drawn(library, opened):
    library.append(checkpoint("odd", 0.5, config={"audio_n_layers": 2}))
    app = opened()
    assert app.dataframe[0].value["parameters"].isna().tolist() == [True]
    assert any(one.value.startswith("Not counted") for one in app.caption)
    assert "Architecture" not in [one.value for one in app.subheader]


def test_the_architecture_is_drawn_and_told_as_a_table(library, opened):
    config = build_config("d4-a4r", "small").to_dict()
    library.append(checkpoint("reverse", 0.5, arm="d4-a4r", config=config))
    app = opened()
    assert "Architecture" in [one.value for one in app.subheader]
    table = next(frame.value for frame in app.dataframe if "hands on" in frame.value)
    assert table["parameters"].iloc[-1] == count_parameters("d4-a4r", "small")["total"]
    row = table[table["part"] == "reverse cross-attention"].iloc[0]
    assert (row["hands on"], row["reads"]) == ("188 A4 frames × 192", "audio positions, A4")


def test_a_broken_folder_is_shown_with_its_reason_and_costs_nothing_else(library, opened):
    library.extend([checkpoint("good", 0.5), SimpleNamespace(path=Path("x/torn"), reason="torn lacks *everything*. Restore it.")])
    app = opened()
    assert app.warning[0].value == "One folder cannot be opened:\n- **torn**: torn lacks \\*everything\\*. Restore it."
    assert app.header[-1].value == "good"


def test_two_of_one_name_are_said(library, opened):
    library.extend([checkpoint("same", 0.5), checkpoint("same", 0.9, path=Path("elsewhere/same"))])
    app = opened()
    assert len(app.dataframe[0].value) == 1
    assert "elsewhere/same: there is another checkpoint same" in app.warning[0].value


def test_names_are_shown_and_not_obeyed():
    assert plain("_a_ `b` <i> [x](http://y)") == "\\_a\\_ \\`b\\` \\<i\\> \\[x\\](http\u2060://y)"
    assert plain("3.9 % of\nwww.x.org") == "3.9\u00a0% of www\u2060.x.org"


def test_a_card_fetches_no_picture_and_keeps_its_headings_small(tmp_path):
    path = tmp_path / "card.md"
    path.write_bytes(b"# Big\n\n![pixel](http://x/y.png) costs $5\n\xff")
    assert card(path) == "##### Big\n\n!\\[pixel](http://x/y.png) costs \\$5\n\ufffd"
    path.write_text("x" * 100_000)
    assert len(card(path) or "") == 64 * 1024
    assert card(tmp_path / "none.md") is None


def test_the_card_is_read_from_the_folder(library, tmp_path, opened):
    (tmp_path / "card.md").write_text("# Title\n\nWords.")
    library.append(checkpoint("only", 0.5, path=tmp_path))
    assert "##### Title\n\nWords." in [one.value for one in opened().markdown]


def test_an_import_can_be_taken_back_and_others_cannot(library, opened, press, labels, monkeypatch, tmp_path):
    monkeypatch.setenv("OTOSCOPE_CACHE", str(tmp_path))
    folder = tmp_path / "checkpoints" / "mine"
    folder.mkdir(parents=True)
    library.append(checkpoint("shipped", 0.3))
    assert "Remove it" not in labels(opened())
    library[:] = [checkpoint("mine", 0.4, path=folder)]
    app = opened()
    assert "Remove it" in labels(app)
    monkeypatch.setattr(caching, "checkpoints", lambda: list(library) if folder.exists() else [])
    press(app, "Remove it")
    assert not folder.exists()


def test_an_import_that_cannot_be_opened_can_be_taken_back(library, opened, labels, monkeypatch, tmp_path):
    monkeypatch.setenv("OTOSCOPE_CACHE", str(tmp_path))
    library.append(SimpleNamespace(path=tmp_path / "checkpoints" / "bad", reason="It is broken."))
    library.append(SimpleNamespace(path=tmp_path / "elsewhere" / "bad", reason="It is broken."))
    assert labels(opened()).count("Remove it") == 1


@pytest.mark.parametrize("number", [10**400, -(10**400)])
def test_numbers_that_nothing_holds_spoil_neither_table_nor_card(number, library, opened):
    odd = checkpoint("odd", 0.9)
    odd.evaluation["trained"]["canonical"]["audio_to_midi"] = {"R@1": number}
    odd.training["steps"] = number
    library += [checkpoint("sound", 0.3), odd]
    app = opened()
    assert list(app.dataframe[0].value["name"]) == ["odd", "sound"]


def test_what_cannot_be_shown_is_said_and_the_page_goes_on(library, opened):
    class Odd(dict):
        def get(self, *_):
            raise OverflowError("too large")

    library += [checkpoint("sound", 0.3), checkpoint("odd", None, training=Odd())]
    app = opened(checkpoint="odd")
    assert list(app.dataframe[0].value["name"]) == ["sound", "odd"]
    assert list(app.dataframe[0].value["S"])[1] == "cannot be shown"
    assert "What odd says of itself cannot be shown" in app.error[0].value
