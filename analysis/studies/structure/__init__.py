"""Which musical dimension does each layer mirror?"""

from analysis.studies.base.needs import Needs
from analysis.studies.base.record import Cost, Study

STUDY = Study(
    name="structure",
    title="Structure",
    question="Which musical dimension does each layer mirror?",
    package=__name__,
    cost=Cost(small_s=15, full_s=40, small_share=2, full_share=3),
    needs=Needs(("audio",)),
    small={"windows_per_piece": 4, "split": "all"},
)
