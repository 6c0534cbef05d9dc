"""What the parts of the study `bands` write their findings into."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Shaped
from numpy import ndarray

from analysis.descriptors.filters import band_names
from analysis.measures.resampling import WorkDraws
from analysis.numbers import Key, Value
from analysis.readings.embeddings import Weights
from analysis.rows import Row
from analysis.studies.bands.rows import AgreementRow, AttributionRow, ConvergenceRow, DoseRow, FilterRow, NoteRow, ReadingRow
from analysis.studies.base.measurement import Measurement


class Model(NamedTuple):
    """A checkpoint or its untrained twin."""

    checkpoint: str
    weights: Weights


class Band(NamedTuple):
    """Name and edges (Hz) of a band."""

    band: str
    low_hz: float
    high_hz: float


@dataclass
class Findings:
    """Values, rows of the tables and arrays as they grow."""

    values: list[Value] = field(default_factory=list)
    filters: list[FilterRow] = field(default_factory=list)
    doses: list[DoseRow] = field(default_factory=list)
    reading: list[ReadingRow] = field(default_factory=list)
    attribution: list[AttributionRow] = field(default_factory=list)
    agreement: list[AgreementRow] = field(default_factory=list)
    convergence: list[ConvergenceRow] = field(default_factory=list)
    notes: list[NoteRow] = field(default_factory=list)
    arrays: dict[str, ndarray] = field(default_factory=dict)

    @property
    def rows(self) -> Iterable[Row]:
        """All rows, table by table."""
        return chain(
            self.filters, self.doses, self.reading, self.attribution, self.agreement, self.convergence, self.notes
        )  # fmt: skip

    @property
    def measured(self) -> Measurement:
        """All that was found so far."""
        return Measurement(self.values, list(self.rows), self.arrays)

    def note(self, checkpoint: str, part: str, text: str) -> None:
        """A sentence about what was not done."""
        self.notes.append(NoteRow(checkpoint, part, text))

    def keep(self, name: str, rows: Sequence[ndarray]) -> str:
        """Keep rows of numbers per window as an fp32 array; returns its name, numbered in the order of keeping."""
        array = f"{name}.{sum(other.startswith(f'{name}.') for other in self.arrays)}"
        self.arrays[array] = np.stack(rows).astype(np.float32)
        return array


def mean_value(
    key: Key, per_window: Shaped[ndarray, " n"], draws: WorkDraws, null: float | None = None, unit: str = "", estimator: str = ""
) -> Value:
    """Mean over windows with its interval by work; no interval from a single work."""
    low, high = draws.interval(draws.means(per_window))
    return Value(key, float(np.mean(per_window)), low, high, len(per_window), null, unit, estimator)


def ratio_value(
    key: Key, above: Float64[ndarray, " n"], below: Float64[ndarray, " n"], draws: WorkDraws, unit: str, estimator: str
) -> Value:
    """Ratio of two means over the same windows with its interval by work."""
    low, high = draws.interval(draws.means(above) / draws.means(below))
    return Value(key, float(np.mean(above) / np.mean(below)), low, high, len(above), None, unit, estimator)


def bands_between(edges_hz: Sequence[float]) -> list[Band]:
    """The bands between neighbouring edges, the lowest first."""
    return [Band(name, *edges_hz[number : number + 2]) for number, name in enumerate(band_names(edges_hz))]
