"""What is clicked is what is chosen: marks of trained models before their twins, cells, and rows by any of theirs."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from analysis import paths
from tests.app.serving import IDLE, come_to, visitor

NAME = "h2[id$=-small]:not([id*=among])"  # of the checkpoint that is shown, not the headline

STILL, APART_MS = 4, 250  # times that the figures are found as they were, and how far apart
pytestmark = pytest.mark.browser
CLICKS = 5
LISTEN = """window.felt = 0;
document.querySelectorAll('.js-plotly-plot').forEach(plot => plot.on('plotly_selected', () => { window.felt += 1; }));"""
FIND = """wanted => {
    for (const plot of document.querySelectorAll('.js-plotly-plot')) for (const trace of plot._fullData || []) {
        const at = Array.from(trace.customdata || []).findIndex(key => JSON.stringify(key) === wanted);
        if (at < 0) continue;
        plot.scrollIntoView({block: 'center'});
        const [x, y] = [trace.xaxis, trace.yaxis].map(id => plot._fullLayout[id[0] + 'axis' + id.slice(1)]);
        const edge = plot.getBoundingClientRect();
        return [edge.left + x._offset + x.d2p(trace.x[at]), edge.top + y._offset + y.d2p(trace.y[at])];
    }
    return null;
}"""


@pytest.fixture(scope="module")
def window(
    browser: Any, serve: Callable[..., tuple[str, int]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Any]]:
    """A window that comes to one page of results that are made up after the other."""
    environment = {"OTOSCOPE_CACHE": str(tmp_path_factory.mktemp("cache")), "PYTHONPATH": str(paths.repository())}
    made_up = serve(environment, "tests/app/answer_pages.py")[0]
    with visitor(browser) as shown:

        def come(asked: str) -> Any:
            if shown.url == "about:blank":
                shown.goto(f"{made_up}/?page={asked}")
            else:
                come_to(shown, f"?page={asked}")
            shown.get_by_text(f"made up: {asked.replace('&kind=', ' ')}", exact=True).wait_for()
            return shown

        yield come


def click_on(page: Any, *key: Any) -> None:
    """Click the mark that has this key, in whichever figure it is, once it has stayed where it is."""
    page.wait_for_function(f"wanted => ({FIND})(wanted) !== null", arg=json.dumps(key, separators=(",", ":")))
    seen: list[Any] = []
    while len(seen) < STILL or any(one != seen[-1] for one in seen[-STILL:]):
        page.wait_for_timeout(APART_MS)
        page.wait_for_function(IDLE)
        seen.append(page.evaluate(FIND, json.dumps(key, separators=(",", ":"))))
    page.evaluate(LISTEN)
    x, y = seen[-1]
    for _ in range(CLICKS):  # a figure that is being drawn again does not feel a click
        page.mouse.move(x - 1, y)
        page.mouse.move(x, y)
        page.locator(".hoverlayer .hovertext").first.wait_for(state="attached")  # until the figure knows what lies there
        page.wait_for_timeout(400)
        page.mouse.click(x, y, delay=60)
        page.wait_for_timeout(700)
        if page.evaluate("window.felt"):
            return
    pytest.fail(f"No figure felt a click on {key}.")


def click_cell(page: Any, row: int, n_rows: int, right_px: int) -> None:
    """Click a cell of the first table, which shows all its rows, so many pixels from its left edge."""
    page.wait_for_timeout(1000)
    page.wait_for_function(IDLE)
    table = page.locator("[data-testid=stDataFrame]").first
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    page.mouse.click(box["x"] + right_px, box["y"] + box["height"] * (row + 1.5) / (n_rows + 1))


@pytest.mark.parametrize("kind", ["curves", "panels"])
def test_of_marks_that_coincide_the_trained_one_is_chosen(window: Callable[[str], Any], kind: str) -> None:
    page = window(f"coinciding&kind={kind}")
    click_on(page, False)
    page.get_by_text("chosen: [(False,)]").wait_for()


def test_any_cell_of_a_row_chooses_it(window: Callable[[str], Any]) -> None:
    page = window("rows")
    page.get_by_text("chosen: row 0").wait_for()
    for row, right_px in ((3, 200), (1, 60), (4, 16), (2, 200)):  # 16: what marks the chosen row
        click_cell(page, row, 5, right_px)
        page.get_by_text(f"chosen: row {row}").wait_for()


def test_a_row_of_the_checkpoints_is_chosen_by_its_name_and_by_its_mark(page: Any, address: str) -> None:
    shipped = list((paths.repository() / "checkpoints").glob("*/config.json"))
    page.goto(address)
    page.locator(NAME).wait_for()
    first = page.locator(NAME).inner_text()
    click_cell(page, 2, len(shipped), 100)
    page.wait_for_function(f"first => document.querySelector('{NAME}').innerText !== first", arg=first)
    click_on(page, first)
    page.wait_for_function(f"first => document.querySelector('{NAME}').innerText === first", arg=first)
    page.wait_for_function("first => location.search.includes(`checkpoint=${first}`)", arg=first)


def test_a_cell_of_the_overview_of_invariance_chooses_its_change(window: Callable[[str], Any]) -> None:
    page = window("invariance")
    page.get_by_text("Time shift", exact=False).first.wait_for()
    click_on(page, "note_velocity", "two", "untrained")
    page.get_by_text("note velocity ×1.5 moves most in two, untrained twin").wait_for()
    page.wait_for_function("location.search.includes('change=Note+velocity')")
    page.get_by_label("Change").click()
    page.get_by_role("option", name="Gain").click()
    page.wait_for_function("location.search.includes('change=Gain')")  # the cell that stays framed does not take it back
    page.get_by_text("moves most in one").wait_for()


def test_a_mean_of_similarity_leads_to_its_highest_cell(window: Callable[[str], Any]) -> None:
    page = window("similarity")
    page.get_by_text("one, trained: audio layer").wait_for()
    click_on(page, "mean over blocks", "one", "untrained")
    page.get_by_text("one, untrained: audio layer").wait_for()


def test_a_mark_of_retrieval_leads_to_the_misses_of_its_checkpoint(window: Callable[[str], Any]) -> None:
    page = window("retrieval")
    page.get_by_label("Misses of").wait_for()
    click_on(page, "two", "trained")
    page.wait_for_function("document.querySelector('input[aria-label*=\"Misses of\"]').value === 'two'")
