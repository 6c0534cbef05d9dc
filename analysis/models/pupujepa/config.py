"""What a PupuJEPA is made of; saved beside the weights and enough to rebuild it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from analysis.errors import ConfigError
from analysis.models.sizes import Sizes, check_sizes

# Smallest and largest value of every size; far above any model, far below what overflows or never ends.
RANGES: Mapping[str, tuple[float, float]] = MappingProxyType({
    "d_model": (4, 4096), "n_layers": (1, 96), "n_heads": (1, 256),
    "predictor_d_model": (4, 4096), "predictor_n_layers": (1, 96), "predictor_n_heads": (1, 256), "mlp_ratio": (1, 16),
    "n_mels": (1, 512), "patch_mels": (1, 512), "patch_frames": (1, 4096),
    "sample_rate": (2_000, 192_000), "n_samples": (2, 2**23), "n_fft": (2, 2**14), "hop_length": (1, 2**14),
    "centre": (-100.0, 100.0), "spread": (0.01, 100.0),
})  # fmt: skip
LARGEST_MODEL: Mapping[str, int] = MappingProxyType({
    "weights of its blocks": 10**9, "attention scores per window": 2 * 10**9, "values in one activation": 5 * 10**8,
})  # fmt: skip
ROTATED = 4  # of the numbers of a head two turn with time, and two with frequency


@dataclass(frozen=True)
class PupuConfig(Sizes):
    """Sizes of the spectrogram, of the encoder and of the predictor.

    Attributes:
        d_model, n_layers, n_heads: of the encoder, which there is twice, as student and as teacher.
        predictor_d_model, predictor_n_layers, predictor_n_heads: of the predictor.
        mlp_ratio: width of a gated feed-forward layer over that of its tokens.
        n_mels: bands from 0 Hz to half the sample rate.
        n_fft, hop_length: samples of a frame, and from one to the next.
        patch_frames, patch_mels: frames and bands of a patch, which is a token; all bands for the control in one dimension.
        centre, spread: the logarithm x of a band is given as (x − centre) / spread.

    Raises:
        ConfigError: sizes contradict each other, or the model would exceed `LARGEST_MODEL`.
    """

    ranges = RANGES

    d_model: int
    n_layers: int
    n_heads: int
    predictor_d_model: int
    predictor_n_layers: int
    predictor_n_heads: int
    mlp_ratio: int = 4
    n_mels: int = 128
    sample_rate: int = 24_000
    n_samples: int = 245_760
    n_fft: int = 1024
    hop_length: int = 240
    patch_frames: int = 4
    patch_mels: int = 16
    centre: float = -4.089994845986366
    spread: float = 2.0242277159094813

    def __post_init__(self) -> None:
        for of in ("", "predictor_"):
            width, heads = getattr(self, f"{of}d_model"), getattr(self, f"{of}n_heads")
            if width % (ROTATED * heads):
                got = f"{of}d_model = {width} is not divisible by {ROTATED} × {of}n_heads = {ROTATED * heads}"
                raise ConfigError(f"{got}: pairs of a head turn with time, as many with frequency. Correct one of them.")
        self._check_spectrum()
        check_sizes(self.sizes, LARGEST_MODEL, "the widths and numbers of layers, n_samples, hop_length or the patches")

    def _check_spectrum(self) -> None:
        if self.n_mels % self.patch_mels:
            got = f"n_mels = {self.n_mels} is not divisible by patch_mels = {self.patch_mels}"
            raise ConfigError(f"{got}. Correct one of them.")
        if self.hop_length > self.n_fft or (self.n_fft - self.hop_length) % 2 or self.padding >= self.n_samples:
            got = f"n_fft = {self.n_fft}, hop_length = {self.hop_length} and n_samples = {self.n_samples:,}"
            raise ConfigError(f"{got}; expected n_fft − hop_length even, from 0 to below twice the samples. Correct one of them.")
        if self.n_samples % (self.hop_length * self.patch_frames):
            got = f"n_samples = {self.n_samples:,} is no multiple of hop_length · patch_frames"
            raise ConfigError(f"{got} = {self.hop_length * self.patch_frames:,}. Correct one of them.")

    @property
    def padding(self) -> int:
        """Samples by which a window is continued at either end, as in a mirror."""
        return (self.n_fft - self.hop_length) // 2

    @property
    def n_frames(self) -> int:
        """Frames of a window."""
        return self.n_samples // self.hop_length

    @property
    def grid(self) -> tuple[int, int]:
        """Patches in time and in frequency.

        >>> PAPER.grid
        (256, 8)
        """
        return self.n_frames // self.patch_frames, self.n_mels // self.patch_mels

    @property
    def n_tokens(self) -> int:
        """Patches of a window, each of which is a token.

        >>> PAPER.n_tokens
        2048
        """
        return self.grid[0] * self.grid[1]

    @property
    def patch_s(self) -> float:
        """Seconds from one patch to the next in time."""
        return self.patch_frames * self.hop_length / self.sample_rate

    @property
    def window_s(self) -> float:
        """Length of one window."""
        return self.n_samples / self.sample_rate

    @property
    def sizes(self) -> dict[str, int]:
        """How large the model and what it computes of one window are, by the names of `LARGEST_MODEL`."""
        stacks = (
            (self.d_model, self.n_layers, self.n_heads, 2),
            (self.predictor_d_model, self.predictor_n_layers, self.predictor_n_heads, 1),
        )
        per_block = 4 + 3 * self.mlp_ratio
        weights = sum(times * layers * per_block * width**2 for width, layers, _, times in stacks)
        scores = max(layers * heads for _, layers, heads, _ in stacks) * self.n_tokens**2
        widest = 2 * self.mlp_ratio * max(self.d_model, self.predictor_d_model) * self.n_tokens
        return dict(zip(LARGEST_MODEL, (weights, scores, max(widest, self.n_frames * self.n_fft)), strict=True))


def in_one_dimension(config: PupuConfig) -> PupuConfig:
    """The control: all bands of a moment are one patch, and everything else is as it was.

    >>> in_one_dimension(PAPER).grid
    (256, 1)
    """
    return replace(config, patch_mels=config.n_mels)


PAPER = PupuConfig(d_model=192, n_layers=12, n_heads=3, predictor_d_model=192, predictor_n_layers=6, predictor_n_heads=3)
SCALES: Mapping[str, PupuConfig] = MappingProxyType({
    "paper": PAPER,  # the smallest encoder of the source; the predictor is ours
    "small": PupuConfig(96, 4, 3, 96, 2, 3, n_samples=96_000, patch_frames=8),
    "tiny": PupuConfig(24, 3, 2, 24, 2, 2, mlp_ratio=2, n_samples=96_000, patch_frames=16, patch_mels=32),
})  # fmt: skip
