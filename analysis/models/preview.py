"""What an upload would become, seen from names, sizes, the header of its weights and its configuration alone."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from analysis.errors import CheckpointError, shown
from analysis.models.checkpoint import CARD_FILE, CONFIG_FILE, HISTORY_FILE, WEIGHTS_FILE, parse_config
from analysis.models.headers import Header, compare_header, describe_safetensors, fault_of
from analysis.models.tower import Model

MAX_BYTES = {WEIGHTS_FILE: 200 * 2**20, CONFIG_FILE: 4 * 2**20, HISTORY_FILE: 10 * 2**20, CARD_FILE: 2**20}
_PICKLES = (".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".bin")


@dataclass(frozen=True)
class TensorPreview:
    """One tensor of a file beside what the configuration expects there.

    `shape` is None where it is missing, `expected` where nothing is expected or known; `n_parameters` is None of what is not
    trained; `fault` says what does not fit, in two or three words, and is empty where all does.
    """

    name: str
    dtype: str
    shape: tuple[int, ...] | None
    expected: tuple[int, ...] | None
    n_parameters: int | None
    fault: str


@dataclass(frozen=True)
class Preview:
    """What an upload would become; `problem` is the sentence for why it cannot, empty where it fits as far as can be seen."""

    arm: str
    scale: str
    tensors: tuple[TensorPreview, ...]
    n_bytes: int
    problem: str

    @property
    def n_tensors(self) -> int:
        """Tensors in the file."""
        return sum(tensor.shape is not None for tensor in self.tensors)

    @property
    def n_parameters(self) -> int:
        """Trained numbers in the file, or all of them where the configuration does not say which are trained."""
        return sum(tensor.n_parameters or 0 for tensor in self.tensors)


def preview_checkpoint(files: Mapping[str, bytes], name: str = "") -> Preview:
    """What is in an upload, by the header of its weights and its configuration; no tensor is read and nothing is written.

    Args:
        files: as for `import_checkpoint`.
        name: what messages call it.

    Raises:
        CheckpointError: a file is not allowed, missing or too large, or the header is malformed: there is nothing to show.
    """
    _refuse_files(files, name)
    label = _label(name, WEIGHTS_FILE)
    header = describe_safetensors(files[WEIGHTS_FILE], label)
    try:
        config = parse_config(files[CONFIG_FILE], _label(name, CONFIG_FILE))
    except CheckpointError as error:
        rows = tuple(TensorPreview(tensor, dtype, shape, None, math.prod(shape), "") for tensor, dtype, shape in header)
        return Preview("", "", rows, len(files[WEIGHTS_FILE]), str(error))
    model = config.outline()
    rows, problem = _compared(header, model), ""
    try:
        compare_header(label, header, model.state_dict())
    except CheckpointError as error:
        problem = str(error)
    return Preview(config.written.arm, config.written.scale, rows, len(files[WEIGHTS_FILE]), problem)


def _compared(header: Header, model: Model) -> tuple[TensorPreview, ...]:
    """A row for each tensor that is there or should be, what does not fit first."""
    trained = {name for name, _ in model.named_parameters()}
    expected, names = model.state_dict(), {name for name, _, _ in header}
    rows = [
        TensorPreview(name, "", None, tuple(tensor.shape), None, "missing")
        for name, tensor in expected.items()
        if name not in names
    ]
    for name, dtype, shape in header:
        tensor, size = expected.get(name), math.prod(shape)
        if tensor is None:
            rows.append(TensorPreview(name, dtype, shape, None, size, "not expected"))
        else:
            count = size if name in trained else None
            rows.append(TensorPreview(name, dtype, shape, tuple(tensor.shape), count, fault_of(dtype, shape, tensor)))
    return tuple(sorted(rows, key=lambda row: not row.fault))


def _label(name: str, file: str) -> str:
    return f"{name}/{file}" if name else file


def _refuse_files(files: Mapping[str, bytes], name: str) -> None:
    who = name or "The upload"
    if strangers := [file for file in files if file not in MAX_BYTES]:
        got = f"{who}: {shown(strangers[0])} is no part of a checkpoint; expected only {', '.join(MAX_BYTES)}"
        is_pickle = strangers[0].lower().endswith(_PICKLES)
        advice = " It is a pickle, which can run code and is never opened; convert the weights to safetensors."
        raise CheckpointError(f"{got}.{advice * is_pickle}")
    if missing := [file for file in (WEIGHTS_FILE, CONFIG_FILE) if file not in files]:
        raise CheckpointError(f"{who} lacks {' and '.join(missing)}. Add what is missing.")
    for file, data in files.items():
        if len(data) > MAX_BYTES[file]:
            got = f"{_label(name, file)} has {len(data):,} bytes; at most {MAX_BYTES[file]:,} are imported"
            raise CheckpointError(f"{got}. Save it smaller, weights in fp16.")
