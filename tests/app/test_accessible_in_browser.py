"""Every page is read by axe-core in a real Chromium: nothing that it calls serious or critical is left, on light and on dark.

Headings follow in order, too.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from analysis import paths
from app.main import HOME
from tests.app.serving import go_to, visitor
from tests.app.test_back_in_browser import still

pytestmark = pytest.mark.browser
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
GRAVE = ("serious", "critical")
ALSO = ("heading-order", "page-has-heading-one", "empty-heading")  # axe calls them moderate
# Rules that Streamlit's own elements break, each with the reason: these are not looked at.
OF_STREAMLIT: Mapping[str, str] = {}
RUN = "rules => axe.run(document, {resultTypes: ['violations'], rules})"
CLIP = "clip?checkpoint=d4-a4r-small&beside=untrained+twin"
NAMES = (view.stem for view in (paths.repository() / "app" / "views").glob("*.py"))
VIEWS = sorted(name for name in NAMES if name not in ("__init__", "clip", HOME))
LEAST_CONTRAST = 4.5  # of text and its ground (WCAG 2.2, 1.4.3)
CONTRASTS = """() => {
  const parts = colour => { const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number); return [[r, g, b], a]; };
  const over = ([top, a], ground) => top.map((x, i) => a * x + (1 - a) * ground[i]);
  const light = ([r, g, b]) => [r, g, b].map(x => x / 255).map(x => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4)
    .reduce((sum, x, i) => sum + [0.2126, 0.7152, 0.0722][i] * x, 0);
  const groundOf = e => e ? over(parts(getComputedStyle(e).backgroundColor), groundOf(e.parentElement)) : [255, 255, 255];
  return [...document.querySelectorAll('[role=radio][aria-checked=true]')].map(e => {
    const ground = groundOf(e);
    const [high, low] = [light(over(parts(getComputedStyle(e).color), ground)), light(ground)].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
  });
}"""
CHIPS = "controls"  # many of the elements that are coloured alike on all pages


def faults(page: Any) -> list[str]:
    """What is grave, each with the first element that has it."""
    found = page.evaluate(RUN, {rule: {"enabled": False} for rule in OF_STREAMLIT})["violations"]
    return [
        f"{fault['id']} ({len(fault['nodes'])}): {fault['nodes'][0]['html'][:200]} {fault['nodes'][0]['failureSummary']}"
        for fault in found
        if fault["impact"] in GRAVE or fault["id"] in ALSO
    ]


def drawn(page: Any, path: str) -> None:
    go_to(page, path)
    if path == CLIP:
        page.locator(".desk .lane", has_text="Self-similarity: difference").wait_for()
    still(page)


@pytest.mark.parametrize(("scheme", "paths_"), [("light", [CLIP, "", *VIEWS]), ("dark", [CLIP, CHIPS])], ids=["light", "dark"])
def test_no_page_has_a_grave_fault(browser: Any, address: str, scheme: Any, paths_: list[str]) -> None:
    found: dict[str, list[str]] = {}
    with visitor(browser, AXE.read_text("utf-8"), color_scheme=scheme, bypass_csp=True) as page:
        page.goto(f"{address}/{paths_[0]}")
        for path in paths_:
            drawn(page, path)
            found[path] = faults(page)
            assert all(contrast >= LEAST_CONTRAST for contrast in page.evaluate(CONTRASTS)), path
            if path == CLIP:
                page.locator(".desk .lane").nth(3).hover()
                page.locator(".desk .tool", has_text="table").nth(3).click()
                still(page)  # while Python runs, what is there already is dimmed
                found["clip, a table"] = faults(page)
    assert found == {path: [] for path in found}
