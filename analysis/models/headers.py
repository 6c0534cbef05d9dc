"""What a safetensors file says that it holds: read from its header alone, and compared with what a model needs."""

import io
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeGuard

from torch import Tensor

from analysis.errors import CheckpointError, shown
from analysis.files import is_text, open_regular

MAX_HEADER_BYTES = 16 * 2**20
MAX_TENSORS = 100_000
MAX_DIMENSIONS, MAX_SIZE = 8, 2**40
ENTRY = ("dtype", "shape", "data_offsets")  # what the header says of every tensor

_BYTES_OF = {
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2,
    "I32": 4, "U32": 4, "F32": 4, "I64": 8, "U64": 8, "F64": 8,
}  # fmt: skip
_TYPES = {True: ("F16", "BF16", "F32", "F64"), False: ("I64",)}  # of floating tensors, of the others

Header = Sequence[tuple[str, str, tuple[int, ...]]]


def describe_safetensors(source: Path | bytes, label: str = "") -> list[tuple[str, str, tuple[int, ...]]]:
    """Name, data type and shape of each tensor, in the order of their data; only the header is read.

    Raises:
        CheckpointError: the header is cut off, too long, malformed, or promises what the file does not hold.
    """
    label = label or (source.name if isinstance(source, Path) else "The file")
    try:
        with open_regular(source, source.parent) if isinstance(source, Path) else io.BytesIO(source) as stream:
            size = stream.seek(0, io.SEEK_END)
            stream.seek(0)
            length = int.from_bytes(start := stream.read(8), "little")
            if size < 10 or length > min(MAX_HEADER_BYTES, size - 8):
                _refuse_pickle(start, label)
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
    entries = sorted((_entry(name, entry, label) for name, entry in header.items()), key=lambda item: item[3])
    end = 0
    for name, _, _, (start, stop) in entries:
        if start != end:
            fault = "overlaps another" if start < end else "leaves a gap before it"
            raise _malformed(label, f"tensor {shown(name)} at bytes {start:,} to {stop:,} {fault}")
        end = stop
    if end != size - 8 - length:
        raise _malformed(label, f"its tensors take {end:,} bytes and it holds {size - 8 - length:,}")
    return [(name, dtype, shape) for name, dtype, shape, _ in entries]


def _refuse_pickle(start: bytes, label: str) -> None:
    """Say of a file whose header cannot be one that it is a renamed pickle, if it begins like that."""
    if start[:4] == b"PK\x03\x04" or (start[:1] == b"\x80" and start[1:2] in (b"\2", b"\3", b"\4", b"\5")):
        raise CheckpointError(
            f"{label} is not a safetensors file: it begins like a pickle, which can run code and is never opened. "
            "Convert the weights to safetensors."
        )


def _malformed(label: str, why: str) -> CheckpointError:
    return CheckpointError(f"{label} is not a sound safetensors file: {why}. Export it again.")


def _parsed(text: bytes, label: str) -> dict[str, object]:
    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        entries = dict(pairs)
        if len(entries) < len(pairs):
            raise ValueError("a name occurs twice")
        return entries

    try:
        header = json.loads(text.decode(), object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        raise _malformed(label, f"its header is not JSON ({error})") from error
    if isinstance(header, dict) and (odd := next((name for name in header if not is_text(name)), None)) is not None:
        raise _malformed(label, f"the name {shown(odd)} is not text")
    if not isinstance(header, dict):
        raise _malformed(label, f"its header is {shown(header)} and no table of tensors")
    return header


def _entry(name: str, entry: object, label: str) -> tuple[str, str, tuple[int, ...], tuple[int, int]]:
    """Name, type, shape and byte range of one tensor of the header, consistent with each other."""
    who = f"tensor {shown(name)}"
    if not isinstance(entry, dict) or set(entry) != set(ENTRY):
        raise _malformed(label, f"{who} is described by {shown(entry)}")
    dtype, shape, offsets = (entry[name] for name in ENTRY)
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


def _sizes(values: object) -> TypeGuard[list[int]]:
    return isinstance(values, list) and all(type(value) is int and 0 <= value <= MAX_SIZE for value in values)


def fault_of(dtype: str, shape: tuple[int, ...], expected: Tensor) -> str:
    """Why a tensor of the file is not the expected one, empty where it is."""
    if shape != tuple(expected.shape):
        return "another shape"
    return "" if dtype in _TYPES[expected.is_floating_point()] else "another type"


def compare_header(label: str, header: Header, expected: Mapping[str, Tensor]) -> None:
    """Refuse a file that does not hold the tensors of the model.

    Raises:
        CheckpointError: a tensor is missing, extra, or of another shape or type.
    """
    compare_shapes(label, {name: shape for name, _, shape in header}, expected)
    for name, dtype, shape in header:
        if fault_of(dtype, shape, expected[name]):
            allowed = " or ".join(_TYPES[expected[name].is_floating_point()])
            raise CheckpointError(f"{label}: expected {name!r} of type {allowed}, got {shown(dtype)}. Export it again.")


def _prefix(got: Mapping[str, object], expected: Mapping[str, object]) -> str:
    """What stands before every name of a file; empty where nothing does, or the names are not those of the model either way."""
    first = next(iter(expected), "")
    prefixes = [name.removesuffix(first) for name in got if name.endswith(f".{first}")]
    return next((prefix for prefix in prefixes if all(name.startswith(prefix) for name in got)), "") if first not in got else ""


def compare_shapes(label: str, got: Mapping[str, tuple[int, ...]], expected: Mapping[str, Tensor]) -> None:
    """Refuse tensors that are not those of the model.

    Raises:
        CheckpointError: one is missing, extra or of another shape.
    """
    if prefix := _prefix(got, expected):
        raise CheckpointError(
            f"{label}: every name begins with {shown(prefix)}, as DataParallel, torch.compile and other wrappers write it; "
            f"expected names such as {next(iter(expected))!r}. Take it off, or run “otoscope import FILE --arm ARM”, which does."
        )
    if missing := sorted(set(expected) - set(got)):
        raise CheckpointError(f"{label} lacks {len(missing)} tensors, first {missing[0]!r}. Is the arm right?")
    if extra := sorted(set(got) - set(expected)):
        raise CheckpointError(f"{label} has {len(extra)} tensors too many, first {shown(extra[0])}. Is the arm right?")
    for name, tensor in expected.items():
        if got[name] != tuple(tensor.shape):
            raise CheckpointError(f"{label}: expected {name!r} of shape {tuple(tensor.shape)}, got {got[name]}.")
