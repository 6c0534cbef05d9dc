"""Which descriptors of the sound are drawn beside a tower: those that it is given, or A4 where it has none."""

from analysis.descriptors.descriptor import Descriptor
from analysis.descriptors.registry import descriptor_names, find_descriptor
from analysis.models.tower import Tower

OTHERWISE_DRAWN = "A4"


def given_descriptors(tower: Tower) -> tuple[Descriptor, ...]:
    """Descriptors of the sound that a tower that hears is given, by their taps; () for none."""
    taps = {tap.name.partition(".")[2] for tap in tower.taps() if tap.kind == "descriptor"}
    return tuple(
        descriptor
        for descriptor in map(find_descriptor, descriptor_names())
        if descriptor.reads == "audio" and descriptor.key in taps
    )


def drawn_descriptor(tower: Tower) -> Descriptor:
    """The one that is drawn."""
    return next(iter(given_descriptors(tower)), find_descriptor(OTHERWISE_DRAWN))
