"""Which musical dimension does each layer mirror?"""

from app.kit import study_page
from app.studies import structure

HOW_TO_READ = """
Every layer makes some moments of a window alike and others not. That **self-similarity** (cosine of tokens, every dimension
standardised over the window) is held against the self-similarity of four quantities of the sound: **chroma** (harmony), **MFCC**
without the first (timbre), **tempogram** (rhythm) and **loudness**. **ρ** is the rank correlation over all pairs of moments that
are four or more apart, since neighbours are alike in everything. More than 200 moments are averaged with their neighbours.

The null moves the quantity along the window, circularly; the untrained twin shows what the architecture and the input alone make
alike. For the headline, layer and quantity are chosen on half of the works, and the numbers are of the other half.

**Novelty** is how much a checkerboard on the diagonal of a self-similarity of whole pieces (bins of 250 ms, at most 120 s) stands
out. Its peaks are held against annotated changes of chord and key; F1 is of works on which the threshold was not chosen.

How it misleads:

- The quantities go together: where the chord changes, loudness and timbre change as well. A high ρ with one of them does not say
  that a layer holds that and nothing else.
- Four seconds are short for rhythm: a tempogram hardly changes within them.
- Within ±3 s of a chord change lies nearly everything. Look at the null, and at ±0.5 s.
- Positions make near moments alike, and so a ρ above 0 with whatever changes slowly. Moving in time keeps that, the twin as well.
"""

PAGE = study_page.StudyPage("structure", HOW_TO_READ, structure.draw)

if __name__ == "__main__":  # not in the processes that render clips
    study_page.show(PAGE)
