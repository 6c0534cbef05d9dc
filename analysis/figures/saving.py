"""Figures as files."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def save(figure: Figure, target: Path | io.StringIO | io.BytesIO, **options: Any) -> None:  # whatever `savefig` takes
    """`figure.savefig`; a sign that the font lacks, such as an emoji in a title, is drawn as a box, and nothing is said of it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Glyph \d+", UserWarning)
        figure.savefig(target, **options)
