"""The report leaves nothing out, sets every model beside its untrained twin, and says of what kind an interval is."""

import gzip
import html
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from analysis.numbers import Value, format_value
from analysis.published.published import published
from analysis.report import report_page
from analysis.results import Result
from analysis.studies.battery import Part
from analysis.studies.shipped import shipped_folder

ARMS = {"one": "D0", "one, two": "d4a4"}


@pytest.fixture(autouse=True)
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.studies.base.record.Study.draw", lambda study, result: [])


def value(key: Mapping[str, str], number: float | None = 0.5, null: float | None = 0.25, **more: Any) -> Value:
    given: dict[str, Any] = {"n": 8, "unit": "", "estimator": "mean"} | more
    ends = (None, None) if number is None else (number - 0.1, number + 0.1)
    return Value(key, number, *ends, null=null, **given)


def of(checkpoint: str, weights: str = "trained") -> dict[str, str]:
    return {"checkpoint": checkpoint, "weights": weights}


S = {**of("one"), "what": "S"}


def page_of(study: str, *values: Value, **tables: Any) -> str:
    request = {"checkpoints": ["runs/one", "one, two"]}
    tables = {"runs": (), "arms": (), "summary": (), "scores": ()} | tables  # of the studies about which something is published
    result = Result(study, request, "Headline.", values, {name: tuple(rows) for name, rows in tables.items()}, {}, {})
    return report_page([Part(study, f"otoscope study {study} one", result)], ARMS)


def rows_of(page: str) -> list[list[str]]:
    """Cells of every row of every table."""
    rows = re.findall("<tr>(.*?)</tr>", page)
    return [[html.unescape(cell) for cell in re.findall("<t[dh]>(.*?)</t[dh]>", row)] for row in rows]


def test_every_value_of_every_checkpoint_is_there() -> None:
    keys = [{**of(name), "layer": f"layer {number}", "what": "CKA"} for name in ARMS for number in range(150)]
    page = page_of("similarity", *map(value, keys), value({"input": "input", "layer": "log-mel", "what": "CKA"}))
    said = [row[0] for row in rows_of(page)]
    assert all(said.count(f"layer {number}: CKA") == 2 for number in range(150))
    assert "input, log-mel: CKA" in said
    summaries = re.findall("<summary>(.*?)</summary>", page)
    assert summaries[:3] == ["one: 150 values", "one, two: 150 values", "inputs and others: 1 value"]
    assert "values.csv" not in page.split("<details>")[0]


def test_trained_stands_beside_its_twin() -> None:
    canonical = {"pool": "canonical"}
    page = page_of(
        "retrieval",
        value({**of("one"), **canonical, "what": "S"}, 0.8, n=10),
        value({"checkpoint": "one", "change": "trained minus untrained", "what": "AUC"}, 0.4),
        value(S | {"checkpoint": "one, two"}, 0.7),
        value({**of("one", "untrained"), **canonical, "what": "S"}, 0.2, None, n=12),
        value({**of("one", "untrained"), **canonical, "what": "MRR"}, None),
        value({**of("one"), **canonical, "what": "MRR"}, 0.3),
        value({**of("one"), **canonical, "what": "S"}, 0.6, n=10),
    )
    rows = rows_of(page)
    assert [
        "canonical: S",
        "0.80 [0.70, 0.90]",
        "0.25",
        "0.20 [0.10, 0.30]",
        "–",
        "10 / 12",
        "mean, bootstrap over works",
    ] in rows
    assert ["canonical: S", "0.60 [0.50, 0.70]", "0.25", "–", "–", "10", "mean, bootstrap over works"] in rows
    assert [
        "canonical: MRR",
        "○ 0.30 [0.20, 0.40]",
        "0.25",
        "not available",
        "0.25",
        "8",
        "mean, bootstrap over works / mean",
    ] in rows
    assert ["trained minus untrained: AUC", "0.40 [0.30, 0.50]", "0.25", "8", "mean, bootstrap over works"] in rows
    assert ["S", "0.70 [0.60, 0.80]", "0.25", "–", "–", "8", "mean, bootstrap over works"] in rows


def test_the_kind_of_interval_is_named_and_not_promised_by_the_heading() -> None:
    assert "interval by work" not in page_of("bands", value(S))
    assert [
        "what",
        "trained [95 % interval]",
        "null",
        "untrained twin [95 % interval]",
        "null",
        "n",
        "estimator, kind of interval",
    ] in (rows_of(page_of("bands", value(S))))
    kinds = {
        ("replication", "standard deviation, χ² interval"): "standard deviation, χ² interval",
        ("replication", "mean, Student's interval"): "mean, Student's interval",
        ("replication", "min of R@10 both ways"): "min of R@10 both ways, bootstrap over works",
        ("similarity", "debiased CKA"): "debiased CKA, jackknife over works",
        ("probes", "R², ridge"): "R², ridge, bootstrap over works",
    }
    for (study, estimator), said in kinds.items():
        ours = page_of(study, value(S, estimator=estimator)).split("Published versus ours")[0]
        assert rows_of(ours)[-1][-1] == said


def test_it_says_which_files_hold_the_other_tables() -> None:
    page = page_of("bands", value(S), filters=[{"band": "low"}] * 3, notes=[], **{"<x>": [{"a": 1}]})
    assert "<code>bands/filters.csv</code> (3 rows)" in page
    assert "<code>bands/&lt;x&gt;.csv</code> (1 row)" in page
    assert "notes.csv" not in page
    assert "--out" in page
    assert ".csv" not in page_of("bands", value(S))


def test_every_correction_is_said_once_and_pointed_at() -> None:
    page = page_of("probes", value(S), scores=[])
    records = [one for one in published("probes") if one.arm in ARMS.values()]
    for sentence in {sentence for one in records for sentence in one.corrections}:
        assert page.count(html.escape(sentence)) == 1
    notes = {row[0]: row[-1] for row in rows_of(page) if row[0] in ARMS.values()}
    assert notes == {"D0": "(1) (2) (3)", "d4a4": "(1) (2) (3)"}
    assert page.index("(1) The probe is a network") < page.index("(2) Windows of one piece")


def test_nothing_of_what_is_shipped_is_left_out() -> None:
    parts, arms = [], {f"{arm}-small": arm for arm in ("D0", "d4a4", "a4r", "d4-a4r")}
    for study in ("retrieval", "embedding", "probes"):
        (place,) = shipped_folder().glob(f"{study}-*.json.gz")
        document = json.loads(gzip.decompress(place.read_bytes()))
        with np.load(place.with_name(place.name.replace(".json.gz", ".npz"))) as arrays:
            result = Result.from_document(document, dict(arrays))
        parts.append(Part(result.study, "otoscope", result))
    page = report_page(parts, arms)
    for part in parts:
        (section,) = re.findall(f'<h2 id="{part.study}">.*?(?=<h2|</body>)', page)
        shown = Counter(cell for row in rows_of(section) for cell in row)
        wanted = Counter(("○ " if one.inside_null else "") + format_value(replace(one, null=None)) for one in part.result.values)
        assert not wanted - shown
    assert len(page) < 1_000_000
