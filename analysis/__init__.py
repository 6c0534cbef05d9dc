"""Otoscope's library: open music models, measure what they hear, and say how sure one can be."""

__version__ = "0.1.0"
