"""One side by itself: windows of one work beside windows of other works."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from analysis.measures.resampling import WorkDraws
from analysis.studies.embedding.alone import AUC_WORK, areas_of_windows, lay_out
from analysis.studies.embedding.modalities import Findings, Pairing
from analysis.studies.embedding.rows import BinRow, Model, SpaceRow
from analysis.studies.embedding.words import headline

WORKS = np.repeat(["a", "b", "c", "d"], 6)


def pairing_of(works: np.ndarray = WORKS) -> Pairing:
    alike = works[:, None] == works[None, :]
    return Pairing(WorkDraws(works, 1), ~alike, alike & ~np.eye(len(works), dtype=bool), 3)


def laid_out(rows: np.ndarray, weights: str = "trained", works: np.ndarray = WORKS) -> Findings:
    findings = Findings(Model("x", weights), 0)  # type: ignore[arg-type]
    lay_out(rows, pairing_of(works), findings)
    return findings


def test_areas_are_those_of_scikit_learn(rng: np.random.Generator) -> None:
    rows = np.round(rng.standard_normal((24, 3)), 1)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    cosine, pairing = unit @ unit.T, pairing_of()
    areas = areas_of_windows(cosine, pairing)
    for number, row in enumerate(cosine):
        of_others = np.arange(24) != number
        assert areas[number] == pytest.approx(roc_auc_score(pairing.same[number][of_others], row[of_others]), abs=1e-12)


def test_works_that_lie_apart_have_an_area_of_1_and_noise_one_half(rng: np.random.Generator) -> None:
    centres = {work: centre for work, centre in zip("abcd", np.eye(4), strict=True)}
    apart = np.stack([centres[work] for work in WORKS]) + 0.01 * rng.standard_normal((24, 4))
    (value,) = laid_out(apart).values
    assert (value.value, value.null, value.n, value.inside_null) == (1.0, 0.5, 24, False)
    (noise,) = laid_out(rng.standard_normal((24, 40))).values
    assert noise.value == pytest.approx(0.5, abs=0.12)
    values = [*laid_out(apart).values, *laid_out(rng.standard_normal((24, 40)), "untrained").values]
    said = headline(values, ["x"], "embedding")
    assert said.startswith("AUC 1.00 [1.00, 1.00]: windows of one work lie nearer together than those of other works in x (")


def test_what_cannot_be_compared_is_said() -> None:
    findings = laid_out(np.eye(3), works=np.array(["a", "b", "c"]))
    (value,) = findings.values
    assert value.key["what"] == AUC_WORK
    assert value.value is None
    assert "there is one work only" in value.estimator
    assert {row.kind for row in findings.rows if isinstance(row, BinRow)} == {"other works"}
    assert [row.joint for row in findings.rows if isinstance(row, SpaceRow)] == [False]
