"""A person uploads a clip and moves layer and head: the figures follow. Runs in a real Chromium where there is one."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.app.serving import IDLE

PLOTS = "Array.from(document.querySelectorAll('.js-plotly-plot'))"
SIGNATURE = f"{PLOTS}.map(p => (p._fullData || []).map(t => Array.from(t.z || []).flatMap(r => Array.from(r)).join()).join())"
STILL = 4  # times that the figures are found as they were
pytestmark = pytest.mark.browser


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    time_s = np.arange(9 * 24_000) / 24_000
    pitch = 220.0 * 2 ** (np.floor(time_s * 2) % 12 / 12)
    path = tmp_path / "scale.wav"
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * np.cumsum(pitch) / 24_000) * np.exp(-4 * (time_s * 2 % 1)), 24_000)
    return path


def _settled(page: Any) -> list[str]:
    """What the figures show once the script has ended and nothing has moved for two seconds."""
    seen = [[str(number)] for number in range(STILL)]
    while any(one != seen[-1] for one in seen[-STILL:]):
        page.wait_for_timeout(500)
        page.wait_for_function(IDLE)
        seen.append(page.evaluate(SIGNATURE))
    return seen[-1]


def _chosen(page: Any, group: str, option: str, before: list[str]) -> list[str]:
    page.get_by_role("radiogroup", name=group).get_by_role("radio", name=option, exact=True).click()
    page.wait_for_function(f"before => JSON.stringify({SIGNATURE}) !== JSON.stringify(before)", arg=before)
    return _settled(page)


def test_upload_then_move_layer_and_head(page: Any, address: str, recording: Path, tmp_path: Path) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/PlotlyChart." in request.url else None)
    with page.expect_request(re.compile(r"/PlotlyChart\.")):  # while there is nothing to draw yet
        page.goto(f"{address}/clip?clip=Upload+a+recording")
    page.locator("input[type=file]").first.set_input_files(str(recording))
    page.wait_for_function(f"{PLOTS}.length >= 6")
    assert len(asked) == 1  # the figures use the very file that was loaded ahead
    first = _settled(page)
    other_layer = _chosen(page, "Layer", "2", first)
    other_head = _chosen(page, "Head", "3", other_layer)
    assert first[3] != other_layer[3] != other_head[3]  # the attention map follows both
    assert first[4] != other_layer[4]  # self-similarity follows the layer ...
    assert other_layer[4] == other_head[4]  # ... and not the head
    assert first[:2] == other_head[:2]  # waveform and spectrogram stay
    left = f"{PLOTS}.filter((_, i) => [0, 1, 2, 5].includes(i)).map(p => p._fullLayout._size)"
    edges = page.evaluate(f"{left}.map(s => [s.l, s.r, s.w])")
    assert len({tuple(edge) for edge in edges}) == 1  # one clock: the same second stands at the same place
    spoilt = tmp_path / "spoilt.wav"
    spoilt.write_text("no recording")
    page.locator("input[type=file]").first.set_input_files(str(spoilt))
    page.get_by_text("the page shows scale.wav").wait_for()
    assert _settled(page) == other_head
    assert page.get_by_text("Traceback").count() == 0
