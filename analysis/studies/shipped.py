"""Results that come with the shipped checkpoints, so that a page has something to show before anything is computed."""

import gzip
import hashlib
import io
import json
import re
import zipfile
import zlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import MISSING, asdict, fields
from functools import lru_cache
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from analysis import paths
from analysis.errors import ConfigError
from analysis.files import Json, JsonObject, replace_file
from analysis.results import Result
from analysis.studies.base.settings import AnyRequest, setting_label

SHIPPED = ("D0-small", "d4a4-small", "a4r-small", "d4-a4r-small")  # checkpoints, in the order in which they are shown
SHIPPED_CONTROLS = ("d4a4-zero-small", "d4a4-random-small", "d4a4-shuffled-small")
SHIPPED_FAMILIES = ("vit1d-small", "phalar-small", "pupujepa-small", "pupujepa1d-small")  # that hear sound alone
COMPRESSED = (zipfile.BadZipFile, zlib.error)  # what damaged files run into
FIXED_DATE = (1980, 1, 1, 0, 0, 0)
MOST_KEPT = 32  # results that are held once they were read: twice as many as are shipped


def shipped_folder() -> Path:
    """Where they are."""
    return paths.repository() / "checkpoints" / "results"


def ship_result(result: Result, folder: Path | None = None) -> Path:
    """Write a result as `STUDY-DIGITS.json.gz` with its arrays beside it; the same result gives the same bytes.

    Values and tables stay as they are. Arrays of fp32, which order and place windows, are rounded to one part in 2,048.

    Returns the path of the document.
    """
    folder = folder or shipped_folder()
    folder.mkdir(parents=True, exist_ok=True)
    document = result.to_document()
    path = folder / f"{result.study}-{_digits(result.study, result.request)}"
    replace_file(path.with_suffix(".npz"), _packed({name: rounded(array) for name, array in result.arrays.items()}))
    replace_file(path.with_suffix(".json.gz"), gzip.compress(json.dumps(document, ensure_ascii=False).encode(), mtime=0))
    return path.with_suffix(".json.gz")


def rounded(array: np.ndarray) -> np.ndarray:
    """The nearest numbers with 11 significant bits, which take half the room; what is not fp32 stays as it is.

    >>> rounded(np.array([1.0, 0.1, -3.14159], np.float32)).tolist()
    [1.0, 0.0999755859375, -3.140625]
    """
    if array.dtype != np.float32:
        return array
    bits = (np.ascontiguousarray(array).view(np.uint32) + np.uint32(1 << 12)) & np.uint32(0xFFFF_E000)
    return bits.view(np.float32)


def shipped_result(study: str, request: AnyRequest, checkpoints: Mapping[str, str], folder: Path | None = None) -> Result | None:
    """The result that came with the shipped checkpoints for this very request and these weights; None where there is none.

    Unlike a stored result it may have been computed by an earlier version of the library: its provenance tells which. A setting
    that did not exist then has its usual value.

    Args:
        study: name of the study.
        request: from `build_request`.
        checkpoints: name → SHA-256 of the weights.
        folder: where to look; by default among what is shipped.
    """
    plain = _plain(request)
    path = (folder or shipped_folder()) / f"{study}-{_digits(study, plain)}.json.gz"
    result = _read(path)
    if result is not None and _is_of(result, study, checkpoints) and dict(result.request) == plain:
        return result
    nearest = shipped_with_other_settings(study, request, checkpoints, folder)
    return nearest if nearest is not None and not setting_differences(nearest, request) else None


def shipped_with_other_settings(
    study: str, request: AnyRequest, checkpoints: Mapping[str, str], folder: Path | None = None
) -> Result | None:
    """Of the results that came with these checkpoints, in this order, on the same corpus: the one whose settings differ least.

    Args:
        study: name of the study.
        request: from `build_request`.
        checkpoints: name → SHA-256 of the weights.
        folder: where to look; by default among what is shipped.
    """
    plain = _plain(request)
    results = [_read(path) for path in sorted((folder or shipped_folder()).glob(f"{study}-*.json.gz"))]
    same = ("checkpoints", "corpus")
    fitting = [
        result
        for result in results
        if result is not None
        and _is_of(result, study, checkpoints)
        and all(result.request.get(name) == plain[name] for name in same)
    ]
    return min(fitting, key=lambda result: len(setting_differences(result, request)), default=None)


