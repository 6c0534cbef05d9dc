"""Would another training give the same?"""

from analysis.studies.pools.words import WHY_BELOW
from app.kit import study_page
from app.studies.replication import answer

HOW_TO_READ = """
Two things move S. A **training seed** decides the first weights and the order of batches: another one gives another model. An
**evaluation seed** decides which windows ask and which candidates they get: another one gives another pool for the same model.
Only the first says whether another training would give the same. **S** is the smaller of two shares: matches among the first
ten, audio to MIDI and MIDI to audio.

Means of trainings have Student's interval over trainings. Arms that were trained with the same seeds are compared seed by seed
(**paired t test**), others by **Welch's t test** (unequal variances), with Cohen's d from the pooled deviation; the table has
both. *Parts of SD*, by training, by pool and what is left, are variance components: estimates that may fall below 0 when there
is less of a spread than the rest alone would make.

How it misleads:

- Five evaluations of one checkpoint look like five runs. Their spread is of pools alone, and calling it spread of training makes
  every difference look sure.
- The authors drew the pool with the training seed, so that a published seed is a training *and* a pool; only paired by seed do
  their arms share what the pool did to S.
- Pools drawn from the same windows share most of their queries, so that their spread is too small even for what it is about:
  other works would move S more. The interval over works says how much.
- With two to five trainings the deviation itself is hardly known; its χ² interval is wide. Not significant is not the same.
- Cohen's d divides by that small deviation. A d of 4 is a small difference of runs that happen to be alike.
- The best of several arms is partly the luckiest. The sentence corrects p for their number (Holm), the table does not.
- Checkpoints of another scale, corpus or number of steps are not pooled, and the headline says so.
"""
HOW_TO_READ += f"- {WHY_BELOW}\n"

PAGE = study_page.StudyPage("replication", HOW_TO_READ, answer.draw)

if __name__ == "__main__":  # not in the processes that render clips
    study_page.show(PAGE)
