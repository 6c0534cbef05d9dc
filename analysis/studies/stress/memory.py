"""What altered recordings and notes take beside models and embeddings, counted from above."""

from analysis.models.sides import compared_sides, tower_of
from analysis.readings.layer_means import layers_of
from analysis.studies.base.study import find_checkpoint
from analysis.studies.memory import FLOAT, row_width
from analysis.studies.pools.request import StressRequest
from analysis.studies.stress.bench import BLOCK

MOST_DOSES = 60  # of all changes of one side, or of shifts
WEIGHTS_KINDS = 2


def altered_bytes(request: StressRequest, n_windows: int) -> int:
    """Performances and sound fonts that are rendered from, the waveforms of a block, and of every model rows and distances.

    Rows are those of both sides and of a change that others are compared with, distances those of every tap at every dose.
    """
    rows = distances = samples = 0
    for model in (find_checkpoint(checkpoint).outline() for checkpoint in request.checkpoints):
        towers = [model.towers[tower_of(model, side)] for side in compared_sides(model)]
        audio = towers[0]
        rows += row_width(audio) + sum(map(row_width, towers))
        distances += MOST_DOSES * sum(len(layers_of(model, tower.name)) for tower in towers)
        samples = max(samples, round(audio.input.sample_rate * audio.input.window_s))
    per_window = WEIGHTS_KINDS * (rows + distances)
    return 150_000_000 + FLOAT * (min(n_windows, BLOCK) * samples + n_windows * per_window)
