"""The drawing of a model: every part is a box with its count, every handing on an arrow, nothing lies on anything else."""

from itertools import combinations
from typing import Any

import pytest

from analysis.models.architecture import Flow, Part
from analysis.models.arms import REAL_ARMS, build_config
from analysis.models.dual_encoder_flow import flow_of
from app.charts import theme
from app.charts.architecture import DESCRIPTOR, flow_chart, lay_out
from app.components import model_flow


def spec(flow: Flow) -> dict[str, Any]:
    return flow_chart(flow).to_plotly_json()["layout"]


def texts(flow: Flow) -> list[str]:
    return [note["text"] for note in spec(flow)["annotations"] if note["text"]]


@pytest.mark.parametrize("arm", [*REAL_ARMS, "d4a4-zero"])
def test_no_box_covers_another_and_arrows_lead_down(arm: str) -> None:
    boxes = lay_out(flow_of(build_config(arm, "paper")))
    for one, other in combinations(boxes.values(), 2):
        beside = one.right <= other.left or other.right <= one.left
        assert beside or one.bottom <= other.top or other.bottom <= one.top, (one.part.name, other.part.name)
    for box in boxes.values():
        assert 0 <= box.left < box.right <= 1 + 1e-9
        assert all(boxes[name].bottom < box.top for name in box.part.sources)
        assert box.bottom - box.top >= 16 * (len(box.name) + len(box.more))


@pytest.mark.parametrize("arm", ["D0", "d4a4", "d4-a4x", "d4-a4r"])
def test_no_arrow_runs_through_a_box(arm: str) -> None:
    flow = flow_of(build_config(arm, "small"))
    boxes = lay_out(flow).values()
    for note in spec(flow)["annotations"]:
        if note["showarrow"]:
            assert note["x"] == pytest.approx(note["ax"])  # straight down
            crossed = [b.part.name for b in boxes if b.left < note["x"] < b.right and note["ay"] < b.top < note["y"]]
            assert not crossed


def test_the_sides_end_beside_each_other() -> None:
    boxes = lay_out(flow_of(build_config("a4r", "small")))
    assert boxes["4 audio blocks"].top == boxes["4 MIDI blocks"].top
    assert boxes["audio head"].top == boxes["MIDI head"].top
    assert (boxes["joint embedding"].left, boxes["joint embedding"].right) == (0, 1)


def test_names_counts_and_shapes_are_written() -> None:
    flow = flow_of(build_config("d4-a4r", "paper"))
    written = texts(flow)
    for part in flow.parts:
        assert any(text.startswith("<b>") and part.name in text.replace("<br>", " ") for text in written), part.name
        assert not part.parameters or any(f"{part.parameters:,} parameters" in text for text in written)
    for shape in ("96,000 samples", "2,400 CNN frames × 1,024", "188 A4 frames × 1,024", "188 A4 frames × 8", "notes × 512"):
        assert shape in written
    assert written.count("96,000 samples") == 1
    assert any("Reverse attention is a bottleneck" in text for text in written)


def test_colours_keep_their_meaning_and_a_control_is_dashed() -> None:
    def borders(arm: str) -> list[tuple[str, str, str]]:
        shapes = spec(flow_of(build_config(arm, "small")))["shapes"]
        return [(one["line"]["color"], one["line"]["dash"], one["fillcolor"]) for one in shapes]

    assert {colour for colour, *_ in borders("D0")} == {theme.AUDIO, theme.MIDI, theme.JOINT}
    yellow = "rgba(240,228,66,0.16)"
    assert DESCRIPTOR == "#F0E442"
    assert [dash for _, dash, fill in borders("d4a4") if fill == yellow] == ["solid", "solid"]
    assert [dash for _, dash, fill in borders("d4a4-random") if fill == yellow] == ["dash", "dash"]
    assert any("noise in place of" in text for text in texts(flow_of(build_config("d4a4-random", "small"))))


def test_another_family_is_drawn_from_its_parts_alone() -> None:
    flow = Flow((
        Part("image", "input", "picture", 9, "piece", 4),
        Part("ViT <b>", "network", "picture", 9, "piece", 4, 100, sources=("image",)),
        Part("text", "input", "words", 5, "token", 2),
        Part("score", "embedding", "both", 1, "vector", 3, sources=("ViT <b>", "text")),
    ))  # fmt: skip
    written = texts(flow)
    assert "<b>ViT &lt;b&gt;</b><br>100 parameters" in written
    assert "9 pieces × 4" in written
    assert flow_chart(Flow(())).to_plotly_json()["layout"]["height"] > 0


def test_the_table_says_the_same() -> None:
    flow = flow_of(build_config("d4a4-zero", "small"))
    rows = model_flow.table(flow)
    assert [row["part"] for row in rows] == [*(part.name for part in flow.parts), "total"]
    assert rows[-1]["parameters"] == sum(row["parameters"] for row in rows[:-1]) == flow.total
    said = model_flow.flow_sentence(flow)
    assert said.startswith(f"{flow.total:,} parameters, counted on the model.")
    assert "Yellow: zeros in place of A4 and zeros in place of D4. Dashed: what this control is given" in said
    assert model_flow.flow_sentence(flow_of(build_config("D0", "small"))).endswith("No descriptor enters.")
