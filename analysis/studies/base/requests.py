"""Requests of studies: built from names and settings, and said as a command line."""

import dataclasses
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, TypeVar

from analysis.datasets.corpora import PROFILES
from analysis.errors import ConfigError, shown
from analysis.results import Result
from analysis.run import ignore
from analysis.studies.base.registry import find_study
from analysis.studies.base.settings import AnyRequest, refuse_setting

Q = TypeVar("Q")
CORPUS = "corpus"


def build_request(name: str, checkpoints: Sequence[str], settings: Mapping[str, object]) -> Any:  # Any: of the class of the study
    """The request of a study from names and settings; text is turned into the kind of number the field holds.

    Raises:
        ConfigError: a setting is unknown, of the wrong kind or out of range.
    """
    study = find_study(name)
    name, module, kind = study.name, study.module, study.request
    fields = {field.name: field for field in dataclasses.fields(kind) if field.name != "checkpoints"}
    if unknown := sorted(set(settings) - set(fields)):
        raise ConfigError(f"{name} has no setting {', '.join(map(shown, unknown))}: expected one of {', '.join(fields)}.")
    converted = {key: _converted(name, key, value, fields[key].default) for key, value in settings.items()}
    for key, value in converted.items():
        refuse_setting(name, kind, key, value)
    if study.demo and (profile := converted.get(CORPUS)) in PROFILES:
        converted[CORPUS] = f"{profile}-{study.demo}"
    request = kind(checkpoints=tuple(checkpoints), **converted)
    getattr(module, "check", ignore)(request)
    return request


def _converted(study: str, key: str, value: Any, default: Any) -> Any:  # Any: `default` says of which class
    try:
        return value if isinstance(value, type(default)) and not isinstance(value, bool) else type(default)(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise ConfigError(f"{key} of {study} is {shown(value)}; expected {type(default).__name__} like {default!r}.") from error


def asked(result: Result, kind: Callable[..., Q]) -> Q:
    """The request of a result as the class that its study has; a setting that did not exist then has its usual value.

    Args:
        result: computed, or read from a file.
        kind: such as `find_study(result.study).request`.
    """
    names = {field.name for field in dataclasses.fields(kind)}  # pyright: ignore[reportArgumentType] - a class
    settings = {name: value for name, value in result.request.items() if name in names}
    return kind(**settings | {"checkpoints": result.asked_checkpoints})


def command_of(name: str, request: AnyRequest) -> str:
    """The command line that asks the same."""
    name = find_study(name).name
    defaults = {field.name: field.default for field in dataclasses.fields(request)}
    settings = {key: value for key, value in asdict(request).items() if key != "checkpoints" and value != defaults[key]}
    changed = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
    return shlex.join(["otoscope", "study", name, *request.checkpoints, *changed])
