"""What a training run is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from analysis.errors import ConfigError, shown
from analysis.models.families import Config, Family, find_arm
from analysis.training.evaluation import SMALLEST_POOL
from analysis.training.objective import Objective, find_objective
from analysis.training.schedules import ENDS, Schedule

POOL_LEAST = (("validation_queries", 1), ("validation_pool", SMALLEST_POOL), ("validation_windows_per_piece", 1))


@dataclass(frozen=True)
class TrainRequest:
    """One run; `Objective.recipes` of a family has named ones.

    Attributes:
        arm, scale: of any family that is trained here.
        recipe: the name of what the settings below were taken from; it decides nothing itself.
        floor, tail_end, reference_steps, hold, end: of the schedule, see `Schedule`.
        learning_rates: a row of `Objective.learning_rates`; "" for that of the scale.
        freeze: parts that keep the values they were drawn with; "" for none.
        validation_queries, validation_pool, validation_windows_per_piece: sizes of the pool on which the best step is chosen.
        settings: those of its own that an objective has and that are not to be the usual ones, by name.

    Raises:
        ConfigError: the arm, the scale or a setting is unknown or out of its range.
    """

    arm: str
    scale: str = "small"
    seed: int = 0
    steps: int = 700
    batch_size: int = 64
    recipe: str = "small"
    schedule: str = "cosine"
    warmup: int = 100
    floor: float = 0.10
    tail_end: float = 0.02
    reference_steps: int = 0
    hold: float = 0.5
    end: str = "cosine"
    learning_rates: str = ""
    weight_decay: float = 1e-4
    beta1: float = 0.9
    beta2: float = 0.999
    clip_norm: float = 1.0
    bf16: bool = True
    freeze: str = ""
    validate_every: int = 100
    validation_queries: int = 200
    validation_pool: int = 256
    validation_windows_per_piece: int = 60
    settings: Mapping[str, float | int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        objective = self.objective
        _ = self.rates
        for name, least in (("steps", 0), ("batch_size", 2), ("validate_every", 1), ("weight_decay", 0), *POOL_LEAST):
            if not getattr(self, name) >= least:
                raise ConfigError(f"{name} is {getattr(self, name)}; expected {least} or more.")
        for name in ("beta1", "beta2"):
            if not 0 <= getattr(self, name) < 1:
                raise ConfigError(f"{name} is {getattr(self, name)}; expected a number from 0 to below 1.")
        if not self.clip_norm > 0:
            raise ConfigError(f"clip_norm is {self.clip_norm}; expected a number above 0.")
        rows = ("", *objective.learning_rates)
        for name, known in (("learning_rates", rows), ("freeze", objective.freezes), ("end", ENDS)):
            if getattr(self, name) not in known:
                raise ConfigError(f"Unknown {name} {getattr(self, name)!r}: expected one of {', '.join(map(repr, known))}.")
        self._check_settings(objective)

    @property
    def model(self) -> tuple[Family, Config]:
        """The family of the arm, and the configuration of the arm at the scale."""
        return find_arm(self.arm, self.scale)

    @property
    def objective(self) -> Objective:
        """What is learned."""
        return find_objective(self.model[0].name)

    @property
    def rates(self) -> Schedule:
        """How the learning rate rises and falls."""
        return Schedule(self.schedule, self.warmup, self.floor, self.tail_end, self.reference_steps, self.hold, self.end)

    def setting(self, name: str) -> float:
        """A setting of the objective's own: as it was asked for, or as it usually is."""
        return float(self.settings.get(name, self.objective.settings[name].usual))

    def _check_settings(self, objective: Objective) -> None:
        if unknown := sorted(set(self.settings) - set(objective.settings)):
            known = ", ".join(objective.settings) or f"none for the arm {self.arm}"
            raise ConfigError(f"Unknown settings {shown(unknown)}: expected {known}.")
        for name, value in self.settings.items():
            _, least, most = objective.settings[name]
            if not least <= value <= most:
                raise ConfigError(f"{name} is {value:g}; expected a number from {least:g} to {most:g}.")
