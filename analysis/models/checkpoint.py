"""Checkpoint folders: `model.safetensors` (fp16), `config.json`, `history.csv`, `card.md`. Nothing is ever unpickled."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_safetensors
from safetensors.torch import save_file
from torch import Tensor

from analysis.errors import CheckpointError, shown
from analysis.files import Json, is_text, printable, read_file, replace_file, replaced
from analysis.fingerprints import file_sha256s
from analysis.models.families import FOLDER, USUAL, Config, Family, ModelRef, find_family, outline_of, parse_model
from analysis.models.headers import MAX_HEADER_BYTES, compare_header, compare_shapes, describe_safetensors
from analysis.models.histories import rows_of
from analysis.models.tower import Model

SCHEMA_VERSION = 1
_LARGEST_CONFIG = 4 * 2**20  # bytes
_LARGEST_NUMBER = 8  # bytes
WEIGHTS_FILE, CONFIG_FILE, HISTORY_FILE, CARD_FILE = "model.safetensors", "config.json", "history.csv", "card.md"


@dataclass(frozen=True)
class Checkpoint:
    """An opened folder; the weights are read by `model()`.

    `arm` is one architecture of its family, `scale` its size ("" where there is one size), `config` is as its family keeps it.
    """

    path: Path
    arm: str
    scale: str
    config: Json
    training: Json
    evaluation: Json
    sha256: str
    family: str = USUAL

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name

    @property
    def ref(self) -> ModelRef:
        """What it is identified by."""
        return ModelRef(self.family, FOLDER, "", self.sha256)

    @property
    def key(self) -> Json:
        """All that decides its model and the untrained twin, for keys of the store, the code of its family included."""
        return {"ref": list(self.ref), "config": self.config, "seed": self.seed, "code": self.of_family.code}

    @property
    def seed(self) -> int:
        """Of the weights it began with, which are those of its untrained twin."""
        return int(self.training.get("seed", 0))

    @cached_property
    def of_family(self) -> Family:
        """Its family, found once."""
        return find_family(self.family)

    @cached_property
    def model_config(self) -> Config:
        """Sizes of the model, as its family has them, read once."""
        return self.of_family.read(self.config)

    @property
    def n_tokens(self) -> int:
        """Tokens of one window where its model has most of them."""
        return self.of_family.n_tokens(self.model_config)

    def outline(self) -> Model:
        """The model without memory for its tensors: towers and taps can be asked for, nothing can be computed or changed."""
        return outline_of(self.family, json.dumps(self.config, sort_keys=True))

    def history(self) -> list[Json]:
        """Rows of `history.csv`, none if there is no such file or nothing in it.

        Raises:
            CheckpointError: it is no table.
        """
        path = self.path / HISTORY_FILE
        try:
            status = path.stat()
            return list(rows_of(path, (status.st_size, status.st_mtime_ns, status.st_ctime_ns)))
        except FileNotFoundError:
            return []
        except (OSError, ValueError) as error:
            raise CheckpointError(
                f"{self.name}/{HISTORY_FILE} is not a table of numbers ({error}). Restore or remove it."
            ) from error

    def check_weights(self) -> None:
        """Read every tensor once.

        Raises:
            CheckpointError: a value is not finite.
        """
        _read_weights(self.path / WEIGHTS_FILE, self.outline().state_dict(), self.sha256)

    def model(self) -> Any:  # Any: of the class of its family
        """The trained model in fp32, ready for inference: a `Model`, of the class of its family.

        Raises:
            CheckpointError: a tensor is missing, extra, wrongly shaped or not finite.
        """
        model = self.of_family.build(self.model_config, 0)
        model.load_state_dict(_read_weights(self.path / WEIGHTS_FILE, model.state_dict(), self.sha256))
        return model.eval()

    def untrained_twin(self) -> Any:  # Any: of the class of its family
        """The same architecture from the same seed after zero steps; it may keep what was learned before the first."""
        return self.of_family.untrained(self.model_config, self.seed, self.model).eval()


@dataclass(frozen=True)
class Written:
    """What must stand in every `config.json`.

    Attributes:
        arm: name of the arm.
        scale: of its sizes.
        model: the configuration of its model, which its family reads.
        training: how it was trained.
        evaluation: its scores.
    """

    arm: str
    scale: str
    model: Json
    training: Json
    evaluation: Json


@dataclass(frozen=True)
class Configuration:
    """A `config.json`: what must stand in it, the family of its model, and the configuration that this family reads in it."""

    written: Written
    family: Family
    config: Config

    def outline(self) -> Model:
        """The model that it describes, without memory for its tensors; to be looked at and never changed."""
        return outline_of(self.family.name, json.dumps(self.written.model, sort_keys=True))


@dataclass(frozen=True)
class BrokenCheckpoint:
    """A folder that holds a checkpoint which cannot be opened, and why."""

    path: Path
    reason: str


def save_checkpoint(
    folder: Path,
    model: Model,
    *,
    arm: str,
    scale: str,
    training: Json,
    evaluation: Json,
    history: Sequence[Json],
    card: str,
) -> Checkpoint:
    """Write a checkpoint folder, weights last, each file in one step; the usual family is not named."""
    from pandas import DataFrame

    folder.mkdir(parents=True, exist_ok=True)
    described = {
        "schema_version": SCHEMA_VERSION, **({} if model.family == USUAL else {"family": model.family}), "arm": arm,
        "scale": scale, "model": find_family(model.family).to_dict(model.config), "training": training, "evaluation": evaluation,
    }  # fmt: skip
    replace_file(folder / CONFIG_FILE, json.dumps(described, indent=2).encode())
    replace_file(folder / HISTORY_FILE, DataFrame(list(history)).to_csv(index=False).encode())
    replace_file(folder / CARD_FILE, card.encode())
    with replaced(folder / WEIGHTS_FILE) as partial:
        save_file(half_precision(model.state_dict()), partial)
    return open_checkpoint(folder)


def half_precision(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Floating tensors in fp16, on the CPU."""
    return {k: (v.half() if v.is_floating_point() else v).cpu().contiguous() for k, v in state.items()}


