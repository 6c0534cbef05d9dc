"""Every setting of a study beside checkpoints and corpus, one click away; those that differ from the usual are in the address.

The address is the one source of truth. Widgets are set from it in every run and write to it when they are used: one that the
browser has not drawn yet, as in a popover that nobody has opened, sends nothing and would otherwise fall back to zero.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypedDict, TypeVar

import streamlit as st

from analysis.studies.base.registry import find_study
from analysis.studies.base.settings import Setting, setting_label, settings_of
from app import state

ASKED_ELSEWHERE = ("checkpoints", "corpus")
LARGEST = 2**53 - 1  # that a number field of a browser can hold
Scalar = str | int | float | bool
D = TypeVar("D")


class Field(NamedTuple):
    """A setting of a study by its name, and what it usually is."""

    name: str
    default: Scalar


class Used(TypedDict):
    """What every widget of a setting is given."""

    key: str
    on_change: Callable[[str, str, str], None]
    args: tuple[str, str, str]
    help: str | None


def pick(study: str) -> dict[str, Scalar]:
    """The settings that differ from the usual ones."""
    values = _values(study)
    for text in state.get_list("set"):
        name, _, value = text.partition("=")
        if any(field.name == name and _can_be(study, field, value) for field in _fields(study)):
            state.understand("set", text)
    with st.popover("Settings", icon=":material/tune:", width="stretch"):
        for field in _fields(study):
            _draw_setting(study, field, values[field.name])
    changed = {field.name: values[field.name] for field in _fields(study) if values[field.name] != field.default}
    _remember(changed)
    return changed


def adopt(settings: Mapping[str, Scalar]) -> None:
    """Take over what a job was asked."""
    _remember({name: value for name, value in settings.items() if name not in ASKED_ELSEWHERE})


def _fields(study: str) -> list[Field]:
    fields = [field for field in dataclasses.fields(find_study(study).request) if field.name not in ASKED_ELSEWHERE]
    return [Field(field.name, field.default) for field in fields if field.default is not dataclasses.MISSING]


def _values(study: str) -> dict[str, Scalar]:
    """All settings; what the address says counts where it can be read."""
    wanted = {name: value for name, _, value in (text.partition("=") for text in state.get_list("set"))}
    return {field.name: _value(study, field, wanted.get(field.name)) for field in _fields(study)}


def _value(study: str, field: Field, text: str | None) -> Scalar:
    """What a text says of a setting; the usual where it says nothing that the setting can be."""
    return _read(type(field.default), text, field.default) if _can_be(study, field, text or "") else field.default


def _can_be(study: str, field: Field, text: str) -> bool:
    """Whether a setting can have the value that a text says."""
    if words := settings_of(find_study(study).request)[field.name].words:
        return text in words
    if type(field.default) is bool:
        return text in ("True", "False")
    return type(field.default) is str or _read(type(field.default), text, None) is not None


def _remember(changed: Mapping[str, Scalar]) -> None:
    state.put_list("set", [f"{name}={value}" for name, value in changed.items()])


def _draw_setting(study: str, field: Field, value: Scalar) -> None:
    """One setting, with what it does and what it may be; one of a few words is chosen from a list."""
    key, kind, request = f"set_{study}_{field.name}", type(field.default), find_study(study).request
    label, setting = setting_label(request, field.name), settings_of(request)[field.name]
    used: Used = {"key": key, "on_change": _used, "args": (study, field.name, key), "help": _help(setting, kind)}
    state.preset(key, value)
    if setting.words:
        st.selectbox(label, setting.words, **used)
    elif kind is bool:
        st.toggle(label, **used)
    elif kind is str:
        st.text_input(label, **used)
    else:
        st.number_input(label, step=1 if kind is int else None, format=None if kind is int else "%g", **used)


def _help(setting: Setting, kind: type) -> str | None:
    """What a setting does, and the range of a number but for a seed."""
    ranged = kind in (int, float) and setting.most < LARGEST
    return " ".join([setting.help, f"{setting.least:g} to {setting.most:,}." if ranged else ""]).strip() or None


def _used(study: str, name: str, key: str) -> None:
    """Write what was chosen into the address; an emptied field is the usual value again."""
    fields, values, chosen = {field.name: field for field in _fields(study)}, _values(study), state.widget_value(key)
    values[name] = fields[name].default if chosen is None else type(fields[name].default)(chosen)
    _remember({name: value for name, value in values.items() if value != fields[name].default})


def _read(kind: type, text: str | None, default: D) -> Scalar | D:
    if text is None:
        return default
    if kind is bool:
        return text == "True"
    try:
        value = kind(text)
    except ValueError:
        return default
    return value if kind is str or abs(value) <= LARGEST else default
