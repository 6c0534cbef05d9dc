"""Chords and keys from what is written for them: Roman numerals of the Digital and Cognitive Musicology Lab, labels of MIREX."""

import re

from analysis.datasets.annotations import Quality
from analysis.errors import CorpusError

MAJOR, MINOR, LETTERS = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), "CDEFGAB"
NUMERALS = ("I", "II", "III", "IV", "V", "VI", "VII")
FIFTH = 7  # semitones
OF_TYPES: dict[str, Quality] = {
    "M": "maj", "Mm7": "maj", "MM7": "maj", "m": "min", "mm7": "min", "mM7": "min", "o": "dim", "o7": "dim", "%7": "dim",
    "+": "aug", "+7": "aug", "+M7": "aug",
}  # fmt: skip
OF_SHORTHANDS: tuple[tuple[str, Quality], ...] = (
    ("min", "min"), ("maj", "maj"), ("hdim", "dim"), ("dim", "dim"), ("aug", "aug"), ("sus", "sus"),
)  # fmt: skip
SEVENTHS = ("6", "7", "9", "11", "13")  # on a major triad where nothing else is written


def local_key(global_key: str, numeral: str) -> int:
    """Number of a key, 0–11 major and 12–23 minor from C: a Roman numeral within the global key; lower case is minor.

    "III/v" is III of v.

    Raises:
        CorpusError: one of them is not written so.

    >>> from analysis.datasets.annotations import KEYS
    >>> KEYS[local_key("D", "V")], KEYS[local_key("e", "III")], KEYS[local_key("E", "III/v")]
    ('A major', 'G major', 'D major')
    """
    key = re.fullmatch(r"([A-Ga-g])([#b]*)", global_key)
    degrees = [re.fullmatch(r"([#b]*)([IViv]+)", part) for part in reversed(numeral.split("/"))]
    if not key or not all(degree and degree[2].upper() in NUMERALS for degree in degrees):
        raise CorpusError(f"The key {global_key!r} with {numeral!r} is not understood; expected such as 'Bb' with 'vi'.")
    tonic, is_minor = pitch_class(global_key[0].upper() + key[2]), key[1].islower()
    for degree in filter(None, degrees):
        tonic += (MINOR if is_minor else MAJOR)[NUMERALS.index(degree[2].upper())] + _raised(degree[1])
        is_minor = degree[2].islower()
    return tonic % 12 + 12 * is_minor


def numeral_root(tonic: int, fifths: int) -> int:
    """Pitch class of a root that lies so many fifths above the tonic.

    >>> numeral_root(2, 1), numeral_root(0, -4)
    (9, 8)
    """
    return (tonic + FIFTH * fifths) % 12


def numeral_quality(chord_type: str) -> Quality:
    """The triad of a chord type such as "Mm7"; augmented sixths are "other"."""
    return OF_TYPES.get(chord_type, "other")


def mirex_chord(label: str) -> tuple[int | None, Quality]:
    """Root and triad of a label such as "Bb:min7/b3"; "N" has neither.

    Raises:
        CorpusError: it is not written so.

    >>> mirex_chord("Bb:min7/b3"), mirex_chord("C"), mirex_chord("G:7"), mirex_chord("N"), mirex_chord("D:sus4(b7)")
    ((10, 'min'), (0, 'maj'), (7, 'maj'), (None, 'none'), (2, 'sus'))
    """
    if label == "N":
        return None, "none"
    root, _, rest = label.partition("/")[0].partition(":")
    for shorthand, quality in OF_SHORTHANDS:
        if rest.startswith(shorthand):
            return pitch_class(root), quality
    return pitch_class(root), "maj" if not rest or rest.startswith(SEVENTHS) else "other"


def mirex_key(label: str) -> int:
    """Number of a key such as "Gb:maj", 0–11 major and 12–23 minor from C.

    Raises:
        CorpusError: it is not written so.

    >>> mirex_key("Gb:maj"), mirex_key("A:min")
    (6, 21)
    """
    tonic, _, mode = label.partition(":")
    if mode not in ("maj", "min"):
        raise CorpusError(f"The key {label!r} is not understood; expected such as 'Gb:maj' or 'A:min'.")
    return pitch_class(tonic) + 12 * (mode == "min")


def pitch_class(name: str) -> int:
    """Semitones above C of a letter with accidentals.

    Raises:
        CorpusError: it is not written so.

    >>> pitch_class("C#"), pitch_class("Cb")
    (1, 11)
    """
    if not (letter := re.fullmatch(r"([A-G])([#b]*)", name)):
        raise CorpusError(f"The note {name!r} is not understood; expected a letter from A to G with # or b, such as 'Bb'.")
    return (MAJOR[LETTERS.index(letter[1])] + _raised(letter[2])) % 12


def _raised(accidentals: str) -> int:
    return accidentals.count("#") - accidentals.count("b")
