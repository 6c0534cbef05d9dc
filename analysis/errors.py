"""Errors a user can act on: each message says what was expected, what was got and what to do."""

import reprlib


class OtoscopeError(ValueError):
    """The request is wrong. The command line prints the message and exits with 2; a page shows it."""


class AudioError(OtoscopeError):
    """A recording cannot be used."""


class TooLongError(AudioError):
    """A recording lasts longer than is read; a part of it can be."""


class MidiError(OtoscopeError):
    """A MIDI file cannot be used."""


class CorpusError(OtoscopeError):
    """A data set, or something it is made from, is missing or malformed."""


class ConfigError(OtoscopeError):
    """A configuration names something unknown or contradicts itself."""


class ShapeError(OtoscopeError):
    """An array has the wrong shape."""


class CheckpointError(OtoscopeError):
    """A checkpoint folder cannot be opened."""


class Cancelled(Exception):  # noqa: N818 - not a fault: the user asked for it
    """The user stopped the computation."""


def shown(value: object) -> str:
    """A value from outside as it appears in a message: quoted, escaped and shortened.

    >>> shown("<b>" + 1000 * "x"), shown([[[]]]), shown(10**5000)
    ("'<b>xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'", '[[[]]]', 'a number of 16610 bits')
    """
    short = reprlib.Repr()
    short.maxstring = short.maxother = 80
    try:
        return short.repr(value)
    except ValueError:  # Python writes out no whole number of more than 4300 digits
        return f"a number of {value.bit_length()} bits" if isinstance(value, int) else f"a {type(value).__name__}"
