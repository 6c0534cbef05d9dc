"""Checkpoints from elsewhere: checked before anything is believed, and put in place whole or not at all."""

import contextlib
import dataclasses
import hashlib
import io
import json
import math
import os
import pickle
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray

from analysis import paths
from analysis.errors import CheckpointError
from analysis.models.checkpoint import (
    CARD,
    CONFIG,
    HISTORY,
    WEIGHTS,
    Checkpoint,
    compare_shapes,
    open_checkpoint,
    save_checkpoint,
)
from analysis.models.config import shown
from analysis.models.dual_encoder import build_arm
from analysis.sandbox import SandboxError, run_limited

__all__ = ["convert_state_dict", "describe_safetensors", "import_checkpoint"]

MAX_BYTES = {WEIGHTS: 200 * 2**20, CONFIG: 4 * 2**20, HISTORY: 10 * 2**20, CARD: 2**20}
MAX_STATE_BYTES = 2 * 2**30  # of a .pt file
MAX_HEADER_BYTES = 16 * 2**20
MAX_TENSORS = 100_000
MAX_DIMENSIONS, MAX_SIZE = 8, 2**40
CONVERTING_S = 300.0
MEMORY_BYTES = 2 * 2**30

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_BYTES_OF = {
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2,
    "I32": 4, "U32": 4, "F32": 4, "I64": 8, "U64": 8, "F64": 8,
}  # fmt: skip


def import_checkpoint(files: Mapping[str, bytes], name: str, root: Path) -> Checkpoint:
    """Put an uploaded checkpoint into `root / name`, after every part of it has been found sound.

    `files` are `model.safetensors` and `config.json`, and if there are any `history.csv` and `card.md`. Either the whole folder
    is there afterwards or nothing is.

    Raises:
        CheckpointError: the name or a file is not allowed, something is missing, too large, malformed, does not fit the arm, or
            holds NaN or infinite values; or there is a checkpoint of that name.
    """
    refuse_name(name)
    if strangers := [file for file in files if file not in MAX_BYTES]:
        raise CheckpointError(f"{name}: {shown(strangers[0])} is no part of a checkpoint; expected only {', '.join(MAX_BYTES)}.")
    if missing := [file for file in (WEIGHTS, CONFIG) if file not in files]:
        raise CheckpointError(f"{name} lacks {' and '.join(missing)}. Add what is missing.")
    for file, data in files.items():
        if len(data) > MAX_BYTES[file]:
            got = f"{name}/{file} has {len(data):,} bytes; at most {MAX_BYTES[file]:,} are imported"
            raise CheckpointError(f"{got}. Save it smaller, weights in fp16.")
    describe_safetensors(files[WEIGHTS], f"{name}/{WEIGHTS}")
    with _whole_or_nothing(root / name) as folder:
        for file, data in files.items():
            (folder / file).write_bytes(data)
        opened = open_checkpoint(folder)
        opened.check_weights()
        opened.history()
        _refuse_card(folder)
    return dataclasses.replace(opened, path=root / name)


def _refuse_card(folder: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        try:
            (folder / CARD).read_text("utf-8")
        except UnicodeDecodeError as error:
            raise CheckpointError(f"{folder.name}/{CARD} is not text in UTF-8 ({error}). Save it again.") from error


@contextlib.contextmanager
def _whole_or_nothing(target: Path) -> Iterator[Path]:
    """A folder of the target's name to fill, beside the target; it takes the target's place if nothing fails."""
    _refuse_existing(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".importing-", dir=target.parent))
    except OSError as error:
        raise CheckpointError(f"{target.name} cannot be written ({error.strerror}). Check the folder's permissions.") from error
    try:
        folder = staging / target.name
        folder.mkdir()
        yield folder
        folder.rename(target)
    except OSError as error:
        raise CheckpointError(f"{target.name} cannot be written ({error.strerror}). Check space and permissions.") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def refuse_name(name: str) -> None:
    """Refuse what a new checkpoint cannot be called.

    Raises:
        CheckpointError: the name has other characters than letters, digits, dots, dashes and underscores, or begins with a dot.
    """
    if not _NAME.fullmatch(name):
        rule = "1 to 64 letters, digits, dots, dashes and underscores, a letter or digit first"
        raise CheckpointError(f"A checkpoint cannot be called {shown(name)}: expected {rule}. Choose another name.")


