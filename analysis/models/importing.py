"""Checkpoints from elsewhere: checked before anything is believed, and put in place whole or not at all."""

import contextlib
import dataclasses
import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch

from analysis import paths
from analysis.errors import CheckpointError, shown
from analysis.files import is_folder, open_regular, printable
from analysis.memory import bytes_to_words
from analysis.models.checkpoint import (
    CARD_FILE,
    Checkpoint,
    open_checkpoint,
    save_checkpoint,
)
from analysis.models.families import find_arm
from analysis.models.headers import compare_shapes, describe_safetensors
from analysis.models.preview import MAX_BYTES, Preview, TensorPreview, preview_checkpoint
from analysis.models.state_dicts import half_arrays
from analysis.sandbox import SandboxError, run_limited, temporary_folder

__all__ = [
    "MAX_BYTES", "Preview", "TensorPreview", "convert_state_dict", "describe_safetensors", "import_checkpoint",
    "preview_checkpoint", "remove_import", "zero_notice",
]  # fmt: skip

MAX_STATE_BYTES = 2 * 2**30  # of a .pt file
CONVERTING_S = 300.0
MEMORY_BYTES = 2 * 2**30
MOST_IMPORTS, MOST_IMPORTED_BYTES = 200, 5 * 10**9  # of all together

ALL_ZERO = "All weights of {} are 0, so that it gives every window the same embedding. Is it the right file?"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def import_checkpoint(files: Mapping[str, bytes], name: str, root: Path) -> Checkpoint:
    """Put an uploaded checkpoint into `root / name`, after every part of it has been found sound.

    `files` are `model.safetensors` and `config.json`, and if there are any `history.csv` and `card.md`. Either the whole folder
    is there afterwards or nothing is.

    Raises:
        CheckpointError: the name or a file is not allowed, something is missing, too large, malformed, does not fit the arm, or
            holds NaN or infinite values; or there is a checkpoint of that name.
    """
    refuse_name(name)
    if problem := preview_checkpoint(files, name).problem:
        raise CheckpointError(problem)
    _refuse_full(root, sum(map(len, files.values())))
    with _whole_or_nothing(root / name) as folder:
        for file, data in files.items():
            (folder / file).write_bytes(data)
        opened = open_checkpoint(folder)
        opened.check_weights()
        opened.history()
        _refuse_card(folder)
    return dataclasses.replace(opened, path=root / name)


def zero_notice(checkpoint: Checkpoint) -> str:
    """What is to be known of a checkpoint whose weights are all 0: nothing is wrong with its file; "" for any other.

    Raises:
        CheckpointError: the weights cannot be read.
    """
    if any(parameter.any() for parameter in checkpoint.model().parameters()):
        return ""
    return ALL_ZERO.format(checkpoint.name)


def remove_import(name: str, root: Path) -> None:
    """Delete the imported checkpoint `root / name`; shipped ones and those of other folders stay where they are.

    Raises:
        CheckpointError: there is none of that name, or it cannot be removed.
    """
    folder = root / name
    if not _NAME.fullmatch(name) or not (folder.is_symlink() or is_folder(folder)):
        known = sorted(path.name for path in root.iterdir() if not path.name.startswith(".")) if root.is_dir() else []
        raise CheckpointError(f"There is no import {shown(name)}: expected one of {printable(', '.join(known)) or 'none yet'}.")
    try:
        if folder.is_symlink():
            folder.unlink()
            return
        with temporary_folder(".removing-", root) as (aside, _):
            folder.rename(Path(aside) / "checkpoint")  # gone at once; then its files
    except OSError as error:
        raise CheckpointError(f"{name} cannot be removed ({error.strerror}). Check permissions.") from error


def _refuse_full(root: Path, n_bytes: int) -> None:
    """Refuse an import where imports would take more than they may together."""
    folders = [path for path in root.iterdir() if path.is_dir()] if root.is_dir() else []
    kept = sum(file.stat().st_size for folder in folders for file in folder.iterdir() if file.is_file())
    if len(folders) >= MOST_IMPORTS or kept + n_bytes > MOST_IMPORTED_BYTES:
        raise CheckpointError(
            f"There are {len(folders)} imports of {bytes_to_words(kept)}; expected at most {MOST_IMPORTS} of "
            f"{bytes_to_words(MOST_IMPORTED_BYTES)} with this one. Remove one first, with its button or otoscope import --remove."
        )


def _refuse_card(folder: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        try:
            (folder / CARD_FILE).read_text("utf-8")
        except UnicodeDecodeError as error:
            raise CheckpointError(f"{folder.name}/{CARD_FILE} is not text in UTF-8 ({error}). Save it again.") from error


@contextlib.contextmanager
def _whole_or_nothing(target: Path) -> Iterator[Path]:
    """A folder of the target's name to fill, beside the target; it takes the target's place if nothing fails."""
    _refuse_existing(target)
    try:
        paths.make_cache()
        target.parent.mkdir(parents=True, exist_ok=True)
        with temporary_folder(".importing-", target.parent) as (staging, _):
            folder = Path(staging) / target.name
            folder.mkdir()
            yield folder
            folder.rename(target)
    except OSError as error:
        raise CheckpointError(f"{target.name} cannot be written ({error.strerror}). Check space and permissions.") from error


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


# --- PyTorch files ---------------------------------------------------------------------------------------------------------


def convert_state_dict(path: Path, *, arm: str, scale: str, out: Path) -> Checkpoint:
    """Turn a file with the `state_dict` of an arm, of PyTorch or safetensors, into a checkpoint folder `out`, in fp16.

    The file is read by a limited process that accepts tensors and nothing else, so no code in it is run. What was taken off its
    names, and what else was unusual, is in `training["converted_notices"]`.

    Raises:
        CheckpointError: it is missing, too large, holds anything but the tensors of that arm, its weights vanish in fp16, or
            `out` exists.
        ConfigError: unknown arm or scale.
    """
    _refuse_existing(out)
    (family, config), label = find_arm(arm, scale), path.name
    model = family.build(config, 0)
    expected = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    try:
        size = path.stat().st_size
        if size > MAX_STATE_BYTES:
            raise CheckpointError(f"{label} has {size:,} bytes; at most {MAX_STATE_BYTES:,} are read. Save the weights alone.")
        with open_regular(path) as file:
            source = hashlib.file_digest(file, "sha256").hexdigest()
        arrays, notices = run_limited(
            half_arrays, str(path.absolute()), expected,
            what=f"Reading {label}", seconds=CONVERTING_S, memory_bytes=MEMORY_BYTES + 3 * size,
        )  # fmt: skip
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
    zero = [] if any(parameter.any() for parameter in model.parameters()) else [ALL_ZERO.format(label)]
    training = {"converted_from": label, "converted_from_sha256": source, "converted_notices": [*notices, *zero]}
    card = f"# {out.name}\n\nConverted from {shown(label)}; its training is not known.\n"
    _refuse_full(out.parent, 2 * sum(tensor.numel() for tensor in weights.values()))
    with _whole_or_nothing(out) as folder:
        saved = save_checkpoint(folder, model, arm=arm, scale=scale, training=training, evaluation={}, history=[], card=card)
    return dataclasses.replace(saved, path=out)
