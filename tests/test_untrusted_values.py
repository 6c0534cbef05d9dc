"""Values from elsewhere that no calculation holds, or that would be obeyed: they are refused or shown, in words."""

import csv
import io
import os
import stat
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis import paths
from analysis.cli.work import write_result
from analysis.datasets.maestro import load_maestro
from analysis.errors import ConfigError, CorpusError, shown
from analysis.numbers import Value
from analysis.published.published import read_records
from analysis.results import Result, provenance
from analysis.store import Store, open_store
from analysis.studies.base.requests import build_request
from analysis.studies.embedding.table import without_formulas
from analysis.training.scores import retrieval_rows
from app.kit.actions import as_csv

HUGE = 10**400
BEYOND = 10**5000  # more digits than Python writes out


def _short(value: Any) -> str:
    return f"{value.bit_length()} bits" if isinstance(value, int) else str(value)[:9]


@pytest.mark.parametrize(
    "value", [HUGE, -HUGE, BEYOND, float("inf"), float("nan"), "9" * 400, "9" * 5000, "1e999", "-1e999", "nan"], ids=_short
)
@pytest.mark.parametrize(
    ("study", "key"),
    [("retrieval", "seed"), ("retrieval", "windows_per_piece"), ("embedding", "perplexity"), ("probes", "folds")],
)
def test_settings_that_no_number_holds_are_refused_shortly(study: str, key: str, value: Any) -> None:
    with pytest.raises(ConfigError) as raised:
        build_request(study, ["x"], {key: value})
    assert key in str(raised.value)
    assert len(str(raised.value)) < 300


def test_long_texts_are_shortened_in_messages() -> None:
    for settings in ({"split": "x" * 1500}, {"x" * 1500: "1"}):
        with pytest.raises(ConfigError) as raised:
            build_request("retrieval", ["x"], settings)
        assert len(str(raised.value)) < 600
    assert shown(BEYOND) == f"a number of {BEYOND.bit_length()} bits"


@pytest.mark.parametrize("number", [HUGE, -HUGE])
def test_a_score_that_no_float_holds_is_left_out(number: int) -> None:
    found = {"S": 1.0, "S_ci": [1, 1], "audio_to_midi": {"R@1": number, "R@1_ci": [number, number], "R@5": 0.5}}
    (row,) = retrieval_rows({"trained": {"canonical": found}})
    assert row["R@1"] is None
    assert row["R@5"] == "50.0"


def _first_row(path: Path) -> dict[str, str]:
    with path.open(newline="", encoding="utf-8") as file:
        return next(csv.DictReader(file))


FORMULAS = ["=1+1", "+1+cmd", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "=cmd|' /C calc'!A0", "＝1"]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_of_a_csv_file_is_a_formula(text: str, tmp_path: Path) -> None:
    row = {"title": text, "level": -3.5, "count": -2, "none": None, "dose": "-3"}
    assert next(csv.DictReader(io.StringIO(as_csv([row]), newline="")))["title"] == f"'{text}"
    made = provenance(checkpoints={}, corpora={}, device="cpu", dtype="float32", seed=0, seconds=1.0, command="x")
    result = Result(
        "retrieval", {}, "Said.", [Value({"what": text}, -0.5, -0.6, -0.4, 3, 0.0, "", "")], {"rows": [row]}, {}, made
    )
    write_result(result, tmp_path)
    written = _first_row(tmp_path / "rows.csv")
    assert written == {"title": f"'{text}", "level": "-3.5", "count": "-2", "none": "", "dose": "-3"}
    assert _first_row(tmp_path / "values.csv")["name"] == f"'{text}"
    table = pd.DataFrame({"title": [text, "a"], "x": np.array([-1.5, np.nan], np.float32)})
    safe = without_formulas(table)
    assert list(safe["title"]) == [f"'{text}", "a"]
    assert safe["x"].dtype == np.float32
    np.testing.assert_array_equal(safe["x"], table["x"])


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"canonical_composer": 3}', "[1]", '{"canonical_composer": {"0": "x"}, "a": []}']
)
def test_a_table_of_maestro_that_is_none_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "maestro-v3.0.0.json").write_text(text)
    with pytest.raises(CorpusError):
        load_maestro(tmp_path, sample_rate=24_000)


def test_a_table_of_maestro_that_is_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "maestro-v3.0.0.csv")
    with pytest.raises(CorpusError, match="cannot be read as a table"):
        load_maestro(tmp_path, sample_rate=24_000)


ROW = dict.fromkeys(("study", "arm", "condition", "measure", "unit", "source"), "x") | {"value": 1.0, "corrections": []}


@pytest.mark.parametrize(
    "document",
    [
        [],
        3,
        {"citation": 1, "comparability": "", "sources": {}, "corrections": {}, "records": []},
        {"citation": "", "comparability": "", "sources": [], "corrections": {}, "records": []},
        {"citation": "", "comparability": "", "sources": {}, "corrections": {}, "records": 3},
        {"citation": "", "comparability": "", "sources": {}, "corrections": {}, "records": [3]},
        {"citation": "", "comparability": "", "sources": {}, "corrections": {}, "records": [[["a"]]]},
        {"citation": "", "comparability": "", "sources": {"x": 1}, "corrections": {}, "records": [ROW]},
        {"citation": "", "comparability": "", "sources": {"x": "s"}, "corrections": {}, "records": [ROW | {"value": HUGE}]},
        {"citation": "", "comparability": "", "sources": {"x": "s"}, "corrections": {}, "records": [ROW | {"value": BEYOND}]},
        {"citation": "", "comparability": "", "sources": {"x": "s"}, "corrections": {}, "records": [ROW | {"corrections": [[]]}]},
        {"citation": "", "comparability": "", "sources": {"x": "s"}, "corrections": {}, "records": [ROW | {"source": ["x"]}]},
    ],
)
def test_damaged_published_numbers_are_refused(document: Any) -> None:
    with pytest.raises(ConfigError):
        read_records(document)


def test_the_cache_is_for_its_owner_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTOSCOPE_CACHE", str(tmp_path / "deep" / "cache"))
    open_store().put(Store.key(a=1), {"a": 1}, {})
    assert stat.S_IMODE((tmp_path / "deep" / "cache").stat().st_mode) == 0o700
    (tmp_path / "given").mkdir(mode=0o755)
    monkeypatch.setenv("OTOSCOPE_CACHE", str(tmp_path / "given"))
    paths.make_cache()
    assert stat.S_IMODE((tmp_path / "given").stat().st_mode) == 0o755  # somebody chose it
    monkeypatch.delenv("OTOSCOPE_CACHE")
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    (tmp_path / "home" / ".cache" / "otoscope").mkdir(mode=0o755, parents=True)
    paths.make_cache()
    assert stat.S_IMODE((tmp_path / "home" / ".cache" / "otoscope").stat().st_mode) == 0o700
