"""Every measure of similarity with what it promises: range, direction, invariances, fewest examples, source."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, NamedTuple

from torch import Tensor

from analysis.errors import ConfigError
from analysis.measures import kernels, rsa
from analysis.measures.batches import deal_batches
from analysis.measures.cka import RBF_BANDWIDTHS
from analysis.measures.kernels import Rows, UndefinedError
from analysis.measures.layer_grids import Prepare, grid

Invariance = Literal[
    "rotation", "scaling", "translation", "scaling of rows", "translation of rows", "order of rows", "linear map"
]
INVARIANCES: dict[Invariance, str] = {
    "rotation": "any orthogonal map of the features",
    "scaling": "one positive factor for everything",
    "translation": "one vector added to every row",
    "scaling of rows": "a positive factor for every row",
    "translation of rows": "a number added to all features of a row",
    "order of rows": "examples in another order, the same on both sides",
    "linear map": "any invertible map of the features",
}

KORNBLITH = (
    "Kornblith, Norouzi, Lee & Hinton, Similarity of neural network representations revisited, ICML 2019, arXiv 1905.00414"
)
SONG = "Song, Smola, Gretton, Bedo & Borgwardt, Feature selection via dependence maximization, JMLR 13, 2012"
NGUYEN = "Nguyen, Raghu & Kornblith, Do wide and deep networks learn the same things?, ICLR 2021, arXiv 2010.15327, eq. 3"
KRIEGESKORTE = "Kriegeskorte, Mur & Bandettini, Representational similarity analysis, Frontiers in Systems Neuroscience 2, 2008"
SCHUETT = "Schütt, Kipnis, Diedrichsen & Kriegeskorte, Statistical inference on representational geometries, eLife 12, 2023"
BATCH_SIZE = 64


class Matrices(NamedTuple):
    """Matrices over examples by layer, not prepared yet; why others have none; the batch of every example, as of `batches`."""

    defined: Mapping[str, Tensor]
    reasons: Mapping[str, str]
    batch: Tensor | None


@dataclass(frozen=True)
class Measure:
    """A similarity of two sets of activations of the same examples.

    Attributes:
        name: how it is called everywhere.
        estimator: its formula in a line.
        matrix: activations → symmetric matrix over examples.
        prepare: matrices of layers → such that the sum of the products of two is their similarity.
        low: least possible value.
        high: largest possible value; activations have it with themselves.
        invariances: changes of the activations of one side that change nothing (order of rows: of both).
        min_n: fewest examples.
        reference: where it comes from.
        batch_size: examples in a batch; None where all are taken together.
        larger_is_more_alike: direction.
    """

    name: str
    estimator: str
    matrix: Callable[[Rows], Tensor]
    prepare: Prepare
    low: float
    high: float
    invariances: frozenset[Invariance]
    min_n: int
    reference: str
    batch_size: int | None = None
    larger_is_more_alike: bool = True

    def __call__(self, x: Rows, y: Rows, *, seed: int = 0) -> float:
        """Similarity of activations `(n, p)` and `(n, q)`; `seed` deals the batches of those that have any.

        Raises:
            ShapeError: fewer than `min_n` rows, or not as many in both.
            UndefinedError: NaN, or activations without structure.
        """
        kernels.check_same_rows([x, y])
        first, second = self.matrix(x)[None], self.matrix(y)[None]
        batch = self.batches(len(x), seed)
        return float(grid(self.prepare(first, batch), self.prepare(second, batch))[0, 0])

    def batches(self, n: int, seed: int) -> Tensor | None:
        """Number of the batch of every example, None where all are taken together."""
        return None if self.batch_size is None else deal_batches(n, self.batch_size, seed)

    def matrices(self, layers: Mapping[str, Rows], n: int, seed: int, tick: Callable[[], None]) -> Matrices:
        """The matrix over examples of every layer that can be compared.

        Args:
            layers: activations `(n, p)` by label.
            n: examples.
            seed: deals the batches of those that have any.
            tick: called before each; may raise to stop.
        """
        defined, reasons, batch = dict[str, Tensor](), dict[str, str](), self.batches(n, seed)
        for label, rows in layers.items():
            tick()
            try:
                matrix = self.matrix(rows)
                self.prepare(matrix[None], batch)
                defined[label] = matrix
            except UndefinedError as error:
                reasons[label] = str(error)
        return Matrices(defined, reasons, batch)


def measure(name: str) -> Measure:
    """The measure of that name.

    Raises:
        ConfigError: there is none.
    """
    if name not in MEASURES:
        raise ConfigError(f"There is no measure {name!r}: expected one of {', '.join(MEASURES)}.")
    return MEASURES[name]


def _cka(name: str, debiased: bool, matrix: Callable[[Rows], Tensor], reference: str, **more: Any) -> Measure:
    like: frozenset[Invariance] = frozenset({"rotation", "scaling", "translation", "order of rows"})
    estimator = "⟨K̃, L̃⟩ / (‖K̃‖ ‖L̃‖), K̃ U-centred" if debiased else "tr(KHLH) / √(tr(KHKH) tr(LHLH))"
    settings = {"invariances": like, "estimator": estimator, "low": -1.0 if debiased else 0.0} | more
    return Measure(
        name,
        matrix=matrix,
        prepare=partial(kernels.prepare, debiased=debiased),
        high=1.0,
        min_n=4,
        reference=reference,
        **settings,
    )


def _rsa(rdm: rsa.Rdm, comparison: rsa.Comparison) -> Measure:
    """RSA of one kind."""
    distance = rsa.cosine_rdm if rdm == "cosine" else rsa.correlation_rdm
    own: Invariance = "rotation" if rdm == "cosine" else "translation of rows"
    kept: frozenset[Invariance] = frozenset({"scaling", "scaling of rows", "order of rows", own})
    estimator = "Pearson correlation of ranks" if comparison == "Spearman" else "12 xᵀy / (m³ − m) − 3 (m + 1) / (m − 1) of ranks"
    return Measure(
        f"RSA, {rdm}, {comparison}", f"{estimator} of 1 − {rdm} over pairs",
        lambda x: rsa.dense_ranks(distance(x)), partial(rsa.prepare_ranks, comparison=comparison), -1.0, 1.0, kept, 4,
        KRIEGESKORTE if comparison == "Spearman" else SCHUETT,
    )  # fmt: skip


def _all_measures() -> dict[str, Measure]:
    linear = kernels.linear_kernel
    measures = [_cka("debiased CKA", True, linear, SONG), _cka("biased CKA", False, linear, KORNBLITH)]
    for debiased, name in ((True, "debiased RBF CKA"), (False, "biased RBF CKA")):
        for t in RBF_BANDWIDTHS:
            measures.append(_cka(f"{name}, t = {t}", debiased, partial(kernels.rbf_kernel, bandwidth=t), KORNBLITH))
    batches = {
        "estimator": "Σ HSIC₁(K, L) / √(Σ HSIC₁(K, K) Σ HSIC₁(L, L)) over batches", "batch_size": BATCH_SIZE,
        "invariances": frozenset({"rotation", "scaling", "translation"}),
    }  # fmt: skip
    measures.append(_cka("minibatch CKA", True, linear, NGUYEN, **batches))
    for rdm in ("cosine", "correlation"):
        measures += [_rsa(rdm, comparison) for comparison in ("Spearman", "rho-a")]
    return {each.name: each for each in measures}


MEASURES: dict[str, Measure] = _all_measures()
