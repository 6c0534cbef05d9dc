"""Tops of lanes in a real Chromium at a narrow width: nothing lies under the tools, and long names end in an ellipsis."""

from typing import Any

import pytest

from app.kit.desk import bundle

pytestmark = pytest.mark.browser
WIDTH = 760  # of the lanes on a page of 1024 px beside its menu
MAKE = """
(() => {
  const series = ["read by the probe of the spectral centroid", "as it is", "untrained twin of the same seed"];
  const lane = {
    id: "a", kind: "curves", title: "Probe of the spectral centroid, by window", unit: "Hz", height: 80, ticks: [], note: "",
    side: "d4-a4r-small, " + "a recording with a very long name ".repeat(9) + ".wav", borders: [], empty: "",
    sets: { 1: { series: series.map((name) => ({ name, colour: "audio", dashed: false })) } },
  };
  document.body.innerHTML = '<div class="desk" style="width: WIDTHpx"></div>';
  document.querySelector(".desk").append(new Row(lane, "#56b4e9", { sized() {}, moved() {} }).root);
  const box = (one) => one.getBoundingClientRect();
  const tools = box(document.querySelector(".tools"));
  return [...document.querySelectorAll(".top > :not(.tools)")].map((one) => ({
    under: box(one).right > tools.left && box(one).top < tools.bottom, wide: box(one).width, text: one.title || one.textContent,
    cut: one.scrollWidth > one.clientWidth && one.clientWidth > 0, ends: getComputedStyle(one).textOverflow,
    rows: box(one).height,
  }));
})()
""".replace("WIDTH", str(WIDTH))


def test_names_and_keys_of_curves_stay_beside_the_tools(page: Any) -> None:
    page.set_viewport_size({"width": 1024, "height": 600})
    page.set_content(f"<style>{bundle.style()}</style>")
    page.add_script_tag(content=bundle.program().replace("export default ", ""))
    side, *others = page.evaluate(MAKE)
    assert not any(each["under"] for each in (side, *others))
    assert (side["cut"], side["ends"]) == (True, "ellipsis")
    assert side["wide"] <= WIDTH / 2  # a long file name leaves room for what is shown
    assert side["text"].endswith(".wav")  # all of it where the pointer rests
    assert all(each["rows"] < 22 for each in (side, *others))
    assert {each["ends"] for each in others} == {"ellipsis"}
