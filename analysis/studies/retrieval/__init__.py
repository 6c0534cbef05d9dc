"""Can it find the match?"""

from analysis.studies.record import Cost, Study

STUDY = Study(
    name="retrieval",
    title="Retrieval",
    question="Can it find the match?",
    package=__name__,
    cost=Cost(small_s=35, full_s=105, small_share=4, full_share=4),
    small={"windows_per_piece": 40},
    former=("scoreboard",),
)
