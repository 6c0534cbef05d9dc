"""Families nobody trained: a pair whose towers have other names and another order, and towers on a grid of time × frequency."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from analysis.errors import CheckpointError, ConfigError, shown
from analysis.models.dual_towers import AudioBatch
from analysis.models.families import Family
from analysis.models.midi_encoder import MidiBatch, collate_notes
from analysis.models.pooling import pool_tokens
from analysis.models.poolings import CLASS_POOLINGS, MEAN
from analysis.models.tower import AttentionPlace, HookPoint, InputSpec, Modality, SegmentLike, Tap, TokenAxis
from analysis.models.transformer import Block
from analysis.seeding import derive

FRAME_S = 0.1
BANDS_HZ = ((0.0, 500.0), (500.0, 1500.0), (1500.0, 6000.0))


@dataclass(frozen=True)
class Sizes:
    """Of every tower of a family."""

    sample_rate: int
    n_samples: int
    width: int = 16
    n_layers: int = 2

    @property
    def n_frames(self) -> int:
        return round(self.n_samples / self.sample_rate / FRAME_S)


class Stack(nn.Module):
    """Tokens in, blocks, and the mean over tokens as embedding; `at_first` tokens without a time come first."""

    def __init__(self, token: int, sizes: Sizes, n_layers: int, at_first: int = 0) -> None:
        super().__init__()
        self.input = nn.Linear(token, sizes.width)
        self.first = nn.Parameter(torch.randn(at_first, sizes.width))
        self.blocks = nn.ModuleList(Block(sizes.width, 2, 32, 0.0, norm_first=True) for _ in range(n_layers))
        self.head = nn.Linear(sizes.width, sizes.width)

    def forward(self, given: Tensor, mask: Tensor | None = None) -> Tensor:
        tokens = torch.cat([self.first.expand(len(given), -1, -1), self.input(given)], dim=1)
        for block in self.blocks:
            tokens = block(tokens, mask)
        return self.head(pool_tokens(tokens, len(self.first), mask))


class MadeUpTower:
    """What all of them have; `module` is a `Stack`."""

    modality: Modality = "audio"
    attends, kind = True, "frame"

    def __init__(self, name: str, module: Stack, sizes: Sizes) -> None:
        self.name, self.module, self.sizes = name, module, sizes

    @property
    def special(self) -> int:
        return len(self.module.first)

    @property
    def poolings(self) -> tuple[str, ...]:
        return CLASS_POOLINGS if self.special else (MEAN,)

    @property
    def input(self) -> InputSpec:
        return InputSpec(self.sizes.sample_rate, self.sizes.n_samples / self.sizes.sample_rate)

    @property
    def width(self) -> int:
        return self.sizes.width

    def taps(self) -> tuple[Tap, ...]:
        width, numbers = self.width, range(1, len(self.module.blocks) + 1)
        blocks = (Tap(f"{self.name}.block.{n}", "block", f"block {n}", "pre", width) for n in numbers)
        first, last = f"{self.name}.in", f"{self.name}.embedding"
        return Tap(first, "input", "input of block 1", "", width), *blocks, Tap(last, "embedding", "embedding", "", width)

    def hook_points(self) -> dict[str, HookPoint]:
        points = {f"{self.name}.in": HookPoint(self.module.blocks[0], True)}
        points |= {f"{self.name}.block.{n}": HookPoint(block) for n, block in enumerate(self.module.blocks, start=1)}
        return points | {f"{self.name}.embedding": HookPoint(self.module.head)}

    def axis(self, tap: str, batch: Any) -> TokenAxis | None:
        return None if tap.endswith("embedding") else self._axis(batch)

    def _axis(self, batch: Any) -> TokenAxis:
        del batch
        return TokenAxis(self.kind, (np.arange(self.sizes.n_frames) + 0.5) * FRAME_S, special=self.special)

    def attention(self, batch: Any) -> tuple[AttentionPlace, ...]:
        axis = self._axis(batch)
        modules: list[Any] = [block.self_attn for block in self.module.blocks]
        return tuple(
            AttentionPlace(n, f"Layer {n}", module.n_heads, axis, axis, module, partial(_pattern, module))
            for n, module in enumerate(modules, start=1)
        )

    def pool(self, tokens: Tensor, tap: str, mask: Tensor | None, how: str = "") -> Tensor:
        del tap
        return tokens if tokens.ndim == 2 else pool_tokens(tokens, self.special, mask, how)

    def input_once(self) -> AbstractContextManager[None]:
        return nullcontext()

    def collate(self, segments: Sequence[SegmentLike], content: Any = None) -> Any:
        if content is None:
            content = torch.from_numpy(np.stack([segment.waveform(*self.input[:2]) for segment in segments]))
        return AudioBatch(content)

    def __call__(self, batch: Any) -> Tensor:
        return self.module(batch.waveform.unflatten(1, (self.sizes.n_frames, -1)))


class Notes(MadeUpTower):
    """Notes in, each a token of three numbers."""

    modality: Modality = "notes"
    kind = "note"

    def collate(self, segments: Sequence[SegmentLike], content: Any = None) -> MidiBatch:
        notes = [segment.notes() for segment in segments] if content is None else content
        onsets = [n.onset_s - segment.start_s for n, segment in zip(notes, segments, strict=True)]
        return collate_notes([(n.pitch, n.velocity, n.offset_s - n.onset_s) for n in notes], 512, onsets)

    def __call__(self, batch: Any) -> Tensor:
        return self.module(torch.stack([batch.pitch, batch.velocity, batch.duration], dim=-1) / 64, batch.mask)

    def _axis(self, batch: MidiBatch) -> TokenAxis:
        assert batch.onset_s is not None
        return TokenAxis(self.kind, batch.onset_s)


class Grid(MadeUpTower):
    """Patches of three bands in every frame, the bands of a frame one after the other."""

    kind = "patch"

    def __call__(self, batch: Any) -> Tensor:
        return self.module(batch.waveform.unflatten(1, (len(BANDS_HZ) * self.sizes.n_frames, -1)))

    def _axis(self, batch: Any) -> TokenAxis:
        del batch
        times_s = np.repeat((np.arange(self.sizes.n_frames) + 0.5) * FRAME_S, len(BANDS_HZ))
        return TokenAxis(self.kind, times_s, np.tile(BANDS_HZ, (self.sizes.n_frames, 1)))


class Pair(nn.Module):
    """A score and a sound that can be compared; the sound has a class token, and a layer more than the score."""

    family, pairs = "made-up-pair", (("score", "sound"),)

    def __init__(self, config: Sizes) -> None:
        super().__init__()
        self.config = config
        self.read = Stack(3, config, config.n_layers)
        self.heard = Stack(config.n_samples // config.n_frames, config, config.n_layers + 1)

    @property
    def towers(self) -> dict[str, Any]:
        return {"score": Notes("score", self.read, self.config), "sound": MadeUpTower("sound", self.heard, self.config)}

    def score(self, a: Tensor, b: Tensor) -> Tensor:
        return nn.functional.normalize(a, dim=1) @ nn.functional.normalize(b, dim=1).T


class Predicting(nn.Module):
    """An encoder and a predictor, both of the same sound."""

    family, pairs = "made-up-grid", ()

    def __init__(self, config: Sizes) -> None:
        super().__init__()
        self.config = config
        token = config.n_samples // config.n_frames // len(BANDS_HZ)
        self.encoder, self.predictor = Stack(token, config, config.n_layers), Stack(token, config, 1)

    @property
    def towers(self) -> dict[str, Any]:
        return {
            "encoder": Grid("encoder", self.encoder, self.config),
            "predictor": Grid("predictor", self.predictor, self.config),
        }

    def score(self, a: Tensor, b: Tensor) -> Tensor:
        return a @ b.T


def _pattern(module: Any, inputs: tuple[Any, ...]) -> Tensor:
    return module.pattern(*inputs)


def family_of(network: Callable[[Sizes], Any], name: str, title: str, sizes: Sizes) -> Family:
    """A family of one preset, named after it."""

    def parse(raw: Mapping[str, Any], label: str) -> Sizes:
        if raw["arm"] != name or raw["model"] != asdict(sizes):
            raise CheckpointError(f"{label} describes {shown(raw['model'])}; expected the sizes of {name}. Restore it.")
        return sizes

    def preset(wanted: str) -> Sizes:
        if wanted != name:
            raise ConfigError(f"There is no preset {shown(wanted)}: expected {name}.")
        return sizes

    def build(config: Sizes, seed: int) -> Any:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive(seed, "initial weights"))
            return network(config)

    def outline(config: Sizes) -> Any:
        with torch.device("meta"):
            return network(config)

    def count(config: Sizes) -> dict[str, int]:
        n = sum(parameter.numel() for parameter in outline(config).parameters())
        return {"all of it": n, "total": n}

    return Family(
        name=name, title=title, module=__name__, presets=lambda: (name,), preset=preset, samples=(name,), parse=parse,
        read=lambda values: Sizes(**values), to_dict=asdict, build=build, outline=outline,
        n_tokens=lambda config: len(BANDS_HZ) * config.n_frames, count=count,
        window_bytes=lambda config: 4 * (config.n_samples + 64 * len(BANDS_HZ) * config.n_frames * config.width),
    )  # fmt: skip


PAIR = family_of(Pair, "made-up-pair", "made-up pair", Sizes(16_000, 48_000))
GRID = family_of(Predicting, "made-up-grid", "made-up grid", Sizes(12_000, 36_000))
