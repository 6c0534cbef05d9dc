"""What it costs to read a clip, and which clips are so short that a page reads them while somebody waits."""

from dataclasses import dataclass

from analysis.clips.audio_tower import audio_tower
from analysis.clips.clock import Clock, hop_of
from analysis.models.checkpoint import Checkpoint
from analysis.models.families import Config, Family
from analysis.models.tower import InputSpec, Model, Tower

MULTIPLY_ADDS_PER_S = 20e9
"""What one CPU core does at least: 20 to 55 · 10⁹ were measured with fp32 weights, the fewest with narrow layers."""

JOB_TIMES, JOB_START_S = (1.4, 6.5), (2.0, 5.0)
"""How many times as long as by its matrices alone a worker takes for a pass, and seconds until it begins: on cores that do
nothing else, and on two that a dozen programs share. Measured with random weights over 9 minutes: 1.4 (processor time) to 6.3."""

SHORT_S = 2.5
"""A page reads a model and its untrained twin: no more than 5 s together, and a picture of the model's after half of that."""


@dataclass(frozen=True, eq=False)
class ClipSize:
    """How much a recording is for a model, whose outline was opened once to say it.

    Attributes:
        family: of the model.
        config: of the model, as its family has it.
        outline: the model without memory for its tensors.
        tower: the tower of it that hears.
        duration_s: of the recording.
        overlap: of its windows, a name of `analysis.clips.clock.OVERLAPS`.
    """

    family: Family
    config: Config
    outline: Model
    tower: Tower
    duration_s: float
    overlap: str = "none"

    @property
    def heard(self) -> InputSpec:
        """What it is fed."""
        return self.tower.input

    @property
    def n_windows(self) -> int:
        """Windows that cover it."""
        return self.clock.n_windows

    @property
    def clock(self) -> Clock:
        """Its windows."""
        window = round(self.heard.window_s * self.heard.sample_rate)
        n_samples = max(1, round(self.duration_s * self.heard.sample_rate))
        return Clock(n_samples, self.heard.sample_rate, window, hop_of(window, self.overlap))

    @property
    def multiply_adds(self) -> int:
        """Multiplications of one pass over it: of a family that does not count them, two for every parameter and token."""
        if self.family.multiply_adds is not None:
            return self.n_windows * self.family.multiply_adds(self.config)
        return self.n_windows * 2 * self.family.count(self.config)["total"] * self.family.n_tokens(self.config)

    @property
    def seconds(self) -> float:
        """Time of one pass over it on one CPU core, estimated from above."""
        return self.multiply_adds / MULTIPLY_ADDS_PER_S

    @property
    def job_seconds(self) -> tuple[float, float]:
        """Seconds that a worker takes for a model and its untrained twin: on idle cores, and on two that are busy."""
        soonest_s, latest_s = (start_s + 2 * times * self.seconds for times, start_s in zip(JOB_TIMES, JOB_START_S, strict=True))
        return soonest_s, latest_s

    @property
    def most_windows(self) -> int:
        """How many windows a page reads itself once more."""
        return int(SHORT_S * self.n_windows / self.seconds)

    @property
    def is_short(self) -> bool:
        """Whether a page reads it itself; what takes longer is a job, which has progress and an end."""
        return self.seconds <= SHORT_S


def size_of(checkpoint: Checkpoint, duration_s: float, overlap: str = "none") -> ClipSize:
    """How much a recording is for the model of a checkpoint.

    Raises:
        ShapeError: no tower of it hears.
    """
    outline = checkpoint.outline()
    return ClipSize(checkpoint.of_family, checkpoint.model_config, outline, audio_tower(outline), duration_s, overlap)
