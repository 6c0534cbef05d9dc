"""The desk in a real Chromium: one playhead for all lanes, a click goes there, keys work, and no Python runs meanwhile."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.app.serving import IDLE

pytestmark = pytest.mark.browser
RATE, SECONDS = 24_000, 9
DEEP = """() => {
  const roots = [document, ...Array.from(document.querySelectorAll('*')).map(e => e.shadowRoot).filter(Boolean)];
  const find = what => roots.map(r => r.querySelector(what)).find(Boolean);
  const audio = find('.desk audio');
  return {time: audio.currentTime, paused: audio.paused, duration: audio.duration, words: find('.desk .time').textContent};
}"""


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """A tone that a click ends every second."""
    time_s = np.arange(SECONDS * RATE) / RATE
    path = tmp_path / "ticks.wav"
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * 330 * time_s) * np.exp(-6 * (time_s % 1)), RATE)
    return path


def _open(page: Any, address: str, recording: Path) -> Any:
    page.goto(f"{address}/clip?clip=Upload+or+record")
    page.locator("input[type=file]").first.set_input_files(str(recording))
    desk = page.locator(".desk[data-ready]")
    desk.wait_for()
    page.locator(".lane", has_text="Attention received").wait_for()
    page.locator('.lane[data-lane="constant_q"]').wait_for(state="attached")  # which is made after all others
    page.wait_for_function(IDLE)
    return desk


def _box(page: Any, lane: str) -> dict[str, float]:
    return page.locator(".lane", has_text=lane).first.locator(".box").bounding_box()


def test_one_playhead_goes_through_all_lanes_without_python(page: Any, address: str, recording: Path) -> None:
    desk = _open(page, address, recording)
    assert page.evaluate(DEEP)["duration"] == pytest.approx(SECONDS, abs=0.001)
    sent: list[str] = []
    page.on("websocket", lambda socket: sent.append(socket.url))
    box = _box(page, "Log-mel spectrogram")
    page.mouse.click(box["x"] + box["width"] / 3, box["y"] + box["height"] / 2)
    page.wait_for_function(f"({DEEP})().time > 2.9")
    seen = 1.1 * SECONDS  # the last window goes on beyond the end of the sound; a tenth of that is seen
    assert page.evaluate(DEEP)["time"] == pytest.approx(seen / 3, abs=0.05)
    desk.focus()
    runs = "document.querySelector('[data-testid=stApp]').dataset.testScriptState"
    page.wait_for_function(IDLE)
    page.keyboard.press("Space")
    page.wait_for_function(f"({DEEP})().time > 3.5")
    assert page.evaluate(runs) == "notRunning"
    page.keyboard.press("Space")
    state = page.evaluate(DEEP)
    assert state["paused"]
    assert state["words"].startswith(f"{state['time']:.1f}"[:3])
    assert sent == []


def test_back_leads_to_where_the_playhead_was(page: Any, address: str, recording: Path) -> None:
    _open(page, address, recording)
    box = _box(page, "Log-mel spectrogram")
    times: list[float] = []
    for share in (0.25, 0.6):
        page.mouse.click(box["x"] + box["width"] * share, box["y"] + box["height"] / 2)
        page.wait_for_function(f"Math.abs(({DEEP})().time - {1.1 * SECONDS * share}) < 0.05")
        times.append(page.evaluate(DEEP)["time"])
        page.wait_for_function(f"new URL(location).searchParams.get('at')?.startsWith('t{int(times[-1])}.')")
        page.wait_for_function(IDLE)
        page.wait_for_timeout(500)
    page.go_back()
    page.wait_for_function(f"Math.abs(({DEEP})().time - {times[0]}) < 0.05")
    page.go_forward()
    page.wait_for_function(f"Math.abs(({DEEP})().time - {times[1]}) < 0.05")


def test_keys_choose_head_and_layer_and_the_address_has_them(page: Any, address: str, recording: Path) -> None:
    desk = _open(page, address, recording)
    page.get_by_role("radiogroup", name="Layer").get_by_role("radio", name="1", exact=True).click()
    page.locator(".where", has_text="Layer 1").wait_for()
    page.get_by_role("radiogroup", name="Head").get_by_role("radio", name="mean", exact=True).click()
    page.locator(".where", has_text="mean of heads").wait_for()
    page.wait_for_function(IDLE)
    desk.focus()
    page.keyboard.press("]")
    page.wait_for_function("new URL(location).searchParams.get('head') === '1'")
    page.locator(".where", has_text="head 1").wait_for()
    page.wait_for_function(IDLE)
    desk.focus()
    page.keyboard.press(".")
    page.wait_for_function("new URL(location).searchParams.get('layer') === '2'")
    page.locator(".where", has_text="Layer 2").wait_for()
    page.wait_for_function(IDLE)
    page.locator(".lane", has_text="Waveform").first.hover()
    page.locator(".lane", has_text="Waveform").first.get_by_label("hide: Waveform").click()
    page.wait_for_function("(new URL(location).searchParams.get('lanes') ?? '').startsWith('-waveform,log_mel')")
    assert page.locator(".lane .name", has_text="Waveform").count() == 0
    assert page.get_by_text("Traceback").count() == 0
