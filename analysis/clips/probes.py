"""Probes that were fitted to windows of a corpus, as the store keeps them: what they read in a recording is drawn over time."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from jaxtyping import Float, Float64
from numpy import ndarray

from analysis.files import Json
from analysis.models.checkpoint import Checkpoint
from analysis.sources import code_of
from analysis.store import Store

FITTED_BY = "analysis.studies.probes.for_clips"  # not imported: it takes seconds


@dataclass(frozen=True)
class ProbeWords:
    """What a probe reads, where, and how well.

    Attributes:
        task: such as "note density".
        tap: whose rows it reads.
        outputs: names of its numbers.
        penalty: of the ridge, chosen in folds of the training works.
        r2: R² on works that it was not fitted to, mean over outputs.
        low, high: its 95 % interval over these works; None for too few.
        null: R² of a probe that was fitted to the labels of other works; None where it is not defined.
    """

    task: str
    tap: str
    outputs: tuple[str, ...]
    penalty: float
    r2: float
    low: float | None
    high: float | None
    null: float | None


@dataclass(frozen=True, eq=False)
class Probe:
    """A linear probe: a row x of hidden states is read as x W + b."""

    words: ProbeWords
    weights: Float64[ndarray, "width outputs"]
    bias: Float64[ndarray, " outputs"]

    def read(self, rows: Float[ndarray, "n width"]) -> Float64[ndarray, "n outputs"]:
        """What it reads in every row."""
        return rows.astype(np.float64) @ self.weights + self.bias


@dataclass(frozen=True, eq=False)
class ClipProbes:
    """Probes of all layers of a model, and of its untrained twin, fitted to the same windows.

    Attributes:
        corpus: its name.
        n_fitted: works of the training split that they were fitted to.
        n_held_out: works of the other splits that they were scored on.
        trained, untrained: of the model and of the twin.
    """

    corpus: str
    n_fitted: int
    n_held_out: int
    trained: tuple[Probe, ...]
    untrained: tuple[Probe, ...]

    def at(self, tap: str) -> list[tuple[Probe, Probe | None]]:
        """The probes of a tap, each with that of the twin."""
        twins = {probe.words.task: probe for probe in self.untrained if probe.words.tap == tap}
        return [(probe, twins.get(probe.words.task)) for probe in self.trained if probe.words.tap == tap]


def probes_key(checkpoint: Checkpoint, device: str) -> str:
    """Where the probes of a model are kept; the corpus is decided by the checkpoint."""
    corpus, code = str(checkpoint.training.get("corpus_sha256")), code_of(FITTED_BY)
    return Store.key(kind="clip probes", model=checkpoint.key, corpus=corpus, device=device, code=code)


def put_probes(store: Store, key: str, probes: ClipProbes) -> None:
    """Store them.

    Raises:
        StoreError: the store does not take them.
    """
    sides = {"trained": probes.trained, "untrained": probes.untrained}
    arrays = {
        f"{side}.{number}.{name}": array
        for side, of_side in sides.items()
        for number, probe in enumerate(of_side)
        for name, array in (("weights", probe.weights), ("bias", probe.bias))
    }
    words = {side: [asdict(probe.words) for probe in of_side] for side, of_side in sides.items()}
    about = [probes.corpus, probes.n_fitted, probes.n_held_out]
    store.put(key, {"kind": "clip probes", "about": about, **words}, arrays)


def read_probes(store: Store, key: str) -> ClipProbes | None:
    """What is under a key; None if there is nothing, or something else."""
    if (entry := store.get(key)) is None:
        return None
    try:
        document = entry.document
        corpus, n_fitted, n_held_out = document["about"]
        sides = (_side(side, document[side], entry.arrays) for side in ("trained", "untrained"))
        return ClipProbes(str(corpus), int(n_fitted), int(n_held_out), *sides)
    except (KeyError, TypeError, ValueError):  # written by another version of the library
        return None


def _side(side: str, words: Sequence[Json], arrays: Mapping[str, ndarray]) -> tuple[Probe, ...]:
    return tuple(
        Probe(_words(about), arrays[f"{side}.{number}.weights"], arrays[f"{side}.{number}.bias"])
        for number, about in enumerate(words)
    )


def _words(about: Json) -> ProbeWords:
    return ProbeWords(**{**about, "outputs": tuple(map(str, about["outputs"]))})
