"""Named ways to train dual encoders: the source's text, the runs its authors made, and the small models of this package.

Source: arXiv 2604.10283, appendix D; the authors' runs by their configurations.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from analysis.errors import ConfigError

FREEZES = ("", "cnn and positions")


@dataclass(frozen=True)
class TrainingRecipe:
    """What a recipe decides.

    Attributes:
        source: whose it is, in words.
        freeze: the parts that keep the values they were drawn with.
        learning_rates: which row of the objective's `learning_rates`.
    """

    name: str
    source: str
    batch_size: int
    warmup: int
    weight_decay: float
    bf16: bool
    freeze: str
    learning_rates: str
    schedule: str = "cosine"
    beta1: float = 0.9
    beta2: float = 0.999
    clip_norm: float = 1.0


RECIPES = {
    recipe.name: recipe
    for recipe in (
        TrainingRecipe("small", "ours, for small models on a CPU", 64, 100, 1e-4, True, "", "small"),
        TrainingRecipe("paper", "the text of arXiv 2604.10283", 16, 500, 1e-2, False, "", "paper"),
        TrainingRecipe("authors", "the authors' runs", 16, 200, 1e-4, False, "cnn and positions", "paper"),
    )
}
LEARNING_RATES = {
    "paper": {"audio_early": 5e-6, "audio_late": 1e-5, "midi": 5e-5, "heads": 1e-4, "descriptors": 5e-4},
    "small": {"audio_early": 5e-4, "audio_late": 5e-4, "midi": 5e-4, "heads": 1e-3, "descriptors": 1e-3},
}


def find_recipe(name: str, scale: str = "small", among: Mapping[str, TrainingRecipe] = RECIPES) -> TrainingRecipe:
    """The recipe of that name, of dual encoders if not told among which; "" is the one that belongs to a scale.

    Raises:
        ConfigError: there is none of that name.

    >>> find_recipe("", "paper").name, find_recipe("authors").warmup
    ('paper', 200)
    """
    name = name or ("paper" if scale == "paper" else "small")
    if name not in among:
        raise ConfigError(f"Unknown recipe {name!r}: expected one of {', '.join(among)}.")
    return among[name]
