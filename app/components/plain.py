"""Text from outside, such as names and cards, shown without being obeyed."""

import re
from pathlib import Path

MOST_BYTES = 64 * 1024


def plain(text: str) -> str:
    r"""Text that Markdown shows as it is.

    >>> print(plain("a_b [x](y) $1"))
    a\_b \[x\](y) \$1
    """
    text = " ".join(text.split()).replace(" %", "\N{NO-BREAK SPACE}%")  # a line may not begin with the sign
    escaped = re.sub(r"([\\`*_\[\]<>$~#|])", r"\\\1", text)
    return re.sub(r"(://|(?<=www)\.|@)", "\N{WORD JOINER}\\1", escaped)  # else an address would become a link


def card(path: Path) -> str | None:
    """The first 64 KiB of a Markdown file, its headings small, its pictures not fetched; None where there is none."""
    try:
        with path.open("rb") as file:
            text = file.read(MOST_BYTES).decode("utf-8", errors="replace")
    except OSError:
        return None
    without_pictures = text.replace("![", "!\\[").replace("$", "\\$")
    return re.sub(r"^(#{1,6}) ", "##### ", without_pictures, flags=re.MULTILINE)
