"""Many dimensions drawn in two: PCA, t-SNE and UMAP, and how far two such maps differ once they are laid over each other.

scikit-learn and umap-learn are imported when they are used; UMAP then compiles for some ten seconds, once per machine.
"""

import math
import warnings
from functools import cache
from typing import Literal

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.linalg import orthogonal_procrustes

from analysis.errors import ShapeError

Start = Literal["given", "random"]
METHODS = ("PCA", "t-SNE", "UMAP")
STARTS = {"t-SNE": "pca", "UMAP": "spectral"}
FEWEST_POINTS = 5
LARGEST_SEED = 2**32 - 1
MIN_DIST = 0.1


def pca(rows: Float[ndarray, "n d"], n_axes: int = 2) -> tuple[Float[ndarray, "n axes"], Float[ndarray, " shares"]]:
    """Coordinates on the axes of largest variance, and the share of the variance on every axis there is, largest first.

    Of every axis the coordinate that is farthest from zero is positive, so that equal points give equal pictures. Axes that the
    points do not have are 0; where all points coincide every share is 0.

    Raises:
        ShapeError: there are fewer than two points.

    >>> points, shares = pca(np.array([[0.0, 0.0], [3.0, 4.0]]))
    >>> points.round(6).tolist(), shares.tolist()
    ([[2.5, 0.0], [-2.5, 0.0]], [1.0, 0.0])
    """
    if len(rows) < 2:
        raise ShapeError(f"PCA needs at least 2 points; got {len(rows)}. Use more windows.")
    centred = np.asarray(rows, np.float64) - np.mean(rows, axis=0, dtype=np.float64)
    left, singular, _ = np.linalg.svd(centred, full_matrices=False)
    singular[singular <= singular[0] * max(rows.shape) * np.finfo(np.float64).eps] = 0.0
    total = float(np.sum(singular**2))
    shares = singular**2 / total if total > 0 else np.zeros_like(singular)
    points = np.zeros((len(rows), n_axes))
    scores = (left * singular)[:, :n_axes]
    farthest = scores[np.argmax(np.abs(scores).round(12), axis=0), np.arange(scores.shape[1])]
    points[:, : scores.shape[1]] = scores * np.where(farthest < 0, -1.0, 1.0)
    return points, shares


def fit_perplexity(n_points: int, wanted: float = 0.0) -> float:
    """The perplexity wanted, or for 0 a hundredth of the points and at least 30 (Kobak & Berens 2019); never above (n − 1) / 3.

    >>> fit_perplexity(960), fit_perplexity(5000), fit_perplexity(31), fit_perplexity(31, 50.0), fit_perplexity(960, 5.0)
    (30.0, 50.0, 10.0, 10.0, 5.0)
    """
    return min(wanted or max(30.0, n_points / 100), (n_points - 1) / 3)


