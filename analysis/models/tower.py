"""What a model is to everything above it: towers that read one modality each, with taps, axes, attention and pooling.

Protocols and records alone; no network is built here. A family writes classes that have these members
(`analysis.models.dual_towers` is one), and nothing else of the library knows its modules.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal, NamedTuple, Protocol, TypeVar, runtime_checkable

from numpy import ndarray
from torch import Tensor, device, nn

from analysis.models.families import Config

Modality = Literal["audio", "notes", "text"]
TapKind = Literal["input", "block", "embedding", "descriptor", "router", "mechanism"]
Inputs = tuple[Any, ...]  # Any: whatever a module of PyTorch is given
LAYERS: tuple[TapKind, ...] = ("input", "block", "embedding")  # kinds of taps that every tower has, in the order of computing


class InputSpec(NamedTuple):
    """What a tower is fed: samples per second, the length in seconds it was made for, and channels."""

    sample_rate: int
    window_s: float
    channels: int = 1


class TokenAxis(NamedTuple):
    """Positions of the tokens of a window.

    Attributes:
        kind: what one of them is, such as "CNN token" or "note".
        times_s: centres in seconds from the window's start, `(tokens,)` where all windows share them, `(batch, tokens)` where
            every window has its own; special tokens have none. Padding holds the last time of its window.
        bands_hz: lowest and highest frequency of every token, `(tokens, 2)`; None where a token has all of them.
        special: how many tokens without a time there are, such as a class token; they come first.
    """

    kind: str
    times_s: ndarray
    bands_hz: ndarray | None = None
    special: int = 0

    @property
    def n(self) -> int:
        """Tokens in all, special ones and padding included."""
        return self.special + self.times_s.shape[-1]


class Tap(NamedTuple):
    """A place where activations can be read or replaced; names differ within a model and begin with that of the tower.

    Attributes:
        name: that of the tower with "in" for the input, "block.1" and so on for blocks, "embedding", such as "audio.block.1".
        kind: "input" of block 1, output of a "block", "embedding", "descriptor" that is given, "router" of experts, or what
            else a "mechanism" has of its own.
        title: as an axis or a table calls it.
        norm: whether a block normalises before its branches or after them; "" where that is no question.
        width: numbers of a token, or of an embedding, where that is known without computing it; memory is counted from it.
    """

    name: str
    kind: TapKind
    title: str
    norm: Literal["pre", "post", ""] = ""
    width: int = 0


class HookPoint(NamedTuple):
    """The module behind a tap, and whether the tap is its first input instead of its output."""

    module: nn.Module
    is_input: bool = False


class AttentionPlace(NamedTuple):
    """Where tokens attend to tokens.

    Attributes:
        layer: block, from 1; 0 is a cross-attention before them.
        title: as a control calls it.
        n_heads: heads.
        query, key: positions of the rows and of the columns of a pattern.
        module: whose inputs decide the pattern.
        pattern: positional inputs of the module → `(batch, heads, queries, keys)`, every row a distribution over keys.
        projection: module behind the heads, whose first input `(batch, queries, heads · width)` holds what every head found, side
            by side and the first head first; None where heads cannot be told apart there.
    """

    layer: int
    title: str
    n_heads: int
    query: TokenAxis
    key: TokenAxis
    module: nn.Module
    pattern: Callable[[Inputs], Tensor]
    projection: nn.Module | None = None


@runtime_checkable
class NotesLike(Protocol):
    """Notes in order of onset, shape `(notes,)`, times in seconds (`analysis.datasets.midi.Notes` are such)."""

    @property
    def onset_s(self) -> ndarray: ...
    @property
    def offset_s(self) -> ndarray: ...
    @property
    def pitch(self) -> ndarray: ...
    @property
    def velocity(self) -> ndarray: ...


Content = Tensor | Sequence[NotesLike]  # what takes the place of what windows hold: waveforms, or the notes of each


@runtime_checkable
class SegmentLike(Protocol):
    """A window of a recording, as far as a tower looks at it (`analysis.datasets.segments.Segment` is one)."""

    @property
    def start_s(self) -> float: ...
    def waveform(self, sample_rate: int, duration_s: float) -> ndarray: ...
    def notes(self) -> NotesLike: ...


@runtime_checkable
class Batch(Protocol):
    """What a tower is fed of several windows; `mask` is True where there is a token, None where all windows fill the batch."""

    @property
    def mask(self) -> Tensor | None: ...
    def to(self, device: device | str) -> "Batch": ...


B = TypeVar("B", bound=Batch)


@runtime_checkable
class Tower(Protocol[B]):
    """One encoder of a model, which is fed with batches of one class.

    Attributes:
        name: different from that of the model's other towers; names of taps begin with it.
        modality: of which part of a segment is read.
        input: what it is fed.
        width: numbers of an embedding.
        attends: whether there is a place where it attends.
        poolings: ways from tokens to one row per window, of `analysis.models.poolings`; "mean", the usual one, is first.
    """

    @property
    def name(self) -> str: ...
    @property
    def modality(self) -> Modality: ...
    @property
    def input(self) -> InputSpec: ...
    @property
    def width(self) -> int: ...
    @property
    def attends(self) -> bool: ...
    @property
    def poolings(self) -> tuple[str, ...]: ...

    def collate(self, segments: Sequence[SegmentLike], content: Content | None = None) -> B:
        """What is fed of windows; `content` takes the place of what they hold: waveforms `(batch, samples)` at the rate of the
        input, or the notes of every window, with times of the piece.
        """
        ...

    def __call__(self, batch: B) -> Tensor:
        """Embeddings, one row per window."""
        ...

    def taps(self) -> tuple[Tap, ...]:
        """Every tap in the order of computing: those of `LAYERS`, then others."""
        ...

    def hook_points(self) -> Mapping[str, HookPoint]:
        """Where every tap is."""
        ...

    def axis(self, tap: str, batch: B) -> TokenAxis | None:
        """Positions of the tokens `(batch, tokens, width)` at a tap; None where it has something else than tokens."""
        ...

    def attention(self, batch: B) -> tuple[AttentionPlace, ...]:
        """Every place where this tower attends, as it is for a batch; () where there is none."""
        ...

    def pool(self, tokens: Tensor, tap: str, mask: Tensor | None, how: str = "") -> Tensor:
        """One row per window, by one of `poolings` ("" for the usual one); padding never counts, nor do tokens without a time in
        a mean, and what has one row per window already stays as it is.
        """
        ...

    def input_once(self) -> AbstractContextManager[None]:
        """Inside, what does not depend on descriptors is computed for the first batch alone and then repeated."""
        ...


@runtime_checkable
class DescribedTower(Tower[B], Protocol[B]):
    """A tower into which a descriptor may enter, as those of families with `has_arms` are."""

    def descriptor(self, batch: B) -> tuple[Tensor, ...]:
        """What the network is given as descriptor of every window, `(positions, features)` each without padding; () where it is
        given none.
        """
        ...


@runtime_checkable
class Model(Protocol):
    """Towers that belong together. It is a `torch.nn.Module`, of which only what is needed here is listed.

    Attributes:
        config: as its family has it.
        family: name of its family.
        towers: by name, in the order in which they are shown.
        pairs: of towers whose embeddings can be compared by `score`; () where there is none.
    """

    training: bool
    config: Config

    @property
    def family(self) -> str: ...
    @property
    def towers(self) -> Mapping[str, Tower]: ...
    @property
    def pairs(self) -> tuple[tuple[str, str], ...]: ...

    def score(self, a: Tensor, b: Tensor) -> Tensor:
        """How well every row of `a`, embeddings of the first tower of a pair, fits every row of `b`: `(rows of a, rows of b)`."""
        ...

    def to(self, device: device | str) -> "Model": ...
    def eval(self) -> "Model": ...
    def train(self, mode: bool = ...) -> "Model": ...
    def modules(self) -> Iterator[nn.Module]: ...
    def parameters(self) -> Iterator[nn.Parameter]: ...
    def named_parameters(self) -> Iterator[tuple[str, nn.Parameter]]: ...
    def state_dict(self) -> dict[str, Tensor]: ...
    def load_state_dict(self, state_dict: Mapping[str, Tensor]) -> object: ...


def all_taps(model: Model) -> tuple[Tap, ...]:
    """Taps of every tower."""
    return tuple(tap for tower in model.towers.values() for tap in tower.taps())


def embedding_tap(tower: Tower) -> str:
    """Name of the tap whose activation the tower returns."""
    return next(tap.name for tap in tower.taps() if tap.kind == "embedding")
