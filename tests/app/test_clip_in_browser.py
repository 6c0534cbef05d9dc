"""A recording is dropped on the page, looked at, compared, and found again by its address. Runs in a real Chromium."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
import soundfile

from tests.app.serving import IDLE, go_to, visitor

pytestmark = pytest.mark.browser
SECONDS = 9


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    time_s = np.arange(SECONDS * 24_000) / 24_000
    pitch = 220.0 * 2 ** (np.floor(time_s * 2) % 12 / 12)
    path = tmp_path / "scale.wav"
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * np.cumsum(pitch) / 24_000) * np.exp(-4 * (time_s * 2 % 1)), 24_000)
    return path


def _lane(page: Any, title: str) -> Any:
    return page.locator(".desk .lane", has_text=title).first


def _whole(page: Any) -> None:
    _lane(page, "Attention received").wait_for()
    page.get_by_text(re.compile(r"spreads each query over .*untrained twin: [\d.]+")).wait_for()
    page.wait_for_function(IDLE)


def test_a_recording_is_dropped_looked_at_and_found_again(
    page: Any, browser: Any, address: str, recording: Path, tmp_path: Path
) -> None:
    page.goto(f"{address}/clip?clip=Upload+or+record&checkpoint=D0-small")
    page.locator("input[type=file]").first.set_input_files(str(recording))
    page.wait_for_url(re.compile("clip=[0-9a-f]{64}"))
    _whole(page)
    boxes = [box.bounding_box() for box in page.locator(".desk .lane .box").all()]
    assert len(boxes) >= 7
    lefts = {round(box["x"]) for box in boxes if box is not None}  # None for one that is drawn anew just then
    assert len(lefts) == 1  # one clock: the same second stands at the same place
    for group, option, where in (("Layer", "2", "Layer 2"), ("Head", "3", "Layer 2, head 3")):
        page.get_by_role("radiogroup", name=group).get_by_role("radio", name=option, exact=True).click()
        page.locator(".desk .where", has_text=where).wait_for()
        page.wait_for_function(IDLE)
    box = _lane(page, "Log-mel spectrogram").locator(".box").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 10)
    page.wait_for_function("new URL(location).searchParams.has('at')")
    page.wait_for_function(IDLE)
    link, at = page.url, parse_qs(urlsplit(page.url).query)["at"][0]
    with visitor(browser) as other:
        other.goto(link)
        _whole(other)
        assert "scale.wav" in other.get_by_role("combobox").first.input_value() or other.get_by_text("scale.wav").count()
        other.locator(".desk .where", has_text="Layer 2, head 3").wait_for()
        seconds = float(re.match(r"t([\d.]+)", at)[1])  # pyright: ignore[reportOptionalSubscript]
        shown = other.locator(".desk .time").text_content()
        assert float(shown.split(" / ")[0].split(":")[-1]) == pytest.approx(seconds, abs=0.1)
        assert other.url == link
        assert other.get_by_text("Traceback").count() == 0
    spoilt = tmp_path / "spoilt.wav"
    spoilt.write_text("no recording")
    go_to(page, "clip?clip=Upload+or+record&checkpoint=D0-small")
    page.locator("input[type=file]").first.set_input_files(str(spoilt))
    page.get_by_text("spoilt.wav is not audio that can be read").wait_for()
    assert page.get_by_text("Traceback").count() == 0


def test_two_models_stand_on_one_clock(page: Any, address: str) -> None:
    page.goto(f"{address}/clip?checkpoint=D0-small&beside=untrained+twin")
    _whole(page)
    _lane(page, "Self-similarity: difference").wait_for()
    assert page.locator(".desk .lane", has_text="Attention: query time").count() == 2
    assert page.get_by_text("Traceback").count() == 0
