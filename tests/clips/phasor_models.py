"""A PHALAR so small that a window is read in no time: 1 s, 13 frames, 4 channels, 3 components, 6 complex outputs."""

from analysis.models.phalar.config import C0_HZ, PhalarConfig

SHORT = PhalarConfig(
    width=2, depth=3, n_bins=12, f_min_hz=32 * C0_HZ, lsp_channels=4, n_components=3, d_embedding=6, n_samples=16_000
)
