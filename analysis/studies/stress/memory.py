"""What altered recordings and notes take beside models and embeddings, counted from above."""

from analysis.models.config import ModelConfig
from analysis.studies.base.study import find_checkpoint
from analysis.studies.memory import FLOAT
from analysis.studies.pools.request import StressRequest
from analysis.studies.stress.bench import BLOCK

MOST_DOSES = 60  # of all changes of one side, or of shifts
WEIGHTS_KINDS = 2


def altered_bytes(request: StressRequest, n_windows: int) -> int:
    """Performances and sound fonts that are rendered from, the waveforms of a block, and of every model rows and distances.

    Rows are those of both sides and of a change that others are compared with, distances those of every tap at every dose.
    """
    configs = [find_checkpoint(checkpoint).model_config for checkpoint in request.checkpoints]
    rows = sum(2 * _row_width(config.audio_n_layers, config.audio_d_model, config) for config in configs)
    rows += sum(_row_width(config.midi_n_layers, config.midi_d_model, config) for config in configs)
    distances = sum(MOST_DOSES * (config.audio_n_layers + config.midi_n_layers + 4) for config in configs)
    per_window = WEIGHTS_KINDS * (rows + distances)
    return 150_000_000 + FLOAT * (min(n_windows, BLOCK) * 96_000 + n_windows * per_window)


def _row_width(n_layers: int, d_model: int, config: ModelConfig) -> int:
    """Numbers in the rows of one window at all taps of a side."""
    return (n_layers + 1) * d_model + config.d_embedding
