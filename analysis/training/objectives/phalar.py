"""PHALAR: stems of a window choose others of its stems among all of a batch, by the complex bilinear form.

Source: arXiv 2605.03929, with the settings of the authors' code: crops of 2 to 10 s, the same for anchor and positive; the target
of the own positive is 0.9; Muon for the matrices of the encoder, Adam for all else and for the similarity. At smaller scales
crops are as long as the model's windows, and AdamW moves everything.
"""

from types import MappingProxyType

import torch

from analysis.models.phalar.encoder import Phalar
from analysis.training.muon import MuonAdamW
from analysis.training.objective import Groups, Published
from analysis.training.recipes import TrainingRecipe
from analysis.training.request import TrainRequest
from analysis.training.stem_objective import LONGEST_S, StemObjective

SHORTEST_S = 2.0
PAPER, MATRICES, OTHERS, ALL = "paper", "matrices", "others", "all"
RECIPES = MappingProxyType({
    recipe.name: recipe
    for recipe in (
        TrainingRecipe("small", "ours, for small models on a CPU", 32, 100, 1e-3, False, "", "small", beta2=0.95),
        TrainingRecipe(PAPER, "the authors' code", 64, 0, 1e-3, True, "", PAPER, schedule="trapezoidal", beta2=0.95),
    )
})  # fmt: skip
RATES = MappingProxyType({PAPER: {MATRICES: 0.02, OTHERS: 4e-3}, "small": {ALL: 2e-3}, "tiny": {ALL: 2e-3}})
PAPER_TABLES = "the authors (arXiv 2605.03929)"
PUBLISHED = (
    Published("MoisesDB, accuracy among 8, 16 and 64", "86.79 %, 81.49 %, 70.87 %", PAPER_TABLES),
    Published("Slakh2100, accuracy among 8, 16 and 64", "87.69 %, 83.28 %, 72.37 %", PAPER_TABLES),
    Published("beats (GTZAN), F, zero-shot", "0.627", PAPER_TABLES),
    Published("chords (GuitarSet), accuracy; chroma", "55.2 %; 50.6 %", PAPER_TABLES),
)


class PhalarObjective(StemObjective):
    """In-batch cross-entropy under the model's own score."""

    recipes, learning_rates, published = RECIPES, RATES, PUBLISHED

    def lengths_s(self, request: TrainRequest) -> tuple[float, float]:
        """2 to 10 s at the scale of the paper; else that of the model's windows."""
        return (SHORTEST_S, LONGEST_S) if request.scale == PAPER else super().lengths_s(request)

    def differences(self, scale: str) -> tuple[str, ...]:
        """Lengths, optimiser, schedule, noise."""
        small = (
            "AdamW moves everything; there Muon moves the matrices of the encoder",
            f"all crops have one length; there it is drawn from {SHORTEST_S:g} to {LONGEST_S:g} s",
        )
        always = (
            "the learning rate falls, and gradients are clipped; there neither is said",
            "brown noise is brown; there it is white in effect",
            "stems that are silent in a crop are not drawn",
        )
        return always if scale == PAPER else (*small, *always)

    def groups(self, model: Phalar, learning_rates: str, freeze: str = "") -> Groups:
        """All parameters alike, or, with the rates of the paper, matrices of the encoder apart, which Muon moves."""
        del freeze
        rates = RATES[learning_rates]
        if ALL in rates:
            return [{"params": list(model.parameters()), "lr": rates[ALL], "base_lr": rates[ALL]}]
        named = list(model.named_parameters())
        matrices = [tensor for name, tensor in named if tensor.ndim > 1 and not name.startswith("similarity.")]
        kept = {id(tensor) for tensor in matrices}
        others = [tensor for _, tensor in named if id(tensor) not in kept]
        return [
            {"params": matrices, "lr": rates[MATRICES], "base_lr": rates[MATRICES], "muon": True},
            {"params": others, "lr": rates[OTHERS], "base_lr": rates[OTHERS], "muon": False},
        ]

    def optimizer(self, groups: Groups, request: TrainRequest) -> torch.optim.Optimizer:
        """AdamW, with Muon for the groups that say so."""
        return MuonAdamW(groups, (request.beta1, request.beta2), request.weight_decay)


OBJECTIVE = PhalarObjective()
