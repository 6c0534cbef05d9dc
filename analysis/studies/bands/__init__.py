"""Which frequencies drive it?"""

from analysis.studies.base.needs import Needs
from analysis.studies.base.record import Cost, Study

STUDY = Study(
    name="bands",
    title="Bands",
    question="Which frequencies drive it?",
    package=__name__,
    cost=Cost(small_s=235, full_s=730, small_share=5, full_share=28),
    needs=Needs(("audio",), apart=True, every_tower=True),
    small={"windows_per_piece": 3, "doses": "0.5,1", "dose_windows": 16, "attribution_windows": 2},
    quick={"windows_per_piece": 4, "n_queries": 96, "pool_size": 64, "n_same_piece": 3, "n_same_composer": 8},
)
