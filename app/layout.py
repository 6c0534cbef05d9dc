"""What every page has: a question, a headline, an empty state, a footer of provenance."""

import platform
from collections.abc import Mapping
from importlib import metadata

import streamlit as st


def question(title: str) -> None:
    """The title of a page, a question in sentence case."""
    st.title(title, anchor=False)


def headline(sentence: str) -> None:
    """The answer, in larger type under the question."""
    st.subheader(sentence, anchor=False)


def empty(happened: str, remedy: str) -> None:
    """Why there is nothing to show, and what to do."""
    st.info(f"{happened} {remedy}", icon=":material/info:")


def provenance(facts: Mapping[str, str] | None = None) -> None:
    """What the page was made from, in one line at its end."""
    st.divider()
    parts = [f"{name}: {value}" for name, value in (facts or {}).items()]
    st.caption(" · ".join([*parts, f"Otoscope {version()}", f"Python {platform.python_version()}"]))


def version() -> str:
    """The installed version, or a word that says it runs from a folder."""
    try:
        return metadata.version("otoscope")
    except metadata.PackageNotFoundError:
        return "from source"
