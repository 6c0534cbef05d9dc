"""What can be read out of each layer?"""

from analysis.studies.base.needs import Needs
from analysis.studies.base.record import Cost, Study

STUDY = Study(
    name="probes",
    title="Probes",
    question="What can be read out of each layer?",
    package=__name__,
    cost=Cost(small_s=20, full_s=50, small_share=2, full_share=2),
    needs=Needs(("audio",)),
    small={"windows_per_piece": 8},
)
