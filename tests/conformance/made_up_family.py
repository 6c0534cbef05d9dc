"""A family nobody trained: one small audio tower with a class token, on windows of two seconds at 8 kHz."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from analysis.errors import CheckpointError, ConfigError, shown
from analysis.models.families import Family
from analysis.models.pooling import pool_tokens
from analysis.models.poolings import CLASS_POOLINGS
from analysis.models.sound import AudioBatch
from analysis.models.tower import AttentionPlace, HookPoint, InputSpec, SegmentLike, Tap, TokenAxis
from analysis.models.transformer import Block
from analysis.seeding import derive

FRAME = 800  # samples, so that a token is a tenth of a second


@dataclass(frozen=True)
class Sizes:
    """Of the network."""

    width: int = 16
    n_heads: int = 2
    n_layers: int = 2
    sample_rate: int = 8_000
    n_samples: int = 16_000


class Whole(nn.Module):
    """Frames in a row, a class token before them, blocks, and the class token as embedding."""

    family, pairs = "made-up", ()

    def __init__(self, config: Sizes) -> None:
        super().__init__()
        self.config = config
        self.frames = nn.Linear(FRAME, config.width)
        self.first = nn.Parameter(torch.linspace(-1.0, 1.0, config.width))
        self.blocks = nn.ModuleList(Block(config.width, config.n_heads, 32, 0.0, norm_first=True) for _ in range(config.n_layers))
        self.head = nn.Linear(config.width, config.width)

    @property
    def towers(self) -> dict[str, Any]:
        return {"audio": Listener(self)}

    def score(self, a: Tensor, b: Tensor) -> Tensor:
        return a @ b.T

    def forward(self, waveform: Tensor) -> Tensor:
        frames = self.frames(waveform.unflatten(1, (-1, FRAME)))
        tokens = torch.cat([self.first.expand(len(frames), 1, -1), frames], dim=1)
        for block in self.blocks:
            tokens = block(tokens)
        return self.head(tokens[:, 0])


class Listener:
    """The only tower."""

    name, modality, attends, poolings = "audio", "audio", True, CLASS_POOLINGS

    def __init__(self, model: Whole) -> None:
        self.model = model

    @property
    def input(self) -> InputSpec:
        return InputSpec(self.model.config.sample_rate, self.model.config.n_samples / self.model.config.sample_rate)

    @property
    def width(self) -> int:
        return self.model.config.width

    def collate(self, segments: Sequence[SegmentLike], content: Any = None) -> AudioBatch:
        if content is None:
            content = torch.from_numpy(np.stack([segment.waveform(*self.input[:2]) for segment in segments]))
        return AudioBatch(content)

    def __call__(self, batch: AudioBatch) -> Tensor:
        return self.model(batch.waveform)

    def taps(self) -> tuple[Tap, ...]:
        width, numbers = self.width, range(1, self.model.config.n_layers + 1)
        blocks = (Tap(f"audio.block.{n}", "block", f"block {n}", "pre", width) for n in numbers)
        first = Tap("audio.in", "input", "input of block 1", width=width)
        return first, *blocks, Tap("audio.embedding", "embedding", "embedding", width=width)

    def hook_points(self) -> dict[str, HookPoint]:
        blocks = {f"audio.block.{n}": HookPoint(block) for n, block in enumerate(self.model.blocks, start=1)}
        return {"audio.in": HookPoint(self.model.blocks[0], True), **blocks, "audio.embedding": HookPoint(self.model.head)}

    def axis(self, tap: str, batch: Any) -> TokenAxis | None:
        n, rate = self.model.config.n_samples // FRAME, self.model.config.sample_rate
        return None if tap.endswith("embedding") else TokenAxis("frame", (np.arange(n) + 0.5) * FRAME / rate, special=1)

    def attention(self, batch: Any) -> tuple[AttentionPlace, ...]:
        axis = self.axis("audio.in", batch)
        assert axis is not None
        modules: list[Any] = [block.self_attn for block in self.model.blocks]
        return tuple(
            AttentionPlace(
                n,
                f"Layer {n}",
                module.n_heads,
                axis,
                axis,
                module,
                lambda inputs, module=module: module.pattern(*inputs),
                module.out_proj,
            )
            for n, module in enumerate(modules, start=1)
        )

    def pool(self, tokens: Tensor, tap: str, mask: Tensor | None, how: str = "") -> Tensor:
        return tokens if tokens.ndim == 2 else pool_tokens(tokens, 1, mask, how)

    def input_once(self) -> AbstractContextManager[None]:
        return nullcontext()


def parse(raw: Mapping[str, Any], label: str) -> Sizes:
    """Sizes, if they are those of a preset."""
    if raw["arm"] != "tiny" or raw["model"] != asdict(Sizes()):
        raise CheckpointError(f"{label} describes {shown(raw['model'])}; expected the sizes of tiny. Restore it.")
    return Sizes()


def preset(name: str) -> Sizes:
    """The only one."""
    if name != "tiny":
        raise ConfigError(f"There is no preset {shown(name)}: expected tiny.")
    return Sizes()


def build(config: Sizes, seed: int) -> Whole:
    """With weights of a seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(seed, "initial weights"))
        return Whole(config)


def outline(config: Sizes) -> Whole:
    """Without memory."""
    with torch.device("meta"):
        return Whole(config)


def count(config: Sizes) -> dict[str, int]:
    """Of the frames, the rest and all."""
    sizes = {name: parameter.numel() for name, parameter in outline(config).named_parameters()}
    frames = sum(n for name, n in sizes.items() if name.startswith("frames."))
    return {"frames": frames, "rest": sum(sizes.values()) - frames, "total": sum(sizes.values())}


FAMILY = Family(
    name="made-up",
    title="made-up listener",
    module=__name__,
    presets=lambda: ("tiny",),
    preset=preset,
    samples=("tiny",),
    parse=parse,
    read=lambda values: Sizes(**values),
    to_dict=asdict,
    build=build,
    outline=outline,
    n_tokens=lambda config: 1 + config.n_samples // FRAME,
    window_bytes=lambda config: 4 * (config.n_samples + 64 * (1 + config.n_samples // FRAME) * config.width),
    count=count,
    card=lambda config: {"width": f"{config.width} numbers per token"},
)
