"""FiLM: a summary of the descriptor scales and shifts every feature after every block.

Source: Fernández Méndez et al., arXiv 2604.10283, appendix C.1, after Perez et al. 2018; sizes are those of the authors' code.
"""

from collections.abc import Sequence

from jaxtyping import Bool, Float
from torch import Tensor, nn

from analysis.descriptors.descriptor import Axis
from analysis.models.injections.injection import Drawn, Injection, TowerSizes
from analysis.models.pooling import mean_over_tokens

D_HIDDEN = 128


class Modulation(nn.Module):
    """(1 + γ) x + β, γ and β the same for every token of a window."""

    def forward(
        self, tokens: Float[Tensor, "batch tokens d_model"], scale_and_shift: Float[Tensor, "batch twice_d"]
    ) -> Float[Tensor, "batch tokens d_model"]:
        """The modulated tokens."""
        scale, shift = scale_and_shift[:, None].chunk(2, dim=-1)
        return (1 + scale) * tokens + shift


class Film(Injection):
    """Linear(features → 128), ReLU, Linear(128 → layers · 2d) of the mean over positions; at first γ = β = 0."""

    kind, title, summarises = "film", "FiLM", "FiLM is"

    def build(self, width: int, sizes: TowerSizes) -> None:
        last = nn.Linear(D_HIDDEN, sizes.n_layers * 2 * sizes.d_model)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        each = nn.Unflatten(1, (sizes.n_layers, 2 * sizes.d_model))
        self.film = self.part("film", nn.Sequential(nn.Linear(width, D_HIDDEN), nn.ReLU(), last, each))
        self.modulation = self.part("modulation", nn.ModuleList(Modulation() for _ in range(sizes.n_layers)))

    def prepare(
        self, descriptor: Float[Tensor, "batch positions features"], mask: Bool[Tensor, "batch positions"]
    ) -> Float[Tensor, "batch layers twice_d"]:
        """γ and β of every layer."""
        return self.film(mean_over_tokens(descriptor, mask))

    def within(self, layer: int, tokens: Tensor, descriptor: Tensor) -> Tensor:
        return self.modulation[layer - 1](tokens, descriptor[:, layer - 1])

    def outputs(self) -> Sequence[nn.Module]:
        return list(self.modulation)

    def taps(self) -> dict[str, nn.Module]:
        return {"film": self.film}

    def drawn(self, tokens: Axis, descriptor: Axis) -> Drawn:
        del tokens, descriptor
        name = self.descriptor.name
        details = f"mean of {name}", f"hidden {D_HIDDEN}", "scale and shift after every block"
        return Drawn(f"FiLM by {name}", details, within=True, width=2 * self.sizes.d_model)


INJECTION = Film
