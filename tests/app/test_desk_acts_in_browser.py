"""What is done on the desk, in a real Chromium: what is heard of a cell, loops, keys, variants, the wall, what Python hears."""

import contextlib
import json
from collections.abc import Iterator
from itertools import count, pairwise
from typing import Any

import pytest

from tests.app.desk_page import FREQUENCIES_HZ, NAMES
from tests.app.serving import IDLE, SIZE, come_to, visitor

pytestmark = pytest.mark.browser
VISITS = count(1)
FIND = """window.find = what => [document, ...Array.from(document.querySelectorAll('*')).map(e => e.shadowRoot).filter(Boolean)]
  .map(root => root.querySelector(what)).find(Boolean);"""
# where the sound goes, an analyser listens too
LISTEN = """
const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (to, ...more) {
  if (to instanceof AudioDestinationNode) {
    window.analyser = new AnalyserNode(this.context, { fftSize: 8192, smoothingTimeConstant: 0 });
    connect.call(this, window.analyser);
  }
  return connect.call(this, to, ...more);
};
window.loudestHz = () => {
  const bins = new Float32Array(window.analyser.frequencyBinCount);
  window.analyser.getFloatFrequencyData(bins);
  return bins.indexOf(Math.max(...bins)) * window.analyser.context.sampleRate / window.analyser.fftSize;
};"""
# every time at which it played, frame by frame
SAMPLE = """() => {
  const heard = window.heard = [];
  const audio = find('.desk audio');
  const look = () => { if (!audio.paused) heard.push(audio.currentTime); requestAnimationFrame(look); };
  look();
}"""


@contextlib.contextmanager
def desk_window(browser: Any, desk_address: str) -> Iterator[Any]:
    """A window that shows nothing but a desk, one after the other."""
    with visitor(browser, FIND + LISTEN) as shown:
        shown.goto(f"{desk_address}/")
        shown.locator(".desk[data-ready]").wait_for()
        yield shown


@pytest.fixture(scope="module")
def page(browser: Any, desk_address: str) -> Iterator[Any]:
    with desk_window(browser, desk_address) as shown:
        yield shown


def _open(page: Any, asked: str = "", size: dict[str, int] = SIZE) -> Any:
    """A desk that nobody has touched, in a window as it was at first."""
    visit = next(VISITS)
    page.set_viewport_size(size)
    page.mouse.move(0, 0)
    page.evaluate("delete window.analyser")
    come_to(page, f"?visit={visit}&{asked}")
    page.get_by_text(f"visit {visit}", exact=True).wait_for()
    page.wait_for_function(IDLE)
    desk = page.locator(".desk[data-ready]")
    desk.wait_for()
    page.evaluate(SAMPLE)
    return desk


def _at(page: Any, lane: str, seconds: float, share: float, duration_s: float = 9.9) -> tuple[float, float]:
    """Where on the page a moment of a lane is, at that share of its height; 9 s are seen with the tenth after them."""
    drawn = page.locator(f".lane[data-lane={lane}] .box")
    drawn.scroll_into_view_if_needed()  # the desk before this one may have been left far down
    box = drawn.bounding_box()
    return box["x"] + box["width"] * seconds / duration_s, box["y"] + box["height"] * share


def _runs(page: Any) -> int:
    return int(page.get_by_text("runs ").text_content().removeprefix("runs "))


def _told(page: Any) -> dict[str, Any]:
    return json.loads(page.get_by_text("told ").text_content().removeprefix("told "))


def _seen(page: Any) -> str:
    return page.evaluate("find('.desk .clock').getAttribute('aria-label')")


def _time(page: Any) -> float:
    return page.evaluate("find('.desk audio').currentTime")


def _paused(page: Any) -> bool:
    return page.evaluate("find('.desk audio').paused")


