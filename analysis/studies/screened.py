"""What is published about the choice of descriptors and mechanisms, beside the checkpoints of the same arms that are here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from analysis.errors import ConfigError
from analysis.models.arms import ARMS
from analysis.models.checkpoint import Checkpoint
from analysis.models.injections.registry import find_injection
from analysis.models.remarks import constant
from analysis.published.published import Published, published
from analysis.studies.recipes import differences, most_common
from analysis.training.comparison import RetrievalScore, read_score, score_text
from analysis.training.sweep_table import SweepRow, sweep_table
from analysis.training.work_counts import read_counts

SHORT, LONG = "screening", "confirmation"
SCREENED = "5 epochs"
S, SAME_PIECE = "S", "accuracy against same piece"
BASELINE = "D0"
BASELINE_GROUP, THIRD_TOWER, OTHER = "baseline", "third tower", "other"


@runtime_checkable
class Trained(Protocol):
    """What is asked of a checkpoint."""

    @property
    def name(self) -> str: ...
    @property
    def arm(self) -> str: ...
    @property
    def scale(self) -> str: ...
    @property
    def training(self) -> Mapping[str, object]: ...
    @property
    def evaluation(self) -> Mapping[str, object]: ...


@dataclass(frozen=True)
class Configuration:
    """One published configuration.

    Attributes:
        arm: its name, in our spelling where it can be trained here.
        condition: how long or by which schedule it was trained.
        mechanism: how descriptors enter.
        s: S (%).
        same_piece: accuracy against windows of the same piece (%); None where it is not published.
    """

    arm: str
    condition: str
    mechanism: str
    s: float
    same_piece: float | None = None


def screened() -> tuple[Configuration, ...]:
    """The published configurations after 5 epochs, by mechanism: that with the highest S first, and so within each.

    Empty where nothing is published.
    """
    return _grouped(record for record in _records(SHORT) if record.condition == SCREENED)


def confirmed() -> tuple[Configuration, ...]:
    """The published long runs, the highest S first; what is published twice of an arm and a schedule counts once."""
    later = [record for record in _records(SHORT) if not record.condition.endswith("epochs")]
    return tuple(
        sorted(_configurations([*_records(LONG), *later]), key=lambda configuration: (-configuration.s, configuration.arm))
    )


def mechanism(arm: str) -> str:
    """How descriptors enter in an arm, ours or published.

    >>> mechanism("d4a4"), mechanism("d4-a4r"), mechanism("A7x"), mechanism("moe-a4-v2"), mechanism("D0"), mechanism("zzz")
    ('concatenation', 'reverse cross-attention', 'cross-attention', 'mixture of experts', 'baseline', 'other')
    """
    if arm == BASELINE:
        return BASELINE_GROUP
    if arm not in ARMS:
        return OTHER
    if ARMS[arm].has_third_tower:
        return THIRD_TOWER
    entries = [entry for entry in (ARMS[arm].audio, ARMS[arm].midi) if entry]
    return find_injection(entries[0].injection).title if entries else BASELINE_GROUP


def trained_here(checkpoints: Iterable[Trained]) -> dict[str, list[tuple[Trained, RetrievalScore]]]:
    """Checkpoints that carry scores, by arm, the highest S first; parameter-matched controls are arms of their own."""
    by_arm: dict[str, list[tuple[Trained, RetrievalScore]]] = {}
    for checkpoint in checkpoints:
        if score := read_score(checkpoint.evaluation):
            by_arm.setdefault(str(checkpoint.arm), []).append((checkpoint, score))
    return {arm: sorted(ones, key=lambda pair: (-pair[1].value, pair[0].name)) for arm, ones in by_arm.items()}


def source_of(configuration: Configuration) -> str:
    """Whose number S of a published configuration is, and where it is from."""
    study = SHORT if configuration.condition == SCREENED else LONG
    records = [
        record for record in _records(study)
        if (record.arm, record.condition, record.measure) == (configuration.arm, configuration.condition, S)
    ]  # fmt: skip
    return f"{records[0].citation}, {records[0].source}" if records else ""


def here_text(ones: Sequence[tuple[Trained, RetrievalScore]]) -> str:
    """What is trained here of one arm: S with its interval, or the range of several."""
    if not ones:
        return "not trained here"
    if len(ones) == 1:
        return score_text(ones[0][1])
    low, high = (f"{100 * ones[index][1].value:.1f}" for index in (-1, 0))
    return f"{len(ones)} of {low} to {high} %"


def not_told(configurations: Iterable[Configuration]) -> list[str]:
    """Which configurations get a constant in place of a descriptor, each sentence once with its arms."""
    about: dict[str, list[str]] = {}
    for arm in dict.fromkeys(configuration.arm for configuration in configurations if configuration.arm in ARMS):
        for entry in filter(None, (ARMS[arm].audio, ARMS[arm].midi)):
            if sentence := constant(entry):
                about.setdefault(sentence, []).append(arm)
    return [f"{', '.join(arms)}: {sentence}" for sentence, arms in about.items()]


def paired(checkpoints: Iterable[Trained]) -> tuple[SweepRow, ...]:
    """Arms against the baseline by work, of checkpoints that were trained and examined as those of the baseline, with its seeds.

    Empty where there are none besides the baseline.
    """
    described = [trained for trained in checkpoints if isinstance(trained, Checkpoint) and trained.of_family.has_arms]
    counted = [checkpoint for checkpoint in described if _queries(checkpoint)]
    baseline = [checkpoint for checkpoint in counted if checkpoint.arm == BASELINE]
    if not baseline:
        return ()
    recipe, queries = most_common(baseline), _queries(baseline[0])
    by_arm: dict[str, dict[int, Checkpoint]] = {}
    for checkpoint in counted:
        if not differences(checkpoint, recipe) and _queries(checkpoint) == queries:
            by_arm.setdefault(checkpoint.arm, {}).setdefault(checkpoint.seed, checkpoint)
    seeds = by_arm.get(BASELINE, {}).keys()
    compared = [checkpoint for of_seeds in by_arm.values() if of_seeds.keys() == seeds for checkpoint in of_seeds.values()]
    return sweep_table(compared) if len({checkpoint.arm for checkpoint in compared}) > 1 else ()


def _queries(checkpoint: Checkpoint) -> tuple[object, object] | None:
    """Works of the queries with their numbers; None where they were not counted, or not for the untrained twin."""
    trained, untrained = (read_counts(checkpoint.evaluation, weights) for weights in ("trained", "untrained"))
    return None if trained is None or untrained is None else (trained.counts.works, trained.counts.queries.tolist())


def headline(configurations: Sequence[Configuration], here: Mapping[str, object]) -> str:
    """Which configuration leads the published screening, by how much over the baseline, and how ours differ.

    Raises:
        ConfigError: nothing is published.
    """
    if not configurations:
        raise ConfigError("No screening is published here, so none leads. Restore the published numbers.")
    best = max(configuration.s for configuration in configurations)
    arms = [configuration.arm for configuration in configurations if configuration.s == best]
    baseline = next((configuration.s for configuration in configurations if configuration.arm == BASELINE), None)
    sentence = (
        f"{best:.1f} % by {' and '.join(arms)}: the highest S of {len(configurations)} published configurations after {SCREENED}"
    )
    if BASELINE in arms:
        sentence += ", which no descriptor exceeds"
    elif baseline is not None:
        sentence += f", {best - baseline:.1f} points over the baseline {BASELINE} ({baseline:.1f} %)"
    ours = any(configuration.arm in here for configuration in configurations)
    return f"{sentence}; {'ours have other data and another scale' if ours else 'none of them is trained here'}."


def _records(study: str) -> list[Published]:
    try:
        return [record for record in published(study) if record.measure in (S, SAME_PIECE)]
    except ConfigError:
        return []


def _configurations(records: Iterable[Published]) -> list[Configuration]:
    values: dict[tuple[str, str], dict[str, float]] = {}
    for record in records:
        values.setdefault((record.arm, record.condition), {}).setdefault(record.measure, record.value)
    return [
        Configuration(arm, condition, mechanism(arm), measures[S], measures.get(SAME_PIECE))
        for (arm, condition), measures in values.items()
        if S in measures
    ]


def _grouped(records: Iterable[Published]) -> tuple[Configuration, ...]:
    configurations = _configurations(records)
    best: dict[str, float] = {}
    for configuration in configurations:
        best[configuration.mechanism] = max(configuration.s, best.get(configuration.mechanism, configuration.s))
    return tuple(
        sorted(
            configurations,
            key=lambda configuration: (
                -best[configuration.mechanism],
                configuration.mechanism,
                -configuration.s,
                configuration.arm,
            ),
        )
    )
