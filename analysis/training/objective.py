"""What the models of a family are trained for: the loop is the same for all, and this is all that it knows of a family."""

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor

from analysis.datasets.corpora import PROFILES
from analysis.datasets.piece import Corpus
from analysis.datasets.pools import PoolSizes
from analysis.datasets.segments import Segment
from analysis.errors import ConfigError, shown
from analysis.files import Json, JsonObject
from analysis.training.evaluation import fit_pool
from analysis.training.recipes import TrainingRecipe

if TYPE_CHECKING:
    from analysis.training.request import TrainRequest

PACKAGE = f"{__package__}.objectives"
Row = dict[str, float]
AnyModel = Any  # a family alone knows the class of its models
AnyBatch = Any  # and what they are fed with
AnyPool = Any  # and on what of some windows they are validated
Groups = list[dict[str, Any]]  # of parameters, with whatever settings optimisers of PyTorch take


class Setting(NamedTuple):
    """A number that an objective has of its own: as it usually is, and from where to where it may be."""

    usual: float
    least: float
    most: float


class Published(NamedTuple):
    """What others report of a model, with the number as it stands there, and who they are."""

    what: str
    value: str
    source: str


class Objective(ABC):
    """A loss with its batches, how it is validated and examined, and the card. A model is any of its family.

    Attributes:
        recipes: by name; at the scale of the paper "paper" is meant, at every other "small".
        learning_rates: by a scale or a name, then by group of parameters.
        freezes: what may keep the values it was drawn with; "" for nothing.
        settings: of its own, numbers by name.
        validated: what is measured on validation, in the history and where it is reported; a larger one is better.
        demo: kind of the demo corpora that it needs, such as "hands": where "small" is asked for, "small-hands" is read.
        published: what others report of such models, for the card.
    """

    recipes: Mapping[str, TrainingRecipe]
    learning_rates: Mapping[str, Mapping[str, float]]
    freezes: tuple[str, ...] = ("",)
    settings: Mapping[str, Setting] = MappingProxyType({})
    validated: str = "S"
    demo: str = ""
    published: tuple[Published, ...] = ()

    @abstractmethod
    def groups(self, model: AnyModel, learning_rates: str, freeze: str = "") -> Groups:
        """Parameters with their learning rates, each group as optimisers of PyTorch take it and with its `base_lr`."""

    def corpus_of(self, name: str) -> str:
        """The corpus that is read where one is asked for by name: of the demo corpora the kind that is needed."""
        return f"{name}-{self.demo}" if self.demo and name in PROFILES else name

    def optimizer(self, groups: Groups, request: "TrainRequest") -> torch.optim.Optimizer:
        """What makes the steps: AdamW of all groups."""
        return torch.optim.AdamW(groups, betas=(request.beta1, request.beta2), weight_decay=request.weight_decay)

    def published_of(self, arm: str) -> tuple[Published, ...]:
        """What others report of an arm: nothing of a control of ours."""
        del arm
        return self.published

    @abstractmethod
    def training_windows(self, corpus: Corpus, request: "TrainRequest") -> list[Segment]:
        """Windows from which batches are drawn."""

    def learn(self, model: AnyModel, segments: Sequence[Segment], request: "TrainRequest", device: torch.device) -> bool:
        """Let a model take what it needs to know of the training windows before the first step; whether it took anything."""
        del model, segments, request, device
        return False

    @abstractmethod
    def draw(self, segments: Sequence[Segment], request: "TrainRequest", step: int) -> list[Segment]:
        """The windows of a batch, decided by the seed and the step alone."""

    @abstractmethod
    def batch(
        self, model: AnyModel, segments: Sequence[Segment], request: "TrainRequest", step: int, device: torch.device
    ) -> AnyBatch:
        """What the model is fed of them."""

    def begin_step(self, model: AnyModel, share: float) -> None:
        """Tell a model which share of all steps is done."""
        del model, share

    @abstractmethod
    def embed(self, model: AnyModel, batch: AnyBatch) -> tuple[Tensor, ...]:
        """The batches of embeddings that are compared, two or more."""

    def end_step(self, model: AnyModel, share: float) -> None:
        """Let a model do what belongs after the optimiser's step; `share` of all steps was done before it."""
        del model, share

    @abstractmethod
    def loss(self, model: AnyModel, embedded: tuple[Tensor, ...], request: "TrainRequest") -> tuple[Tensor, Row]:
        """The loss of what was embedded last, and what the history says of the step."""

    @abstractmethod
    def validation(self, request: "TrainRequest", corpus: Corpus) -> tuple[list[Segment], AnyPool]:
        """The windows on which the best step is chosen, and what is drawn of them, such as the sizes of a pool.

        Raises:
            CorpusError: the corpus has too few windows.
        """

    @abstractmethod
    def score(self, model: AnyModel, segments: Sequence[Segment], sizes: AnyPool, device: torch.device) -> float:
        """What is `validated`, such as S on the validation pool: at most 1, and not below −1."""

    @abstractmethod
    def refuse_test_split(self, corpus: Corpus, request: "TrainRequest") -> None:
        """Refuse a corpus on which the trained model could not be examined.

        Raises:
            CorpusError: its test split has too few windows.
        """

    @abstractmethod
    def evaluate(self, model: AnyModel, twin: AnyModel, corpus: Corpus) -> Json:
        """Scores of a model and its untrained twin on the test split, as a checkpoint keeps them."""

    @abstractmethod
    def card(self, arm: str, scale: str, training: JsonObject, evaluation: Mapping[str, object]) -> str:
        """The card of a checkpoint as Markdown."""


def validation_pool(windows: Sequence[Segment], request: "TrainRequest", corpus: Corpus, *, same_piece: bool = True) -> PoolSizes:
    """Sizes of the pool on which the best step is chosen, see `fit_pool`.

    Raises:
        CorpusError: there are too few windows.
    """
    per_piece = request.validation_windows_per_piece
    return fit_pool(
        windows, n_queries=request.validation_queries, pool_size=request.validation_pool, same_piece=same_piece,
        where=f"the split validation of {corpus.name}",
        options=f"Here --pool-size is {request.validation_pool}, and --validation-windows {per_piece} per recording.",
    )  # fmt: skip


def find_objective(family: str) -> Objective:
    """What models of a family are trained for: the module of its name in `analysis.training.objectives`.

    Raises:
        ConfigError: there is none.

    >>> sorted(find_objective("vit1d").settings)
    ['largest_gap_s', 'temperature']
    """
    trained = sorted(module.name for module in pkgutil.iter_modules(importlib.import_module(PACKAGE).__path__))
    if family not in trained:
        raise ConfigError(f"Models of the family {shown(family)} are not trained here: expected one of {', '.join(trained)}.")
    return importlib.import_module(f"{PACKAGE}.{family}").OBJECTIVE
