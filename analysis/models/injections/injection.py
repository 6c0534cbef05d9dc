"""How a descriptor enters a tower: what every mechanism has, and what it does where it says nothing."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, NamedTuple, TypeVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from analysis.descriptors.descriptor import Axis, Descriptor, Reads
from analysis.errors import ConfigError
from analysis.models.tower import TapKind

P = TypeVar("P", bound=nn.Module | nn.Parameter)


class TowerSizes(NamedTuple):
    """What a mechanism needs to know of a tower to build its modules."""

    d_model: int
    n_heads: int
    n_layers: int
    attention_dropout: float
    max_frames: int


class Drawn(NamedTuple):
    """The mechanism as a part of an architecture: its name, what is known of it, and whether it enters the blocks themselves.

    `width` counts the numbers that it then hands to every block.
    """

    name: str
    details: tuple[str, ...]
    within: bool = False
    width: int = 0


class Injection(ABC):
    """A mechanism in a tower. Its modules are the tower's own, named `<descriptor>_<name>`, so that checkpoints hold them so.

    Attributes:
        kind: its name in configurations.
        title: what the field calls it.
        group: the group of the optimiser to which its parameters belong.
        reads: of which descriptors it can make use.
        after_positions: whether positions are added to the tokens before the descriptor enters, or when it has.
        crosses: whether it takes the descriptor of the other side of the window.
        summarises: what in it is given no more of a descriptor than the mean over positions, with its verb; "" for nothing.
        tap_kind: of what can be read of its own.
    """

    kind: ClassVar[str]
    title: ClassVar[str]
    group: ClassVar[str] = "descriptors"
    reads: ClassVar[tuple[Reads, ...]] = ("audio", "notes")
    after_positions: ClassVar[bool] = True
    crosses: ClassVar[bool] = False
    summarises: ClassVar[str] = ""
    tap_kind: ClassVar[TapKind] = "mechanism"

    def __init__(self, tower: nn.Module, descriptor: Descriptor, sizes: TowerSizes) -> None:
        self.tower, self.descriptor, self.sizes = tower, descriptor, sizes
        self.build(descriptor.width, sizes)

    def part(self, name: str, part: P) -> P:
        """A module or parameter that the tower has from now on.

        Args:
            name: which follows that of the descriptor.
            part: of the mechanism.

        Raises:
            ConfigError: the tower has something of that name already.
        """
        if hasattr(self.tower, self._name(name)):
            raise ConfigError(f"The tower has {self._name(name)!r} already. Give the descriptor another name.")
        setattr(self.tower, self._name(name), part)
        return part

    @property
    def beginning(self) -> str:
        """How the names of its parameters begin within the tower."""
        return self._name("")

    @abstractmethod
    def build(self, width: int, sizes: TowerSizes) -> None:
        """Make its modules and parameters, each a `part`, in the order in which they are drawn."""

    def prepare(self, descriptor: Tensor, mask: Tensor) -> Tensor:
        """What `enter` and `within` are given of a descriptor, once per pass; `mask` is True where it has a position."""
        del mask
        return descriptor

    def begin(self, share: float) -> None:
        """Told before every step of training which share of all steps is done."""
        del share

    def penalty(self) -> Tensor | None:
        """What is added to the loss of the pass in training that was last; None where there is nothing."""
        return None

    @classmethod
    def unsaid(cls, reads: Reads) -> str:
        """What the source leaves open of it for descriptors of a side, and how it is here, in a sentence; "" for nothing."""
        del reads
        return ""

    def enter(self, tokens: Tensor, descriptor: Tensor) -> Tensor:
        """The tokens that go on, before block 1."""
        del descriptor
        return tokens

    def within(self, layer: int, tokens: Tensor, descriptor: Tensor) -> Tensor:
        """The tokens that go on after a block, counted from 1."""
        del layer, descriptor
        return tokens

    def outputs(self) -> Sequence[nn.Module] | None:
        """Modules whose output is that of each layer; None where it is that of the block."""
        return None

    def taps(self) -> Mapping[str, nn.Module]:
        """Modules of its own whose output can be read, by name."""
        return {}

    @property
    def attention(self) -> nn.Module | None:
        """The attention between tokens and descriptor, where it is one."""
        return None

    @classmethod
    def stream(cls, tokens: Axis, descriptor: Axis) -> Axis:
        """Positions of what goes through the blocks."""
        del descriptor
        return tokens

    @classmethod
    def crossing(cls, tokens: Axis, descriptor: Axis) -> tuple[Axis, Axis] | None:
        """Queries and keys of the attention between tokens and descriptor; None where there is none."""
        del tokens, descriptor
        return None

    @classmethod
    def words(cls, descriptor: str) -> str:
        """A descriptor and how it enters, in words."""
        return f"{descriptor} {cls.title}" if cls.crosses else f"{descriptor} by {cls.title}"

    @abstractmethod
    def drawn(self, tokens: Axis, descriptor: Axis) -> Drawn:
        """What an architecture shows of it."""

    def _name(self, name: str) -> str:
        return f"{self.descriptor.key}_{name}"


def with_mask(
    values: Float[Tensor, "batch positions features"], mask: Bool[Tensor, "batch positions"]
) -> Float[Tensor, "batch positions more"]:
    """Values with one feature more, which is 1 where there is a position: what `prepare` hands on to those that need it."""
    return torch.cat([values, mask[..., None].to(values.dtype)], dim=-1)


def without_mask(
    prepared: Float[Tensor, "batch positions more"],
) -> tuple[Float[Tensor, "batch positions features"], Bool[Tensor, "batch positions"]]:
    """The way back."""
    return prepared[..., :-1], prepared[..., -1] > 0


def mixed(layer: nn.Linear) -> str:
    """A linear layer with the norm that follows it, in words."""
    return f"{layer.in_features:,} → {layer.out_features:,}, layer norm"
