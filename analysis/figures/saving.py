"""Figures as files."""

import warnings
from typing import Any


def save(figure: Any, target: Any, **options: Any) -> None:
    """`figure.savefig`; a sign that the font lacks, such as an emoji in a title, is drawn as a box, and nothing is said of it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Glyph \d+", UserWarning)
        figure.savefig(target, **options)
