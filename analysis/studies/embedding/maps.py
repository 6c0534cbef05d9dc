"""Maps of one space: PCA, t-SNE and UMAP of both modalities, and how far each can be trusted."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

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
from analysis.measures.resampling import Interval, WorkDraws
from analysis.numbers import Value
from analysis.readings.study_run import Desk

SIDES = ("audio", "midi")
N_SHARES = 10
COLLAPSED = "all its windows are in one place"


@dataclass(frozen=True)
class Settings:
    """How maps are drawn; see the request of the study."""

    methods: tuple[str, ...] = METHODS
    perplexity: float = 0.0
    n_neighbors: int = 15
    k: int = 10
    n_seeds: int = 3
    seed: int = 42


@dataclass
class Maps:
    """Values, tables and arrays of maps; arrays are numbered on from those there are."""

    values: list[Value] = field(default_factory=list)
    projections: list[dict[str, Any]] = field(default_factory=list)
    variance: list[dict[str, Any]] = field(default_factory=list)
    arrays: dict[str, ndarray] = field(default_factory=dict)
    number: int = 0


@dataclass(frozen=True)
class Space:
    """Points that are drawn together: both modalities one below the other (joint), or one of them."""

    name: str
    rows: Float[ndarray, "n d"]
    near: ndarray
    works: WorkDraws


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


def check_settings(settings: Settings) -> None:
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


def make_spaces(audio: ndarray, midi: ndarray, works: WorkDraws, *, joint: bool, k: int, tell: Callable[[], None]) -> list[Space]:
    """The space of both modalities if they share one, else that of each; rows have length 1."""
    sides = {name: unit_rows(rows) for name, rows in zip(SIDES, (audio, midi), strict=True)}
    if joint:
        sides = {"joint": np.concatenate(list(sides.values()))}
    made = []
    for name, rows in sides.items():
        near = spaces.nearest(rows, fit_neighbours(len(rows), k), tell)
        made.append(Space(name, rows, near, replace(works, groups=np.tile(works.groups, 2)) if joint else works))
    return made


def draw_maps(desk: Desk, maps: Maps, label: dict[str, str], drawn: Sequence[Space], settings: Settings) -> None:
    """Add a map by every method, and of those that begin somewhere repeats from random places.

    Raises:
        Cancelled: somebody asked to stop.
    """
    plan: list[tuple[str, int, Start]] = []
    for method in settings.methods:
        plan.append((method, settings.seed, "given"))
        if method != "PCA":
            plan.extend((method, settings.seed + i, "random") for i in range(1, settings.n_seeds))
    first: dict[str, ndarray] = {}
    for done, (method, seed, start) in enumerate(plan):
        what = f"{label['checkpoint']}, {label['weights']}: {method}, seed {seed}"
        tell = lambda done=done, what=what: desk.step(done, len(plan), what)  # noqa: E731
        tell()
        if method == "UMAP":
            desk.step(done, len(plan), f"{what} (the first map compiles for some ten seconds)")
            load_umap()
        flat = [space for space in drawn if spread(space.rows) <= 1e-9]
        found = [np.zeros((len(s.rows), 2)) if s in flat else _draw(method, s.rows, seed, start, settings) for s in drawn]
        points = np.concatenate(found).reshape(2, -1, 2)
        row: dict[str, Any] = {
            **label, "method": method, "seed": seed, "first": seed == settings.seed,
            "start": STARTS.get(method, "") if start == "given" else start, "array": f"points.{maps.number}",
        }  # fmt: skip
        reference = first.setdefault(method, points)
        _judge(maps, row, drawn, points, reference, settings, tell)
        maps.arrays[f"points.{maps.number}"] = points.astype(np.float32)
        maps.number += 1


def _draw(method: str, rows: ndarray, seed: int, start: Start, settings: Settings) -> ndarray:
    if method == "PCA":
        return pca(rows)[0]
    if method == "t-SNE":
        return tsne(rows, perplexity=fit_perplexity(len(rows), settings.perplexity), seed=seed, start=start)
    return umap(rows, n_neighbors=min(settings.n_neighbors, len(rows) - 1), seed=seed, start=start)


def _judge(
    maps: Maps, row: dict[str, Any], drawn: Sequence[Space], points: ndarray, reference: ndarray, settings: Settings,
    tell: Callable[[], None],
) -> None:  # fmt: skip
    """One record per space of a map, and its contributions by point."""
    by_point: dict[str, list[ndarray]] = {"trust": [], "kept": [], "moved": []}
    sides = [points.reshape(-1, 2)] if len(drawn) == 1 else list(points)
    references = [reference.reshape(-1, 2)] if len(drawn) == 1 else list(reference)
    for space, mine, theirs in zip(drawn, sides, references, strict=True):
        n, k = space.near.shape
        record = row | {"space": space.name, "n": n, "k": k, "note": ""} | _parameters(row["method"], n, settings)
        near = spaces.nearest(mine, k, tell)
        trust, random_trust = spaces.trustworthiness(space.rows, near, tell)
        kept = spaces.shared_neighbours(space.near, near)
        flat = spread(space.rows) <= 1e-9
        moved = np.zeros(n) if flat else displacements(mine, theirs)
        measured: dict[str, tuple[ndarray, float, Interval]] = {
            "trustworthiness": (trust, random_trust, space.works.interval(space.works.means(trust))),
            "neighbours kept": (kept, k / (n - 1), space.works.interval(space.works.means(kept))),
        }
        for name, (numbers, null, ends) in measured.items():
            value = None if flat else float(numbers.mean())
            _put(maps, record, name, value, (None, None) if flat else ends, null, n)
        record["moved"] = None if flat or row["first"] else float(np.sqrt(np.mean(moved**2)))
        record["note"] = f"Not available: {COLLAPSED}." if flat else ""
        _variance(maps, record, space, mine)
        maps.projections.append(record)
        for name, numbers in zip(by_point, (trust, kept, moved), strict=True):
            by_point[name].append(numbers)
    for name, parts in by_point.items():
        if name != "moved" or not row["first"]:
            maps.arrays[f"{name}.{maps.number}"] = np.concatenate(parts).reshape(2, -1).astype(np.float32)


def _parameters(method: str, n: int, settings: Settings) -> dict[str, float | int | None]:
    return {
        "perplexity": fit_perplexity(n, settings.perplexity) if method == "t-SNE" else None,
        "n_neighbors": min(settings.n_neighbors, n - 1) if method == "UMAP" else None,
    }


def _variance(maps: Maps, record: dict[str, Any], space: Space, points: ndarray) -> None:
    """For PCA the share of the variance on its two axes, and the shares of the first ten in a table of their own."""
    if record["method"] != "PCA":
        _put(maps, record, "variance kept", None, (None, None), None, 0)
        return
    _, shares = pca(space.rows)
    centred = np.sum((space.rows - space.rows.mean(axis=0)) ** 2, axis=1)
    ends = space.works.interval(space.works.ratios(np.sum(points**2, axis=1), centred)) if shares.any() else (None, None)
    value = float(shares[:2].sum()) if shares.any() else None
    n, width = space.rows.shape
    _put(maps, record, "variance kept", value, ends, min(2 / width, 1.0), n)
    label = {name: record[name] for name in ("checkpoint", "weights", "space")}
    maps.variance += [label | {"axis": i + 1, "share": float(share)} for i, share in enumerate(shares[:N_SHARES])]


ESTIMATORS = {
    "trustworthiness": ("", "mean trustworthiness at k = {k}"),
    "neighbours kept": ("share", "share of {k} nearest neighbours"),
    "variance kept": ("share", "share of variance on two axes"),
}


def _put(maps: Maps, record: dict[str, Any], name: str, value: float | None, ends: Interval, null: float | None, n: int) -> None:
    """A quality in its columns; that of a first map also among the values."""
    low, high = (None, None) if value is None else ends
    column = name.replace(" ", "_")
    record |= {column: value, f"{column}_ci_low": low, f"{column}_ci_high": high, f"{column}_null": null}
    if not record["first"] or (name == "variance kept" and record["method"] != "PCA"):
        return
    side = "" if record["space"] == "joint" else f" of {'MIDI' if record['space'] == 'midi' else record['space']}"
    unit, estimator = ESTIMATORS[name]
    title = f"{record['checkpoint']}, {record['weights']}, {record['method']}{side}: {name}"
    maps.values.append(Value(title, value, low, high, n, null, unit, estimator.format(k=record["k"])))
