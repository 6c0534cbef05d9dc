"""The rows of the tables of this study."""

from dataclasses import dataclass
from typing import ClassVar

from analysis.rows import Numbers, Row
from analysis.studies.shared_rows import SentenceRow, Weights, WindowRow


@dataclass(frozen=True)
class ArmRow(Row):
    """S of an arm over training seeds, on the first pool.

    Attributes:
        arm: of the checkpoints, which were trained with one recipe.
        weights: of the checkpoints, or of their untrained twins.
        value: mean S, a part of 1.
        ci_low: lower end of Student's interval; None of fewer than three trainings.
        ci_high: its upper end.
        null: chance.
        n: trainings.
        sd: standard deviation of S over trainings; None of one.
        sd_ci_low: lower end of its χ² interval; None of fewer than three trainings.
        sd_ci_high: its upper end.
        lowest: the lowest S.
        highest: the highest.
        training_seeds: in ascending order.
        note: why there is no spread.
    """

    table: ClassVar[str] = "arms"
    concluded: ClassVar[bool] = True

    arm: str
    weights: Weights
    value: float
    ci_low: float | None
    ci_high: float | None
    null: float
    n: int
    sd: float | None
    sd_ci_low: float | None
    sd_ci_high: float | None
    lowest: float
    highest: float
    training_seeds: tuple[int, ...]
    note: str

    @property
    def spread(self) -> Numbers:
        """The standard deviation of S."""
        return Numbers(self.sd, self.sd_ci_low, self.sd_ci_high, None, self.n)


@dataclass(frozen=True)
class PairRow(Row):
    """Mean S of two arms compared over training seeds, by Welch's test and by the paired one.

    Attributes:
        first: an arm.
        second: the arm whose mean is taken from that of the first.
        weights: of the checkpoints, or of their untrained twins.
        value: difference of the means, a part of 1.
        ci_low: lower end of Welch's interval.
        ci_high: its upper end.
        null: no difference.
        n: trainings of both arms.
        t: Welch's; None where nothing varies.
        df: degrees of freedom.
        p: two-sided, not corrected; None where nothing varies.
        cohen_d: difference over the pooled deviation; None where nothing varies.
        paired_difference: mean difference of the trainings of one seed; None, as all that follows, where no seeds are common.
        paired_t: Student's; None where the differences do not vary.
        paired_df: degrees of freedom.
        paired_p: two-sided, not corrected; None where the differences do not vary.
        paired_n: common seeds.
        paired_ci_low: lower end of Student's interval.
        paired_ci_high: its upper end.
    """

    table: ClassVar[str] = "pairs"
    concluded: ClassVar[bool] = True

    first: str
    second: str
    weights: Weights
    value: float
    ci_low: float
    ci_high: float
    null: float
    n: int
    t: float | None
    df: float
    p: float | None
    cohen_d: float | None
    paired_difference: float | None
    paired_t: float | None
    paired_df: float | None
    paired_p: float | None
    paired_n: int
    paired_ci_low: float | None
    paired_ci_high: float | None

    @property
    def pair(self) -> tuple[str, str]:
        """Both arms."""
        return self.first, self.second

    def other(self, arm: str) -> str:
        """With which arm one of the two is compared."""
        return self.second if self.first == arm else self.first


@dataclass(frozen=True)
class ComponentRow(Row):
    """Variance of S of an arm by source; estimates, which may fall below 0 and then have no deviation.

    Attributes:
        arm: of the checkpoints.
        weights: of the checkpoints, or of their untrained twins.
        n_training: training seeds.
        n_evaluation: evaluation seeds.
        training_variance: from training seed to training seed.
        training_sd: its root.
        evaluation_variance: from pool to pool.
        evaluation_sd: its root.
        residual_variance: what is left.
        residual_sd: its root.
    """

    table: ClassVar[str] = "components"
    concluded: ClassVar[bool] = True

    arm: str
    weights: Weights
    n_training: int
    n_evaluation: int
    training_variance: float
    training_sd: float | None
    evaluation_variance: float
    evaluation_sd: float | None
    residual_variance: float
    residual_sd: float | None


@dataclass(frozen=True)
class RunRow(Row):
    """S of a model on the first pool, and how far it moves over the pools.

    Attributes:
        checkpoint: its name.
        arm: its arm.
        scale: its scale.
        corpus: that it was trained on; None where it is not recorded.
        steps: of its training; None where they are not recorded.
        training_seed: None where it is not recorded.
        weights: of the checkpoint, or of its untrained twin.
        value: S on the first pool, a part of 1.
        ci_low: lower end of its interval over works; None without one.
        ci_high: its upper end.
        null: chance.
        n: queries.
        evaluation_sd: standard deviation of S over pools.
        evaluation_sd_ci_low: lower end of its χ² interval; None of two pools.
        evaluation_sd_ci_high: its upper end.
        binomial_sd: that of as many independent queries.
        left_out: why it is not pooled with the others of its arm; empty where it is.
    """

    table: ClassVar[str] = "runs"
    concluded: ClassVar[bool] = True

    checkpoint: str
    arm: str
    scale: str
    corpus: str | None
    steps: int | None
    training_seed: int | None
    weights: Weights
    value: float
    ci_low: float | None
    ci_high: float | None
    null: float
    n: int
    evaluation_sd: float
    evaluation_sd_ci_low: float | None
    evaluation_sd_ci_high: float | None
    binomial_sd: float
    left_out: str

    @property
    def over_pools(self) -> Numbers:
        """The standard deviation of S over pools beside that of independent queries."""
        return Numbers(self.evaluation_sd, self.evaluation_sd_ci_low, self.evaluation_sd_ci_high, self.binomial_sd, self.n)


@dataclass(frozen=True)
class EvaluationRow(Row):
    """S of a model on one of the pools, beside chance; n counts queries."""

    table: ClassVar[str] = "evaluations"

    checkpoint: str
    weights: Weights
    evaluation_seed: int
    value: float
    null: float
    n: int


@dataclass(frozen=True)
class LinkRow(Row):
    """Which arrays hold what a model ranked.

    Attributes:
        checkpoint: its name.
        weights: of the checkpoint, or of its untrained twin.
        ranks: of the matches on the first pool, (2, queries): audio to MIDI, MIDI to audio.
        shares: share of the pools that ask for a window in which its match is among the first ten, (2, windows).
        instead: the wrong window nearest to a window in any pool, (2, windows); -1 where no pool asks for it.
    """

    table: ClassVar[str] = "links"
    array_columns: ClassVar[tuple[str, ...]] = ("ranks", "shares", "instead")

    checkpoint: str
    weights: Weights
    ranks: str
    shares: str
    instead: str


ROWS = (ArmRow, PairRow, ComponentRow, RunRow, EvaluationRow, LinkRow, WindowRow, SentenceRow)
