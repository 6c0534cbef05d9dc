"""Every page is read by axe-core in a real Chromium: nothing that it calls serious or critical is left, on light and on dark.

Headings follow in order, too.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from analysis import paths
from app.main import HOME
from tests.app.serving import SIZE, go_to, visitor
from tests.app.test_back_in_browser import still
from tests.app.test_covered_in_browser import hidden_at_any_width

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
WITH_BARS = ("", "retrieval", "similarity", "embedding", "bands", "ablation", "summary", "screening")
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


def contrasts(page: Any) -> list[float]:
    """Of everything that is chosen, those that are too small."""
    return [contrast for contrast in page.evaluate(CONTRASTS) if contrast < LEAST_CONTRAST]


@contextmanager
def reader(browser: Any, address: str, scheme: Any) -> Iterator[Callable[[str], Any]]:
    """A window with axe-core in it that shows one page after the other."""
    with visitor(browser, AXE.read_text("utf-8"), color_scheme=scheme, bypass_csp=True) as shown:

        def show(path: str) -> Any:
            if shown.url == "about:blank":
                shown.goto(f"{address}/{path}")
            drawn(shown, path)
            return shown

        yield show


@pytest.fixture(scope="module")
def on_light(browser: Any, address: str) -> Iterator[Callable[[str], Any]]:
    with reader(browser, address, "light") as show:
        yield show


def faults_of_clip(page: Any) -> list[str]:
    """Those of the clip page while a table of a lane is open."""
    page.locator(".desk .lane").nth(3).hover()
    page.locator(".desk .tool", has_text="table").nth(3).click()
    still(page)  # while Python runs, what is there already is dimmed
    return faults(page)


@pytest.mark.parametrize("path", ["", *VIEWS])
def test_no_page_has_a_grave_fault_and_no_bar_covers_what_is_written(on_light: Callable[[str], Any], path: str) -> None:
    """What is drawn once is looked at for both."""
    page = on_light(path)
    assert (faults(page), contrasts(page)) == ([], [])
    if path in WITH_BARS:
        page.locator(".js-plotly-plot").first.wait_for()
        assert hidden_at_any_width(page) == {}
        page.set_viewport_size(SIZE)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_clip_page_has_no_grave_fault(browser: Any, address: str, scheme: str) -> None:
    with reader(browser, address, scheme) as show:
        page = show(CLIP)
        assert (faults(page), contrasts(page)) == ([], [])
        assert faults_of_clip(page) == []
        if scheme == "dark":
            chips = show(CHIPS)
            assert (faults(chips), contrasts(chips)) == ([], [])
