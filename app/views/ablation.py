"""Which input is causal?"""

from analysis.studies.pools.words import WHY_BELOW
from app.kit import study_page
from app.studies import ablation

HOW_TO_READ = """
The model is trained with its descriptors; here one of them is exchanged on its way in, and nothing else changes. **S** is the
smaller of two shares: matches among the first ten, audio to MIDI and MIDI to audio. The **drop** is S as it is minus S after, on
the same queries. A4 describes the audio, D4 the notes.

| replaced by | what it takes away |
|---|---|
| zero | the whole descriptor; of A4, whose bands have mean 0, that is also its mean over time |
| noise like the window | everything but mean and spread of every feature in this window |
| noise like the training set | everything, but what a feature is like on average |
| shuffled in time | the order alone, within the window |
| exchanged across all windows | what it says of *this* window; nobody keeps its own, every other descriptor is still there |
| another of the same work | what it says of *this* moment of the work |
| that of another work | what it says of *this* work; it stays a descriptor as in training |
| mean of all windows | what differs from window to window |

How it misleads:

- Zeros, noise and means never occurred in training. A large drop shows that the model leans on *having* this input, not that it
  uses what the input tells. The descriptor of another work is the fair test: if that costs little, little was told. That of the
  same work costs less where works are alike within: what it leaves is what the descriptor tells of the work as a whole.
- The authors exchanged descriptors across batches of 16 or 32 consecutive windows, nearly always of one piece and overlapping.
  Their *shuffle* therefore stands beside *another of the same work*; the exchange across all windows stands in the same cell.
- A small drop does not show that an input is useless: another may tell the same, and the model, trained with both, chose one. A
  model trained without it (D0) says what can be done without; compare its S.
- The embedding is a mean over time. A shuffle can hardly cost anything where the descriptor's order is lost in that mean, and a
  drop of 0 then says so of the architecture, not of music.
- Near chance is not below chance. S is the smaller of two shares, so that random order falls slightly below 10 / pool size.
- S is of the canonical pool, if the corpus fills it; below the headline stands which pool it was. Where S begins at its ceiling,
  harm shows late. The windows are fewer than those of *Retrieval* (65 of every piece instead of 100), so that S differs a little.
- Many drops are tested at once; one in twenty intervals misses its value by luck.
"""
HOW_TO_READ += f"- {WHY_BELOW}\n"

PAGE = study_page.StudyPage("ablation", HOW_TO_READ, ablation.draw)

if __name__ == "__main__":  # not in the processes that render clips
    study_page.show(PAGE)
