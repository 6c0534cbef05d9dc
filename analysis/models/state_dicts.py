"""Files of weights from elsewhere, read in a limited process: what they really are, the tensors in them, and those in fp16."""

import pickle
import zipfile
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file

from analysis.errors import CheckpointError, shown
from analysis.files import open_regular
from analysis.models.headers import compare_shapes, describe_safetensors

NESTED = ("state_dict", "model_state_dict", "model", "module", "net", "network", "weights")
WRAPPERS = ("_orig_mod", "module")  # of torch.compile and of DataParallel; they stand before any part of a model
PLAIN = (torch.Tensor, torch.nn.Parameter)
DEEPEST = 3
VANISHED_OF_ALL, VANISHED_OF_ONE = 0.01, 0.5

Shapes = Mapping[str, tuple[int, ...]]
Table = dict[object, object]  # whatever stands in a file


def half_arrays(path: str, expected: Shapes) -> tuple[dict[str, NDArray], tuple[str, ...]]:
    """The tensors of a file, floating ones in fp16, under the names of the model; and sentences about what was unusual.

    Raises:
        CheckpointError: the file holds anything but these tensors, or weights that are none in fp16.
    """
    label = Path(path).name
    content, notices = _state(path, label)
    if not isinstance(content, dict):
        raise CheckpointError(f"{label} holds {type(content).__name__}; expected a state_dict, names with their tensors.")
    table, part = _innermost(content, expected)
    if part:
        notices += (f"{label} holds more than weights; they were taken from its part “{part}”.",)
    tensors = _tensors(table, label)
    bare, taken = _bare_names(tensors, expected)
    if taken:
        notices += (f"Before the names of {label} stood {taken}, which was taken off.",)
    state = {bare[name]: tensor for name, tensor in tensors.items()}
    shapes = {name: tuple(value.shape) for name, value in state.items()}
    compare_shapes(label, shapes, {name: torch.empty(shape, device="meta") for name, shape in expected.items()})
    halved = {name: v.detach().half() if v.is_floating_point() else v.detach() for name, v in state.items()}
    _refuse_vanished(state, halved, label)
    return {name: tensor.numpy() for name, tensor in halved.items()}, notices


def _state(path: str, label: str) -> tuple[object, tuple[str, ...]]:
    """What the file holds, read as what it is."""
    with open_regular(path) as file:
        head = file.read(9)
    if head[:6] == b"\x93NUMPY":
        raise CheckpointError(f"{label} is a NumPy array (.npy), not a state_dict. Save model.state_dict() with torch.save.")
    if len(head) == 9 and head[8:] == b"{" and int.from_bytes(head[:8], "little") < Path(path).stat().st_size:
        describe_safetensors(Path(path), label)
        try:
            state = load_file(path)
        except (SafetensorError, OSError, ValueError) as error:
            raise CheckpointError(f"{label} is a safetensors file that cannot be read ({error}). Export it again.") from error
        named = Path(path).suffix.lower() == ".safetensors"
        return state, () if named else (f"{label} is really a safetensors file; it was read as one.",)
    return _loaded(path, label), ()


def _innermost(state: Table, expected: Shapes) -> tuple[Table, str]:
    """The table of tensors inside what training programs save around it, and where it was; the file itself where it is one."""
    where = ""
    for _ in range(DEEPEST):
        if all(isinstance(value, torch.Tensor) for value in state.values()):
            break
        nested = [(name, table) for name in NESTED if isinstance(table := state.get(name), dict)]
        inside = [(name, table) for name, table in nested if _has_tensors(table)]
        if not inside:
            break
        fitting = [(name, table) for name, table in inside if set(_bare_names(table, expected)[0].values()) & set(expected)]
        name, state = (fitting or inside)[0]
        where = f"{where}.{name}" if where else name
    return state, where


def _has_tensors(state: Table) -> bool:
    """Whether there are tensors in a table, or in a table within it."""
    return any(isinstance(value, torch.Tensor) or (isinstance(value, dict) and value) for value in state.values())


def _bare_names(table: Collection[object], expected: Shapes) -> tuple[dict[str, str], str]:
    """Every name of a table without what wrappers put before it, and what that was; as it is where that does not help."""
    names = [name for name in table if isinstance(name, str)]
    as_they_are = dict(zip(names, names, strict=True))
    if not expected or len(names) < len(table) or set(names) >= set(expected):
        return as_they_are, ""
    bare = {name: ".".join(part for part in name.split(".") if part not in WRAPPERS) for name in names}
    first = next(iter(expected))
    prefixes = {"": None} | {full.removesuffix(first): None for full in bare.values() if full.endswith(f".{first}")}
    best, fitting, taken = as_they_are, len(set(names) & set(expected)), ""
    for prefix in prefixes:
        renamed = {name: full.removeprefix(prefix) if full.startswith(prefix) else name for name, full in bare.items()}
        results = set(renamed.values())
        if len(results) == len(names) and (fits := len(set(expected) & results)) > fitting:
            best, fitting = renamed, fits
            taken = _words(name.removesuffix(full.removeprefix(prefix)) for name, full in bare.items() if full.startswith(prefix))
    return best, taken


