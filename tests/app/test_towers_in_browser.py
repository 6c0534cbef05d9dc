"""Towers of other families on the clip page in a real Chromium: rows that are no moment, patches, and no attention at all."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
import soundfile

from analysis import paths
from analysis.models import families
from analysis.models.checkpoint import save_checkpoint
from tests.app.serving import IDLE
from tests.conformance.made_up_family import preset
from tests.conformance.made_up_listeners import FAMILIES, PATCHES, STEPS

pytestmark = pytest.mark.browser
RATE, SECONDS = 8_000, 5
TWIN = quote("untrained twin")


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory, serve: Callable[..., tuple[str, int]]) -> tuple[str, Path]:
    """Where the page is served with a checkpoint of every family, and a recording."""
    folder = tmp_path_factory.mktemp("theirs")
    described: dict[str, Any] = {"training": {"seed": 3, "steps": 0}, "evaluation": {}, "history": [], "card": ""}
    for family in FAMILIES:
        families.register(family)
        save_checkpoint(folder / family.name, family.build(preset("tiny"), 4), arm="tiny", scale="", **described)
        families.forget(family.name)
    tone = np.sin(2 * np.pi * 330 * np.arange(SECONDS * RATE) / RATE)
    recording = folder / "tone.wav"
    soundfile.write(recording, 0.3 * tone, RATE)
    environment = {
        "OTOSCOPE_CHECKPOINTS": str(folder), "OTOSCOPE_CACHE": str(folder / "cache"), "PYTHONPATH": str(paths.repository()),
    }  # fmt: skip
    return serve(environment, "tests/app/towers_page.py")[0], recording


def _open(page: Any, theirs: tuple[str, Path], family: str) -> Any:
    address, recording = theirs
    page.goto(f"{address}/?clip={quote('Upload or record')}&checkpoint={family}&beside={TWIN}")
    page.locator("input[type=file]").first.set_input_files(str(recording))
    page.locator(".desk .lane", has_text="Self-similarity: difference").wait_for()
    page.locator('.desk .lane[data-lane="constant_q"]').wait_for(state="attached")  # which is made after all others
    page.wait_for_function(IDLE)
    assert page.get_by_text("Traceback").count() == 0
    return page.locator(".desk")


def test_patches_and_a_class_token_are_drawn_beside_the_twin(page: Any, theirs: tuple[str, Path]) -> None:
    desk = _open(page, theirs, PATCHES.name)
    grid = desk.locator(".lane", has_text="Attention received, by time and frequency")
    assert grid.locator(".tick").first.text_content() == "3,500 Hz"
    attention = desk.locator(".lane", has_text="Attention: query time")
    assert attention.count() == 2
    assert attention.first.locator(".tick").first.text_content() == "class token"
    attention.first.locator(".box").hover(position={"x": 200, "y": 4})
    desk.locator(".words", has_text="class token").wait_for()
    desk.get_by_role("gridcell").nth(3).click()
    desk.locator(".where", has_text="Layer 2, head 2").wait_for()
    page.wait_for_function(IDLE)
    page.get_by_text(re.compile(r"Layer 2, head 2 spreads each query over .* of 81 patches")).wait_for()


def test_a_tower_without_attention_has_its_states_and_no_wall(page: Any, theirs: tuple[str, Path]) -> None:
    desk = _open(page, theirs, STEPS.name)
    page.get_by_text("has no attention to show").wait_for()
    assert desk.locator(".wall").filter(visible=True).count() == desk.locator(".lane", has_text="Attention").count() == 0
    page.get_by_role("radiogroup", name="Layer").get_by_role("radio", name="block 1", exact=True).click()
    desk.locator(".lane", has_text="Self-similarity, block 1").first.wait_for()