def test_a_cell_is_heard_first_where_it_asks_and_then_where_it_looks(page: Any) -> None:
    _open(page)
    page.mouse.click(*_at(page, "similarity", 3.0, 1 - 7.0 / 9))
    page.wait_for_function("window.heard.length > 5 && find('.desk audio').paused")
    heard = page.evaluate("window.heard")
    jumps = [i for i, (one, other) in enumerate(pairwise(heard)) if abs(other - one) > 1]
    assert len(jumps) == 1
    asked, looked = heard[: jumps[0] + 1], heard[jumps[0] + 1 :]
    assert 6.5 < min(asked) < max(asked) < 7.6
    assert 2.5 < min(looked) < max(looked) < 3.6
    page.wait_for_function("document.body.innerText.includes('queryS')")
    page.wait_for_timeout(1000)  # that it ends is nothing to be told
    page.wait_for_function(IDLE)
    assert _runs(page) == 2
    cell = _told(page)["cell"]
    assert (cell["lane"], cell["queryS"], cell["keyS"]) == ("similarity", pytest.approx(7, abs=0.1), pytest.approx(3, abs=0.1))


def test_what_is_dragged_over_is_heard_again_and_again(page: Any) -> None:
    desk = _open(page)
    page.mouse.move(*_at(page, "wave", 2.0, 0.5))
    page.mouse.down()
    page.mouse.move(*_at(page, "wave", 2.6, 0.5), steps=4)
    page.mouse.up()
    desk.focus()
    page.keyboard.press("Space")
    back = "window.heard.filter((at, i) => i && at < window.heard[i - 1] - 0.2).length"
    page.wait_for_function(f"{back} >= 3")
    heard = page.evaluate("window.heard")
    assert 1.9 < min(heard) < max(heard) < 2.9
    page.keyboard.press("l")
    page.wait_for_function("find('.desk audio').currentTime > 3")
    page.keyboard.press("Space")
    page.wait_for_function("document.body.innerText.includes('\"loop\": [')")
    assert _told(page)["loop"] == [pytest.approx(2.0, abs=0.05), pytest.approx(2.6, abs=0.05)]


def test_every_key_of_the_sheet_does_what_it_says(page: Any) -> None:
    desk = _open(page)
    desk.focus()
    keys = page.keyboard
    keys.press("?")
    assert page.locator(".sheet").is_visible()
    inside = "e => e.scrollHeight <= e.clientHeight + 1 && e.getBoundingClientRect().bottom <= innerHeight"
    assert page.locator(".sheet").evaluate(inside)  # it is seen where one is
    keys.press("?")
    assert not page.locator(".sheet").is_visible()
    keys.press("?")
    keys.press("Escape")
    assert not page.locator(".sheet").is_visible()
    keys.press("End")
    assert _time(page) == pytest.approx(9, abs=0.01)
    keys.press("Shift+ArrowLeft")
    assert _time(page) == 0
    keys.press("ArrowRight")
    assert _time(page) == pytest.approx(9.9 / 20, abs=0.01)
    keys.press("ArrowLeft")
    assert _time(page) == pytest.approx(0, abs=0.01)
    keys.press("Shift+ArrowRight")
    assert _time(page) == pytest.approx(9, abs=0.01)
    keys.press("Home")
    whole = _seen(page)
    keys.press("ArrowUp")
    page.wait_for_function("find('.desk .clock').getAttribute('aria-label').includes('to 4.95 s')")
    keys.press("ArrowDown")
    page.wait_for_function("find('.desk .clock').getAttribute('aria-label').includes('to 9.90 s')")
    keys.press("ArrowUp")
    keys.press("f")
    page.wait_for_timeout(100)
    assert _seen(page) == whole
    for key, where in ((".", "Layer 2, mean"), ("]", "Layer 2, head 1"), ("[", "Layer 2, mean"), (",", "Layer 1, mean")):
        keys.press(key)
        page.locator(".where", has_text=where).wait_for()
    for number, name in ((2, "kept"), (3, "removed"), (4, "random"), (1, "original")):
        keys.press(str(number))
        assert page.locator(".variant[aria-pressed=true]").text_content() == f"{number}{name}"
    keys.press("x")
    assert page.locator(".variant[aria-pressed=true]").text_content() == "xX"
    keys.press("Space")
    page.wait_for_function("window.heard.length > 0")
    assert not _paused(page)
    keys.press("Space")
    assert _paused(page)


