"""Is it the information or the parameters?"""

from analysis.studies.pools.words import WHY_BELOW
from app.kit import study_page
from app.studies import controls

HOW_TO_READ = """
An arm with descriptors has more parameters than D0, and those alone may help. Each **control** is the same architecture, trained
in the same way from the same seed, but where the descriptor enters it is given **zeros**, **noise** with the mean and deviation
that each feature has in the training set, or the descriptors of **other windows** (*shuffled*, as in the source: exchanged within
the batch in training, and outside it those of training windows). A fourth, ours, gets its own values in another order. *Real −
control* is what the information adds; *control − D0* what the parameters add. **S** is the smaller of two shares: matches among
the first ten, audio to MIDI and MIDI to audio.

Pairs are made only of checkpoints that were trained alike: scale, corpus, seed and every setting of the training. p is of a
permutation that exchanges the two models for whole works.

How it misleads:

- Intervals and p are over works, for *one* training of each. Another seed may turn a difference around: *Replication* tells how
  far S moves from training to training. A difference smaller than that is not shown by a single pair.
- Zeros carry nothing, but noise also disturbs. A model that noise makes worse than zeros does not show that information helps.
- A window's own values in another order keep level and spread. Where that is enough, this control comes close to the real arm
  although information is what counts; other windows' values keep nothing of the window.
- A control that is as good as the arm shows that the descriptor is not *needed* here, not that it is wrong; the audio tells the
  same.
- Untrained twins of arm and control differ by their input alone. Their difference should hold no difference; if it does not, the
  pool is too small to trust the rest.
- Several controls are several tests; p is not corrected.
"""
HOW_TO_READ += f"- {WHY_BELOW}\n"

PAGE = study_page.StudyPage("controls", HOW_TO_READ, controls.draw)

if __name__ == "__main__":  # not in the processes that render clips
    study_page.show(PAGE)
