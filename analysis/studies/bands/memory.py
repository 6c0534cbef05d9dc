"""What this study holds beside models and embeddings, counted from above."""

from analysis.descriptors.a4 import N_BANDS, n_frames
from analysis.studies.bands.attribution import STEPS_AT_ONCE
from analysis.studies.bands.reading import N_SHIFTS
from analysis.studies.bands.study import Request
from analysis.studies.base.study import find_checkpoint
from analysis.studies.memory import FLOAT, gradient_bytes


def extra_bytes(request: Request, n_windows: int, _width: int) -> int:
    """What is larger: reading bands from the layers of its windows, or the gradients of the windows that are attributed at once.

    Reading holds every layer on A4's frames, in parts and joined, one layer as it is centred and dealt into folds, and A4 with
    its shifted copies. Gradients keep what every layer computed.
    """
    configs = [find_checkpoint(checkpoint).model_config for checkpoint in request.checkpoints]
    targets = N_BANDS * (1 + N_SHIFTS)
    reading = gradients = 0
    for config in configs:
        moments = min(n_windows, request.reading_windows) * n_frames(config.n_samples)
        columns = (2 * (config.audio_n_layers + 1) + 3) * config.audio_d_model + 6 * targets
        reading = max(reading, FLOAT * moments * columns)
        gradients = max(gradients, STEPS_AT_ONCE * gradient_bytes(config))
    return max(reading, gradients if request.attribution_windows else 0)