def test_python_does_not_run_while_it_plays_and_hears_of_the_view_when_it_has_ended(page: Any) -> None:
    desk = _open(page)
    desk.focus()
    before = _runs(page)
    page.keyboard.press("Space")
    page.wait_for_function("find('.desk audio').currentTime > 1")
    for _ in range(2):
        page.keyboard.press("ArrowUp")
    page.wait_for_function("find('.desk audio').currentTime > 2.5")
    assert _runs(page) == before
    page.keyboard.press("Space")
    page.wait_for_function("document.body.innerText.includes('\"view\"')")
    page.wait_for_function(IDLE)
    told = _told(page)
    assert told["seconds"] == pytest.approx(_time(page), abs=0.01)
    assert told["view"][1] - told["view"][0] == pytest.approx(9.9 / 4, abs=0.01)
    assert _runs(page) <= before + 2  # once for the place, and no more than once for what came of it


def test_variants_are_switched_at_the_same_place_and_each_is_the_one_that_is_heard(page: Any) -> None:
    desk = _open(page)
    desk.focus()
    page.keyboard.press("Space")
    page.wait_for_function("find('.desk audio').currentTime > 0.3")
    for number in (1, 3, 2, 4, 1):
        page.keyboard.press(str(number))
        page.wait_for_function(f"Math.abs(loudestHz() - {FREQUENCIES_HZ[number - 1]}) < 15")
    page.keyboard.press("Space")
    heard = page.evaluate("window.heard")
    assert all(later >= sooner for sooner, later in pairwise(heard))  # it went on where it was, forwards
    assert max(later - sooner for sooner, later in pairwise(heard)) < 0.5
    page.keyboard.press("x")
    began = page.evaluate("find('.desk audio').currentTime")
    page.keyboard.press("Space")
    page.wait_for_function(f"find('.desk audio').currentTime > {began} + 0.5")  # what was heard before has left the analyser
    page.wait_for_function(f"{list(FREQUENCIES_HZ)}.some(hz => Math.abs(loudestHz() - hz) < 15)")
    hz = page.evaluate("loudestHz()")
    name = next(name for name, of_name in zip(NAMES, FREQUENCIES_HZ, strict=True) if abs(of_name - hz) < 15)
    page.get_by_role("button", name=f"X is {name}").click()
    page.get_by_text(f"X was {name}: right. 1 of 1 right, by chance 1 in 4.").wait_for()


def test_one_recording_alone_has_no_strip_and_needs_no_mixer(page: Any) -> None:
    desk = _open(page, "alone=1")
    desk.focus()
    assert not page.locator(".strip").is_visible()
    page.keyboard.press("Space")
    page.wait_for_function("find('.desk audio').currentTime > 0.3")
    assert page.evaluate("window.analyser === undefined")
    page.keyboard.press("Space")
    page.wait_for_function("document.body.innerText.includes('\"seconds\"')")  # else Python hears of it at the next desk


def test_an_address_gives_the_same_place_to_whoever_opens_it(page: Any) -> None:
    _open(page, "seconds=4.2&from=3&to=6")
    page.wait_for_function("Math.abs(find('.desk audio').currentTime - 4.2) < 0.01")
    assert "from 3.00 to 6.00 s" in _seen(page)
    assert page.locator(".time").text_content().startswith("4.2 /")
    assert (_runs(page), _told(page)) == (1, {})
    page.mouse.click(*_at(page, "mel", 1.5, 0.5, 3.0))
    page.wait_for_function("['\"view\"', '\"seconds\"'].every(word => document.body.innerText.includes(word))")
    told = _told(page)
    assert (told["seconds"], told["view"], told["loop"]) == (pytest.approx(4.5, abs=0.02), [3.0, 6.0], [1.0, 2.0])


