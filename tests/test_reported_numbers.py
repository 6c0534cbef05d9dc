"""Numbers in the READMEs are those that are computed."""

import gzip
import json
import re
import runpy
from typing import Any

import numpy as np
import pytest

from analysis import paths
from analysis.models.counting import count_parameters
from analysis.studies.shipped import shipped_folder


def shipped_checkpoints_text() -> str:
    return (paths.repository() / "checkpoints" / "README.md").read_text("utf-8")


def documents(study: str) -> list[dict[str, Any]]:
    return [json.loads(gzip.decompress(place.read_bytes())) for place in shipped_folder().glob(f"{study}-*.json.gz")]


def test_differences_of_the_checkpoints_are_in_their_table_and_nothing_more_is_claimed() -> None:
    text = shipped_checkpoints_text()
    (document,) = documents("retrieval")
    pairs = [row for row in document["tables"]["pairs"] if row["pool"] == "canonical"]
    corrected = multiple_holm([row["p"] for row in pairs])
    for row, its in zip(pairs, corrected, strict=True):
        who = " − ".join(row[name].removesuffix("-small") for name in ("first", "second"))
        ends = f"[{100 * row['ci_low']:.1f}, {100 * row['ci_high']:.1f}]"
        assert f"| {who} | {100 * row['difference']:+.1f} | {ends} | {row['p']:.3f} | {its:.3f} |" in text
    against_baseline = [
        (row["difference"] if row["second"] == "D0-small" else -row["difference"], its)
        for row, its in zip(pairs, corrected, strict=True)
        if "D0-small" in (row["first"], row["second"])
    ]
    improves = any(gain > 0 and its < 0.05 for gain, its in against_baseline)
    assert ("No descriptor is shown to improve" in text) is not improves
    assert ("After the correction none remains" in text) is (min(corrected) >= 0.05)
    assert "188 CNN tokens meet 188 A4 frames" in " ".join(text.split())


def multiple_holm(p: list[float]) -> list[float]:
    """Written from the definition: the smallest level at which the step-down procedure still rejects."""
    order = np.argsort(p, kind="stable")
    scaled = np.maximum.accumulate((len(p) - np.arange(len(p))) * np.array(p)[order])
    out = np.empty(len(p))
    out[order] = np.minimum(scaled, 1.0)
    return out.tolist()


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
        ("audio head", 0.8),
    ):
        assert f"{part} {published} M (counted: {counted[part] / 1e6:.1f} M)" in text
        assert round(counted[part] / 1e6, 1) != published
    assert re.search(r"add up to 76\.7 M", text)
    assert sum((3.2, 54.5, 6.144, 1.2, 10.5, 0.8, 0.4)) == pytest.approx(76.7, abs=0.05)


def test_differences_of_the_controls() -> None:
    text = shipped_checkpoints_text()
    rows = [row for document in documents("controls") for row in document["tables"].get("differences", ())]
    rows = [row for row in rows if row["weights"] == "trained" and row["kind"] == "real − control"]
    rows = [row for row in rows if row["first"] == "d4a4-small"]
    assert len(rows) == 3
    corrected = multiple_holm([row["p"] for row in rows])
    for row, its in zip(rows, corrected, strict=True):
        control = row["second"].removesuffix("-small")
        ends = f"[{100 * row['ci_low']:.1f}, {100 * row['ci_high']:.1f}]"
        assert f"| d4a4 − {control} | {100 * row['value']:+.1f} | {ends} | {row['p']:.3f} | {its:.3f} |" in text
    above = [its < 0.05 and row["value"] > 0 for row, its in zip(rows, corrected, strict=True)]
    assert ("None is shown to be below the arm" in text) is not any(above)
    assert ("d4a4 is above every control" in text) is all(above)


def test_the_text_is_what_its_script_writes() -> None:
    text, script = shipped_checkpoints_text(), runpy.run_path(str(paths.repository() / "docs" / "make_checkpoints_readme.py"))
    assert text.startswith(script["write"]())
