"""One act is one entry of the history, and Back shows what its address says. Runs in a real Chromium where there is one."""

from typing import Any

import pytest

from tests.app.serving import IDLE

TABLE = "[data-testid=stDataFrame] canvas"
HEADER_PX, ROW_PX = 35, 35
pytestmark = pytest.mark.browser


def still(page: Any) -> int:
    """The length of the history once nothing has happened for a while."""
    for _ in range(4):
        page.wait_for_timeout(150)
        page.wait_for_function(IDLE)
    return page.evaluate("history.length")


def chosen(page: Any, name: str) -> None:
    page.locator(f"[role=radio][aria-checked=true]:has-text('{name}')").wait_for()


def go(page: Any, name: str, title: str) -> None:
    page.get_by_test_id("stSidebar").get_by_role("link", name=name).click()
    page.get_by_role("heading", name=title).wait_for()


def measured_by(page: Any) -> str:
    return page.get_by_role("combobox", name="Measure").input_value()


def test_an_act_is_an_entry_and_back_leads_through_all_of_them(page: Any, address: str) -> None:
    page.goto(f"{address}/retrieval")
    chosen(page, "canonical")
    n = still(page)
    page.get_by_role("radio", name="no overlap").click()
    page.wait_for_function("location.search.includes('pool=no+overlap')")
    assert still(page) == n + 1
    go(page, "Similarity", "Do layers and encoders speak the same language?")
    page.get_by_role("combobox", name="Measure").wait_for()
    assert still(page) == n + 2
    first, at_first = measured_by(page), page.url
    page.get_by_role("combobox", name="Measure").click()
    page.get_by_role("option").nth(1).click()
    page.wait_for_function("location.search.includes('measure=')")
    assert still(page) == n + 3
    second, at_second = measured_by(page), page.url
    assert second != first
    go(page, "Bands", "Which frequencies drive it?")
    assert still(page) == n + 4

    page.go_back()
    page.get_by_role("heading", name="Do layers and encoders speak the same language?").wait_for()
    still(page)
    assert (page.url, measured_by(page)) == (at_second, second)
    page.go_back()
    still(page)
    assert (page.url, measured_by(page)) == (at_first, first)
    page.go_back()
    page.get_by_role("heading", name="Can it find the match?").wait_for()
    still(page)
    chosen(page, "no overlap")
    page.go_back()
    still(page)
    chosen(page, "canonical")
    assert page.url == f"{address}/retrieval"
    page.go_forward()
    still(page)
    chosen(page, "no overlap")
    assert page.evaluate("history.length") == n + 4


def test_what_is_chosen_follows_to_another_page_in_one_entry(page: Any, address: str) -> None:
    page.goto(f"{address}/probes?corpus=small")
    page.get_by_role("heading", name="What can be read out of each layer?").wait_for()
    n = still(page)
    go(page, "Retrieval", "Can it find the match?")
    assert still(page) == n + 1
    assert "corpus=small" in page.url
    assert page.get_by_role("combobox", name="Corpus").input_value() == "small demo corpus"


def test_back_chooses_the_row_that_was_chosen_before(page: Any, address: str) -> None:
    page.goto(f"{address}/")
    page.locator(TABLE).first.wait_for()
    n = still(page)
    first = page.get_by_role("heading", level=2).last.inner_text()
    box = page.locator(TABLE).first.bounding_box()
    page.mouse.click(box["x"] + 15, box["y"] + HEADER_PX + 2.5 * ROW_PX)
    page.wait_for_function("location.search.includes('checkpoint=')")
    assert still(page) == n + 1
    second = page.get_by_role("heading", level=2).last.inner_text()
    assert second != first
    page.go_back()
    still(page)
    assert page.get_by_role("heading", level=2).last.inner_text() == first
    assert page.url == f"{address}/"
    page.go_forward()
    still(page)
    assert page.get_by_role("heading", level=2).last.inner_text() == second
