"""Figures as files."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.files import replaced

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def save(figure: Figure, target: Path | io.StringIO | io.BytesIO, **options: Any) -> None:  # whatever `savefig` takes
    """`figure.savefig`; a sign that the font lacks, such as an emoji in a title, is drawn as a box, and nothing is said of it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Glyph \d+", UserWarning)
        figure.savefig(target, **options)


def save_twice(figure: Figure, stem: Path, dpi: int = 150) -> list[Path]:
    """A PNG and an SVG of that stem, each in one step; no date is written, so that the same figure gives the same file.

    Raises:
        OSError: a file cannot be written.
    """
    paths = [stem.with_name(f"{stem.name}.{kind}") for kind in ("png", "svg")]
    for path in paths:
        kind = path.suffix[1:]
        with replaced(path) as partial:
            how = {"metadata": {"Date": None}} if kind == "svg" else {"pil_kwargs": {"compress_level": 3}}
            save(figure, partial, dpi=dpi, format=kind, **how)
    return paths
