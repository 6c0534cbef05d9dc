"""A strip alone in a real Chromium: it plays, switches at the same place, goes where its slider or a key says, and hides one."""

from itertools import pairwise
from typing import Any

import pytest

from tests.app.desk_page import FREQUENCIES_HZ, NAMES
from tests.app.test_desk_acts_in_browser import FIND, LISTEN, SAMPLE

pytestmark = pytest.mark.browser
NEAR = "Math.abs(loudestHz() - {}) < 15"


def test_a_strip_alone_plays_switches_and_is_used_by_keys(page: Any, desk_address: str) -> None:
    page.add_init_script(FIND + LISTEN)
    page.goto(f"{desk_address}/?strip=1")
    strip = page.get_by_role("group", name="Four tones: space plays, digits switch")
    strip.wait_for()
    page.wait_for_function("find('.desk audio').duration > 3.9")
    page.evaluate(SAMPLE)
    assert strip.get_by_text("Equally loud (ITU-R BS.1770-4); gain of each: original 0.0 dB, kept +4.8 dB").count() == 1
    strip.get_by_role("button", name="Play again and again").click()
    page.wait_for_function("window.heard.length > 5")
    for number in (3, 2, 4):
        page.keyboard.press(str(number))
        page.wait_for_function(NEAR.format(FREQUENCIES_HZ[number - 1]))
        assert strip.locator(".variant[aria-pressed=true]").text_content() == f"{number}{NAMES[number - 1]}"
    steps = [later - sooner for sooner, later in pairwise(page.evaluate("window.heard"))]
    assert all(-4.0 < step < 0.5 for step in steps)
    page.keyboard.press("Space")  # the button has the focus, and keeps its key
    page.wait_for_function("find('.desk audio').paused")
    slider = strip.get_by_role("slider")
    slider.focus()
    page.keyboard.press("End")
    page.wait_for_function("find('.desk audio').currentTime > 3.9")
    page.keyboard.press("Home")
    page.wait_for_function("find('.desk audio').currentTime < 0.1")
    page.keyboard.press("x")
    assert strip.locator(".variant[aria-pressed=true]").text_content() == "xX"
    strip.get_by_role("button", name="X is kept").click()
    strip.get_by_text("of 1 right, by chance 1 in 4.").wait_for()


def test_recordings_that_the_browser_keeps_are_told_when_the_desk_is_there(page: Any, desk_address: str) -> None:
    keys = ["a" * 64, "b" * 64]
    page.goto(f"{desk_address}/?strip=1")
    page.evaluate("keys => localStorage.setItem('otoscope.recordings', JSON.stringify(keys))", keys)
    page.goto(f"{desk_address}/?visit=77")
    page.get_by_text(f'before ["{keys[0]}", "{keys[1]}"]', exact=True).wait_for()
