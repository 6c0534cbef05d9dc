"""Every arm in one list: what it is, its parameters, the published S with its source, and ours from evaluations at hand."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from analysis.models.arms import ARMS, Arm
from analysis.models.counting import count_parameters
from analysis.models.injections.registry import find_injection
from analysis.models.remarks import remarks
from analysis.models.third_tower import DESCRIPTORS as THIRD_READS
from analysis.studies.screened import (
    SCREENED,
    Configuration,
    Trained,
    confirmed,
    here_text,
    mechanism,
    screened,
    source_of,
    trained_here,
)  # fmt: skip
from analysis.training.comparison import RetrievalScore

SCALE = "paper"
NOTHING = "–"


@dataclass(frozen=True)
class Listed:
    """One arm.

    Attributes:
        family: how descriptors enter, as the published screening groups it.
        mechanism: the descriptor of either side and how it enters, in words.
        parameters: counted at paper scale.
        configuration: what is published of it; None where nothing is.
        here: checkpoints that carry scores, the highest S first.
        remarks: what must be known of it.
    """

    arm: Arm
    family: str
    mechanism: str
    parameters: int
    configuration: Configuration | None
    here: tuple[tuple[Trained, RetrievalScore], ...]
    remarks: tuple[str, ...]

    @property
    def published(self) -> str:
        """S (%) with how long it was trained, where that is another time than that of the screening."""
        if self.configuration is None:
            return NOTHING
        condition = "" if self.configuration.condition == SCREENED else f" ({self.configuration.condition})"
        return f"{self.configuration.s:.1f} %{condition}"

    @property
    def ours(self) -> str:
        """S of the checkpoints that are here, with its interval."""
        return here_text(self.here) if self.here else NOTHING


def listed_arms(checkpoints: Iterable[Trained]) -> tuple[Listed, ...]:
    """Every arm and every control in the order of the table; controls have the parameters of their arms."""
    published = {configuration.arm: configuration for configuration in (*reversed(confirmed()), *screened())}
    here, counts = trained_here(checkpoints), dict[str, int]()
    for arm in ARMS.values():
        counts[arm.name] = counts[arm.control_of] if arm.control_of else count_parameters(arm.name, SCALE).get("total", 0)
    return tuple(
        Listed(
            arm, mechanism(arm.control_of or arm.name), entering_words(arm), counts[arm.name], published.get(arm.name),
            tuple(here.get(arm.name, ())), remarks(arm),
        )
        for arm in ARMS.values()
    )  # fmt: skip


def entering_words(arm: Arm) -> str:
    """What enters and how.

    >>> entering_words(ARMS["d4-a4r"]), entering_words(ARMS["t3-anc"]), entering_words(ARMS["D0"])
    ('A4 by reverse cross-attention, D4 by concatenation', 'third tower of A4 and D4', 'none')
    """
    words = [find_injection(entry.injection).words(entry.descriptor) for entry in (arm.audio, arm.midi) if entry]
    return ", ".join([*words, *([f"third tower of {' and '.join(THIRD_READS)}"] if arm.has_third_tower else [])]) or "none"


def cited(listed: Sequence[Listed]) -> str:
    """Whose the published numbers are, and of which scale the parameters."""
    sources = dict.fromkeys(source_of(row.configuration) for row in listed if row.configuration is not None)
    published = f"Published S: {'; '.join(sources)}; {SCREENED} of training where nothing else is said. " if sources else ""
    return f"{published}Parameters are counted at {SCALE} scale. * is explained below."


def sentences(listed: Sequence[Listed]) -> list[str]:
    """What must be known, each sentence once with the arms that it is about."""
    about: dict[str, list[str]] = {}
    for row in listed:
        for remark in row.remarks:
            about.setdefault(remark, []).append(row.arm.name)
    return [f"* {', '.join(names)}: {remark}" for remark, names in about.items()]


def document(listed: Sequence[Listed]) -> list[dict[str, object]]:
    """The list as JSON: S as shares of 1, the published one in per cent with its condition and source."""
    return [
        {
            **asdict(row.arm), "family": row.family, "mechanism": row.mechanism, "parameters": row.parameters, "scale": SCALE,
            "published": None if row.configuration is None else {
                "S": row.configuration.s, "unit": "%", "condition": row.configuration.condition,
                "source": source_of(row.configuration),
            },
            "ours": [
                {"name": checkpoint.name, "scale": checkpoint.scale, "S": score.value, "S_ci": [score.low, score.high],
                 "n_queries": score.n_queries, "n_works": score.n_works, "chance": score.chance}
                for checkpoint, score in row.here
            ],
            "remarks": list(row.remarks),
        }
        for row in listed
    ]  # fmt: skip
