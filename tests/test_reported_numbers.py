"""Numbers in the READMEs are those that are computed."""

import gzip
import json
import re

import pytest

from analysis import paths
from analysis.models.counting import count_parameters
from analysis.studies.shipped import shipped_folder


def holm(p: list[float]) -> list[float]:
    """Adjusted p, in the order given."""
    adjusted, highest = [0.0] * len(p), 0.0
    for rank, place in enumerate(sorted(range(len(p)), key=p.__getitem__)):
        highest = max(highest, min(1.0, (len(p) - rank) * p[place]))
        adjusted[place] = highest
    return adjusted


def test_differences_of_the_checkpoints() -> None:
    text = (paths.repository() / "checkpoints" / "README.md").read_text("utf-8")
    (place,) = shipped_folder().glob("scoreboard-*.json.gz")
    pairs = json.loads(gzip.decompress(place.read_bytes()))["tables"]["pairs"]
    pairs = [row for row in pairs if row["pool"] == "canonical"]
    corrected = holm([row["p"] for row in pairs])
    for row, its in zip(pairs, corrected, strict=True):
        who = " − ".join(row[name].removesuffix("-small") for name in ("first", "second"))
        ends = f"[{100 * row['ci_low']:.1f}, {100 * row['ci_high']:.1f}]"
        assert f"| {who} | {100 * row['difference in S']:+.1f} | {ends} | {row['p']:.3f} | {its:.3f} |" in text
    survive = {(row["first"], row["second"]) for row, its in zip(pairs, corrected, strict=True) if its < 0.05}
    assert survive == {("D0-small", "d4-a4r-small"), ("d4a4-small", "d4-a4r-small")}
    assert "reverse attention is worse" not in text
    assert "Holm" in text


def test_parameters_of_the_paper() -> None:
    text = " ".join((paths.repository() / "README.md").read_text("utf-8").split())
    counted = count_parameters("D0", "paper")
    assert "every parameter count" not in text
    assert f"{counted['total']:,} for D0" in text
    for part, published in (
        ("audio transformer", 54.5),
        ("MIDI embeddings", 1.2),
        ("MIDI transformer", 10.5),
        ("MIDI head", 0.4),
    ):
        assert f"{part} {published} M (counted: {counted[part] / 1e6:.1f} M)" in text
        assert round(counted[part] / 1e6, 1) != published
    assert re.search(r"add up to 76\.7 M", text)
    assert sum((3.2, 54.5, 6.144, 1.2, 10.5, 0.8, 0.4)) == pytest.approx(76.7, abs=0.05)


def test_differences_of_the_controls() -> None:
    text = (paths.repository() / "checkpoints" / "README.md").read_text("utf-8")
    documents = [json.loads(gzip.decompress(place.read_bytes())) for place in shipped_folder().glob("controls-*.json.gz")]
    rows = [row for document in documents for row in document["tables"]["differences"]]
    rows = [row for row in rows if row["weights"] == "trained" and row["first"] == "d4a4-small"]
    assert len(rows) == 3
    for row in rows:
        control = row["second"].removeprefix("d4a4-").removesuffix("-small")
        ends = f"[{100 * row['ci_low']:.1f}, {100 * row['ci_high']:.1f}]"
        assert f"| d4a4 − {control} | {100 * row['value']:+.1f} | {ends} | {row['p']:.3f} |" in text
        assert row["ci_low"] < 0 < row["ci_high"]
