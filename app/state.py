"""The only owner of session state and query parameters: what is selected, by name."""

from typing import Any, Literal

import streamlit as st

Name = Literal["checkpoint", "clip", "layer", "head", "window"]


def get_text(name: Name) -> str | None:
    """The selection of that name: from this session, else from the address."""
    value = st.session_state.get(_key(name), st.query_params.get(name))
    return None if value is None else str(value)


def get_int(name: Name, low: int, high: int, default: int) -> int:
    """The selection as a number in [low, high]; anything else gives the default."""
    text = get_text(name)
    try:
        value = int(text) if text is not None else default
    except ValueError:
        return default
    return value if low <= value <= high else default


def put(name: Name, value: str | int | None) -> None:
    """Remember a selection here and in the address; None forgets it."""
    if value is None:
        st.session_state.pop(_key(name), None)
        st.query_params.pop(name, None)
        return
    st.session_state[_key(name)] = str(value)
    if st.query_params.get(name) != str(value):
        st.query_params[name] = str(value)


def _key(name: Name) -> str:
    return f"selected_{name}"


def keep(name: Literal["clip"], value: object) -> None:
    """Remember what is shown, so that it can stay while something else fails; not part of the address."""
    st.session_state[f"shown_{name}"] = value


def recall(name: Literal["clip"]) -> Any:
    """What was last kept under that name in this session; None where nothing was."""
    return st.session_state.get(f"shown_{name}")
