"""What this study holds beside models and embeddings, counted from above."""

from analysis.descriptors.a4 import N_BANDS, n_frames
from analysis.descriptors.registry import find_descriptor
from analysis.studies.ablation.kinds import KINDS
from analysis.studies.base.study import find_checkpoint
from analysis.studies.memory import FLOAT, SIDES
from analysis.studies.pools.request import StressRequest


def extra_bytes(request: StressRequest, n_windows: int, width: int) -> int:
    """Descriptors of all windows, the widest of as many notes as frames, and both sides' embeddings under every replacement."""
    configs = [find_checkpoint(checkpoint).model_config for checkpoint in request.checkpoints]
    frames = max((n_frames(config.n_samples) for config in configs), default=0)
    widest = max((find_descriptor(entry.descriptor).width for config in configs for entry in config.entries.values()), default=0)
    return FLOAT * n_windows * (2 * max(N_BANDS, widest) * frames + SIDES * (1 + len(KINDS)) * width)
