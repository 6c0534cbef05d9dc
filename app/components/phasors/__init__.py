"""The page of phasors: a window of a recording is moved, and features turn."""

from app.components.phasors.page import draw

__all__ = ["draw"]
