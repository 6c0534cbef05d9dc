"""Which descriptors of the sound are drawn beside a model: those that it is given, or A4 where it has none."""

from analysis.clips.read import audio_tower
from analysis.descriptors.descriptor import Descriptor
from analysis.descriptors.registry import descriptor_names, find_descriptor
from analysis.models.tower import Model

OTHERWISE_DRAWN = "A4"


def given_descriptors(model: Model) -> tuple[Descriptor, ...]:
    """Descriptors of the sound that the tower that hears is given, by their taps; () for none.

    Raises:
        ShapeError: no tower hears.
    """
    taps = {tap.name.partition(".")[2] for tap in audio_tower(model).taps() if tap.kind == "descriptor"}
    return tuple(
        descriptor
        for descriptor in map(find_descriptor, descriptor_names())
        if descriptor.reads == "audio" and descriptor.key in taps
    )


def drawn_descriptor(model: Model) -> Descriptor:
    """The one that is drawn.

    Raises:
        ShapeError: no tower hears.
    """
    return next(iter(given_descriptors(model)), find_descriptor(OTHERWISE_DRAWN))
