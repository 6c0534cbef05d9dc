"""Which heads mark where notes and chords begin?"""

from analysis.studies.base.needs import Needs
from analysis.studies.base.record import Cost, Study

STUDY = Study(
    name="onsets",
    title="Onsets",
    question="Which heads mark where notes and chords begin?",
    package=__name__,
    cost=Cost(small_s=8, full_s=30, small_share=2, full_share=2),
    needs=Needs(("audio",), attention=True, onsets=True),
    small={"windows_per_piece": 6, "split": "all"},
)
