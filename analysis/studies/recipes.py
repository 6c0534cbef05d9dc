"""How checkpoints were trained: what must be alike before they may be compared as runs, or as an arm and its control."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields

from analysis.models.checkpoint import Checkpoint


@dataclass(frozen=True)
class Recipe:
    """Everything but arm and seed; None for what a checkpoint does not say."""

    scale: str
    corpus: str | None
    steps: int | None
    batch_size: int | None
    schedule: str | None
    warmup: int | None = None
    floor: float | None = None
    tail_end: float | None = None
    reference_steps: int | None = None
    hold: float | None = None
    end: str | None = None
    learning_rates: str | None = None
    weight_decay: float | None = None
    beta1: float | None = None
    beta2: float | None = None
    clip_norm: float | None = None
    bf16: bool | None = None
    freeze: str | None = None


_ONLY_OF = {  # settings of a schedule that others do not look at
    "floor": "cosine-tail", "tail_end": "cosine-tail", "reference_steps": "cosine-tail",
    "hold": "trapezoidal", "end": "trapezoidal",
}  # fmt: skip


def recipe_of(checkpoint: Checkpoint) -> Recipe:
    """How a checkpoint was trained; the corpus by its SHA-256."""
    training = checkpoint.training
    names = [field.name for field in fields(Recipe) if field.name not in ("scale", "corpus")]
    own = {name: training.get(name) for name in names if _ONLY_OF.get(name, training.get("schedule")) == training.get("schedule")}
    own["learning_rates"] = own["learning_rates"] or (checkpoint.scale if "learning_rates" in training else None)
    return Recipe(scale=checkpoint.scale, corpus=training.get("corpus_sha256"), **own)


def training_seed(checkpoint: Checkpoint) -> int | None:
    """The seed of the weights it began with and of its batches; None if it does not say."""
    return checkpoint.training.get("seed")


def most_common(checkpoints: Iterable[Checkpoint]) -> Recipe:
    """The recipe of most checkpoints; of several as common the first."""
    return Counter(recipe_of(checkpoint) for checkpoint in checkpoints).most_common(1)[0][0]


def differences(checkpoint: Checkpoint, recipe: Recipe) -> str:
    """In what a checkpoint differs from a recipe, in words; "" if in nothing.

    A corpus is named by the first digits of its SHA-256.
    """
    own, wanted = asdict(recipe_of(checkpoint)), asdict(recipe)
    words = [f"{name.replace('_', ' ')} {_word(own[name])} instead of {_word(wanted[name])}" for name in own]
    return ", ".join(word for name, word in zip(own, words, strict=True) if own[name] != wanted[name])


def _word(value: object) -> str:
    return "not recorded" if value is None else str(value)[:12]
