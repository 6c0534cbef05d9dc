"""Which frequencies drive it?"""

from analysis.studies.pools.words import WHY_BELOW
from app.kit import study_page
from app.studies.bands import answer

HOW_TO_READ = """
One band at a time is cut out of the sound, without delay or ringing that could be heard, and nothing else changes. **Embedding
moved** is the cosine distance between the audio embeddings before and after, as a share of the mean distance between windows of
different works: 100 % is as far as another piece. **Drop in S** is what it costs in finding the match.

The null is the same sound **one sample later**: nobody hears it, every band keeps its energy, and yet all samples change. A
hollow mark is not distinguishable from that; a filled mark *below* the dashed line moves less than that. The lower panel shows
how much of the energy each band holds. For arms with A4 the bands of the descriptor are shifted as well, by standard deviations;
the null is a shift as far in a random direction. A shift is shown as a cosine distance, or as the **L2 norm** of the change of
the embedding as it leaves the head, which is what the authors give for +0.1; norms of two models compare only as far as the
lengths of their embeddings do.

How it misleads:

- A band without energy cannot matter. That a model does not move without it says something about pianos, not about the model;
  *distance per dB* sets the distance against how much quieter the sound becomes.
- A sound without a band is none that the model was trained on. What moves it may be the hole rather than what was in it.
- Bands are not notes. Most fundamentals of piano music lie between 100 and 1000 Hz, their overtones above; if one of two that
  say the same is left, little moves. Small effects of single bands do not add up.
- Embeddings of an untrained network lie close together: in cosine distance its twin seems to ignore everything. Compare shares.
- S counts ranks 1 to 10 alike: it often stays where the distance shows an effect. Without bands of the sound S is of the
  canonical pool, if the corpus fills it; with bands of A4 shifted it is of the smaller pool of fewer windows that is named there.
- The bands of the sound are the octaves of A4, what lies below them (the lowest fundamentals of a piano) and, at higher sample
  rates, what lies above. In A4 itself nothing lies below 47 Hz.
- A constant added to a band of A4 is off the manifold of recordings (every band has mean 0). It shows what the network
  computes, not what a sound could do.
- Reading a band back from a layer shows that it is linearly there, not that it is used; an arm that is given A4 carries it
  anyway, and so does its untrained twin.
- Attributions depend on their baseline (−60 dB) and rest on very few windows. Where methods disagree, trust none of them alone.
"""
HOW_TO_READ += f"- {WHY_BELOW}\n"

PAGE = study_page.StudyPage("bands", HOW_TO_READ, answer.draw)

if __name__ == "__main__":  # not in the processes that render clips
    study_page.show(PAGE)
