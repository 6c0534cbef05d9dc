"""What a run compares: which sides of which checkpoints, by which measures, and the parts of its progress."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import NamedTuple

from analysis.errors import ConfigError
from analysis.measures import registry
from analysis.measures.registry import MEASURES, Measure
from analysis.models.checkpoint import Checkpoint
from analysis.models.sides import sides_of
from analysis.readings.embeddings import Weights
from analysis.readings.layer_means import SIDES, Side
from analysis.readings.study_run import StudyRun
from analysis.studies.base.measurement import About

ACROSS = ("same side", "every side", "none")
ACROSS_MEASURES = ("debiased CKA", "biased CKA")
WEIGHTS: tuple[Weights, ...] = ("trained", "untrained")
FEWEST_SHUFFLES = 20
OneSide = tuple[str, Side]  # checkpoint and side
StackKey = tuple[str, Weights, Side]
Sides = Mapping[str, tuple[Side, ...]]  # of every checkpoint, those that its towers read


class Parts(NamedTuple):
    """The study as it runs in every part of a plan."""

    windows: StudyRun
    inputs: StudyRun
    stacks: Sequence[StudyRun]
    comparisons: Sequence[StudyRun]


class Comparison(NamedTuple):
    """Two stacks, the measures by which they are compared, and whether they are what is compared of a checkpoint by itself.

    That is its audio with its MIDI, or where it has one side alone the layers of that with each other.
    """

    first: StackKey
    second: StackKey
    measures: Sequence[Measure]
    within: bool


@dataclass(frozen=True)
class Plan:
    """What is compared with what, the measure of which windows are kept, and the sides of every checkpoint."""

    comparisons: Sequence[Comparison]
    chosen: Measure
    sides: Sides

    @cached_property
    def stacks(self) -> list[StackKey]:
        """Whose layers are read, in order: the sides of a checkpoint and of its untrained twin."""
        names = dict.fromkeys(key[0] for comparison in self.comparisons for key in (comparison.first, comparison.second))
        return [(name, weights, side) for name in names for weights in WEIGHTS for side in self.sides[name]]

    @cached_property
    def read(self) -> list[Side]:
        """The sides that are read of any checkpoint."""
        return [side for side in SIDES if any(key[2] == side for key in self.stacks)]

    def parts(self, study_run: StudyRun) -> Parts:
        """The parts of the progress, in order."""
        n_parts = 2 + len(self.stacks) + len(self.comparisons)
        windows, inputs, *rest = (study_run.part(number, n_parts) for number in range(n_parts))
        return Parts(windows, inputs, rest[: len(self.stacks)], rest[len(self.stacks) :])


def known_sides(checkpoints: Mapping[str, Checkpoint]) -> Sides:
    """The sides of every checkpoint, by its name."""
    return {name: sides_of(checkpoint.outline()) for name, checkpoint in checkpoints.items()}


def plan_within(sides: Sides, measure: str, across: str) -> Plan:
    """The sides of every checkpoint with each other: audio with MIDI, and where every side is asked for, each with itself; where
    there is one side alone, that with itself.

    Raises:
        ConfigError: there is no such measure.
    """
    compared: list[tuple[OneSide, OneSide]] = []
    for name, known in sides.items():
        itself = known if across == "every side" or len(known) == 1 else ()
        pairs = [*([] if len(known) == 1 else [known]), *((side, side) for side in itself)]
        compared += [((name, first), (name, second)) for first, second in pairs]
    return _plan(compared, measure, sides)


def plan_between(pairs: Iterable[About], measure: str, across: str, sides: Sides) -> Plan:
    """The sides of a checkpoint with those of another, as far as both have them.

    Raises:
        ConfigError: there is no such measure.
    """
    wanted = {"same side": list(zip(SIDES, SIDES, strict=True)), "every side": list(product(SIDES, SIDES)), "none": []}[across]
    compared: list[tuple[OneSide, OneSide]] = [
        ((name, side), (other_name, other))
        for name, other_name in pairs
        for side, other in wanted
        if side in sides[name] and other in sides[other_name]
    ]
    return _plan(compared, measure, sides)


def _plan(compared: Iterable[tuple[OneSide, OneSide]], measure: str, sides: Sides) -> Plan:
    """All measures of what a checkpoint is compared for by itself, else two kinds of CKA and the chosen one; with both kinds of
    weights.
    """
    comparisons, chosen = list[Comparison](), registry.measure(measure)
    few = tuple(MEASURES[name] for name in dict.fromkeys((*ACROSS_MEASURES, chosen.name)))
    for ((name, side), (other_name, other)), weights in product(compared, WEIGHTS):
        within = name == other_name and (side != other or len(sides[name]) == 1)
        measures = tuple(MEASURES.values()) if within else few
        comparisons.append(Comparison((name, weights, side), (other_name, weights, other), measures, within))
    return Plan(comparisons, chosen, sides)


def refuse_unknown(measure: str, across: str, n_shuffles: int) -> None:
    """Refuse what cannot be planned.

    Raises:
        ConfigError: the measure, `across` or the number of shuffles is not one that is offered.
    """
    if across not in ACROSS:
        raise ConfigError(f"across is {across!r}; expected one of {', '.join(map(repr, ACROSS))}.")
    if n_shuffles < FEWEST_SHUFFLES:
        raise ConfigError(f"n_shuffles is {n_shuffles}; expected {FEWEST_SHUFFLES} or more, to tell the highest 5 %.")
    registry.measure(measure)
