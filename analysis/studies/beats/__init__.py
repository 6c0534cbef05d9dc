"""Does a model hear the beat without having been taught it?"""

from analysis.studies.base.needs import Needs
from analysis.studies.base.record import Cost, Study

STUDY = Study(
    name="beats",
    title="Beats",
    question="Does a model hear the beat without having been taught it?",
    package=__name__,
    cost=Cost(small_s=1000, full_s=3000, small_share=8, full_share=12),
    needs=Needs(("audio",), beats=True),
    small={"split": "all", "seconds": 12},
)
