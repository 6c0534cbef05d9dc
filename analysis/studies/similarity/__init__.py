"""Do layers and encoders speak the same language?"""

from analysis.studies.base.needs import Needs
from analysis.studies.base.record import Cost, Study

STUDY = Study(
    name="similarity",
    title="Similarity",
    question="Do layers and encoders speak the same language?",
    package=__name__,
    cost=Cost(small_s=12, full_s=30, small_share=1, full_share=1),
    needs=Needs(("audio",), every_tower=True, any_length=True),
    small={"windows_per_piece": 8},
    interval="jackknife over works",
)
