"""What does a model ignore? Dose-response of S and of every layer to changes of one side of a pair of windows.

The untrained twin is measured at the ends of every range of doses only.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from analysis.studies.desk import Answer, Desk
from analysis.studies.invariance_answer import Response, answer
from analysis.studies.invariance_bench import Bench, Model, Sides, set_up
from analysis.studies.invariance_changes import Change, altered, choose_changes, inner_windows, named_changes, rendering_of
from analysis.studies.invariance_distances import relative_distances, yardsticks
from analysis.studies.layer_means import AS_IT_IS


@dataclass(frozen=True)
class Request:
    """Some windows of every piece, and names of changes separated by commas, or "all"."""

    checkpoints: tuple[str, ...]
    corpus: str = "full"
    split: str = "test"
    windows_per_piece: int = 4
    changes: str = "all"
    pool_size: int = 64
    seed: int = 42


def run(request: Request, desk: Desk) -> Answer:
    """Change one side at a time, and measure S and how far every layer of that side moved.

    Raises:
        ConfigError: a change is unknown, or no window can be had.
        CorpusError: there are too few windows for a pool.
        Cancelled: somebody asked to stop.
    """
    conditions = rendering_of(request.corpus)
    changes = choose_changes(request.changes, conditions, desk)
    per_checkpoint = 4 + sum(len(change.changing) + len(change.twin) for change in changes)
    n_passes = len(desk.checkpoints) * per_checkpoint
    windows = inner_windows(desk.part(0, n_passes + 1), request.split, request.windows_per_piece)
    bench = set_up(desk, windows, n_passes, request.pool_size, request.seed)
    plain = bench.plain()
    responses = [one for change in changes for one in respond(bench, change, plain, request.seed, conditions)]
    return answer(bench, responses, changes, tuple(desk.checkpoints))


def respond(bench: Bench, change: Change, plain: Mapping[Model, Sides], seed: int, conditions: str | None) -> list[Response]:
    """Every model at every dose, the unchanged one included; twins only at the doses meant for them."""
    responses: list[Response] = []
    units = {model: yardsticks(sides[change.side], bench.works) for model, sides in plain.items()}
    before = {model: sides[change.side] for model, sides in plain.items()}
    for dose in change.doses:
        changes = dose in change.changing
        given = altered(change.name, change.side, dose, bench.desk, seed=seed, conditions=conditions) if changes else AS_IT_IS
        for model, sides in plain.items():
            if changes and model[1] == "untrained" and dose not in change.twin:
                continue
            after = bench.rows(model, change.side, given) if changes else sides[change.side]
            first, then = ({**sides, change.side: rows} for rows in (before[model], after))
            moved = relative_distances(before[model], after, units[model])
            ranks = bench.ranks(**first), bench.ranks(**then)
            responses.append(Response(*model, change, dose, *ranks, moved, units[model]))
            if changes and dose == change.rebase:
                before[model] = after
    return responses


def check(request: Request) -> None:
    """Refuse changes that are not known, before anything is opened.

    Raises:
        ConfigError: a name is unknown or none is given.
    """
    named_changes(request.changes)
