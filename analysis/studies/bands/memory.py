"""What this study holds beside models and embeddings, counted from above."""

from analysis.descriptors.a4 import N_BANDS, n_frames
from analysis.models.checkpoint import Checkpoint
from analysis.studies.bands.attribution import STEPS_AT_ONCE
from analysis.studies.bands.hearing import hearing_tower
from analysis.studies.bands.reading import N_SHIFTS
from analysis.studies.bands.study import Request
from analysis.studies.base.study import find_checkpoint
from analysis.studies.memory import FLOAT, gradient_bytes


def extra_bytes(request: Request, n_windows: int, _width: int) -> int:
    """What is larger: reading bands from the layers of its windows, or the gradients of the windows that are attributed at once.

    Reading holds every layer on A4's frames, in parts and joined, one layer as it is centred and dealt into folds, and A4 with
    its shifted copies. Gradients keep what every layer computed.
    """
    targets = N_BANDS * (1 + N_SHIFTS)
    reading = gradients = 0
    for checkpoint in map(find_checkpoint, request.checkpoints):
        tower = hearing_tower(checkpoint.outline())
        layers = [tap.width or tower.width for tap in tower.taps() if tap.kind in ("input", "block")]
        samples = round(tower.input.sample_rate * tower.input.window_s)
        moments = min(n_windows, request.reading_windows) * n_frames(samples)
        columns = 2 * sum(layers) + 3 * max(layers, default=0) + 6 * targets
        reading = max(reading, FLOAT * moments * columns)
        gradients = max(gradients, STEPS_AT_ONCE * _gradient_bytes(checkpoint, len(layers)))
    return max(reading, gradients if request.attribution_windows else 0)


def _gradient_bytes(checkpoint: Checkpoint, n_layers: int) -> int:
    """What gradients of one window keep; of families without arms every layer is taken to be as wide as the widest place."""
    if checkpoint.of_family.has_arms:
        return gradient_bytes(checkpoint.model_config)
    return n_layers * checkpoint.of_family.window_bytes(checkpoint.model_config)
