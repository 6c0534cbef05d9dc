"""Maps of one space: PCA, t-SNE and UMAP of both modalities, and how far each can be trusted."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from analysis.errors import ConfigError
from analysis.measures import spaces
from analysis.measures.geometry import unit_rows
from analysis.measures.projections import (
    LARGEST_SEED,
    METHODS,
    STARTS,
    Start,
    displacements,
    fit_neighbours,
    fit_perplexity,
    load_umap,
    pca,
    spread,
    tsne,
    umap,
)
from analysis.measures.resampling import WorkDraws
from analysis.numbers import Value
from analysis.readings.study_run import StudyRun
from analysis.studies.embedding.rows import PCA, Model, Number, ProjectionRow, Side, SpaceName, VarianceRow

N_SHARES = 10
COLLAPSED = "all its windows are in one place"


@dataclass(frozen=True)
class MapSettings:
    """How maps are drawn; see the request of the study."""

    methods: tuple[str, ...] = METHODS
    perplexity: float = 0.0
    n_neighbors: int = 15
    k: int = 10
    n_seeds: int = 3
    seed: int = 42


@dataclass
class Maps:
    """Values, rows and arrays of maps; arrays are numbered on from those there are."""

    values: list[Value] = field(default_factory=list)
    projections: list[ProjectionRow] = field(default_factory=list)
    variance: list[VarianceRow] = field(default_factory=list)
    arrays: dict[str, ndarray] = field(default_factory=dict)
    number: int = 0


@dataclass(frozen=True)
class Space:
    """Points that are drawn together: both modalities one below the other (joint), or one of them."""

    name: SpaceName
    rows: Float[ndarray, "n d"]
    near: ndarray
    works: WorkDraws

    @property
    def is_flat(self) -> bool:
        """Whether all its points are in one place."""
        return spread(self.rows) <= 1e-9


class Attempt(NamedTuple):
    """One map that is to be drawn; the `first` of a method is what the others are compared with."""

    method: str
    seed: int
    start: Start
    first: bool


def read_methods(text: str) -> tuple[str, ...]:
    """Names of methods from text with commas, in any case, each once.

    Raises:
        ConfigError: there is no such method, or none is named.

    >>> read_methods("pca, t-sne")
    ('PCA', 't-SNE')
    """
    known = {method.lower(): method for method in METHODS}
    named = [part.strip() for part in text.split(",") if part.strip()]
    if wrong := [name for name in named if name.lower() not in known]:
        raise ConfigError(f"There is no method {wrong[0]!r}; expected some of {','.join(METHODS)}.")
    if not named:
        raise ConfigError(f"methods names none; expected some of {','.join(METHODS)}.")
    return tuple(dict.fromkeys(known[name.lower()] for name in named))


def check_settings(settings: MapSettings) -> None:
    """Refuse numbers that no map can be drawn with.

    Raises:
        ConfigError: a number is out of its range.
    """
    smallest = {"n_neighbors": 2, "k": 1, "n_seeds": 1}
    for name, least in smallest.items():
        if (got := getattr(settings, name)) < least:
            raise ConfigError(f"{name} is {got}; expected {least} or more.")
    if not 0 <= settings.perplexity < np.inf or 0 < settings.perplexity < 1:
        raise ConfigError(f"perplexity is {settings.perplexity}; expected 1 or more, or 0 to let the number of points decide.")
    if not 0 <= settings.seed <= LARGEST_SEED - settings.n_seeds:
        raise ConfigError(f"seed is {settings.seed}; expected 0 to {LARGEST_SEED - settings.n_seeds}.")


def make_spaces(
    of_sides: Mapping[Side, ndarray], works: WorkDraws, *, joint: bool, k: int, tick: Callable[[], None]
) -> list[Space]:
    """The space of both modalities if they share one, else that of each; rows have length 1."""
    sides: dict[SpaceName, ndarray] = {name: unit_rows(rows) for name, rows in of_sides.items()}
    if joint:
        sides = {"joint": np.concatenate(list(sides.values()))}
    made = []
    for name, rows in sides.items():
        near = spaces.nearest(rows, fit_neighbours(len(rows), k), tick)
        made.append(Space(name, rows, near, replace(works, groups=np.tile(works.groups, 2)) if joint else works))
    return made


def draw_maps(study_run: StudyRun, maps: Maps, model: Model, drawn: Sequence[Space], settings: MapSettings) -> None:
    """Add a map by every method, and of those that begin somewhere repeats from random places.

    Raises:
        Cancelled: somebody asked to stop.
    """
    attempts = [attempt for method in settings.methods for attempt in _attempts(method, settings)]
    first: dict[str, ndarray] = {}
    for done, attempt in enumerate(attempts):
        what = f"{model.checkpoint}, {model.weights}: {attempt.method}, seed {attempt.seed}"
        tick = lambda done=done, what=what: study_run.step(done, len(attempts), what)  # noqa: E731
        tick()
        if attempt.method == "UMAP":
            study_run.step(done, len(attempts), f"{what} (the first map of a machine compiles for some ten seconds)")
            load_umap()
        parts = [np.zeros((len(space.rows), 2)) if space.is_flat else _draw(attempt, space.rows, settings) for space in drawn]
        points = np.concatenate(parts).reshape(2 if drawn[0].name == "joint" else len(drawn), -1, 2)
        reference = first.setdefault(attempt.method, points)
        _judge(maps, model, attempt, drawn, points, reference, settings, tick)
        maps.arrays[f"points.{maps.number}"] = points.astype(np.float32)
        maps.number += 1


def _attempts(method: str, settings: MapSettings) -> list[Attempt]:
    """The maps of one method."""
    repeats = () if method == PCA else range(1, settings.n_seeds)
    others = [Attempt(method, settings.seed + number, "random", first=False) for number in repeats]
    return [Attempt(method, settings.seed, "given", first=True), *others]


def _draw(attempt: Attempt, rows: ndarray, settings: MapSettings) -> ndarray:
    seed, start = attempt.seed, attempt.start
    if attempt.method == PCA:
        return pca(rows)[0]
    if attempt.method == "t-SNE":
        return tsne(rows, perplexity=fit_perplexity(len(rows), settings.perplexity), seed=seed, start=start)
    return umap(rows, n_neighbors=min(settings.n_neighbors, len(rows) - 1), seed=seed, start=start)


def _judge(
    maps: Maps,
    model: Model,
    attempt: Attempt,
    drawn: Sequence[Space],
    points: ndarray,
    reference: ndarray,
    settings: MapSettings,
    tick: Callable[[], None],
) -> None:
    """One row per space of a map, and its contributions by point."""
    by_point: dict[str, list[ndarray]] = {"trust": [], "kept": [], "moved": []}
    sides = [points.reshape(-1, 2)] if len(drawn) == 1 else list(points)
    references = [reference.reshape(-1, 2)] if len(drawn) == 1 else list(reference)
    for space, mine, theirs in zip(drawn, sides, references, strict=True):
        n, k = space.near.shape
        near = spaces.nearest(mine, k, tick)
        trust, random_trust = spaces.trustworthiness(space.rows, near, tick)
        kept = spaces.shared_neighbours(space.near, near)
        moved = np.zeros(n) if space.is_flat else displacements(mine, theirs)
        variance, shares = _variance(space, mine) if attempt.method == PCA else ((None,) * 4, [])
        row = ProjectionRow(
            *model, attempt.method, attempt.seed, attempt.first,
            STARTS.get(attempt.method, "") if attempt.start == "given" else attempt.start,
            *_arrays_of(maps.number, attempt), space.name, n, k, f"Not available: {COLLAPSED}." if space.is_flat else "",
            *_parameters(attempt.method, n, settings), *_mean(space, trust, random_trust), *_mean(space, kept, k / (n - 1)),
            None if space.is_flat or attempt.first else float(np.sqrt(np.mean(moved**2))), *variance,
        )  # fmt: skip
        maps.projections.append(row)
        maps.variance += [VarianceRow(*model, space.name, axis, share) for axis, share in enumerate(shares, 1)]
        maps.values += [row.quality(what) for what in row.qualities] if attempt.first else []
        for name, numbers in zip(by_point, (trust, kept, moved), strict=True):
            by_point[name].append(numbers)
    for name, parts in by_point.items():
        if name != "moved" or not attempt.first:
            maps.arrays[f"{name}.{maps.number}"] = np.concatenate(parts).reshape(len(points), -1).astype(np.float32)


def _arrays_of(number: int, attempt: Attempt) -> tuple[str, str, str, str | None]:
    """Names of the arrays of a map; the first of a method has not moved."""
    return f"points.{number}", f"trust.{number}", f"kept.{number}", None if attempt.first else f"moved.{number}"


def _parameters(method: str, n: int, settings: MapSettings) -> tuple[float | None, int | None]:
    """Perplexity of t-SNE, neighbours of UMAP."""
    perplexity = fit_perplexity(n, settings.perplexity) if method == "t-SNE" else None
    return perplexity, min(settings.n_neighbors, n - 1) if method == "UMAP" else None


def _mean(space: Space, of_points: ndarray, null: float) -> Number:
    """The mean over points; a space that is flat has none."""
    if space.is_flat:
        return None, None, None, null
    low, high = space.works.interval(space.works.means(of_points))
    return float(of_points.mean()), low, high, null


def _variance(space: Space, points: ndarray) -> tuple[Number, list[float]]:
    """The share of the variance on the two axes of PCA, and the shares of the first ten."""
    _, shares = pca(space.rows)
    null = min(2 / space.rows.shape[1], 1.0)
    if not shares.any():
        return (None, None, None, null), shares[:N_SHARES].tolist()
    centred = np.sum((space.rows - space.rows.mean(axis=0)) ** 2, axis=1)
    low, high = space.works.interval(space.works.ratios(np.sum(points**2, axis=1), centred))
    return (float(shares[:2].sum()), low, high, null), shares[:N_SHARES].tolist()
