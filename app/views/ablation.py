"""Which input is causal?"""

from app.components import ablation_answer, study_page
from app.components.study_form import Cost

HOW_TO_READ = """
The model is trained with its descriptors; here one of them is exchanged on its way in, and nothing else changes. **S** is the
smaller of two shares: matches among the first ten, audio to MIDI and MIDI to audio. The **drop** is S as it is minus S after, on
the same queries. A4 describes the audio, D4 the notes.

| replaced by | what it takes away |
|---|---|
| zero | the whole descriptor; of A4, whose bands have mean 0, that is also its mean over time |
| noise of the same mean and SD | everything but level and spread of every feature in this window |
| shuffled in time | the order alone |
| that of another work | what it says of *this* window; it stays a descriptor as in training |
| mean of all windows | what differs from window to window |

How it misleads:

- Zeros, noise and means never occurred in training. A large drop shows that the model leans on *having* this input, not that it
  uses what the input tells. The descriptor of another work is the fair test: if that costs little, little was told.
- A small drop does not show that an input is useless: another may tell the same, and the model, trained with both, chose one. A
  model trained without it (D0) says what can be done without; compare its S.
- The embedding is a mean over time. A shuffle can hardly cost anything where the descriptor's order is lost in that mean, and a
  drop of 0 then says so of the architecture, not of music.
- Near chance is not below chance. S is the smaller of two shares, so that random order falls slightly below 10 / pool size.
- The pool is small and has at most ten negatives of the same piece: it is easier than the pool of *Retrieval*, and S is higher.
  Compare drops on this page only.
- Many drops are tested at once; one in twenty intervals misses its value by luck.
"""

PAGE = study_page.StudyPage("ablation", "Which input is causal?", HOW_TO_READ, Cost(small=17, full=50), ablation_answer.draw)

if __name__ == "__main__":  # not in the processes that render clips
    study_page.show(PAGE)
