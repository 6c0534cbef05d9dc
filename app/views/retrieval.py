"""Can it find the match?"""

from analysis.results import Result
from analysis.studies.pools.words import WHY_BELOW
from app.kit import controls, published_table, study_page
from app.kit.study_form import Choice
from app.studies.retrieval import answer, hard_queries

POOLS = ("canonical", "no overlap")
HOW_TO_READ = """
**Each query** is 4 s of a recording. Its match is the MIDI of the same 4 s, hidden among wrong windows: some of the same
piece, some of other pieces by the same composer, the rest of other composers. Then MIDI asks for its recording in the same
way.

**R@k** is how often the match is among the first k, **MRR** the mean of 1 / rank, and **S** the smaller R@10 of the two
directions. **Same piece** and **same composer** say how often the match outranks one such wrong window; chance is 50 %.

**Canonical** pools may hold windows that overlap the match in time, which is nearly the same music; **no overlap** leaves
them out.

How it misleads:

- The pool decides the number. S among 64 candidates cannot be compared with S among 256; compare with chance and the twin
  instead.
- Intervals draw whole works, not windows, and cover the choice of works. They do not cover the seed of the training.
- The untrained twin shows what the architecture alone can do. A checkpoint that does not exceed it has learned nothing of use
  here.
- A corpus that the checkpoint was trained on makes it look better than it is. Only the test part is used, but another corpus
  deals its own parts: a work that was trained on may be tested there.
- Published numbers are those of large models on other data, some of them known to be wrong. Compare signs, orders and ratios.
- With several checkpoints, some of many differences look real by luck; p is not corrected for their number.
"""
HOW_TO_READ += f"- {WHY_BELOW}\n"


def draw(result: Result, choice: Choice) -> None:
    """Scores on one pool, differences, the misses to be heard, and what is published."""
    pool = controls.pick_word("pool", "Pool", POOLS)
    arms = {str(checkpoint.name): str(checkpoint.arm) for checkpoint in choice.checkpoints}
    answer.draw(result, pool, arms)
    hard_queries.draw(result, choice, pool)
    published_table.show(result, arms)


PAGE = study_page.StudyPage("retrieval", HOW_TO_READ, draw)

if __name__ == "__main__":  # not in the processes that render clips
    study_page.show(PAGE)
