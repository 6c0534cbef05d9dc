"""The table of points joins maps and windows, and is written in one step."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.errors import ConfigError
from analysis.models.checkpoint import Checkpoint
from analysis.results import Result
from analysis.studies.base.requests import build_request
from analysis.studies.base.study import run_study
from analysis.studies.embedding.rows import DescribedWindowRow, ProjectionRow
from analysis.studies.embedding.table import points_table, write_points

SETTINGS = {"split": "all", "windows_per_piece": 3, "methods": "PCA,t-SNE", "n_seeds": 2}


@pytest.fixture
def compute(corpus_folder: Path, make_checkpoint: Callable[[str], Checkpoint]) -> Callable[..., Result]:
    def run(**changes: Any) -> Result:
        settings = {"corpus": str(corpus_folder), **SETTINGS, **changes}
        return run_study("embedding", build_request("embedding", (str(make_checkpoint("D0").path),), settings))

    return run


@pytest.mark.parametrize("layer", ["embedding", "in"])
def test_a_row_per_map_side_and_window(layer: str, compute: Callable[..., Result]) -> None:
    result = compute(layer=layer)
    table = points_table(result)
    assert len(table) == 4 * 2 * 12  # PCA, t-SNE twice, and PCA of the twin
    assert table.groupby(["weights", "method", "seed", "modality"]).size().tolist() == [12] * 8
    row = table[(table.method == "t-SNE") & (table.seed == 43) & (table.modality == "midi") & (table.window == 7)].iloc[0]
    window = result.rows(DescribedWindowRow)[7]
    assert all(row[name] == value for name, value in window.record().items())
    drawn = result.rows(ProjectionRow)[4 if layer == "in" else 2]
    assert [row.x, row.y] == result.arrays[drawn.array][1, 7].tolist()
    assert row.moved == result.arrays[drawn.displaced or ""][1, 7]
    assert np.isnan(table[table.method == "PCA"].moved).all()
    assert np.isnan(table.cosine).all() == (layer == "in")
    assert np.isfinite(table[["x", "y", "trust", "kept", "shared"]]).all(axis=None)


def test_both_files_hold_the_table_and_a_failure_leaves_none(
    compute: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = compute(methods="PCA")
    (tmp_path / "out").mkdir()
    csv, parquet = write_points(result, tmp_path / "out")
    expected = points_table(result)
    pd.testing.assert_frame_equal(pd.read_parquet(parquet), expected)
    assert pd.read_csv(csv).shape == expected.shape
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["points.csv", "points.parquet"]

    def torn(_self: Any, path: Path, **_: Any) -> None:
        path.write_text("torn")
        raise OSError("disk full")

    (tmp_path / "full").mkdir()
    monkeypatch.setattr(pd.DataFrame, "to_csv", torn)
    with pytest.raises(OSError, match="disk full"):
        write_points(result, tmp_path / "full")
    assert list((tmp_path / "full").iterdir()) == []


def test_other_studies_have_no_such_table() -> None:
    result = Result("retrieval", {}, "", [], {}, {}, {})
    with pytest.raises(ConfigError, match="The result is of the study 'retrieval'; expected 'embedding'"):
        points_table(result)
