"""What every study is: a frozen request, a run under a progress bar that can be cancelled, a result that is stored.

A study module offers `Request`, a frozen dataclass whose first field is `checkpoints`, and `run(request, desk) -> Answer`.
"""

import contextlib
import dataclasses
import importlib
import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol, runtime_checkable

import torch
from numpy import ndarray

from analysis import paths
from analysis.datasets.piece import Corpus
from analysis.errors import CheckpointError, ConfigError
from analysis.models.checkpoint import Checkpoint, open_checkpoint
from analysis.results import SCHEMA_VERSION, Result, Value, code_version, provenance
from analysis.store import Store, StoreError
from analysis.studies.corpora import open_corpus
from analysis.training.loop import pick_device

STUDIES = {"scoreboard": "analysis.studies.scoreboard"}

Progress = Callable[[int, int, str], None]


@runtime_checkable
class Cancel(Protocol):
    """Looked at between pieces of work; see `analysis.jobs`."""

    def check(self) -> None:
        """Raise `Cancelled` if somebody asked to stop."""


class NeverCancelled:
    """For runs that nobody can stop."""

    def check(self) -> None:
        """Go on."""


def tell_nobody(_done: int, _total: int, _what: str) -> None:
    """Progress without a listener."""


@dataclass
class Desk:
    """What a running study works with."""

    checkpoints: Mapping[str, Checkpoint]
    corpus: Corpus
    device: torch.device
    store: Store | None = None
    progress: Progress = tell_nobody
    cancel: Cancel = field(default_factory=NeverCancelled)

    def step(self, done: int, total: int, what: str) -> None:
        """Say how far it is, and stop here if somebody asked to.

        Raises:
            Cancelled: somebody asked to.
        """
        self.cancel.check()
        self.progress(done, total, what)


@dataclass(frozen=True)
class Answer:
    """What a study found, before its provenance is added."""

    headline: str
    values: Sequence[Value]
    tables: Mapping[str, Sequence[Mapping[str, Any]]]
    arrays: Mapping[str, ndarray]


def study_module(name: str) -> ModuleType:
    """The module of a study.

    Raises:
        ConfigError: there is no such study.
    """
    if name not in STUDIES:
        raise ConfigError(f"There is no study {name!r}: expected one of {', '.join(STUDIES)}.")
    return importlib.import_module(STUDIES[name])


def build_request(name: str, checkpoints: Sequence[str], settings: Mapping[str, Any]) -> Any:
    """The request of a study from names and settings; text is turned into the kind of number the field holds.

    Raises:
        ConfigError: a setting is unknown or of the wrong kind.
    """
    kind = study_module(name).Request
    fields = {one.name: one for one in dataclasses.fields(kind) if one.name != "checkpoints"}
    if unknown := sorted(set(settings) - set(fields)):
        raise ConfigError(f"{name} has no setting {', '.join(map(repr, unknown))}: expected one of {', '.join(fields)}.")
    converted = {key: _converted(name, key, value, fields[key].default) for key, value in settings.items()}
    return kind(checkpoints=tuple(checkpoints), **converted)


def _converted(study: str, key: str, value: Any, default: Any) -> Any:
    try:
        return value if isinstance(value, type(default)) and not isinstance(value, bool) else type(default)(value)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{key} of {study} is {value!r}; expected {type(default).__name__} like {default!r}.") from error


def find_checkpoint(name: str) -> Checkpoint:
    """The checkpoint of that name in the checkpoint folders, else the folder itself.

    Raises:
        CheckpointError: there is none, or it cannot be opened.
    """
    for root in paths.checkpoint_roots():
        if name and Path(name).name == name and (root / name).is_dir():
            return open_checkpoint(root / name)
    folder = Path(name).expanduser()
    if not name or not folder.is_dir():
        known = sorted({path.parent.name for root in paths.checkpoint_roots() for path in root.glob("*/config.json")})
        raise CheckpointError(f"There is no checkpoint {name!r}: expected a folder, or one of {', '.join(known) or 'none yet'}.")
    return open_checkpoint(folder)


def run_study(
    name: str,
    request: Any,
    *,
    store: Store | None = None,
    progress: Progress = tell_nobody,
    cancel: Cancel | None = None,
    fresh: bool = False,
) -> Result:
    """The stored result of a request, else a new one, which is stored.

    Raises:
        OtoscopeError: the request, a checkpoint or the corpus cannot be used.
        Cancelled: somebody asked to stop.
    """
    module, parts = study_module(name), asdict(request)
    checkpoints = _open_all(request.checkpoints)
    corpus = open_corpus(request.corpus, progress=progress)
    device = pick_device()
    shas = {key: checkpoint.sha256 for key, checkpoint in checkpoints.items()}
    identity: dict[str, Any] = {
        "study": name, "request": parts, "checkpoints": shas, "corpus": corpus.sha256,
        "code": code_version(), "device": device.type, "schema": SCHEMA_VERSION,
    }  # fmt: skip
    key = Store.key(**identity)
    if store is not None and not fresh and (entry := store.get(key)) is not None:
        return Result.from_document(entry.document, entry.arrays)
    began = time.monotonic()
    answer = module.run(request, Desk(checkpoints, corpus, device, store, progress, cancel or NeverCancelled()))
    made = provenance(
        checkpoints=shas, corpora={corpus.name: corpus.sha256}, device=str(device), dtype="float32",
        seed=request.seed, seconds=time.monotonic() - began, command=command_of(name, request),
    )  # fmt: skip
    result = Result(name, parts, answer.headline, answer.values, answer.tables, answer.arrays, made)
    if store is not None:
        with contextlib.suppress(StoreError):  # too large or the disk is full: the result is still returned
            store.put(key, result.to_document(), result.arrays)
    return result


def command_of(name: str, request: Any) -> str:
    """The command line that asks the same."""
    defaults = {one.name: one.default for one in dataclasses.fields(request)}
    settings = {key: value for key, value in asdict(request).items() if key != "checkpoints" and value != defaults[key]}
    changed = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
    return shlex.join(["otoscope", "study", name, *request.checkpoints, *changed])


def _open_all(names: Sequence[str]) -> dict[str, Checkpoint]:
    """Checkpoints by name.

    Raises:
        CheckpointError: one cannot be opened, none is named, or two have one name.
    """
    if not names:
        raise CheckpointError("No checkpoint is named; expected at least one.")
    opened = [find_checkpoint(name) for name in names]
    if len({one.name for one in opened}) < len(opened):
        raise CheckpointError(f"Two checkpoints have the same name: {', '.join(one.name for one in opened)}. Rename a folder.")
    return {one.name: one for one in opened}
