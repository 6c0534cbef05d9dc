"""Text from outside, such as names and cards, shown without being obeyed."""

import re
from pathlib import Path

from analysis.files import open_regular
from app.kit.layout import plain

__all__ = ["card", "plain"]

MOST_BYTES = 64 * 1024


def card(path: Path) -> str | None:
    """The first 64 KiB of a Markdown file, its headings small, its pictures not fetched; None where there is none."""
    try:
        with open_regular(path, path.parent) as file:
            text = file.read(MOST_BYTES).decode("utf-8", errors="replace")
    except OSError:
        return None
    without_pictures = text.replace("![", "!\\[").replace("$", "\\$")
    return re.sub(r"^(#{1,6}) ", "##### ", without_pictures, flags=re.MULTILINE)