def shipped_results(study: str, folder: Path | None = None) -> list[Result]:
    """All results of a study that came with the library, whatever was asked."""
    results = (_read(path) for path in sorted((folder or shipped_folder()).glob(f"{study}-*.json.gz")))
    return [result for result in results if result is not None and result.study == study]


def shipped_with_more(
    study: str, request: AnyRequest, checkpoints: Mapping[str, str], folder: Path | None = None
) -> Result | None:
    """Of the results that came with these settings for these checkpoints and others beside them: the one that holds most.

    What is beside them need not be here: of further trainings the numbers are shipped, not the weights.

    Args:
        study: name of the study.
        request: from `build_request`.
        checkpoints: name → SHA-256 of the weights.
        folder: where to look; by default among what is shipped.
    """
    asked = set(checkpoints.items())
    results = [
        result for result in shipped_results(study, folder)
        if asked < set(result.provenance.get("checkpoint_sha256", {}).items())
        and not setting_differences(result, request, leave_out=("checkpoints",))
    ]  # fmt: skip
    return max(results, key=lambda result: len(result.checkpoints), default=None)


@runtime_checkable
class Configured(Protocol):
    """A checkpoint, as far as it decides whether it came with us."""

    @property
    def name(self) -> str: ...
    @property
    def config(self) -> JsonObject: ...


def come_with_us(checkpoints: Iterable[Configured]) -> bool:
    """Whether these are shipped checkpoints, configuration included: with another one the same weights make another model."""
    return all(_shipped_config(checkpoint.name) == checkpoint.config for checkpoint in checkpoints)


def _shipped_config(name: str) -> object:
    try:
        return json.loads((paths.repository() / "checkpoints" / name / "config.json").read_bytes())["model"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def setting_differences(result: Result, request: AnyRequest, *, leave_out: Collection[str] = ()) -> tuple[str, ...]:
    """In what the settings of a result differ from a request, in words: "pool size 64 instead of 256"; but for those left out."""
    usual = {field.name: field.default for field in fields(request) if field.default is not MISSING}
    plain, own = _plain(request), usual | dict(result.request)
    return tuple(
        f"{setting_label(type(request), name)} {own.get(name)} instead of {plain.get(name)}"
        for name in dict.fromkeys([*plain, *own])
        if name not in leave_out and plain.get(name) != own.get(name)
    )


def _plain(request: AnyRequest) -> Json:
    """A request as it stands in a document."""
    plain = json.loads(json.dumps(asdict(request)))
    return plain | {"checkpoints": [Path(name).name for name in request.checkpoints]}


def _read(path: Path) -> Result | None:
    """The result in a file, which is read once as long as neither it nor the arrays beside it change; None for none."""
    try:
        stamps = [(str(file), (stat := file.stat()).st_mtime_ns, stat.st_size) for file in (path, _arrays_beside(path))]
    except OSError:
        return None
    return _read_once(path, tuple(stamps))


@lru_cache(maxsize=MOST_KEPT)
def _read_once(path: Path, stamps: tuple[tuple[str, int, int], ...]) -> Result | None:  # noqa: ARG001 - part of the key
    try:
        document = json.loads(gzip.decompress(path.read_bytes()))
        with np.load(_arrays_beside(path), allow_pickle=False) as arrays:
            return Result.from_document(document, dict(arrays))
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, RecursionError, ConfigError, *COMPRESSED):
        return None


def _arrays_beside(path: Path) -> Path:
    return path.with_name(path.name.replace(".json.gz", ".npz"))


def _is_of(result: Result, study: str, checkpoints: Mapping[str, str]) -> bool:
    return result.study == study and result.provenance.get("checkpoint_sha256", {}) == dict(checkpoints)


def _digits(study: str, request: JsonObject) -> str:
    text = json.dumps([study, request], sort_keys=True)
    digits = hashlib.sha256(text.encode()).hexdigest()[:12]
    if not re.fullmatch("[a-z]+", study):
        raise ConfigError(f"The study {study!r} has no place among the shipped results: expected small letters.")
    return digits


def _packed(arrays: Mapping[str, np.ndarray]) -> bytes:
    """An .npz without the time of its making."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in sorted(arrays.items()):
            data = io.BytesIO()
            np.lib.format.write_array(data, np.ascontiguousarray(array), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", FIXED_DATE), data.getvalue(), zipfile.ZIP_DEFLATED, 9)
    return file.getvalue()