def _refuse_existing(target: Path) -> None:
    if any(os.path.lexists(root / target.name) for root in (target.parent, *paths.checkpoint_roots())):
        raise CheckpointError(f"There is already a checkpoint {target.name}. Choose another name, or remove that one first.")


# --- safetensors ----------------------------------------------------------------------------------------------------------


def describe_safetensors(source: Path | bytes, label: str = "") -> list[tuple[str, str, tuple[int, ...]]]:
    """Name, data type and shape of each tensor, in the order of their data; only the header is read.

    Raises:
        CheckpointError: the header is cut off, too long, malformed, or promises what the file does not hold.
    """
    label = label or (source.name if isinstance(source, Path) else "The file")
    try:
        size = source.stat().st_size if isinstance(source, Path) else len(source)
        with source.open("rb") if isinstance(source, Path) else io.BytesIO(source) as stream:
            length = int.from_bytes(stream.read(8), "little")
            if size < 10 or length > min(MAX_HEADER_BYTES, size - 8):
                limit = f"a file of {size:,} bytes and a limit of {MAX_HEADER_BYTES:,}"
                raise _malformed(label, f"its header claims {length:,} bytes with {limit}")
            header = _parsed(stream.read(length), label)
    except OSError as error:
        raise CheckpointError(f"{label} cannot be opened ({error.strerror}). Check its path and permissions.") from error
    notes = header.pop("__metadata__", {})
    if not isinstance(notes, dict) or not all(isinstance(note, str) for note in notes.values()):
        raise _malformed(label, f"its metadata is {shown(notes)} and no table of texts")
    if len(header) > MAX_TENSORS:
        raise _malformed(label, f"it lists {len(header):,} tensors, and at most {MAX_TENSORS:,} are read")
    found = sorted((_entry(name, entry, label) for name, entry in header.items()), key=lambda item: item[3])
    end = 0
    for name, _, _, (start, stop) in found:
        if start != end:
            fault = "overlaps another" if start < end else "leaves a gap before it"
            raise _malformed(label, f"tensor {shown(name)} at bytes {start:,} to {stop:,} {fault}")
        end = stop
    if end != size - 8 - length:
        raise _malformed(label, f"its tensors take {end:,} bytes and it holds {size - 8 - length:,}")
    return [(name, dtype, shape) for name, dtype, shape, _ in found]


def _malformed(label: str, why: str) -> CheckpointError:
    return CheckpointError(f"{label} is not a sound safetensors file: {why}. Export it again.")


