"""What every page has: a question, a headline, an empty state, a footer of provenance; and how foreign text is shown."""

import platform
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import metadata

import streamlit as st

from app import state

LISTED = 3  # names in a sentence; of more, the number is said
WORDS = {"checkpoints": "checkpoint", "set": "setting"}
MEAN = "mean of all heads"


def plain(text: str) -> str:
    r"""Text from outside, such as a name, so that Markdown shows it as it is; numbers below zero have a minus sign.

    >>> print(plain("a_b [x](y) $1"))
    a\_b \[x\](y) \$1
    >>> print(plain("-3.4 [-7.7, -0.1] in d4-a4r, 2026-01-02"))
    −3.4 \[−7.7, −0.1\] in d4-a4r, 2026-01-02
    """
    text = " ".join(text.split()).replace(" %", "\N{NO-BREAK SPACE}%")  # a line may not begin with the sign
    text = re.sub(r"(?:(?<=[\s(\[])|^)-(?=\d)", "\N{MINUS SIGN}", text)
    escaped = re.sub(r"([\\`*_\[\]<>$~#|])", r"\\\1", text)
    escaped = re.sub(r"^(\d*)(?=[-+](?!\d)|(?<=\d)[.)](?:\s|$))", r"\1\\", escaped)  # else a list begins
    escaped = re.sub(r":(?=[A-Za-z+-][\w\\/+-]*:)", ":\N{WORD JOINER}", escaped)  # else a name between colons becomes a picture
    return re.sub(r"(://|(?<=www)\.|@)", "\N{WORD JOINER}\\1", escaped)  # else an address would become a link


@contextmanager
def page(question: str) -> Iterator[None]:
    """A page under its title, a question in sentence case; what a link names that is not here is said below the title."""
    state.arrive()
    st.title(question, anchor=False)
    notices = st.container()
    yield
    state.settle()
    with notices:
        for missing in state.not_here():
            st.info(plain(not_here(*missing)), icon=":material/link_off:")


def not_here(name: str, missing: list[str], shown: list[str]) -> str:
    """What a link says that the page does not show, and what it shows instead.

    >>> not_here("checkpoints", ["banana"], ["D0", "A4"])
    'The link names "banana", which is not here; showing the checkpoints D0, A4.'
    >>> not_here("job", ["a1", "b2"], []), not_here("fruit", [], [])
    ('The link names "a1", "b2", which are not here.', 'The link says "fruit", which no page reads.')
    """
    if not missing:
        return f'The link says "{name}", which no page reads.'
    named = ", ".join(f'"{value}"' for value in missing)
    sentence = f"The link names {named}, which {'is' if len(missing) == 1 else 'are'} not here"
    if name == "head" and shown == ["0"]:
        return f"{sentence}; showing the {MEAN}."
    word = f"{WORDS.get(name, name)}{'s' if len(shown) > 1 else ''}"
    listed = ", ".join(shown[:LISTED]) + (f" and {len(shown) - LISTED} more" if len(shown) > LISTED else "")
    instead = f"showing the {word} {listed}" if shown else "showing the usual settings" if name == "set" else ""
    return f"{sentence}; {instead}." if instead else f"{sentence}."


def way(label: str, page: str, icon: str, parameters: Mapping[str, str | Sequence[str]], help: str | None = None) -> None:
    """The way to another page of the dashboard; where a page is run by itself, it leads nowhere."""
    pages = state.recall("pages")
    if pages:
        st.page_link(pages[page], label=label, icon=icon, query_params=parameters, help=help)
    else:
        st.button(label, icon=icon, help=help, type="tertiary", disabled=True, key=f"way_{page}_{label}")


def headline(sentence: str, *more: str) -> None:
    """The answer, in larger type under the question, and below it what it has no room for; names are shown as they are."""
    st.header(plain(sentence), anchor=False)
    for words in filter(None, more):
        st.caption(plain(words))


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
        st.code(command, language=None, wrap_lines=True)


def version() -> str:
    """The installed version, or a word that says it runs from a folder."""
    try:
        return metadata.version("otoscope")
    except metadata.PackageNotFoundError:
        return "from source"
