"""How checkpoints were trained: what must be alike before they may be compared as runs, or as an arm and its control."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from analysis.models.checkpoint import Checkpoint


@dataclass(frozen=True)
class Recipe:
    """Everything but arm and seed; None for what a checkpoint does not say."""

    scale: str
    corpus: str | None
    steps: int | None
    batch_size: int | None
    schedule: str | None


def recipe_of(checkpoint: Checkpoint) -> Recipe:
    """How a checkpoint was trained; the corpus by its SHA-256."""
    said = checkpoint.training
    return Recipe(checkpoint.scale, said.get("corpus_sha256"), said.get("steps"), said.get("batch_size"), said.get("schedule"))


def training_seed(checkpoint: Checkpoint) -> int | None:
    """The seed of the weights it began with and of its batches; None if it does not say."""
    return checkpoint.training.get("seed")


def most_common(checkpoints: Iterable[Checkpoint]) -> Recipe:
    """The recipe of most checkpoints; of several as common the first."""
    return Counter(recipe_of(one) for one in checkpoints).most_common(1)[0][0]


def differences(checkpoint: Checkpoint, recipe: Recipe) -> str:
    """In what a checkpoint differs from a recipe, in words; "" if in nothing.

    A corpus is named by the first digits of its SHA-256.
    """
    own, wanted = asdict(recipe_of(checkpoint)), asdict(recipe)
    words = [f"{name.replace('_', ' ')} {_word(own[name])} instead of {_word(wanted[name])}" for name in own]
    return ", ".join(word for name, word in zip(own, words, strict=True) if own[name] != wanted[name])


def _word(said: object) -> str:
    return "not recorded" if said is None else str(said)[:12]