def test_a_head_is_chosen_on_the_wall_by_mouse_and_by_keys(page: Any) -> None:
    _open(page, "layers=12&heads=18", {"width": 1024, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    scroll = page.locator(".scroll")
    assert scroll.evaluate("e => e.scrollWidth > e.clientWidth && e.scrollHeight > e.clientHeight")
    page.get_by_role("gridcell", name="Layer 2, head 3:").click()
    page.locator(".where", has_text="Layer 2, head 3").wait_for()
    page.wait_for_function('document.body.innerText.includes(\'"layer": 2, "head": 3\')')
    page.wait_for_function(IDLE)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.locator("[role=gridcell][aria-selected=true][aria-label^='Layer 3, head 4: entropy']").wait_for()
    page.wait_for_function('document.body.innerText.includes(\'"layer": 3, "head": 4\')')
    page.keyboard.press("Enter")
    page.locator(".where", has_text="Layer 3, mean of heads").wait_for()
    assert page.locator("[role=grid]").count() == 1


def test_a_lane_is_made_higher_hidden_brought_back_and_read_as_a_table(page: Any) -> None:
    _open(page)
    edge = page.get_by_role("separator", name="height of Log-mel spectrogram")
    edge.focus()
    page.keyboard.press("ArrowDown")
    assert edge.get_attribute("aria-valuenow") == "128"
    page.wait_for_function("document.body.innerText.includes('\"mel:128\"')")
    box = edge.bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + 3)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 43, steps=4)
    page.mouse.up()
    page.wait_for_function("document.body.innerText.includes('\"mel:168\"')")
    lane = page.locator(".lane[data-lane=mel]")
    lane.hover()
    lane.get_by_label("table: Log-mel spectrogram").click()
    table = lane.get_by_role("table")
    assert table.get_by_role("row").count() == 37  # of 40 moments 36 are of the sound
    assert table.get_by_role("columnheader").all_text_contents() == ["time (s)", "row", "value (dB)"]
    lane.get_by_label("hide: Log-mel spectrogram").click()
    page.wait_for_function("document.body.innerText.includes('\"-mel:168\"')")
    page.get_by_text("Hidden lanes").click()
    page.get_by_role("button", name="show: Log-mel spectrogram").click()
    page.locator(".lane[data-lane=mel]").wait_for()
    page.wait_for_function('document.body.innerText.includes(\'"mel:168", "notes"\')')


def test_rows_that_are_no_moment_are_named_and_marks_say_what_they_are(page: Any) -> None:
    _open(page)
    page.mouse.move(*_at(page, "attention", 2.0, 0.02))
    page.locator(".words", has_text="query class token, key 2.0").wait_for()
    page.mouse.move(*_at(page, "chords", 3.0, 0.5))
    page.locator(".words", has_text="2.00–4.00 s: chord Am").wait_for()
    page.mouse.click(*_at(page, "chords", 3.0, 0.5))
    page.wait_for_function("Math.abs(find('.desk audio').currentTime - 2) < 0.01")
    page.locator(".clockbox").scroll_into_view_if_needed()
    clock = page.locator(".clockbox").bounding_box()
    page.mouse.move(clock["x"] + clock["width"] * 5 / 9.9, clock["y"] + 5)
    page.locator(".words", has_text="in windows 2, 3 of 4").wait_for()
    page.mouse.click(clock["x"] + clock["width"] * 9.5 / 9.9, clock["y"] + 5)
    page.locator(".words", has_text="in window 4 of 4, padding").wait_for()
    page.wait_for_function("find('.desk audio').currentTime > 8.99")
