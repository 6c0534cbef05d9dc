"""The clip page with towers of other families: a class token, patches of time and frequency, and a tower that does not attend."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.models import families
from analysis.models.checkpoint import Checkpoint, save_checkpoint
from analysis.models.families import Family
from tests.app.clip_pages import Desk, a_clip, with_clip
from tests.conformance.made_up_family import FAMILY as CLASS_TOKEN
from tests.conformance.made_up_family import preset
from tests.conformance.made_up_listeners import BANDS_HZ, PATCHES, STEPS

RATE, SECONDS = 8_000, 5.0  # two windows and a half
HEARD = ["waveform", "log_mel", "constant_q"]
ALIKE = ["similarity", "novelty", "descriptor_a4"]
TWIN = {"beside": "untrained twin"}


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(monkeypatch)


@pytest.fixture
def read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, rng: np.random.Generator, queue: Any, desk: Desk, open_page: Any
) -> Iterator[Callable[..., Any]]:
    """The page as it reads a recording with a checkpoint of a family, which is registered as long as the test lasts."""
    registered: list[str] = []

    def opened(family: Family, **address: str) -> Any:
        families.register(family)
        registered.append(family.name)
        with_clip(monkeypatch, tmp_path, saved(tmp_path / "theirs", family), a_clip(rng, seconds=SECONDS, rate=RATE))
        return open_page("views/clip.py", **address)

    yield opened
    for name in registered:
        families.forget(name)


def saved(folder: Path, family: Family) -> Checkpoint:
    described: dict[str, Any] = {"training": {"seed": 3, "steps": 0}, "evaluation": {}, "history": [], "card": ""}
    return save_checkpoint(folder / family.name, family.build(preset("tiny"), 4), arm="tiny", scale="", **described)


def test_rows_of_a_class_token_stand_apart(read: Callable[..., Any], desk: Desk) -> None:
    app = read(CLASS_TOKEN)
    assert not app.error
    assert desk.lanes == [*HEARD, "received", "attention", *ALIKE]
    attention = desk.lane("attention")
    assert attention["specialNames"] == ["class token"]
    for drawn in attention["sets"].values():
        (row,) = drawn["special"]
        assert (row["rows"], [piece["columns"] for piece in row["pieces"]]) == (1, [20, 20, 20])
        assert [piece["rowsS"] for piece in drawn["levels"][0]["pieces"]] == [[0.0, 2.0], [2.0, 4.0], [4.0, 6.0]]
    wall = desk.head["wall"]
    assert (wall["layerNames"], wall["heads"], wall["rows"], wall["columns"]) == (["Layer 1", "Layer 2"], [1, 2], 20, 20)
    assert " spreads each query over " in app.header[0].value
    assert "of 21 frames (untrained twin: " in app.header[0].value


def test_patches_are_drawn_over_time_and_over_time_and_frequency(read: Callable[..., Any], desk: Desk) -> None:
    app = read(PATCHES)
    assert not app.error
    assert desk.lanes == [*HEARD, "received", "grid", "attention", *ALIKE]
    grid = desk.lane("grid")
    assert grid["title"] == "Attention received, by time and frequency"
    assert [name.partition(" Hz")[0] for name in grid["rowNames"]] == [
        f"{low:,.0f} to {high:,.0f}" for low, high in BANDS_HZ[::-1]
    ]
    (level,) = grid["sets"]["1.0"]["levels"]
    (piece,) = level["pieces"]
    assert (level["rows"], piece["columns"]) == (4, 50)  # five seconds of ten frames
    assert (piece["startS"], piece["endS"]) == pytest.approx((0.0, SECONDS))
    (row,) = desk.lane("attention")["sets"]["1.0"]["special"]
    assert row["pieces"][0]["columns"] == 20  # patches of one frame are one moment
    assert (desk.head["wall"]["rows"], desk.head["wall"]["columns"]) == (20, 20)
    assert "of 81 patches (untrained twin: " in app.header[0].value


@pytest.mark.parametrize("family", [CLASS_TOKEN, PATCHES], ids=lambda family: family.name)
def test_they_are_compared_with_their_twins(read: Callable[..., Any], desk: Desk, family: Family) -> None:
    app = read(family, layer="2", head="1", **TWIN)
    assert not app.error
    beside = ["attention", "attention_beside", "similarity", "similarity_beside", "similarity_difference"]
    assert [lane for lane in desk.lanes if lane in beside] == beside
    theirs = desk.lane("attention_beside")
    assert (theirs["side"], theirs["specialNames"]) == ("untrained twin", ["class token"])
    assert theirs["sets"]["2.1"]["high"] == desk.lane("attention")["sets"]["2.1"]["high"]
    assert [series["name"] for series in desk.lane("received")["sets"]["2.1"]["series"]] == ["trained", "untrained twin"]


@pytest.mark.parametrize("address", [{}, TWIN])
def test_a_tower_that_does_not_attend_is_said_and_its_states_are_drawn(
    read: Callable[..., Any], desk: Desk, address: dict[str, str]
) -> None:
    app = read(STEPS, **address)
    assert not app.error
    assert app.header[0].value == "made-up-steps hears this recording in 3 windows and has no attention to show."
    beside = ["similarity_beside", "similarity_difference"] if address else []
    assert desk.lanes == [*HEARD, "similarity", *beside, "novelty", "descriptor_a4"]
    assert "wall" not in desk.head
    assert list(desk.last.layers.layers) == []
    layer = app.button_group[0]
    assert (layer.options, layer.value) == (["input of block 1", "block 1", "block 2"], 2)
    assert desk.lane("similarity")["title"].startswith("Self-similarity, block 2")
    layer.set_value(1).run()
    assert desk.lane("similarity")["title"].startswith("Self-similarity, block 1")
