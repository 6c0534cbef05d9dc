"""A mixture of experts as moe is, whose experts add something from the start, and whose routers are shaken in training.

Source: the code of the authors of arXiv 2604.10283, arm moe-a4-v2.
"""

from analysis.models.injections.moe import MixtureOfExperts, Rules


class ShakenExperts(MixtureOfExperts):
    """Last weights of experts have a standard deviation of 0.02 at first; the noise on routers falls from 0.5 to 0.05."""

    kind = "moe2"
    rules = Rules(initial_sd=0.02, noise=(0.5, 0.05))
    variant = "noise on routers in training"
    more_unsaid = (
        "Nor does it say which weights begin with the standard deviation, or how the noise falls; here these are the last "
        "weights of every expert, and it falls linearly over all steps."
    )


INJECTION = ShakenExperts
