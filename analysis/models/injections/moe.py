"""A mixture of experts: after every block two small networks add to each token what a router lets them.

Source: the code of the authors of arXiv 2604.10283; the paper (appendix C.2) says instead that 4 or 8 experts replace the
feed-forward layer of the last block. Parameters are those of the code.
"""

from collections.abc import Sequence
from typing import ClassVar, NamedTuple, cast

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from analysis.descriptors.descriptor import Axis, Reads
from analysis.models.injections.injection import Drawn, Injection, TowerSizes, with_mask, without_mask
from analysis.models.pooling import mean_over_tokens

N_EXPERTS = 2
REDUCTION = 4  # an expert is d → d / 4 → d
D_ROUTER = 64
BALANCE = 0.01


class Summary(NamedTuple):
    """Mean of the descriptor over positions, and where the window has tokens."""

    mean: Float[Tensor, "batch features"]
    mask: Bool[Tensor, "batch positions"]


class Rules(NamedTuple):
    """In what the variants differ.

    Attributes:
        initial_sd: of the last weights of every expert at first; 0 for none, so that nothing is added.
        noise: standard deviation added to the router in training, at the first and towards the last step.
        entropy: weight of what a router lacks of the largest entropy.
        top_1: whether the stronger expert alone is taken, the gradient being that of the softmax.
    """

    initial_sd: float = 0.0
    noise: tuple[float, float] = (0.0, 0.0)
    entropy: float = 0.0
    top_1: bool = False


class Gate(nn.Module):
    """Softmax over experts; of the top-1 rule 1 for the stronger one, with the gradient of the softmax."""

    def __init__(self, *, top_1: bool) -> None:
        super().__init__()
        self.top_1 = top_1

    def forward(self, scores: Float[Tensor, "batch tokens experts"]) -> Float[Tensor, "batch tokens experts"]:
        """Shares of the experts, which add to 1."""
        soft = scores.softmax(dim=-1)
        if not self.top_1:
            return soft
        hard = torch.zeros_like(soft).scatter_(-1, soft.argmax(dim=-1, keepdim=True), 1.0)
        return hard + soft - soft.detach()


class Adapter(nn.Module):
    """x + Σ_e g_e · expert_e(x), g = softmax(router([x ; mean of the descriptor])) for every token."""

    def __init__(self, d_model: int, n_features: int, rules: Rules) -> None:
        super().__init__()
        self.rules, self.noise = rules, 0.0
        self.penalty: Tensor | None = None
        hidden = d_model // REDUCTION
        self.experts = nn.ModuleList(
            nn.Sequential(nn.Linear(d_model, hidden), nn.GELU(), nn.Linear(hidden, d_model)) for _ in range(N_EXPERTS)
        )
        self.router = nn.Sequential(nn.Linear(d_model + n_features, D_ROUTER), nn.GELU(), nn.Linear(D_ROUTER, N_EXPERTS))
        self.gate = Gate(top_1=rules.top_1)
        for expert in self.experts:
            last = cast(nn.Linear, cast(nn.Sequential, expert)[2])
            nn.init.normal_(last.weight, std=rules.initial_sd) if rules.initial_sd else nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)

    def forward(self, tokens: Float[Tensor, "batch tokens d"], summary: Summary) -> Float[Tensor, "batch tokens d"]:
        """The tokens with what the experts add."""
        about = summary.mean[:, None].expand(-1, tokens.shape[1], -1).to(tokens.dtype)
        scores = self.router(torch.cat([tokens, about], dim=-1)).float()
        if self.training and self.noise:
            scores = scores + self.noise * torch.randn_like(scores)
        gates = self.gate(scores)
        if self.training:
            self.penalty = self._penalty(gates, summary.mask)
        added = sum(gates[..., [e]].to(tokens.dtype) * expert(tokens) for e, expert in enumerate(self.experts))
        return tokens + added

    def _penalty(self, gates: Tensor, mask: Tensor) -> Tensor:
        """0.01 · n · var(mean load of each expert), and what the rules say of entropy; over tokens that are there."""
        weight = mask[..., None] / mask.sum()
        load = (gates * weight).sum(dim=(0, 1))
        total = BALANCE * N_EXPERTS * load.var()
        if self.rules.entropy:
            entropy = -(gates * gates.clamp_min(1e-8).log() * weight).sum()
            total = total + self.rules.entropy * (torch.tensor(float(N_EXPERTS)).log() - entropy)
        return total


class MixtureOfExperts(Injection):
    """An adapter after every block; at first it adds nothing."""

    kind, title, summarises = "moe", "mixture of experts", "The routers are"
    tap_kind = "router"
    rules: ClassVar[Rules] = Rules()
    variant: ClassVar[str] = ""
    more_unsaid: ClassVar[str] = ""

    def build(self, width: int, sizes: TowerSizes) -> None:
        self.adapters = [Adapter(sizes.d_model, width, self.rules) for _ in range(sizes.n_layers)]
        self.part("moe", nn.ModuleList(self.adapters))

    def prepare(self, descriptor: Tensor, mask: Tensor) -> Tensor:
        """What the routers are given, the mean of the descriptor, the same at every position; with the mask."""
        mean = mean_over_tokens(descriptor, mask)
        return with_mask(mean[:, None].expand(-1, mask.shape[1], -1), mask)

    def within(self, layer: int, tokens: Tensor, descriptor: Tensor) -> Tensor:
        mean, mask = without_mask(descriptor)
        if mask.shape[1] != tokens.shape[1]:  # frames: there is a token everywhere
            mask = torch.ones(tokens.shape[:2], dtype=torch.bool, device=tokens.device)
        return self.adapters[layer - 1](tokens, Summary(mean[:, 0], mask))

    def begin(self, share: float) -> None:
        """The noise of the routers falls linearly over the steps."""
        first, last = self.rules.noise
        for adapter in self.adapters:
            adapter.noise = first + (last - first) * share

    def penalty(self) -> Tensor | None:
        """Sum over all adapters."""
        penalties = [adapter.penalty for adapter in self.adapters if adapter.penalty is not None]
        return torch.stack(penalties).sum() if penalties else None

    @classmethod
    def unsaid(cls, reads: Reads) -> str:
        """What a router reads, over what penalties are summed, and what more there is of a variant."""
        del reads
        text = (
            "The source does not say whether routers read every token or their mean, nor over what penalties are summed; here "
            "each token is routed by itself, beside the mean of the descriptor, and the penalties of all blocks are added."
        )
        return f"{text} {cls.more_unsaid}".rstrip()

    def outputs(self) -> Sequence[nn.Module]:
        return self.adapters

    def taps(self) -> dict[str, nn.Module]:
        return {f"router.{layer}": adapter.gate for layer, adapter in enumerate(self.adapters, start=1)}

    def drawn(self, tokens: Axis, descriptor: Axis) -> Drawn:
        del tokens, descriptor
        name, hidden = self.descriptor.name, self.sizes.d_model // REDUCTION
        details = f"{N_EXPERTS} experts of {hidden:,} after every block", f"routed by tokens and the mean of {name}"
        more = (self.variant,) if self.variant else ()
        return Drawn(f"mixture of experts by {name}", (*details, *more), within=True, width=N_EXPERTS)


INJECTION = MixtureOfExperts
