"""What does it ignore?"""

from analysis.studies.pools.words import WHY_BELOW
from app.kit import study_page
from app.studies import invariance

HOW_TO_READ = """
One side of every pair of windows is changed, the other stays as it is. Two things are measured at every dose: **S**, whether the
match is still found, and **how far the embedding of the changed side moves**, as a share of the distance between windows of
different works: 0 % is ignored, 100 % is as far as another piece. The same distance is taken at every layer.

The untrained twin is changed too, at the ends of the doses. What the twin ignores, the architecture ignores; what only the
trained model ignores was learnt. A hatched cell or a hollow mark is not distinguishable from no drop, from nothing moved, or from
chance.

A model that reads sound alone has no other side: an altered window then has to be found by itself as it was. Unaltered all are,
and S at a dose says how many still are, beside the untrained twin and chance.

How it misleads:

- S near its ceiling cannot show small harm, for ranks 1 and 10 count the same; S near chance cannot show any. The distance shows
  both. A model may also move far and still find the match.
- S is of the canonical pool, if the corpus fills it; below the headline stands which pool it was. A drop in an easier pool does
  not compare with a published one.
- Doses of different changes have no common scale. "It ignores gain more than noise" depends on how much of each was tried.
- A time shift of a few thousand samples brings new notes into the window and takes others out, while the MIDI window stays. That
  is a mismatch in time, not the same music a little later. Ours of +k samples reads the recording k samples later; a published
  one of +k delays it, so that ours of the other sign stands beside it.
- "Playback speed" is two things here. Playing the recording faster, as a tape, changes tempo *and* pitch; in the MIDI only the
  durations are read, never the onsets, so that tempo is changed for notes of equal length alone. Nothing is published
  about it: what the authors scale is the MIDI velocity of the notes, which here is *Note velocity*.
- Velocities stop at 1 and 127, and notes beyond the piano are folded back by octaves: strong doses change some notes less.
- Noise is set below the RMS of each window, so that quiet windows get quiet noise. Nothing is clipped for the model; where your
  ears would be, the player is turned down and says so.
- The other sound font is compared with the window rendered again, not with the recording: room and noise are drawn alike, but
  the level is set on the excerpt.
- Changes and doses are many. Some are outside their null by luck. Windows of one piece are alike; intervals draw whole works.
"""
HOW_TO_READ += f"- {WHY_BELOW}\n"

PAGE = study_page.StudyPage("invariance", HOW_TO_READ, invariance.draw)

if __name__ == "__main__":  # not in the processes that render clips
    study_page.show(PAGE)
