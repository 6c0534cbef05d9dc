"""Errors a user can act on: each message says what was expected, what was got and what to do."""


class OtoscopeError(ValueError):
    """The request is wrong. The command line prints the message and exits with 2; a page shows it."""


class AudioError(OtoscopeError):
    """A recording cannot be used."""


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
