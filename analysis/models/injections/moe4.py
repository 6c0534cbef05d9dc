"""A mixture of experts as moe2 is, in which one expert alone adds to a token.

Source: the code of the authors of arXiv 2604.10283, arm moe-a4-v4.
"""

from analysis.models.injections.moe2 import ShakenExperts


class SingleExperts(ShakenExperts):
    """The stronger expert is taken whole; gradients are those of the softmax."""

    kind = "moe4"
    rules = ShakenExperts.rules._replace(top_1=True)
    variant = "one expert for each token"


INJECTION = SingleExperts
