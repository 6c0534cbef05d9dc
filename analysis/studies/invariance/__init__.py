"""What does it ignore?"""

from analysis.studies.base.needs import Needs
from analysis.studies.base.record import Cost, Study

STUDY = Study(
    name="invariance",
    title="Invariance",
    question="What does it ignore?",
    package=__name__,
    cost=Cost(small_s=640, full_s=1780, small_share=4, full_share=68),
    needs=Needs(("audio",), apart=True, every_tower=True),
    small={"windows_per_piece": 2},
    quick={"windows_per_piece": 4, "n_queries": 96, "pool_size": 64, "n_same_piece": 3, "n_same_composer": 8},
    together=True,
)
