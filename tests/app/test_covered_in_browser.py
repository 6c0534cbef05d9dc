"""Nothing lies over what is written in a figure: its bar has room of its own. Runs in a real Chromium where there is one."""

from typing import Any

import pytest

from tests.app.test_back_in_browser import still

WIDTHS = (1024, 1280, 1920)
# Boxes of one figure: of its bar, and of all that is written and of the colour bars in it; only what can be seen.
BOXES = """
(plot) => {
    const box = one => { const b = one.getBoundingClientRect(); return [b.left, b.top, b.right, b.bottom] }
    const seen = one => { const b = one.getBoundingClientRect(); return b.width > 0 && b.height > 0 }
    const own = Array.from(plot.querySelectorAll('.modebar-group')).filter(seen).map(box)
    const written = Array.from(plot.querySelectorAll('svg.main-svg text, .cbfills, .legend .traces')).filter(seen)
    const around = Array.from(document.querySelectorAll('h1, h2, h3, [data-testid=stMarkdownContainer] p')).filter(seen)
    return {bar: own, written: [...written, ...around].map(one => [one.textContent, box(one)])}
}
"""
pytestmark = pytest.mark.browser


def overlaps(one: list[float], other: list[float]) -> bool:
    return min(one[2], other[2]) - max(one[0], other[0]) > 1 and min(one[3], other[3]) - max(one[1], other[1]) > 1


def covered(plot: Any) -> list[str]:
    found = plot.evaluate(BOXES)
    return [words for words, box in found["written"] if any(overlaps(box, bar) for bar in found["bar"])]


def hidden_at_any_width(page: Any) -> dict[tuple[int, int], list[str]]:
    """What lies under the bar of a figure, by width of the window and number of the figure."""
    hidden: dict[tuple[int, int], list[str]] = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 1000})
        still(page)
        for number, plot in enumerate(page.locator(".js-plotly-plot").all()):
            if words := covered(plot):
                hidden[width, number] = words
    assert page.locator(".modebar-group").count()
    return hidden


def test_a_zoom_says_nothing_over_the_page(page: Any, address: str) -> None:
    page.goto(f"{address}/")
    plot = page.locator(".js-plotly-plot").first
    plot.wait_for()
    still(page)
    plot.scroll_into_view_if_needed()
    plot.locator(".modebar-btn[data-val=zoom]").first.click()
    box = plot.locator(".nsewdrag").first.bounding_box()
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 120, steps=5)
    page.mouse.up()
    page.wait_for_timeout(500)
    assert page.locator(".plotly-notifier .notifier-note").count() == 0
