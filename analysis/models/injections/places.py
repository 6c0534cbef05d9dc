"""Where a descriptor stands in a tower: a module without weights, whose output can be read or replaced, and what reads it."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from analysis.descriptors.descriptor import Descriptor, Notes
from analysis.descriptors.registry import find_descriptor
from analysis.errors import ConfigError
from analysis.models.config import ModelConfig, Side
from analysis.models.injections.injection import Injection, TowerSizes
from analysis.models.injections.registry import find_injection
from analysis.models.substitutes import Substitute


class Both(NamedTuple):
    """Sound and notes of one batch of windows, of a tower that is given the descriptor of the other side."""

    waveform: Float[Tensor, "batch samples"]
    notes: Notes


Window = Tensor | Notes | Both  # what a tower reads of one batch of windows
SAMPLED_NOTES = 96  # of each training window that a shuffled control carries


class DescriptorSlot(nn.Module):
    """A descriptor, or what a control puts in its place."""

    def __init__(self, descriptor: Descriptor, config: ModelConfig) -> None:
        super().__init__()
        self.descriptor, self.sample_rate = descriptor, config.sample_rate
        n_positions = descriptor.axis(config.n_samples, config.sample_rate).n or SAMPLED_NOTES
        self.given = Substitute(config.descriptor_values, n_positions, descriptor.width, descriptor.name)

    def forward(self, window: Window) -> Float[Tensor, "batch positions features"]:
        """What the tower is given: see the module of the descriptor, and `analysis.models.substitutes`."""
        values = self.real(window)
        return self.given(values, self.mask(window, values), self._contents(window))

    def real(self, window: Window) -> Float[Tensor, "batch positions features"]:
        """The descriptor itself."""
        return self.descriptor.compute(window, self.sample_rate)

    def mask(self, window: Window, values: Tensor) -> Bool[Tensor, "batch positions"]:
        """True where there is a position."""
        if isinstance(window, Tensor):
            return torch.ones(values.shape[:2], dtype=torch.bool, device=values.device)
        return _notes(window).mask

    def rows(self, window: Window, *, real: bool = False) -> list[Float[Tensor, "_ features"]]:
        """What is given for every window, or the descriptor itself, without padding."""
        values = self.real(window) if real else self(window)
        return [row[mask] for row, mask in zip(values, self.mask(window, values), strict=True)]

    def _contents(self, window: Window) -> list[Tensor]:
        return [window] if isinstance(window, Tensor) else [(n := _notes(window)).pitch, n.velocity, n.duration]


def _notes(window: Tensor | Notes | Both) -> Notes:
    return window.notes if isinstance(window, Both) else window  # pyright: ignore[reportReturnType]


class StretchedSlot(DescriptorSlot):
    """The descriptor of the other side, or what a control puts in its place, at as many positions as the tower has tokens.

    Stretched linearly from the positions that there are: padding is neither read nor written.
    """

    def __init__(self, descriptor: Descriptor, config: ModelConfig, side: Side) -> None:
        super().__init__(descriptor, config)
        self.side, self.n_tokens = side, config.n_audio_tokens
        n_positions = self.n_tokens if side == "audio" else SAMPLED_NOTES
        self.given = Substitute(config.descriptor_values, n_positions, descriptor.width, descriptor.name)

    def real(self, window: Window) -> Float[Tensor, "batch positions features"]:
        both = _both(window)
        read: Tensor | Notes = both.notes if self.descriptor.reads == "notes" else both.waveform
        values = super().real(read)
        mask = super().mask(read, values)
        if self.side == "midi":
            return stretched(values, mask.sum(dim=1), both.notes.mask.sum(dim=1), both.notes.mask.shape[1])
        return stretched(values, mask.sum(dim=1), mask.new_full((len(mask),), self.n_tokens, dtype=torch.int64), self.n_tokens)

    def mask(self, window: Window, values: Tensor) -> Bool[Tensor, "batch positions"]:
        return super().mask(self._own(window), values)

    def _contents(self, window: Window) -> list[Tensor]:
        return super()._contents(self._own(window))

    def _own(self, window: Window) -> Tensor | Notes:
        both = _both(window)
        return both.waveform if self.side == "audio" else both.notes


def _both(window: Window) -> Both:
    if not isinstance(window, Both):
        raise ConfigError("This arm gives each side the descriptor of the other; expected sound and notes of the same windows.")
    return window


def stretched(
    values: Float[Tensor, "batch positions features"],
    lengths: Int[Tensor, " batch"],
    wanted: Int[Tensor, " batch"],
    n: int,
) -> Float[Tensor, "batch stretched features"]:
    """The first `lengths` positions of each window, stretched linearly to `wanted` positions of `n`; zeros at the others.

    As `torch.nn.functional.interpolate` does, positions are centres of equal parts of the window.

    >>> stretched(torch.tensor([[[0.0], [4.0], [9.0]]]), torch.tensor([2]), torch.tensor([4]), 5)[0, :, 0].tolist()
    [0.0, 1.0, 3.0, 4.0, 0.0]
    """
    last = (lengths - 1)[:, None]
    at = (torch.arange(n, device=values.device)[None] + 0.5) * (lengths / wanted)[:, None] - 0.5
    at = torch.minimum(at.clamp_min(0), last.to(at.dtype))
    before = at.floor().long()
    share = (at - before)[..., None].to(values.dtype)
    low, high = (
        values.gather(1, i[..., None].expand(-1, -1, values.shape[2])) for i in (before, torch.minimum(before + 1, last))
    )
    inside = torch.arange(n, device=values.device)[None] < wanted[:, None]
    return (low + share * (high - low)) * inside[..., None]


class Given:
    """The descriptor of a tower with the mechanism by which it enters."""

    def __init__(self, tower: nn.Module, side: Side, config: ModelConfig) -> None:
        entry = config.entry(side)
        if entry is None:
            raise ConfigError(f"The configuration has no descriptor on the side {side}.")
        self.descriptor = find_descriptor(entry.descriptor)
        if hasattr(tower, self.descriptor.key):
            raise ConfigError(f"The tower has {self.descriptor.key!r} already. Give the descriptor another name.")
        self.tower, self.side = tower, side
        mechanism = find_injection(entry.injection)
        crossed = StretchedSlot(self.descriptor, config, side) if mechanism.crosses else DescriptorSlot(self.descriptor, config)
        setattr(tower, self.descriptor.key, crossed)
        d_model, n_layers = (config.audio_d_model, config.audio_n_layers)
        if side == "midi":
            d_model, n_layers = (config.midi_d_model, config.midi_n_layers)
        sizes = TowerSizes(d_model, config.n_heads, n_layers, config.attention_dropout, config.max_descriptor_frames)
        self.injection: Injection = mechanism(tower, self.descriptor, sizes)

    @property
    def slot(self) -> DescriptorSlot:
        """The module whose output is the descriptor."""
        return getattr(self.tower, self.descriptor.key)

    def prepared(self, window: Window, dtype: torch.dtype) -> Tensor:
        """What the mechanism is given for a pass."""
        values = self.slot(window)
        return self.injection.prepare(values.to(dtype), self.slot.mask(window, values))

    def taps(self) -> Mapping[str, nn.Module]:
        """The descriptor, then what the mechanism has of its own, by name."""
        own = {f"{self.descriptor.key}.{name}": module for name, module in self.injection.taps().items()}
        return {self.descriptor.key: self.slot, **own}


def given(tower: nn.Module, side: Side, config: ModelConfig) -> Given | None:
    """The descriptor of a tower, whose modules the tower then has; None where it has none."""
    return None if config.entry(side) is None else Given(tower, side, config)


def hidden_states(
    given: Given | None,
    blocks: Iterable[nn.Module],
    tokens: Tensor,
    window: Window,
    add_positions: Callable[[Tensor], Tensor],
    mask: Tensor | None = None,
) -> Iterator[Tensor]:
    """Input of block 1, then the output of every layer, one after the other.

    Args:
        given: the descriptor of the tower; None where it has none.
        blocks: of the tower.
        tokens: as they are without positions and descriptor.
        window: from which the descriptor is made.
        add_positions: to the tokens.
        mask: True where there is a token; None where all are.
    """
    if given is None:
        x = add_positions(tokens)
        yield x
        for block in blocks:
            yield (x := block(x, mask))
        return
    injection, prepared = given.injection, given.prepared(window, tokens.dtype)
    if injection.after_positions:
        x = injection.enter(add_positions(tokens), prepared)
    else:
        x = add_positions(injection.enter(tokens, prepared))
    yield x
    for layer, block in enumerate(blocks, start=1):
        yield (x := injection.within(layer, block(x, mask), prepared))


def last(states: Iterator[Tensor]) -> Tensor:
    """The last of them; those before are not kept."""
    return deque(states, maxlen=1)[0]
