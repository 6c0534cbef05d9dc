"""What every page has: a question, a headline, an empty state, a footer of provenance; and how foreign text is shown."""

import platform
import re
from collections.abc import Mapping
from importlib import metadata

import streamlit as st


def plain(text: str) -> str:
    r"""Text from outside, such as a name, so that Markdown shows it as it is.

    >>> print(plain("a_b [x](y) $1"))
    a\_b \[x\](y) \$1
    """
    text = " ".join(text.split()).replace(" %", "\N{NO-BREAK SPACE}%")  # a line may not begin with the sign
    escaped = re.sub(r"([\\`*_\[\]<>$~#|])", r"\\\1", text)
    escaped = re.sub(r"^(\d*)(?=[-+](?!\d)|(?<=\d)[.)](?:\s|$))", r"\1\\", escaped)  # else a list begins
    escaped = re.sub(r":(?=[A-Za-z+-][\w\\/+-]*:)", ":\N{WORD JOINER}", escaped)  # else a name between colons becomes a picture
    return re.sub(r"(://|(?<=www)\.|@)", "\N{WORD JOINER}\\1", escaped)  # else an address would become a link


def question(title: str) -> None:
    """The title of a page, a question in sentence case."""
    st.title(title, anchor=False)


def headline(sentence: str) -> None:
    """The answer, in larger type under the question; names in it are shown as they are."""
    st.subheader(plain(sentence), anchor=False)


def empty(happened: str, remedy: str) -> None:
    """Why there is nothing to show, and what to do; both in Markdown."""
    st.info(f"{happened} {remedy}", icon=":material/info:")


def error(sentence: str) -> None:
    """What went wrong and what to do; names in it are shown as they are."""
    st.error(plain(sentence), icon=":material/error:")


def provenance(facts: Mapping[str, str] | None = None, command: str = "") -> None:
    """What the page was made from, in one line at its end, and the command that gives the same numbers."""
    st.divider()
    parts = [plain(f"{name}: {value}") for name, value in (facts or {}).items()]
    st.caption(" · ".join([*parts, plain(f"Otoscope {version()}"), f"Python {platform.python_version()}"]))
    if command:
        st.code(command, language="bash", wrap_lines=True)


def version() -> str:
    """The installed version, or a word that says it runs from a folder."""
    try:
        return metadata.version("otoscope")
    except metadata.PackageNotFoundError:
        return "from source"