def fit_neighbours(n_points: int, wanted: int) -> int:
    """The number of neighbours wanted, or as many as leave fewer than half of the points: more than that says nothing.

    >>> fit_neighbours(960, 10), fit_neighbours(10, 10)
    (10, 4)
    """
    return min(wanted, (n_points - 1) // 2)


def tsne(rows: Float[ndarray, "n d"], *, perplexity: float, seed: int, start: Start = "given") -> Float[ndarray, "n 2"]:
    """t-SNE (van der Maaten & Hinton 2008, Barnes-Hut) of scikit-learn with Euclidean distances, on one thread.

    On one thread because sums over several depend on who is ready first, and wait for each other on a busy machine.

    Args:
        rows: points, not all the same.
        perplexity: below the number of points.
        seed: from 0 to 2³² − 1; decides little where the start is given.
        start: "given" for the first two principal components, "random" for positions drawn by the seed.

    Raises:
        ShapeError: there are too few points, or all of them coincide.
    """
    _check(rows, "t-SNE")
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    init = STARTS["t-SNE"] if start == "given" else "random"
    with threadpool_limits(limits=1):
        method = TSNE(n_components=2, perplexity=perplexity, init=init, learning_rate="auto", random_state=seed)
        return np.asarray(method.fit_transform(np.asarray(rows, np.float32)), np.float64)


@cache
def load_umap() -> type:
    """The class UMAP; the import alone takes seconds. What it compiles is kept on disk where numba keeps such files."""
    import numba

    njit = numba.njit
    numba.njit = lambda *given, **options: njit(*given, **{**options, "cache": True})
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Tensorflow not installed", category=ImportWarning)
            from umap import UMAP
    finally:
        numba.njit = njit
    return UMAP


def umap(rows: Float[ndarray, "n d"], *, n_neighbors: int, seed: int, start: Start = "given") -> Float[ndarray, "n 2"]:
    """UMAP (McInnes et al. 2018) of umap-learn with Euclidean distances, min_dist 0.1, on one thread so that the seed decides.

    Args:
        rows: points, not all the same.
        n_neighbors: of the graph, from 2 to the number of points less one.
        seed: from 0 to 2³² − 1.
        start: "given" for the spectral layout of the graph, "random" for positions drawn by the seed.

    Raises:
        ShapeError: there are too few points, or all of them coincide.
    """
    from threadpoolctl import threadpool_limits

    _check(rows, "UMAP")
    method = load_umap()
    init = STARTS["UMAP"] if start == "given" else "random"
    with (
        threadpool_limits(limits=1),
        warnings.catch_warnings(),
    ):  # else numba leaves OpenMP, and so PyTorch, with as many as cores
        for message in ("Spectral initialisation failed", "Graph is not fully connected", "k >= N"):  # small or torn graphs
            warnings.filterwarnings("ignore", message=message)
        fitted = method(n_neighbors=n_neighbors, min_dist=MIN_DIST, init=init, random_state=seed, n_jobs=1)
        return np.asarray(fitted.fit_transform(np.asarray(rows, np.float32)), np.float64)


def spread(points: Float[ndarray, "n d"]) -> float:
    """Root mean square distance from the centroid.

    >>> spread(np.array([[0.0, 0.0], [0.0, 2.0]]))
    1.0
    """
    centred = np.asarray(points, np.float64) - np.mean(points, axis=0, dtype=np.float64)
    return math.sqrt(float(np.mean(np.sum(centred**2, axis=1))))


def displacements(points: Float[ndarray, "n d"], onto: Float[ndarray, "n d"]) -> Float[ndarray, " n"]:
    """How far every point of one map is from its place in another, in spreads of the other, once laid over it (Procrustes).

    Laid over by the translation, rotation or reflection, and scale that leave the least squared distance. The root mean square
    is 0 for the same map in other words, and nearly 1 for maps that have nothing to do with each other.

    Raises:
        ShapeError: a map is a single spot.
    """
    mine = np.asarray(points, np.float64) - np.mean(points, axis=0, dtype=np.float64)
    theirs = np.asarray(onto, np.float64) - np.mean(onto, axis=0, dtype=np.float64)
    if not (sizes := np.linalg.norm(mine) * np.linalg.norm(theirs)):
        raise ShapeError("All points of a map are in one place; expected at least two places. Draw it from other points.")
    turn, shared = orthogonal_procrustes(mine / np.linalg.norm(mine), theirs / np.linalg.norm(theirs))
    scale = float(shared) * np.linalg.norm(theirs) ** 2 / sizes
    return np.linalg.norm(scale * mine @ turn - theirs, axis=1) / spread(theirs)


def _check(rows: ndarray, method: str) -> None:
    if len(rows) < FEWEST_POINTS:
        raise ShapeError(f"{method} needs at least {FEWEST_POINTS} points; got {len(rows)}. Use more windows.")
    if not np.ptp(rows, axis=0).any():
        raise ShapeError(f"{method} cannot lay out {len(rows)} points that are all the same. Look at another layer or model.")
