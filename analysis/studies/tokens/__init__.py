"""What can be read from single tokens?"""

from analysis.studies.base.needs import Needs
from analysis.studies.base.record import Cost, Study

STUDY = Study(
    name="tokens",
    title="Tokens",
    question="What can be read from single tokens?",
    package=__name__,
    cost=Cost(small_s=12, full_s=15, small_share=2, full_share=2),
    needs=Needs(("audio",), any_length=True),
    small={"windows_per_piece": 4},
)
