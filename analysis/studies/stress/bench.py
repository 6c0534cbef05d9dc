"""Models on the same windows, one pass after the other: what studies of changed inputs share.

What is changed is given to all models a block of windows at a time, so that no more altered sound is held than a block's.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int
from numpy import ndarray

from analysis.datasets.segments import Segment
from analysis.measures.resampling import WorkDraws
from analysis.models.poolings import MEAN
from analysis.models.sides import compared_sides
from analysis.readings.embeddings import Weights
from analysis.readings.layer_means import AS_IT_IS, Altered, BySide, Side, layer_means, tower_of
from analysis.readings.study_run import StudyRun
from analysis.sources import code_of
from analysis.store import Store, StoreError
from analysis.studies.pools.record import pool_row
from analysis.studies.pools.request import HardSizes
from analysis.studies.pools.rows import PoolRow
from analysis.studies.pools.scores import PoolScores, build_pool
from analysis.studies.shared_rows import WorkWindowRow, work_window_rows
from analysis.studies.stress.distances import tap_distances

WEIGHTS: tuple[Weights, ...] = ("trained", "untrained")
BLOCK = 256  # windows
EVERY = slice(None)
Model = tuple[str, Weights]
Rows = Mapping[str, ndarray]
Sides = BySide[dict[str, ndarray]]


@dataclass(frozen=True)
class Moved:
    """Joint embeddings of windows, and the cosine distance by which every tap moved."""

    embedding: Float[ndarray, "n d"]
    distances: Float32[ndarray, "taps n"]


def unmoved(rows: Rows) -> Moved:
    """Where windows are before anything is changed."""
    embedding = joint(rows)
    return Moved(embedding, np.zeros((len(rows), len(embedding)), np.float32))


def joint(rows: Rows) -> Float[ndarray, "n d"]:
    """The joint embedding among the rows of all taps of a tower: the last of them."""
    return list(rows.values())[-1]


@dataclass
class Bench:
    """What is the same for every model; all passes together, `total` with the listing of windows, fill one progress bar."""

    study_run: StudyRun
    windows: Sequence[Segment]
    pool: PoolScores
    works: WorkDraws
    total: int
    done: int = 1
    pooling: str = MEAN

    @property
    def models(self) -> list[Model]:
        """Every checkpoint and its untrained twin."""
        return [(name, weights) for name in self.study_run.checkpoints for weights in WEIGHTS]

    def rows(
        self, model: Model, side: Side, change: Altered = AS_IT_IS, block: slice = EVERY, study_run: StudyRun | None = None,
        *, keep: bool = True,
    ) -> dict[str, ndarray]:  # fmt: skip
        """Rows of every tap of one side, of all windows or a block."""
        checkpoint = self.study_run.checkpoints[model[0]]
        tower = tower_of(checkpoint.outline(), side)
        return layer_means(
            study_run or self.study_run, checkpoint, self.windows[block], model[1], tower, altered=change, pooling=self.pooling,
            keep=keep,
        )  # fmt: skip

    def sides(self, model: Model) -> tuple[Side, ...]:
        """The sides of a model that can be changed."""
        return compared_sides(self.study_run.checkpoints[model[0]].outline())

    def plain(self) -> dict[Model, Sides]:
        """Rows of both sides of every model for the windows as they are: a pass per side and model.

        Where a model has one side, that stands for the other too: what is altered then has to find itself as it was.
        """
        return {model: self._plain_sides(model) for model in self.models}

    def _plain_sides(self, model: Model) -> Sides:
        rows = {side: self._plain(model, side) for side in self.sides(model)}
        return BySide.of_each(lambda side: rows.get(side, next(iter(rows.values()))))

    def _plain(self, model: Model, side: Side) -> dict[str, ndarray]:
        rows = self.rows(model, side, study_run=self.study_run.part(self.done, self.total))
        self.done += 1
        return rows

    def changed(self, side: Side, change: Altered, models: Sequence[Model]) -> dict[Model, dict[str, ndarray]]:
        """Rows of every tap of one side under a change: a pass per model."""
        parts: dict[Model, list[Rows]] = {model: [] for model in models}
        for block, model, study_run in self._blocks(models, change):
            parts[model].append(self.rows(model, side, change, block, study_run))
        return {
            model: {tap: np.concatenate([block_rows[tap] for block_rows in blocks]) for tap in blocks[0]}
            for model, blocks in parts.items()
        }

    def moved(self, side: Side, change: Altered, before: Mapping[Model, Rows], against: Altered = AS_IT_IS) -> dict[Model, Moved]:
        """Where a change takes one side of models: a pass per model, of which embeddings and distances alone are kept.

        Args:
            side: which is changed.
            change: of what a model is given.
            before: models and their rows, from which the distances count.
            against: the change under which these were computed.
        """
        parts: dict[Model, list[Moved]] = {model: [] for model in before}
        for block, model, study_run in self._blocks(list(before), change):
            parts[model].append(self._moved(model, side, change, block, study_run, before[model], against))
        return {
            model: Moved(
                np.concatenate([moved.embedding for moved in blocks]),
                np.concatenate([moved.distances for moved in blocks], axis=1),
            )
            for model, blocks in parts.items()
        }

    def _moved(
        self, model: Model, side: Side, change: Altered, block: slice, study_run: StudyRun, before: Rows, against: Altered
    ) -> Moved:
        """One model on one block."""

        def compute() -> Moved:
            rows = self.rows(model, side, change, block, study_run, keep=False)
            return Moved(joint(rows), tap_distances({tap: taps[block] for tap, taps in before.items()}, rows))

        identity = {"side": side, "altered": change.name, "against": against.name, "pooling": self.pooling}
        return _kept(study_run, model, self.windows[block], identity, compute)

    def _blocks(self, models: Sequence[Model], change: Altered) -> Iterator[tuple[slice, Model, StudyRun]]:
        """Blocks of windows, for each of which every model has its turn before the change forgets it."""
        blocks = [slice(start, start + BLOCK) for start in range(0, len(self.windows), BLOCK)]
        first = self.done * len(blocks)
        for number, block in enumerate(blocks):
            for index, model in enumerate(models):
                yield block, model, self.study_run.part(first + number * len(models) + index, self.total * len(blocks))
            change.forget()
        self.done += len(models)

    def ranks(self, audio: Float[ndarray, "n d"], midi: Float[ndarray, "n d"]) -> Int[ndarray, "2 q"]:
        """Ranks of the matches from joint embeddings of both sides."""
        return self.pool.ranks(audio, midi)

    @property
    def pool_row(self) -> PoolRow:
        """The pool in numbers and words."""
        return pool_row(self.pool, "S")

    def window_rows(self) -> list[WorkWindowRow]:
        """Which windows, in the order of every array."""
        return work_window_rows(self.windows)

    def pool_arrays(self) -> dict[str, ndarray]:
        """Rows of the table of windows that are queries `(q,)` and their candidates `(q, pool)`."""
        return {"query": self.pool.pool.query, "candidates": self.pool.pool.candidates}


def _kept(
    study_run: StudyRun, model: Model, windows: Sequence[Segment], identity: Mapping[str, str], compute: Callable[[], Moved]
) -> Moved:
    """What the store holds of a model on some windows, else what is computed, which the store gets."""
    if study_run.store is None:
        return compute()
    checkpoint = study_run.checkpoints[model[0]]
    key = Store.key(
        kind="moved", weights=model[1], checkpoint=checkpoint.key, corpus=study_run.corpus.sha256,
        windows=[[window.piece.piece_id, window.start_s] for window in windows], identity=dict(identity),
        device=study_run.device.type, code=[code_of(__name__), study_run.code],
    )  # fmt: skip
    if (entry := study_run.store.get(key)) is not None:
        return Moved(np.array(entry.arrays["embedding"]), np.array(entry.arrays["distances"]))
    moved = compute()
    with contextlib.suppress(StoreError):
        study_run.store.put(key, {"kind": "moved"}, {"embedding": moved.embedding, "distances": moved.distances})
    return moved


def set_up(
    study_run: StudyRun, windows: Sequence[Segment], n_passes: int, sizes: HardSizes, seed: int, pooling: str = MEAN
) -> Bench:
    """A bench with a pool of these sizes, or the largest that the windows fill.

    Args:
        study_run: gets a notice where the pool shrank.
        windows: that are embedded.
        n_passes: of all models together.
        sizes: of the pool, as `build_pool` takes them.
        seed: of the pool and the intervals.
        pooling: of the tokens of layers.

    Raises:
        CorpusError: the windows cannot fill a pool of 8.
    """
    pool = build_pool(study_run, windows, **sizes, seed=seed)
    works = WorkDraws(np.array([window.piece.group for window in windows]), seed)
    return Bench(study_run, windows, pool, works, n_passes + 1, pooling=pooling)
