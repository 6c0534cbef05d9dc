"""Settings that nobody has opened keep their values while other things are chosen. Runs in a real Chromium where there is one."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.app.serving import IDLE

pytestmark = pytest.mark.browser


def test_settings_are_what_they_were_after_other_things_were_chosen(page: Any, address: str) -> None:
    page.goto(f"{address}/retrieval")
    page.get_by_role("radio", name="no overlap").wait_for()
    page.wait_for_function(IDLE)
    page.get_by_role("radio", name="no overlap").click()
    page.wait_for_function("location.search.includes('pool=')")
    page.wait_for_function(IDLE)
    page.get_by_role("button", name="Settings").click()
    shown = page.get_by_label("pool size", exact=True)
    shown.wait_for()
    assert shown.input_value() == "256"
    assert page.get_by_label("queries", exact=True).input_value() == "500"
    seed = page.get_by_label("seed", exact=True)
    assert seed.input_value() == "42"
    seed.fill("43")
    seed.press("Enter")
    page.wait_for_function("location.search.includes('seed')")
    assert parse_qs(urlsplit(page.url).query)["set"] == ["seed=43"]
    assert page.get_by_text("There is no split").count() == 0
