"""The two sides of a window, its sound and its notes, and which towers of a model read them, whatever their names are."""

from collections.abc import Mapping

from analysis.errors import ConfigError
from analysis.models.config import READS, SIDES, Side
from analysis.models.tower import Modality, Model

SIDE_OF: Mapping[str, Side] = {READS[side]: side for side in SIDES}  # by modality


def pair_of(model: Model) -> dict[Side, str] | None:
    """Names of the towers of the first pair that reads both sides, in whichever order; None where no pair does."""
    for pair in model.pairs:
        by_side = {SIDE_OF.get(model.towers[name].modality): name for name in pair}
        if set(by_side) == set(SIDES):
            return {side: by_side[side] for side in SIDES}
    return None


def tower_of(model: Model, side: Side) -> str:
    """Name of the tower that reads a side: that of the pair which reads both, else the first that does.

    Raises:
        ConfigError: no tower does.
    """
    if (pair := pair_of(model)) is not None:
        return pair[side]
    for name, tower in model.towers.items():
        if tower.modality == READS[side]:
            return name
    raise ConfigError(f"The family {model.family} has no tower for {READS[side]}. Choose a checkpoint of another family.")


def sides_of(model: Model) -> tuple[Side, ...]:
    """The sides that its towers read: sound, notes, or both."""
    read = {tower.modality for tower in model.towers.values()}
    return tuple(side for side in SIDES if READS[side] in read)


def compared_sides(model: Model) -> tuple[Side, ...]:
    """The sides that can be compared with each other, or sound alone where no pair of towers reads both."""
    return ("audio",) if pair_of(model) is None else SIDES


def pairs_of(model: Model, modalities: tuple[Modality, ...]) -> list[tuple[str, str]]:
    """The pairs whose towers read all of these modalities between them."""
    return [pair for pair in model.pairs if set(modalities) <= {model.towers[name].modality for name in pair}]
