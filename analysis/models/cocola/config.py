"""What a COCOLA is made of; saved beside the weights and enough to rebuild it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from analysis.errors import ConfigError
from analysis.models.sizes import Sizes, check_sizes

# Smallest and largest value of every size; far above any model, far below what overflows or never ends.
RANGES: Mapping[str, tuple[float, float]] = MappingProxyType({
    "width_factor": (0.1, 8.0), "depth_factor": (0.1, 8.0), "d_embedding": (1, 8192), "d_hidden": (0, 8192), "n_mels": (1, 512),
    "n_fft": (2, 2**14), "window_length": (2, 2**14), "hop_length": (1, 2**14), "median_length": (1, 255),
    "f_min_hz": (0.0, 90_000.0), "f_max_hz": (1.0, 96_000.0), "sample_rate": (2_000, 192_000), "n_samples": (2, 2**23),
    "range_db": (1.0, 200.0), "dropout": (0.0, 0.99), "drop_connect": (0.0, 0.99),
})  # fmt: skip
LARGEST_MODEL: Mapping[str, int] = MappingProxyType({"weights": 10**9, "values in one activation": 5 * 10**8})


class StageSizes(NamedTuple):
    """A stage of inverted bottlenecks: channels out, blocks, stride of the first, length of kernels, expansion."""

    channels: int
    blocks: int
    stride: int
    kernel: int
    expansion: int


B0 = (
    StageSizes(16, 1, 1, 3, 1), StageSizes(24, 2, 2, 3, 6), StageSizes(40, 2, 2, 5, 6), StageSizes(80, 3, 2, 3, 6),
    StageSizes(112, 3, 1, 5, 6), StageSizes(192, 4, 2, 5, 6), StageSizes(320, 1, 1, 3, 6),
)  # fmt: skip
STEM, LAST = 32, 1280


def scaled(channels: int, factor: float) -> int:
    """Channels times a factor, to the nearest multiple of 8, but no less than nine tenths of it.

    >>> [scaled(channels, 0.5) for channels in (16, 24, 40, 112)]
    [8, 16, 24, 56]
    """
    wanted = channels * factor
    nearest = max(8, int(wanted + 4) // 8 * 8)
    return nearest + 8 if nearest < 0.9 * wanted else nearest


@dataclass(frozen=True)
class CocolaConfig(Sizes):
    """Sizes of the spectrogram, of the network and of the embedding.

    Attributes:
        width_factor, depth_factor: over channels and blocks of EfficientNet-B0.
        d_embedding: numbers of an embedding.
        d_hidden: between two layers of the head; 0 for a head of one layer.
        n_mels, f_min_hz, f_max_hz: bands, and the frequencies between which they lie.
        n_fft, window_length, hop_length: samples that are transformed, of the window over them, and from one frame to the next.
        median_length: cells over which medians are taken along time and along frequency.
        range_db: levels further below the loudest cell of a part count as that.
        dropout: before the head.
        drop_connect: share of windows for which the last block adds nothing in training; less for those before.

    Raises:
        ConfigError: sizes contradict each other, or the model would exceed `LARGEST_MODEL`.
    """

    ranges = RANGES

    width_factor: float
    depth_factor: float
    d_embedding: int
    d_hidden: int
    n_mels: int = 64
    n_fft: int = 1024
    window_length: int = 400
    hop_length: int = 160
    median_length: int = 31
    f_min_hz: float = 60.0
    f_max_hz: float = 7800.0
    sample_rate: int = 16_000
    n_samples: int = 80_000
    range_db: float = 80.0
    dropout: float = 0.1
    drop_connect: float = 0.2

    def __post_init__(self) -> None:
        if self.n_fft % 2 or not self.window_length <= self.n_fft < 2 * self.n_samples:
            got = f"n_fft = {self.n_fft} with window_length = {self.window_length} and n_samples = {self.n_samples:,}"
            expected = "expected an even number from the window's length to twice the samples"
            raise ConfigError(f"{got}; {expected}. Correct one of them.")
        if not self.median_length % 2 or self.median_length > min(self.n_frames(), self.n_fft // 2 + 1):
            got = f"median_length = {self.median_length}"
            raise ConfigError(f"{got}; expected an odd number, not more than there are frames or frequencies. Correct it.")
        if not self.f_min_hz < self.f_max_hz <= self.sample_rate / 2:
            got = f"Bands from {self.f_min_hz:g} to {self.f_max_hz:g} Hz"
            raise ConfigError(f"{got}; expected rising frequencies up to {self.sample_rate / 2:,.0f} Hz. Correct them.")
        check_sizes(self.sizes, LARGEST_MODEL, "width_factor, depth_factor, n_mels, n_fft, n_samples or hop_length")

    @property
    def stem(self) -> int:
        """Channels of the first convolution."""
        return scaled(STEM, self.width_factor)

    @property
    def last(self) -> int:
        """Channels of the last convolution."""
        return scaled(LAST, self.width_factor)

    @property
    def stages(self) -> tuple[StageSizes, ...]:
        """Those of EfficientNet-B0, scaled."""
        return tuple(
            stage._replace(channels=scaled(stage.channels, self.width_factor), blocks=math.ceil(stage.blocks * self.depth_factor))
            for stage in B0
        )

    def n_frames(self, n_samples: int | None = None) -> int:
        """Frames of the spectrogram of a window of so many samples, or of as many as usual."""
        return (self.n_samples if n_samples is None else n_samples) // self.hop_length + 1

    def grids(self, n_samples: int | None = None) -> tuple[tuple[int, int, int], ...]:
        """Channels, bands and frames before stage 1, then after every stage.

        >>> PAPER.grids()[0], PAPER.grids()[-1]
        ((32, 32, 251), (320, 2, 16))
        """
        grids = [(self.stem, _halved(self.n_mels), _halved(self.n_frames(n_samples)))]
        for stage in self.stages:
            _, bands, frames = grids[-1]
            size = (bands, frames) if stage.stride == 1 else (_halved(bands), _halved(frames))
            grids.append((stage.channels, *size))
        return tuple(grids)

    @property
    def window_s(self) -> float:
        """Length of one window."""
        return self.n_samples / self.sample_rate

    @property
    def sizes(self) -> dict[str, int]:
        """How large the model and what it computes of one window are, by the names of `LARGEST_MODEL`; weights nearly."""
        channels = [self.stem, *(stage.channels for stage in self.stages)]
        blocks = sum(2 * stage.blocks * stage.expansion * stage.channels * (stage.channels + 16) for stage in self.stages)
        head = self.last * (channels[-1] + (self.d_hidden or self.d_embedding))
        head += self.d_embedding * (self.d_embedding + self.d_hidden)
        wide = max(6 * a * b * c for a, b, c in self.grids())
        spectrum = self.n_frames() * (self.n_fft // 2 + 1) * self.median_length
        return dict(zip(LARGEST_MODEL, (blocks + head, max(wide, spectrum)), strict=True))


def _halved(n: int) -> int:
    return (n + 1) // 2


PAPER = CocolaConfig(1.0, 1.0, d_embedding=512, d_hidden=512)
ORIGINAL = CocolaConfig(1.0, 1.0, d_embedding=512, d_hidden=0)
SCALES: Mapping[str, CocolaConfig] = MappingProxyType({
    "paper": PAPER,
    "original": ORIGINAL,
    "small": CocolaConfig(0.5, 0.5, 128, 128, n_mels=32, n_fft=512, hop_length=320, median_length=15),
    "tiny": CocolaConfig(0.25, 0.1, 8, 8, n_mels=32, n_fft=512, hop_length=320, median_length=9, n_samples=32_000),
})  # fmt: skip
