"""A second recording beside the first is heard: a real Chromium, a real click on its name, and what then sounds there."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis import paths
from analysis.clips.recordings import keep_recording
from analysis.datasets.audio import Waveform
from analysis.store import open_store
from tests.app.serving import IDLE
from tests.app.test_desk_acts_in_browser import FIND, LISTEN

pytestmark = pytest.mark.browser
RATE, STEP_S = 24_000, 3
TONES_HZ = {"first": (300, 700), "second": (500, 1100)}  # of the first and of the last three seconds


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Of two recordings in a store of one's own."""
    monkeypatch.setenv(paths.CACHE_VARIABLE, str(tmp_path))

    def kept(name: str) -> str:
        steps = np.cumsum(np.repeat(TONES_HZ[name], STEP_S * RATE))
        samples = (0.2 * np.sin(2 * np.pi * steps / RATE)).astype(np.float32)
        return keep_recording(open_store(), Waveform(samples, RATE, f"{name}.wav", hashlib.sha256(samples.tobytes()).hexdigest()))

    return [kept(name) for name in TONES_HZ]


def _sounds(page: Any, hz: int) -> None:
    page.wait_for_function(f"window.analyser && Math.abs(loudestHz() - {hz}) < 15")


def test_a_click_on_the_second_recordings_name_plays_it_at_that_place(
    page: Any, serve: Callable[..., tuple[str, int]], keys: list[str], tmp_path: Path
) -> None:
    page.add_init_script(FIND + LISTEN)
    first, second = keys
    address, _ = serve({paths.CACHE_VARIABLE: str(tmp_path)})
    at = "t3.5_l3.5-5.5"  # a selection within the last tone, heard again and again
    page.goto(f"{address}/clip?clip={first}&checkpoint=D0-small&beside=recording:{second}&at={at}")
    strip = page.get_by_role("group", name="What is heard, switched while it plays")
    strip.get_by_role("button", name="hear second.wav").wait_for()
    page.get_by_text("Key 1 plays first.wav, key 2 second.wav").wait_for()
    page.locator(".lane[data-lane=similarity_second]").wait_for()
    page.wait_for_function(IDLE)
    page.locator(".desk .play").click()
    _sounds(page, TONES_HZ["first"][1])
    strip.get_by_role("button", name="hear second.wav").click()
    _sounds(page, TONES_HZ["second"][1])
    assert 3.4 < page.evaluate("find('.desk audio').currentTime") < 5.8
    strip.get_by_role("button", name="hear first.wav").click()
    _sounds(page, TONES_HZ["first"][1])
    box = page.locator(".lane[data-lane=similarity_second] .box")
    box.scroll_into_view_if_needed()
    size = box.bounding_box()
    box.click(position={"x": size["width"] * 0.1, "y": size["height"] * 0.9})  # query and key within the first tone
    _sounds(page, TONES_HZ["second"][0])
    assert strip.locator(".variant[aria-pressed=true]").text_content() == "2second.wav"
    assert page.get_by_text("Traceback").count() == 0
