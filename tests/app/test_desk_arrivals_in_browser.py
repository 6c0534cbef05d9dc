"""What comes to the desk later, in a real Chromium: another address, another lane, the exact number of a cell."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.app.desk_page import pattern
from tests.app.serving import IDLE, come_to
from tests.app.test_desk_acts_in_browser import _at, _open, _runs, desk_window

pytestmark = pytest.mark.browser
HIDE_FIRST = """lanes => lanes[0]?.querySelector("[aria-label^='hide: ']").click()"""  # where one is still there


@pytest.fixture(scope="module")
def page(browser: Any, desk_address: str) -> Iterator[Any]:
    with desk_window(browser, desk_address) as shown:
        yield shown


def _later(page: Any, asked: str) -> None:
    """As the browser's Back does: another address of the same desk, and nothing is loaded anew."""
    visit = page.evaluate("new URLSearchParams(location.search).get('visit')")
    come_to(page, f"?visit={visit}&{asked}")


def test_whoever_goes_back_hears_and_sees_what_the_address_says(page: Any) -> None:
    _open(page, "seconds=4.2&from=3&to=6")
    page.mouse.click(*_at(page, "mel", 1.5, 0.5, 3.0))
    page.wait_for_function("document.body.innerText.includes('\"view\"')")
    page.evaluate("find('.desk').dataset.kept = 'yes'")
    _later(page, "seconds=2.5&from=2&to=5&arrival=1")
    page.wait_for_function("Math.abs(find('.desk audio').currentTime - 2.5) < 0.01")
    page.wait_for_function("find('.desk .clock').getAttribute('aria-label').includes('from 2.00 to 5.00 s')")
    assert page.locator(".time").text_content().startswith("2.5 /")
    assert page.locator(".desk").get_attribute("data-kept") == "yes"  # the same desk


def test_a_lane_that_comes_later_is_shown_and_whoever_hides_all_has_none(page: Any) -> None:
    _open(page)
    shown = page.locator(".lane[data-lane]")
    for title in ("Chords", "Beats"):
        page.get_by_label(f"hide: {title}").dispatch_event("click")
    page.wait_for_function('document.body.innerText.includes(\'"-beats", "-chords"\')')
    _later(page, "longer=1")
    page.locator(".lane[data-lane=late]").wait_for()
    assert shown.count() == 7  # of nine two are hidden
    while shown.count():
        shown.evaluate_all(HIDE_FIRST)
    page.get_by_text("All lanes are hidden.").wait_for()
    page.wait_for_function("document.body.innerText.includes('\"-wave\"')")
    page.wait_for_function(IDLE)
    assert shown.count() == 0
    page.get_by_text("Hidden lanes", exact=True).click()
    page.get_by_role("button", name="show: Beats").click()
    page.locator(".lane[data-lane=beats]").wait_for()
    assert page.get_by_text("All lanes are hidden.").count() == 0


def test_the_number_of_a_cell_is_read_where_the_pointer_rests_and_no_python_runs(page: Any) -> None:
    desk = _open(page)
    desk.focus()
    before = _runs(page)
    page.keyboard.press("Space")
    page.wait_for_function("find('.desk audio').currentTime > 0.3")
    shown = (30 + 150 * (1 - 1.02 / 4)) / 180  # of the height, 30 pixels are of rows that are no moment
    page.mouse.move(*_at(page, "attention", 2.02, shown))
    page.wait_for_function("/query 1.* key 2.*: 0[.]/.test(find('.words').textContent)")
    number = float(page.locator(".words").text_content().split(": ")[1].split(" ")[0])
    assert number == pytest.approx(pattern(1, 0)[24, 48], rel=0.01)  # 24 cells stand for a second
    page.mouse.move(*_at(page, "mel", 2.02, 0.5))  # of which no numbers were sent
    page.locator(".words", has_text="≈").wait_for()
    assert _runs(page) == before
