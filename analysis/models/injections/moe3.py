"""A mixture of experts as moe2 is, whose routers are drawn towards using every expert.

Source: the code of the authors of arXiv 2604.10283, arm moe-a4-v3.
"""

from analysis.models.injections.moe2 import ShakenExperts


class EvenExperts(ShakenExperts):
    """The loss has 0.01 times what the entropy of a router lacks of its largest, ln 2, mean over tokens."""

    kind = "moe3"
    rules = ShakenExperts.rules._replace(entropy=0.01)
    variant = "noise on routers in training, entropy in the loss"
    more_unsaid = (
        f"{ShakenExperts.more_unsaid} Of the entropy it says a weight alone; here a low entropy of the shares of a token is "
        "penalised, mean over tokens."
    )


INJECTION = EvenExperts
