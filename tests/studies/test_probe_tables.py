"""An input that says what is asked for is marked as holding the label."""

import numpy as np
import pytest

from analysis.descriptors.note_targets import chroma_histogram, mean_velocity, note_density, note_statistics, pitch_histogram
from analysis.studies.probes.tables import OWN_LABEL


def explained(x: np.ndarray, y: np.ndarray) -> float:
    """Share of the variance of a label that a line through an input explains."""
    x = np.column_stack([x, np.ones(len(x))])
    rest = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    return 1 - float(rest.var(axis=0).mean() / y.var(axis=0).mean())


@pytest.mark.parametrize(
    ("source", "task"),
    [
        ("note statistics", "note density"),
        ("note statistics", "mean velocity"),
        ("pitch histogram", "pitch histogram"),
        ("pitch histogram", "chroma histogram"),
        ("note statistics", "chroma histogram"),
        ("pitch histogram", "note density"),
    ],
)
def test_an_input_holds_a_label_that_a_line_through_it_gives(source: str, task: str) -> None:
    rng, columns = np.random.default_rng(0), {}
    for _ in range(600):
        n = int(rng.integers(1, 60))
        pitch, velocity, onset_s = rng.integers(21, 109, n), rng.integers(20, 120, n), rng.uniform(-0.3, 4, n)
        stats = note_statistics(pitch, velocity, rng.uniform(0.3, 2, n))
        heard = {"note statistics": stats, "pitch histogram": pitch_histogram(pitch)}
        labels = {"note density": [note_density(onset_s, 0.0, 4.0)], "mean velocity": [mean_velocity(velocity)]}
        labels |= {"pitch histogram": pitch_histogram(pitch), "chroma histogram": chroma_histogram(pitch)}
        for name, row in (("source", heard[source]), ("task", labels[task])):
            columns.setdefault(name, []).append(np.asarray(row))
    share = explained(np.stack(columns["source"]), np.stack(columns["task"]))
    assert ((source, task) in OWN_LABEL) == (share > 0.9), share
