"""Which input is causal?"""

from analysis.studies.base.needs import Needs
from analysis.studies.base.record import Cost, Study

STUDY = Study(
    name="ablation",
    title="Ablation",
    question="Which input is causal?",
    package=__name__,
    cost=Cost(small_s=150, full_s=440, small_share=2, full_share=17),
    needs=Needs(("audio", "notes"), pair=True, descriptor=True),
    small={"windows_per_piece": 20},
    quick={"windows_per_piece": 12, "n_queries": 256, "n_same_piece": 11},
)
