"""What is said of a MIDI file that is not as it should be, as ends of sentences that begin with its name."""

from collections.abc import Mapping
from enum import Enum, auto


class Oddity(Enum):
    """What may be counted in a MIDI file that is not as it should be; `about_events` says what each is."""

    HANGING = auto()
    OVERLAPS = auto()
    NO_LENGTH = auto()
    LENGTHS = auto()
    LATE_EVENTS = auto()
    STRAY_BYTES = auto()
    HIGH_BYTES = auto()
    TEMPOS = auto()
    LONG_TEMPOS = auto()
    TWO_TEMPOS = auto()
    KEYS = auto()
    METRES = auto()
    META_EVENTS = auto()
    UNDEFINED_EVENTS = auto()
    FOREIGN_EVENTS = auto()


def about_header(kind: int, promised: int, n_tracks: int) -> list[str]:
    """What of the header contradicts the tracks.

    Args:
        kind: type of the file, 0, 1 or 2.
        promised: number of tracks in the header.
        n_tracks: number of tracks in the file.

    >>> about_header(1, 5, 2)
    ['promises 5 tracks in its header and has 2; these were read. If it was cut off between tracks, the others are missing.']
    """
    texts = []
    if promised > n_tracks:
        were = "this was" if n_tracks == 1 else "these were"
        lack = "If it was cut off between tracks, the others are missing."
        texts.append(f"promises {count(promised, 'track')} in its header and has {n_tracks}; {were} read. {lack}")
    elif promised < n_tracks:
        texts.append(f"promises {count(promised, 'track')} in its header and has {n_tracks}; all were read.")
    if kind == 0 and n_tracks > 1:
        texts.append(f"is of type 0, which has one track, and has {n_tracks}; they were read as sounding together.")
    return texts


def about_events(odd: Mapping[Oddity, int]) -> list[str]:
    """What was counted while the events were read and the notes were paired, one sentence for each kind.

    >>> about_events({Oddity.HANGING: 1, Oddity.OVERLAPS: 0})
    ['never ends 1 note; it lasts until the next “all notes off” of its channel, else until the end of its track.']
    """
    return [sentence for oddity, n in odd.items() if n and (sentence := _sentence(oddity, n))]


def count(n: int, noun: str) -> str:
    """A number with its noun.

    >>> count(1, "note"), count(1200, "note")
    ('1 note', '1,200 notes')
    """
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def _sentence(oddity: Oddity, n: int) -> str:
    is_one = n == 1
    was, it, lasts = ("was", "it", "lasts") if is_one else ("were", "they", "last")
    ends = "its channel, else until the end of its track" if is_one else "their channel, else until the end of their track"
    return {
        Oddity.HANGING: f"never ends {count(n, 'note')}; {it} {lasts} until the next “all notes off” of {ends}.",
        Oddity.OVERLAPS: f"strikes {count(n, 'note')} again before the end; of notes of one pitch, the first ends first.",
        Oddity.NO_LENGTH: f"has {count(n, 'note')} of no length; {it} {was} left out.",
        Oddity.LENGTHS: f"gives a wrong length for {count(n, 'track')}; {it} {was} read up to the event that ends a track.",
        Oddity.LATE_EVENTS: f"goes on behind the end of {count(n, 'track')}; what follows there was read too.",
        Oddity.STRAY_BYTES: (
            f"has {count(n, 'byte')} that {'belongs' if is_one else 'belong'} to no track; {it} {was} passed over."
        ),
        Oddity.HIGH_BYTES: (
            f"has {count(n, 'event')} with data above 127; velocities and controls count as 127, others are left out."
        ),
        Oddity.TEMPOS: f"has {count(n, 'tempo')} of 0 or without a value; {it} {was} passed over.",
        Oddity.LONG_TEMPOS: f"has {count(n, 'tempo')} of more than three bytes; the first three count.",
        Oddity.TWO_TEMPOS: f"sets two tempos at once in {count(n, 'place')}; that of the later track counts.",
        Oddity.KEYS: f"has {count(n, 'key signature')} of a key that does not exist; {it} {was} passed over.",
        Oddity.METRES: f"has {count(n, 'time signature')} of a metre that does not exist; {it} {was} passed over.",
        Oddity.META_EVENTS: f"has {count(n, 'meta event')} of a wrong size; {it} {was} passed over.",
        Oddity.UNDEFINED_EVENTS: f"has {count(n, 'event')} of an undefined kind; {it} {was} passed over.",
        Oddity.FOREIGN_EVENTS: f"has {count(n, 'event')} that only devices send each other; {it} {was} passed over.",
    }[oddity]
