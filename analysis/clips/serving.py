"""Which checkpoints a clip can be read with."""

from analysis.errors import CheckpointError, shown
from analysis.models.checkpoint import Checkpoint


def refuse_family(checkpoint: Checkpoint) -> None:
    """Refuse what has no audio side of a dual encoder, whose attention and descriptors are what is read of a clip.

    Raises:
        CheckpointError: it is of another family.
    """
    if not checkpoint.of_family.has_arms:
        raise CheckpointError(
            f"{shown(checkpoint.name)[1:-1]} is of the family {checkpoint.of_family.title}; of a clip the audio side of dual "
            "encoders is read. Choose another checkpoint."
        )
