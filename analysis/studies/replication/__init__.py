"""Would another training give the same?"""

from analysis.studies.base.needs import Needs
from analysis.studies.base.record import Cost, Study

STUDY = Study(
    name="replication",
    title="Replication",
    question="Would another training give the same?",
    package=__name__,
    cost=Cost(small_s=35, full_s=105, small_share=1, full_share=1),
    needs=Needs(("audio", "notes"), pair=True),
    small={"windows_per_piece": 40},
)
