"""Can it find the match?"""

from analysis.studies.base.needs import Needs
from analysis.studies.base.record import Cost, Study

STUDY = Study(
    name="retrieval",
    title="Retrieval",
    question="Can it find the match?",
    package=__name__,
    cost=Cost(small_s=35, full_s=105, small_share=4, full_share=4),
    needs=Needs(("audio", "notes"), pair=True),
    small={"windows_per_piece": 40},
    former=("scoreboard",),
)
