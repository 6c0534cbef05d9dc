"""The only owner of session state and query parameters: what is selected, by name."""

from collections.abc import Sequence
from typing import Any, Literal

import streamlit as st

Name = Literal[
    "checkpoint",
    "clip",
    "layer",
    "head",
    "window",
    "corpus",
    "pool",
    "job",
    "measure",
    "task",
    "side",
    "change",
    "shift",
    "method",
    "colour",
    "weights",
]  # fmt: skip
ListName = Literal["checkpoints", "set"]
Kept = Literal["clip", "adopted", "beside", "stopping", "opened", "chosen", "import", "clicked"]


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


def get_list(name: ListName) -> list[str]:
    """The selections of that name: from this session, else from the address, where the name may stand several times."""
    found = st.session_state.get(_key(name))
    return st.query_params.get_all(name) if found is None else list(found)


def put(name: Name, value: str | int | None) -> None:
    """Remember a selection here and in the address; None forgets it."""
    if value is None:
        st.session_state.pop(_key(name), None)
        st.query_params.pop(name, None)
        return
    st.session_state[_key(name)] = str(value)
    if st.query_params.get(name) != str(value):
        st.query_params[name] = str(value)


def put_list(name: ListName, values: Sequence[str]) -> None:
    """Remember several selections here and in the address."""
    st.session_state[_key(name)] = list(values)
    if st.query_params.get_all(name) != list(values):
        st.query_params[name] = list(values)


def _key(name: Name | ListName) -> str:
    return f"selected_{name}"


def preset(widget: str, value: Any) -> None:
    """Set a widget that has not been drawn in this run."""
    st.session_state[widget] = value


def start(widget: str, value: Any, offered: Sequence[str]) -> None:
    """Set a widget that has no value yet, or one that is not offered any more; before it is drawn."""
    now = st.session_state.get(widget)
    chosen = now if isinstance(now, list) else [now]
    if widget not in st.session_state or any(one not in offered for one in chosen):
        st.session_state[widget] = value


def keep(name: Kept, value: object) -> None:
    """Remember something in this session; it is not part of the address."""
    st.session_state[f"shown_{name}"] = value


def recall(name: Kept) -> Any:
    """What was last kept under that name in this session; None where nothing was."""
    return st.session_state.get(f"shown_{name}")


def widget_value(widget: str) -> Any:
    """What a widget was just set to, for the function that it calls."""
    return st.session_state.get(widget)


def address() -> dict[str, Any]:
    """What the address of this page says, by name."""
    return {name: st.query_params.get_all(name) for name in st.query_params}
