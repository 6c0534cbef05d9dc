"""Every setting of a study beside checkpoints and corpus, one click away; those that differ from the usual are in the address."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import streamlit as st

from app import state

ASKED_ELSEWHERE = ("checkpoints", "corpus")


def pick(study: str) -> dict[str, Any]:
    """The settings that differ from the usual ones."""
    from analysis.studies.study import study_module

    fields = [one for one in dataclasses.fields(study_module(study).Request) if one.name not in ASKED_ELSEWHERE]
    wanted = {name: value for name, _, value in (text.partition("=") for text in state.get_list("set"))}
    changed = {}
    with st.popover("Settings", icon=":material/tune:", width="stretch"):
        for field in fields:
            value = _ask(study, field, wanted.get(field.name))
            if value != field.default:
                changed[field.name] = value
    state.put_list("set", [f"{name}={value}" for name, value in changed.items()])
    return changed


def adopt(study: str, settings: Mapping[str, Any]) -> None:
    """Take over what a job was asked, before the widgets are drawn."""
    state.put_list("set", [f"{name}={value}" for name, value in settings.items() if name not in ASKED_ELSEWHERE])
    for name, value in settings.items():
        state.preset(_key(study, name), value)


def _ask(study: str, field: "dataclasses.Field[Any]", wanted: str | None) -> Any:
    """The value of one setting; what the address says counts where it can be read."""
    label, key = field.name.replace("_", " "), _key(study, field.name)
    kind = type(field.default)
    state.start_once(key, _read(kind, wanted, field.default))
    if kind is bool:
        return st.toggle(label, key=key)
    if kind is str:
        return st.text_input(label, key=key)
    step = 1 if kind is int else None
    value = st.number_input(label, step=step, format=None if kind is int else "%g", key=key)
    return field.default if value is None else kind(value)


def _read(kind: type, text: str | None, default: Any) -> Any:
    if text is None:
        return default
    if kind is bool:
        return text == "True"
    try:
        return kind(text)
    except ValueError:
        return default


def _key(study: str, name: str) -> str:
    return f"set_{study}_{name}"