def _parsed(text: bytes, label: str) -> dict[str, Any]:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        entries = dict(pairs)
        if len(entries) < len(pairs):
            raise ValueError("a name occurs twice")
        return entries

    try:
        header = json.loads(text.decode(), object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        raise _malformed(label, f"its header is not JSON ({error})") from error
    if not isinstance(header, dict):
        raise _malformed(label, f"its header is {shown(header)} and no table of tensors")
    return header


def _entry(name: str, entry: Any, label: str) -> tuple[str, str, tuple[int, ...], tuple[int, int]]:
    """Name, type, shape and byte range of one tensor of the header, consistent with each other."""
    who = f"tensor {shown(name)}"
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise _malformed(label, f"{who} is described by {shown(entry)}")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in _BYTES_OF:
        raise _malformed(label, f"{who} is of unknown type {shown(dtype)}")
    if not _sizes(shape) or len(shape) > MAX_DIMENSIONS:
        raise _malformed(label, f"{who} has the impossible shape {shown(shape)}")
    if not _sizes(offsets) or len(offsets) != 2:
        raise _malformed(label, f"{who} has the impossible byte range {shown(offsets)}")
    promised = math.prod(shape) * _BYTES_OF[dtype]
    if offsets[1] - offsets[0] != promised:
        raise _malformed(label, f"{who} of shape {shown(shape)} and type {dtype} needs {promised:,} bytes, not {shown(offsets)}")
    return name, dtype, tuple(shape), (offsets[0], offsets[1])


def _sizes(values: Any) -> bool:
    return isinstance(values, list) and all(type(value) is int and 0 <= value <= MAX_SIZE for value in values)


# --- PyTorch files ---------------------------------------------------------------------------------------------------------


def convert_state_dict(path: Path, *, arm: str, scale: str, out: Path) -> Checkpoint:
    """Turn a `.pt` file with the `state_dict` of an arm into a checkpoint folder `out`, in fp16.

    The file is read by a limited process that accepts tensors and nothing else, so no code in it is run.

    Raises:
        CheckpointError: it is missing, too large, holds anything but the tensors of that arm, or `out` exists.
        ConfigError: unknown arm or scale.
    """
    _refuse_existing(out)
    model, label = build_arm(arm, scale), path.name
    expected = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    try:
        size = path.stat().st_size
        if size > MAX_STATE_BYTES:
            raise CheckpointError(f"{label} has {size:,} bytes; at most {MAX_STATE_BYTES:,} are read. Save the weights alone.")
        with path.open("rb") as file:
            source = hashlib.file_digest(file, "sha256").hexdigest()
        limits: dict[str, Any] = {"seconds": CONVERTING_S, "memory_bytes": MEMORY_BYTES + 3 * size}
        arrays = run_limited(_half_arrays, str(path.absolute()), expected, what=f"Reading {label}", **limits)
    except OSError as error:
        raise CheckpointError(f"{label} cannot be opened ({error.strerror}). Check its path and permissions.") from error
    except SandboxError as error:
        raise CheckpointError(str(error)) from error
    weights = {name: torch.from_numpy(array) for name, array in arrays.items()}
    compare_shapes(label, {name: tuple(tensor.shape) for name, tensor in weights.items()}, model.state_dict())
    for name, tensor in weights.items():
        if not tensor.isfinite().all():
            raise CheckpointError(f"{label}: {name!r} holds NaN, infinite values, or values beyond fp16 (65,504). Retrain it.")
    model.load_state_dict(weights)
    training = {"converted_from": label, "converted_from_sha256": source}
    card = f"# {out.name}\n\nConverted from {shown(label)}; its training is not known.\n"
    with _whole_or_nothing(out) as folder:
        saved = save_checkpoint(folder, model, arm=arm, scale=scale, training=training, evaluation={}, history=[], card=card)
    return dataclasses.replace(saved, path=out)


def _half_arrays(path: str, expected: dict[str, tuple[int, ...]]) -> dict[str, NDArray]:
    """The tensors of a `.pt` file, floating ones in fp16; runs in the limited process."""
    label = Path(path).name
    state = _loaded(path, label)
    if not isinstance(state, dict):
        raise CheckpointError(f"{label} holds {type(state).__name__}; expected a state_dict, names with their tensors.")
    for name, value in state.items():
        if not isinstance(name, str) or type(value) not in (torch.Tensor, torch.nn.Parameter):
            what = f"{label} holds {shown(name)}, which is {type(value).__name__}"
            raise CheckpointError(f"{what}; expected names with tensors only. Save model.state_dict() alone.")
        odd = value.is_quantized or value.is_complex() or value.device.type != "cpu"
        if odd or value.layout != torch.strided:
            raise CheckpointError(
                f"{label}: {shown(name)} is sparse, quantised, complex or empty of data; expected plain numbers."
            )
    shapes = {name: tuple(value.shape) for name, value in state.items()}
    compare_shapes(label, shapes, {name: torch.empty(shape, device="meta") for name, shape in expected.items()})
    return {name: (v.detach().half() if v.is_floating_point() else v.detach()).numpy() for name, v in state.items()}


def _loaded(path: str, label: str) -> Any:
    zipped = _refuse_bomb(path, label)
    try:
        return torch.load(path, map_location="cpu", weights_only=True, mmap=zipped)
    except MemoryError:
        raise
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{label} holds more than tensors, such as Python objects, which can run code; it was not opened. "
            "Save model.state_dict() alone."
        ) from error
    except Exception as error:  # whatever a damaged file makes the loader run into
        if "allocate memory" in str(error):
            raise MemoryError from error
        raise CheckpointError(f"{label} is not a PyTorch file that can be read: it is damaged or cut off.") from error


def _refuse_bomb(path: str, label: str) -> bool:
    """Whether the file is a ZIP archive, as `torch.save` writes them, uncompressed; a compressed one is refused unread."""
    size = Path(path).stat().st_size
    with Path(path).open("rb") as file:
        if file.read(4) != b"PK\x03\x04":
            return False
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(item.file_size for item in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise CheckpointError(f"{label} is not a PyTorch file that can be read: it is damaged or cut off.") from error
    if unpacked > size:
        raise CheckpointError(
            f"{label} unpacks to {unpacked:,} bytes from {size:,}; a PyTorch file is never compressed. Save it with torch.save."
        )
    return True
