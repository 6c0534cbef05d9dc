"""Projections: closed forms, invariances, and the same picture for the same seed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from analysis.errors import ShapeError
from analysis.measures.projections import displacements, fit_neighbours, fit_perplexity, pca, spread, tsne, umap


def points(seed: int, n: int = 30, d: int = 6) -> np.ndarray:
    """Points whose axes have clearly different variances."""
    return np.random.default_rng(seed).standard_normal((n, d)) * 3.0 ** -np.arange(d)


def turned(seed: int, d: int) -> np.ndarray:
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((d, d)))[0]


def clusters(n: int = 20) -> np.ndarray:
    centres = 8 * np.eye(3, 5)
    return np.concatenate([centre + np.random.default_rng(4).standard_normal((n, 5)) for centre in centres])


@given(st.integers(0, 10_000), st.floats(-50, 50))
@settings(max_examples=30, deadline=None)
def test_pca_does_not_see_where_the_points_are_nor_how_they_are_turned(seed: int, away: float) -> None:
    rows = points(seed)
    expected, shares = pca(rows)
    moved, moved_shares = pca((rows + away) @ turned(seed + 1, 6))
    assert np.abs(moved) == pytest.approx(np.abs(expected), abs=1e-8)
    assert moved_shares == pytest.approx(shares)
    assert pca(rows + away)[0] == pytest.approx(expected, abs=1e-8)  # without turning even the signs


def test_pca_equals_that_of_scikit_learn_up_to_sign() -> None:
    rows = points(3)
    expected = PCA(n_components=2).fit(rows)
    found, shares = pca(rows)
    assert np.abs(found) == pytest.approx(np.abs(expected.transform(rows)))
    assert shares[:2] == pytest.approx(expected.explained_variance_ratio_)
    assert shares.sum() == pytest.approx(1)
    assert np.take_along_axis(found, np.abs(found).argmax(axis=0)[None], axis=0).min() > 0


def test_pca_of_points_with_fewer_axes_and_of_a_single_place() -> None:
    line, shares = pca(np.arange(5.0)[:, None])
    assert line[:, 1].tolist() == [0.0] * 5
    assert shares.tolist() == [1.0]
    spot, none = pca(np.full((4, 3), 0.1))
    assert not spot.any()
    assert not none.any()
    with pytest.raises(ShapeError, match="PCA needs at least 2 points; got 1"):
        pca(np.ones((1, 3)))


def test_settings_follow_the_number_of_points() -> None:
    assert [fit_perplexity(n) for n in (7, 91, 3000, 8000)] == [2, 30, 30, 80]
    assert [fit_neighbours(n, 10) for n in (3, 5, 21, 22, 1000)] == [1, 2, 10, 10, 10]


@given(st.integers(0, 10_000), st.floats(0.1, 20), st.floats(-5, 5))
@settings(max_examples=30, deadline=None)
def test_a_map_turned_mirrored_scaled_and_moved_is_not_displaced(seed: int, scale: float, away: float) -> None:
    rows = points(seed, d=2)
    assert displacements(scale * rows @ turned(seed, 2) + away, rows) == pytest.approx(np.zeros(30), abs=1e-9)


def test_displacements_equal_the_disparity_of_scipy_and_are_nearly_one_for_strangers() -> None:
    from scipy.spatial import procrustes

    one, other = points(1, 400, 2), points(2, 400, 2)
    moved = displacements(one, other)
    assert np.mean(moved**2) == pytest.approx(procrustes(other, one)[2])
    assert 0.9 < np.sqrt(np.mean(moved**2)) <= 1
    assert spread(other) == pytest.approx(np.sqrt(other.var(axis=0).sum()))
    with pytest.raises(ShapeError, match="All points of a map are in one place"):
        displacements(np.ones((5, 2)), points(1, 5, 2))


@pytest.mark.parametrize("method", ["t-SNE", "UMAP"])
@pytest.mark.parametrize("start", ["given", "random"])
def test_the_seed_decides_and_clusters_stay_together(method: str, start: str) -> None:
    def draw(seed: int) -> np.ndarray:
        if method == "UMAP":
            return umap(clusters(), n_neighbors=10, seed=seed, start=start)  # pyright: ignore[reportArgumentType]
        return tsne(clusters(), perplexity=10.0, seed=seed, start=start)  # pyright: ignore[reportArgumentType]

    one, again, other = draw(1), draw(1), draw(2)
    assert np.array_equal(one, again)
    if (method, start) != ("t-SNE", "given"):
        assert not np.array_equal(one, other)
    distance = np.linalg.norm(one[:, None] - one[None], axis=2) + 1e9 * np.eye(60)
    assert np.mean(distance.argmin(axis=1) // 20 == np.arange(60) // 20) > 0.95


@pytest.mark.parametrize("method", ["t-SNE", "UMAP"])
def test_five_points_are_drawn_and_fewer_are_refused(method: str) -> None:
    def draw(rows: np.ndarray) -> np.ndarray:
        if method == "UMAP":
            return umap(rows, n_neighbors=len(rows) - 1, seed=0)
        return tsne(rows, perplexity=fit_perplexity(len(rows)), seed=0)

    found = draw(points(0, 5))
    assert found.shape == (5, 2)
    assert np.isfinite(found).all()
    with pytest.raises(ShapeError, match=f"{method} needs at least 5 points; got 4"):
        draw(points(0, 4))
    with pytest.raises(ShapeError, match=f"{method} cannot lay out 6 points that are all the same"):
        draw(np.ones((6, 3)))
