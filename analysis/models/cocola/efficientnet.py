"""EfficientNet over bands and frames, in stages that hand on a token per frame.

Source: Tan and Le 2019, EfficientNet-B0: inverted bottlenecks with squeeze and excitation, SiLU, batch norm. Padding is the same
on both sides.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from analysis.models.cells import to_cells, to_tokens
from analysis.models.cocola.config import CocolaConfig, StageSizes

SQUEEZE = 4
EPS, MOMENTUM = 1e-3, 0.01


def convolution(n_in: int, n_out: int, kernel: int, stride: int = 1, groups: int = 1, active: bool = True) -> nn.Sequential:
    """Convolution without a bias, batch norm, and SiLU if `active`."""
    layer = nn.Conv2d(n_in, n_out, kernel, stride, kernel // 2, groups=groups, bias=False)
    nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    norm = nn.BatchNorm2d(n_out, EPS, MOMENTUM)
    return nn.Sequential(layer, norm, nn.SiLU()) if active else nn.Sequential(layer, norm)


class Excitation(nn.Module):
    """Channels times a factor from 0 to 1 that depends on the mean of all channels."""

    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.factors = nn.Sequential(nn.Conv2d(channels, squeezed, 1), nn.SiLU(), nn.Conv2d(squeezed, channels, 1), nn.Sigmoid())

    def forward(self, cells: Float[Tensor, "batch channels bands frames"]) -> Float[Tensor, "batch channels bands frames"]:
        """As many channels."""
        return cells * self.factors(cells.mean(dim=(2, 3), keepdim=True))


class Bottleneck(nn.Module):
    """Wider, along bands and frames in every channel by itself, excited, narrower; added to its input where sizes allow."""

    def __init__(self, n_in: int, sizes: StageSizes, stride: int, dropped: float) -> None:
        super().__init__()
        inner, self.dropped, self.adds = n_in * sizes.expansion, dropped, stride == 1 and n_in == sizes.channels
        widen = [convolution(n_in, inner, 1)] if sizes.expansion > 1 else []
        self.layers = nn.Sequential(
            *widen,
            convolution(inner, inner, sizes.kernel, stride, groups=inner),
            Excitation(inner, max(1, n_in // SQUEEZE)),
            convolution(inner, sizes.channels, 1, active=False),
        )

    def forward(self, cells: Float[Tensor, "batch channels bands frames"]) -> Float[Tensor, "batch wider fewer halved"]:
        """Cells of the next block."""
        changed = self.layers(cells)
        if not self.adds:
            return changed
        if self.training and self.dropped:
            kept = torch.rand(len(cells), 1, 1, 1, device=cells.device) >= self.dropped
            changed = changed * kept / (1 - self.dropped)
        return cells + changed


class Stage(nn.Module):
    """Bottlenecks of one width; tokens in, tokens out."""

    def __init__(self, n_in: int, n_bands: int, sizes: StageSizes, dropped: list[float]) -> None:
        super().__init__()
        self.n_bands = n_bands
        first = Bottleneck(n_in, sizes, sizes.stride, dropped[0])
        others = [Bottleneck(sizes.channels, sizes, 1, share) for share in dropped[1:]]
        self.blocks = nn.Sequential(first, *others)

    def forward(self, tokens: Float[Tensor, "batch frames width"]) -> Float[Tensor, "batch halved wider"]:
        """Tokens of the next stage."""
        return to_tokens(self.blocks(to_cells(tokens, self.n_bands)))


def stages_of(config: CocolaConfig) -> nn.ModuleList:
    """All stages, blocks dropped more often from the first to the last."""
    n_blocks, number, stages = sum(sizes.blocks for sizes in config.stages), 0, []
    for (channels, bands, _), sizes in zip(config.grids()[:-1], config.stages, strict=True):
        dropped = [config.drop_connect * (number + block) / n_blocks for block in range(sizes.blocks)]
        stages.append(Stage(channels, bands, sizes, dropped))
        number += sizes.blocks
    return nn.ModuleList(stages)


class Head(nn.Module):
    """Tokens of the last stage to an embedding: more channels, their mean, one or two layers, layer norm, tanh."""

    def __init__(self, config: CocolaConfig) -> None:
        super().__init__()
        channels, self.n_bands, _ = config.grids()[-1]
        self.last = convolution(channels, config.last, 1)
        hidden, d = config.d_hidden, config.d_embedding
        layers: list[nn.Module] = [nn.Linear(config.last, hidden or d)]
        if hidden:
            layers += [nn.BatchNorm1d(hidden), nn.SiLU(), nn.Linear(hidden, d)]
        self.layers = nn.Sequential(nn.Dropout(config.dropout), *layers, nn.LayerNorm(d), nn.Tanh())

    def forward(self, tokens: Float[Tensor, "batch frames width"]) -> Float[Tensor, "batch d"]:
        """Embeddings of windows, every number from −1 to 1."""
        return self.layers(self.last(to_cells(tokens, self.n_bands)).mean(dim=(2, 3)))
