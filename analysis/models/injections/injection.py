"""How a descriptor enters a tower: what every mechanism has, and what it does where it says nothing."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, NamedTuple, TypeVar

from torch import Tensor, nn

from analysis.descriptors.descriptor import Axis, Descriptor, Reads
from analysis.errors import ConfigError

P = TypeVar("P", bound=nn.Module | nn.Parameter)


class TowerSizes(NamedTuple):
    """What a mechanism needs to know of a tower to build its modules."""

    d_model: int
    n_heads: int
    n_layers: int
    attention_dropout: float
    max_frames: int


class Drawn(NamedTuple):
    """The mechanism as a part of an architecture: its name, what is known of it, and whether it enters the blocks themselves."""

    name: str
    details: tuple[str, ...]
    within: bool = False


class Injection(ABC):
    """A mechanism in a tower. Its modules are the tower's own, named `<descriptor>_<name>`, so that checkpoints hold them so.

    Attributes:
        kind: its name in configurations.
        title: what the field calls it.
        group: the group of the optimiser to which its parameters belong.
        reads: of which descriptors it can make use.
        after_positions: whether positions are added to the tokens before the descriptor enters, or when it has.
    """

    kind: ClassVar[str]
    title: ClassVar[str]
    group: ClassVar[str] = "descriptors"
    reads: ClassVar[tuple[Reads, ...]] = ("audio", "notes")
    after_positions: ClassVar[bool] = True

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

    @abstractmethod
    def drawn(self, tokens: Axis, descriptor: Axis) -> Drawn:
        """What an architecture shows of it."""

    def _name(self, name: str) -> str:
        return f"{self.descriptor.key}_{name}"


def mixed(layer: nn.Linear) -> str:
    """A linear layer with the norm that follows it, in words."""
    return f"{layer.in_features:,} → {layer.out_features:,}, layer norm"
