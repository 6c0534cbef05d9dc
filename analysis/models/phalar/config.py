"""What a PHALAR is made of; saved beside the weights and enough to rebuild it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

from analysis.errors import ConfigError
from analysis.models.sizes import Sizes, check_sizes

GROWTH = 1.5  # channels of a stage over those of the one before
# Smallest and largest value of every size; far above any model, far below what overflows or never ends.
RANGES: Mapping[str, tuple[float, float]] = MappingProxyType({
    "width": (1, 512), "depth": (1, 12), "n_bins": (1, 1024), "lsp_channels": (1, 4096), "n_components": (1, 512),
    "d_embedding": (1, 8192), "f_min_hz": (4.0, 20_000.0), "bins_per_octave": (1, 96), "sample_rate": (2_000, 192_000),
    "n_samples": (2, 2**23), "hop_length": (1, 2**14), "range_db": (1.0, 200.0), "dropout": (0.0, 0.99),
})  # fmt: skip
LARGEST_MODEL: Mapping[str, int] = MappingProxyType({
    "weights": 10**9, "samples in the kernels of its transform": 2 * 10**8, "values in one activation": 5 * 10**8,
})  # fmt: skip


@dataclass(frozen=True)
class PhalarConfig(Sizes):
    """Sizes of the transform, of the convolutions, of the pooling and of the head.

    Attributes:
        width: channels before stage 1; every stage has 1.5 times those of the one before, rounded down.
        depth: stages, each of which halves the frames.
        n_bins, f_min_hz, bins_per_octave: of the constant-Q transform.
        lsp_channels: to which a frame is projected before its spectrum over time is taken.
        n_components: of that spectrum, from the first above 0 Hz.
        d_embedding: complex numbers of an embedding, twice as many real ones.
        n_samples: of the window that is read where nothing else is said; others may be given.
        hop_length: samples from one frame to the next.
        range_db: levels further below the loudest cell of a window count as that.
        dropout: on residual branches and on phasors.
        centred: whether a window of few frames is padded on both sides; else behind it.
        hermitian: whether scores are the mean of both directions.

    Raises:
        ConfigError: sizes contradict each other, or the model would exceed `LARGEST_MODEL`.
    """

    ranges = RANGES

    width: int
    depth: int
    n_bins: int
    f_min_hz: float
    lsp_channels: int
    n_components: int
    d_embedding: int
    bins_per_octave: int = 12
    sample_rate: int = 16_000
    n_samples: int = 80_000
    hop_length: int = 160
    range_db: float = 80.0
    dropout: float = 0.1
    centred: bool = True
    hermitian: bool = False

    def __post_init__(self) -> None:
        highest_hz = self.f_min_hz * 2 ** ((self.n_bins - 1) / self.bins_per_octave)
        if highest_hz >= self.sample_rate / 2:
            got = f"The highest of {self.n_bins} bins is at {highest_hz:,.0f} Hz"
            less = f"expected less than {self.sample_rate / 2:,.0f} Hz, half the sample rate"
            raise ConfigError(f"{got}; {less}. Correct n_bins, f_min_hz or sample_rate.")
        if self.least_samples > self.n_samples:
            got = f"n_samples = {self.n_samples:,}; expected {self.least_samples:,} or more"
            raise ConfigError(f"{got}, so that the longest kernel can be mirrored at both ends. Correct n_samples or f_min_hz.")
        check_sizes(self.sizes, LARGEST_MODEL, "width, depth, n_bins, lsp_channels, d_embedding, f_min_hz or n_samples")

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels before stage 1, then after every stage.

        >>> PAPER.widths
        (8, 12, 18, 27, 40, 60)
        """
        widths = [self.width]
        for _ in range(self.depth):
            widths.append(int(widths[-1] * GROWTH))
        return tuple(widths)

    def frames(self, n_samples: int | None = None) -> tuple[int, ...]:
        """Frames of a window before stage 1, then after every stage.

        >>> PAPER.frames(), PAPER.frames(32_000)[-1], PAPER.frames(160_000)[-1]
        ((501, 251, 126, 63, 32, 16), 7, 32)
        """
        frames = [(self.n_samples if n_samples is None else n_samples) // self.hop_length + 1]
        for _ in range(self.depth):
            frames.append((frames[-1] - 1) // 2 + 1)
        return tuple(frames)

    @property
    def least_frames(self) -> int:
        """Frames to which what is shorter is padded before its spectrum is taken, so that every component is there.

        >>> PAPER.least_frames
        19
        """
        return 2 * (self.n_components + 1) + 1

    @property
    def frame_s(self) -> float:
        """Seconds from one frame of the last stage to the next.

        >>> PAPER.frame_s
        0.32
        """
        return self.hop_length * 2**self.depth / self.sample_rate

    @property
    def window_s(self) -> float:
        """Length of one window."""
        return self.n_samples / self.sample_rate

    @property
    def frequencies_hz(self) -> tuple[float, ...]:
        """Of the bins, rising."""
        return tuple(self.f_min_hz * 2 ** (number / self.bins_per_octave) for number in range(self.n_bins))

    @property
    def kernel_lengths(self) -> tuple[int, ...]:
        """Samples of the kernel of every bin, ⌈Q · rate / f⌉ with Q = 1 / (2^(1/bins per octave) − 1)."""
        quality = 1 / (2 ** (1 / self.bins_per_octave) - 1)
        return tuple(math.ceil(quality * self.sample_rate / frequency_hz) for frequency_hz in self.frequencies_hz)

    def half_hops(self, number: int = 0) -> int:
        """Hops that the kernel of a bin reaches to either side of the middle of a frame; that of the lowest is the longest."""
        return -(-(self.kernel_lengths[number] + 1) // (2 * self.hop_length))

    @property
    def least_samples(self) -> int:
        """Samples of the shortest window that can be read."""
        return self.half_hops() * self.hop_length + 1

    @property
    def sizes(self) -> dict[str, int]:
        """How large the model and what it computes of one window are, by the names of `LARGEST_MODEL`."""
        convolutions = sum(12 * (a**2 + b**2) + 13 * (a + b) + 3 * a * b for a, b in pairwise(self.widths))
        pooled = self.n_bins * self.widths[-1] * self.lsp_channels
        head = 2 * self.d_embedding * (self.lsp_channels * self.n_components + 2 * self.d_embedding)
        kernels = 2 * sum(self.kernel_lengths)
        widest = max(2 * self.n_bins * a * b for a, b in zip(self.widths, self.frames(), strict=True))
        return dict(zip(LARGEST_MODEL, (convolutions + pooled + head, kernels, widest), strict=True))


C0_HZ = 16.35
PAPER = PhalarConfig(
    width=8, depth=5, n_bins=96, f_min_hz=C0_HZ, lsp_channels=80, n_components=8, d_embedding=512
)  # those of the source; the others are ours
SCALES: Mapping[str, PhalarConfig] = MappingProxyType({
    "paper": PAPER,
    "small": PhalarConfig(
        width=8, depth=4, n_bins=64, f_min_hz=4 * C0_HZ, lsp_channels=32, n_components=8, d_embedding=128,
    ),
    "tiny": PhalarConfig(
        width=4, depth=2, n_bins=24, f_min_hz=32 * C0_HZ, lsp_channels=6, n_components=4, d_embedding=8, n_samples=32_000,
    ),
})  # fmt: skip
