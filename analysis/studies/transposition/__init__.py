"""Does it follow a transposition, or ignore it?"""

from analysis.studies.base.needs import Needs
from analysis.studies.base.record import Cost, Study

STUDY = Study(
    name="transposition",
    title="Transposition",
    question="Does it follow a transposition, or ignore it?",
    package=__name__,
    cost=Cost(small_s=270, full_s=810, small_share=2, full_share=31),
    needs=Needs(("audio",), apart=True, every_tower=True),
    small={"windows_per_piece": 2, "semitones": "1,3,12"},
    quick={"windows_per_piece": 4, "n_queries": 96, "pool_size": 64, "n_same_piece": 3, "n_same_composer": 8},
    together=True,
)
