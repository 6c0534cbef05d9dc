"""Names below an axis that do not fit beside each other, in a real Chromium: they lean and end at their tick."""

from typing import Any

import pytest
from plotly.offline import get_plotlyjs

from app.charts import doses
from app.charts.mark import Mark

pytestmark = pytest.mark.browser
NAMES = [f"+{10_000 * number} samples" for number in range(1, 10)]
# Of every name below the axis: what it is turned by (degrees), where it ends, and where its tick is; and the edges of the figure.
DRAWN = """
() => {
    const plot = document.querySelector('.js-plotly-plot'), axis = plot._fullLayout.xaxis
    const box = plot.querySelector('svg.main-svg').getBoundingClientRect()
    const names = Array.from(plot.querySelectorAll('.xtick text'))
    return {right: box.right, bottom: box.bottom, names: names.map((name, number) => ({
        text: name.textContent, turned: Number(/rotate\\((-?[\\d.]+)/.exec(name.getAttribute('transform'))?.[1] ?? 0),
        right: name.getBoundingClientRect().right, bottom: name.getBoundingClientRect().bottom,
        tick: box.left + axis._offset + axis.d2p(number),
    }))}
}
"""


@pytest.mark.parametrize(("width", "leans"), [(420, True), (1800, False)])
def test_names_that_do_not_fit_lean_and_end_at_their_tick(page: Any, width: int, leans: bool) -> None:
    marks = [Mark("S", "audio", 0.5, at=float(place)) for place in range(len(NAMES))]
    figure: Any = doses.panels(marks, x_title="shift (samples)", y_title="S (%)", categories=NAMES)
    page.set_content("<div id=drawing></div>")
    page.add_script_tag(content=get_plotlyjs())
    figure.update_layout(width=width)
    page.evaluate("([data, layout]) => Plotly.newPlot('drawing', data, layout)", list(figure.to_plotly_json().values())[:2])
    drawn = page.evaluate(DRAWN)
    assert [name["text"] for name in drawn["names"]] == NAMES
    assert all(name["right"] <= drawn["right"] and name["bottom"] <= drawn["bottom"] for name in drawn["names"])
    for name in drawn["names"]:
        assert bool(name["turned"]) is leans
        if leans:
            assert abs(name["right"] - name["tick"]) < 12  # a line of text is as high
