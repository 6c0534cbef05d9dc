"""How is the space laid out?"""

from analysis.studies.base.needs import Needs
from analysis.studies.base.record import Cost, Study

STUDY = Study(
    name="embedding",
    title="Embedding",
    question="How is the space laid out?",
    package=__name__,
    cost=Cost(small_s=50, full_s=140, small_share=5, full_share=5),
    needs=Needs(("audio",), every_tower=True, same_sides=True),
    small={"windows_per_piece": 12, "n_seeds": 1},
)
