"""Is it the information or the parameters?"""

from analysis.studies.base.needs import Needs
from analysis.studies.base.record import Cost, Study

STUDY = Study(
    name="controls",
    title="Controls",
    question="Is it the information or the parameters?",
    package=__name__,
    cost=Cost(small_s=35, full_s=105, small_share=1, full_share=1),
    needs=Needs(("audio", "notes"), pair=True, descriptor=True),
    small={"windows_per_piece": 40},
    usual=(
        "D0-small",
        "d4a4-small",
        "a4r-small",
        "d4-a4r-small",
        "d4a4-zero-small",
        "d4a4-random-small",
        "d4a4-shuffled-small",
    ),
)
