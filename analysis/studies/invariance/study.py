"""What does a model ignore? Dose-response of S and of every layer to changes of one side of a pair of windows.

The untrained twin is measured at the ends of every range of doses only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

from jaxtyping import Int
from numpy import ndarray

from analysis.models.checkpoint import Checkpoint
from analysis.models.poolings import MEAN
from analysis.models.sides import compared_sides
from analysis.readings.layer_means import AS_IT_IS, Altered, Side
from analysis.readings.study_run import Answer, StudyRun
from analysis.studies.base.measurement import Measurement, ranked
from analysis.studies.base.settings import Pooled, Seed, Setting
from analysis.studies.invariance import views
from analysis.studies.invariance.answer import Response, measurement
from analysis.studies.invariance.words import details, headline
from analysis.studies.pools.request import StressRequest
from analysis.studies.pools.rows import PoolRow
from analysis.studies.shared_rows import SentenceRow
from analysis.studies.stress.bench import Bench, Model, Moved, Rows, Sides, joint, set_up, unmoved
from analysis.studies.stress.changes import Change, altered, choose_changes, inner_windows, named_changes, rendering_of
from analysis.studies.stress.distances import relative, tap_distances, yardsticks


@dataclass(frozen=True)
class Request(StressRequest):
    """Names of changes separated by commas, or "all", on the canonical pool."""

    changes: Annotated[str, Setting("Names of changes separated by commas, or all.")] = "all"
    pooling: Pooled = MEAN
    seed: Seed = 42


def measure(request: Request, study_run: StudyRun) -> Measurement:
    """Change one side at a time, and measure S and how far every layer of that side moved.

    Raises:
        ConfigError: a change is unknown, or no window can be had.
        CorpusError: there are too few windows for a pool.
        Cancelled: somebody asked to stop.
    """
    conditions = rendering_of(request.corpus)
    changes = choose_changes(request.changes, conditions, study_run)
    per_checkpoint = 4 + sum(len(change.changing) + len(change.twin) for change in changes)
    n_passes = len(study_run.checkpoints) * per_checkpoint
    windows = inner_windows(study_run.part(0, n_passes + 1), request.split, request.windows_per_piece)
    bench = set_up(study_run, windows, n_passes, request.sizes, request.seed, request.pooling)
    plain = bench.plain()
    responses = [response for change in changes for response in respond(bench, change, plain, request.seed, conditions)]
    return measurement(bench, responses, changes)


def conclude(request: Request, checkpoints: Mapping[str, Checkpoint], measured: Measurement) -> Answer:  # noqa: ARG001
    """What costs the best of them most of S; where all hear alone, what keeps most windows from finding themselves."""
    values, names = measured.values, ranked(checkpoints)
    (pool,) = measured.of(PoolRow)
    paired = tuple(name for name in names if len(compared_sides(checkpoints[name].outline())) > 1)
    if not paired:
        about = values, names, pool.pool_size
        return measured.answer(views.headline(*about), [SentenceRow(views.details(*about))])
    names = paired
    sentence = SentenceRow(details(values, names, f" among {pool.short}"))
    return measured.answer(headline(values, names, pool.pool_size), [sentence])


def respond(bench: Bench, change: Change, plain: Mapping[Model, Sides], seed: int, conditions: str | None) -> list[Response]:
    """Every model at every dose, the unchanged one included; twins only at the doses meant for them."""
    responses: list[Response] = []
    plain = {model: sides for model, sides in plain.items() if change.side in bench.sides(model)}
    units = {model: yardsticks(sides.of(change.side), bench.works) for model, sides in plain.items()}
    reference = Reference({model: sides.of(change.side) for model, sides in plain.items()}, AS_IT_IS)
    for dose in change.doses:
        now, later = reference.start, reference
        if dose in change.changing:
            given = altered(change.name, change.side, dose, bench.study_run, seed=seed, conditions=conditions)
            now, later = _moved(bench, change, dose, given, reference)
        for model, moved in now.items():
            before, after = (
                _ranks(bench, plain[model], change.side, result.embedding) for result in (reference.start[model], moved)
            )
            distances = relative(moved.distances, units[model])
            responses.append(Response(*model, change, dose, before, after, distances, units[model]))
        reference = later
    return responses


@dataclass(frozen=True)
class Reference:
    """What doses are compared with: rows of one side of every model, and the change under which they were computed."""

    rows: Mapping[Model, Rows]
    change: Altered

    @cached_property
    def start(self) -> dict[Model, Moved]:
        """Where the embeddings are before a dose."""
        return {model: unmoved(rows) for model, rows in self.rows.items()}


def _moved(
    bench: Bench, change: Change, dose: float, given: Altered, reference: Reference
) -> tuple[dict[Model, Moved], Reference]:
    """Where a dose takes the models that are to be given it, and what the next dose is compared with."""
    asked = {model: rows for model, rows in reference.rows.items() if model[1] == "trained" or dose in change.twin}
    if dose != change.rebase:
        return bench.moved(change.side, given, asked, reference.change), reference
    rows = bench.changed(change.side, given, list(asked))
    moved = {model: Moved(unmoved(sides).embedding, tap_distances(asked[model], sides)) for model, sides in rows.items()}
    return moved, Reference(rows, given)


def _ranks(bench: Bench, plain: Sides, side: Side, embedding: ndarray) -> Int[ndarray, "2 q"]:
    """Ranks with the embeddings of one side as given, and of the other as they were."""
    if side == "audio":
        return bench.ranks(embedding, joint(plain.midi))
    return bench.ranks(joint(plain.audio), embedding)


def check(request: Request) -> None:
    """Refuse changes that are not known, before anything is opened.

    Raises:
        ConfigError: a name is unknown or none is given.
    """
    named_changes(request.changes)
