"""The tower of a model that hears a recording."""

from analysis.errors import ShapeError
from analysis.models.dual_towers import AudioTower
from analysis.models.tower import Model, Tower


def audio_tower(model: Model) -> Tower:
    """The tower of a model that hears.

    Raises:
        ShapeError: none does, or it needs the notes as well.
    """
    for tower in model.towers.values():
        if isinstance(tower, AudioTower) and tower.config.crosses:
            raise ShapeError("The audio side is given a descriptor of the notes, and a clip has none. Choose another checkpoint.")
        if tower.modality == "audio":
            return tower
    raise ShapeError(f"No tower of this {model.family} model hears; it has {', '.join(model.towers)}. Choose another checkpoint.")
