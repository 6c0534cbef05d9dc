"""Which stems belong together?"""

from analysis.studies.base.needs import Needs
from analysis.studies.base.record import Cost, Study

STUDY = Study(
    name="stems",
    title="Stems",
    question="Which stems belong together?",
    package=__name__,
    cost=Cost(small_s=35, full_s=110, small_share=6, full_share=8),
    needs=Needs(("audio",), stems=True),
    small={"windows_per_piece": 20},
    quick={"corpus": "small", "windows_per_piece": 20},
    usual=("phalar-small",),
    demo="hands",
)
