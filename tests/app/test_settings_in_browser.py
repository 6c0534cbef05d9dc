"""Settings that nobody has opened keep their values while other things are chosen. Runs in a real Chromium where there is one."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.app.test_browser import ARGUMENTS, IDLE, PATIENCE_MS

pytestmark = pytest.mark.browser


def test_settings_are_what_they_were_after_other_things_were_chosen(
    chromium: str, serve: Callable[..., tuple[str, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    from playwright.sync_api import sync_playwright

    address, _ = serve({"OTOSCOPE_CACHE": str(tmp_path_factory.mktemp("cache"))})
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS, timeout=PATIENCE_MS)
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.set_default_timeout(PATIENCE_MS)
        page.goto(f"{address}/retrieval")
        page.get_by_role("radio", name="no overlap").wait_for()
        page.get_by_role("radio", name="no overlap").click()
        page.wait_for_function("location.search.includes('pool=')")
        page.wait_for_function(IDLE)
        page.get_by_role("button", name="Settings").click()
        shown = page.get_by_label("pool size", exact=True)
        shown.wait_for()
        assert shown.input_value() == "256"
        assert page.get_by_label("n queries", exact=True).input_value() == "500"
        seed = page.get_by_label("seed", exact=True)
        assert seed.input_value() == "42"
        seed.fill("43")
        seed.press("Enter")
        page.wait_for_function("location.search.includes('seed')")
        assert parse_qs(urlsplit(page.url).query)["set"] == ["seed=43"]
        assert page.get_by_text("There is no split").count() == 0
        browser.close()