def open_checkpoint(folder: Path) -> Checkpoint:
    """Check a folder's configuration and the names and shapes of its tensors; no tensor is read yet.

    Raises:
        CheckpointError: something is missing, unknown or does not fit.
    """
    if not is_text(folder):
        raise CheckpointError(f"The name {printable(folder.name)} or one above it is not text in UTF-8. Rename the folder.")
    if not (folder / WEIGHTS_FILE).exists():
        pickles = [p.name for p in folder.glob("*") if p.suffix in {".pt", ".pth", ".ckpt", ".pkl", ".bin"}]
        seen = f" It holds {pickles[0]}, a pickle, which can run code and is never opened." if pickles else ""
        raise CheckpointError(f"{folder.name} has no {WEIGHTS_FILE}.{seen} Convert the weights to safetensors.")
    described = parse_config(_config_text(folder), f"{folder.name}/{CONFIG_FILE}")
    label = f"{folder.name}/{WEIGHTS_FILE}"
    outline = described.outline()
    compare_header(label, describe_safetensors(folder / WEIGHTS_FILE, label), outline.state_dict())
    try:
        (digest,) = file_sha256s([folder / WEIGHTS_FILE])
    except OSError as error:
        raise CheckpointError(f"{label} cannot be read ({error.strerror}). Check its permissions.") from error
    written = described.written
    return Checkpoint(
        folder, written.arm, written.scale, written.model, written.training, written.evaluation, digest, described.family.name
    )


def parse_config(text: bytes, label: str) -> Configuration:
    """What a `config.json` says, found sound before anything is built or allocated.

    Raises:
        CheckpointError: it is too large, not JSON, lacks something, is of an unknown family, or describes no model of it.
    """
    raw, written = _parsed(text, label)
    family, config = parse_model(raw, label)
    if type(seed := written.training.get("seed", 0)) is not int:
        raise CheckpointError(f"{label}: the seed must be a whole number; got {shown(seed)}. Correct it.")
    return Configuration(written, family, config)


def list_checkpoints(roots: Iterable[Path]) -> list[Checkpoint | BrokenCheckpoint]:
    """Every checkpoint folder directly below the roots, in order of name; broken ones with the reason."""
    checkpoints: list[Checkpoint | BrokenCheckpoint] = []
    for root in roots:
        folders = sorted(p.parent for p in root.glob(f"*/{CONFIG_FILE}")) if root.is_dir() else []
        for folder in folders:
            try:
                checkpoints.append(open_checkpoint(folder))
            except CheckpointError as error:
                checkpoints.append(BrokenCheckpoint(Path(printable(folder)), printable(error)))
    return checkpoints


def _config_text(folder: Path) -> bytes:
    label = f"{folder.name}/{CONFIG_FILE}"
    try:
        _refuse_size((folder / CONFIG_FILE).stat().st_size, label)
        return read_file(folder / CONFIG_FILE, _LARGEST_CONFIG, folder)
    except OSError as error:
        raise CheckpointError(f"{label} is missing or cannot be read ({error.strerror}). Restore it.") from error


def _refuse_size(size: int, label: str) -> None:
    if size > _LARGEST_CONFIG:
        raise CheckpointError(f"{label} has {size:,} bytes; at most {_LARGEST_CONFIG:,} are read. Restore it.")


def _parsed(text: bytes, label: str) -> tuple[Json, Written]:
    _refuse_size(len(text), label)
    try:
        raw = json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{label} is missing or not JSON ({error}). Restore it.") from error
    if not is_text(json.dumps(raw, ensure_ascii=False)):
        raise CheckpointError(f"{label} holds halves of characters, which are no text. Restore it.")
    needed = {"arm": str, "scale": str, "model": dict, "training": dict, "evaluation": dict}
    for key, kind in needed.items():
        if not isinstance(raw, dict) or not isinstance(raw.get(key), kind):
            raise CheckpointError(f"{label} lacks {key!r} (expected {kind.__name__}). Restore it.")
    return raw, Written(**{key: raw[key] for key in needed})


def _read_weights(path: Path, expected: dict[str, Tensor], sha256: str) -> dict[str, Tensor]:
    """Weights from the very bytes that were checked: results are kept under their hash."""
    label = f"{path.parent.name}/{path.name}"
    try:
        most = MAX_HEADER_BYTES + _LARGEST_NUMBER * sum(tensor.numel() for tensor in expected.values())
        data = read_file(path, most, path.parent)
        if hashlib.sha256(data).hexdigest() != sha256:
            raise CheckpointError(f"{label} has changed since the checkpoint was opened. Try again.")
        tensors = load_safetensors(data)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{label} cannot be read ({error}). Restore it.") from error
    compare_shapes(label, {name: tuple(tensor.shape) for name, tensor in tensors.items()}, expected)
    weights = {name: tensors[name].to(tensor.dtype) for name, tensor in expected.items()}
    if broken := next((name for name, tensor in weights.items() if not torch.isfinite(tensor.float()).all()), None):
        raise CheckpointError(f"{label}: {broken!r} holds NaN or infinite values. Retrain it.")
    return weights