def _words(taken: Iterable[str]) -> str:
    """What was taken off, each once; a name of which a part within went is told as such.

    >>> _words(["module.", "module.", "module.audio._orig_mod.positions"])
    '“module.”, or a wrapper within them'
    """
    distinct = dict.fromkeys(name for name in taken if name)
    words = " or ".join([f"“{name}”" for name in distinct if name.endswith(".")][:3])
    if all(name.endswith(".") for name in distinct):
        return words
    return f"{words}, or a wrapper within them" if words else "wrappers, or within them"


def _tensors(table: Table, label: str) -> dict[str, torch.Tensor]:
    """The table, found to hold tensors of plain numbers under names, and nothing else."""
    tensors: dict[str, torch.Tensor] = {}
    for name, value in table.items():
        if not isinstance(name, str) or not isinstance(value, torch.Tensor) or type(value) not in PLAIN:
            what = f"{label} holds {shown(name)}, which is {type(value).__name__}"
            raise CheckpointError(f"{what}; expected names with tensors only. Save model.state_dict() alone.")
        odd = value.is_quantized or value.is_complex() or value.device.type != "cpu"
        if odd or value.layout != torch.strided:
            raise CheckpointError(
                f"{label}: {shown(name)} is sparse, quantised, complex or empty of data; expected plain numbers."
            )
        tensors[name] = value
    return tensors


def _refuse_vanished(state: Mapping[str, torch.Tensor], halved: Mapping[str, torch.Tensor], label: str) -> None:
    """Refuse weights of which many are not zero, and are zero in fp16."""
    lost_of_all, nonzero_of_all = 0, 0
    for name, tensor in state.items():
        if not tensor.is_floating_point():
            continue
        counted = (tensor != 0) & tensor.isfinite()
        nonzero = int(counted.sum())
        lost = int((counted & (halved[name] == 0)).sum())  # infinite ones are refused one and all
        if nonzero and lost > VANISHED_OF_ONE * nonzero:
            raise CheckpointError(_vanished(label, f"of {name!r} {lost:,} of {nonzero:,} weights", tensor))
        lost_of_all, nonzero_of_all = lost_of_all + lost, nonzero_of_all + nonzero
    if lost_of_all > VANISHED_OF_ALL * nonzero_of_all:
        raise CheckpointError(_vanished(label, f"{lost_of_all:,} of {nonzero_of_all:,} weights", None))


def _vanished(label: str, what: str, tensor: torch.Tensor | None) -> str:
    largest = f" (the largest is {float(tensor.abs().max()):.2g})" if tensor is not None else ""
    return (
        f"{label}: {what} become 0 in fp16, which holds nothing below 6e-8{largest}; checkpoints are kept in fp16. "
        "Scale the weights, or train them anew."
    )


def _loaded(path: str, label: str) -> object:
    zipped = refuse_bomb(path, label)
    try:
        if path.endswith(".safetensors"):  # torch.load goes by the name, and would not look for what torch.save writes
            with open_regular(path) as file:
                return torch.load(file, map_location="cpu", weights_only=True)
        return torch.load(path, map_location="cpu", weights_only=True, mmap=zipped)
    except MemoryError:
        raise
    except pickle.UnpicklingError as error:
        if not zipped and not _is_pickle(path):
            raise CheckpointError(
                f"{label} is not a PyTorch file: it begins neither like an archive nor like a pickle. "
                "Save model.state_dict() with torch.save."
            ) from error
        raise CheckpointError(
            f"{label} holds more than tensors, such as Python objects, which can run code; it was not opened. "
            "Save model.state_dict() alone."
        ) from error
    except Exception as error:  # whatever a damaged file makes the loader run into
        if "allocate memory" in str(error):
            raise MemoryError from error
        raise CheckpointError(f"{label} is not a PyTorch file that can be read: it is damaged or cut off.") from error


def _is_pickle(path: str) -> bool:
    with open_regular(path) as file:
        return file.read(1) == b"\x80"


def refuse_bomb(path: str, label: str) -> bool:
    """Whether the file is a ZIP archive, as `torch.save` writes them, uncompressed; a compressed one is refused unread.

    Raises:
        CheckpointError: it unpacks to more than it has bytes, or is a damaged archive.
    """
    size = Path(path).stat().st_size
    with open_regular(path) as file:
        if file.read(4) != b"PK\x03\x04":
            return False
    try:
        with zipfile.ZipFile(path) as archive:
            items = archive.infolist()
            unpacked = sum(item.file_size for item in items)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise CheckpointError(f"{label} is not a PyTorch file that can be read: it is damaged or cut off.") from error
    if items and all(item.filename.endswith(".npy") for item in items):
        raise CheckpointError(f"{label} is a NumPy archive (.npz), not a PyTorch file. Save model.state_dict() with torch.save.")
    if unpacked > size:
        raise CheckpointError(
            f"{label} unpacks to {unpacked:,} bytes from {size:,}; a PyTorch file is never compressed. Save it with torch.save."
        )
    return True
