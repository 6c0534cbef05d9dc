"""What a ViT-1D is made of; saved beside the weights and enough to rebuild it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from analysis.errors import ConfigError
from analysis.models.sizes import Sizes, check_sizes

# Smallest and largest value of every size; far above any model, far below what overflows or never ends.
RANGES: Mapping[str, tuple[float, float]] = MappingProxyType({
    "d_model": (1, 4096), "d_ff": (1, 16_384), "n_layers": (1, 96), "n_heads": (1, 256), "n_mels": (1, 512),
    "sample_rate": (2_000, 192_000), "n_samples": (2, 2**23), "n_fft": (2, 2**14), "hop_length": (1, 2**14),
    "range_db": (1.0, 200.0), "centre_db": (-200.0, 200.0), "spread_db": (0.1, 200.0), "dropout": (0.0, 0.99),
})  # fmt: skip
LARGEST_MODEL: Mapping[str, int] = MappingProxyType({
    "weights of its blocks": 10**9, "attention scores per window": 2 * 10**9, "values in one activation": 5 * 10**8,
})  # fmt: skip


@dataclass(frozen=True)
class VitConfig(Sizes):
    """Sizes of the spectrogram and of the transformer.

    Attributes:
        d_model, d_ff: width of a token, and within a block's feed-forward layer.
        n_mels: bands from 0 Hz to half the sample rate.
        n_fft, hop_length: samples of a frame, and from one to the next; frames are centred.
        range_db: levels further below the loudest cell of a window count as that.
        centre_db, spread_db: levels L are given as (L − centre_db) / spread_db.
        dropout: on residual branches and within feed-forward layers.

    Raises:
        ConfigError: sizes contradict each other, or the model would exceed `LARGEST_MODEL`.
    """

    ranges = RANGES

    d_model: int
    d_ff: int
    n_layers: int
    n_heads: int
    n_mels: int = 128
    sample_rate: int = 16_000
    n_samples: int = 64_000
    n_fft: int = 1024
    hop_length: int = 512
    range_db: float = 100.0
    centre_db: float = -40.0
    spread_db: float = 10.0
    dropout: float = 0.0

    def __post_init__(self) -> None:
        if self.d_model % self.n_heads:
            raise ConfigError(f"d_model = {self.d_model} is not divisible by n_heads = {self.n_heads}. Correct one of them.")
        if self.n_fft % 2 or self.n_fft // 2 >= self.n_samples:
            got = f"n_fft = {self.n_fft} with n_samples = {self.n_samples:,}"
            raise ConfigError(f"{got}; expected an even number below twice the samples. Correct one of them.")
        check_sizes(self.sizes, LARGEST_MODEL, "d_model, d_ff, n_layers, n_heads, n_samples or hop_length")

    @property
    def n_frames(self) -> int:
        """Frames of a window, each of which is a token.

        >>> VitConfig(192, 768, 12, 3).n_frames
        126
        """
        return self.n_samples // self.hop_length + 1

    @property
    def window_s(self) -> float:
        """Length of one window."""
        return self.n_samples / self.sample_rate

    @property
    def sizes(self) -> dict[str, int]:
        """How large the model and what it computes of one window are, by the names of `LARGEST_MODEL`."""
        tokens = self.n_frames + 1
        weights = self.n_layers * (4 * self.d_model**2 + 2 * self.d_model * self.d_ff)
        widest = tokens * max(3 * self.d_model, self.d_ff, self.n_fft, self.n_mels)
        return dict(zip(LARGEST_MODEL, (weights, self.n_layers * self.n_heads * tokens**2, widest), strict=True))


PAPER = VitConfig(d_model=192, d_ff=768, n_layers=12, n_heads=3)  # the sizes of ViT-Tiny; the others are ours
SCALES: Mapping[str, VitConfig] = MappingProxyType({
    "paper": PAPER,
    "small": VitConfig(d_model=96, d_ff=384, n_layers=6, n_heads=3),
    "tiny": VitConfig(d_model=24, d_ff=48, n_layers=3, n_heads=3),
})  # fmt: skip
