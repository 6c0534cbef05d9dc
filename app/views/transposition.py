"""Does it follow a transposition, or ignore it?"""

from analysis.studies.pools.words import WHY_BELOW
from app.kit import study_page
from app.studies import transposition

HOW_TO_READ = """
**MIDI alone**: the notes are moved by semitones, the audio is the recording, so that the two no longer fit. Keeping S here is
tolerance of a mismatch: the model hardly reads absolute pitch. **Audio alone**: the other way round. **Both**: audio and MIDI are
moved together, so that they still fit. A model that has learnt what fits keeps its S; one that has learnt these keys loses it.

**Invariance** is an embedding that stays where it is. **Equivariance** is another thing: both embeddings go, but the same way.
The cosine of displacements asks for that: 1 if audio and MIDI of a window move in the same direction. Its control are the
displacements of windows of other works, because all windows may move one common way. **Retention** is the mean of S at +k and −k
as a share of S at 0; what chance leaves is drawn beside it, for a weak model retains much by chance. It is chance of S, which is
known exactly for a pool and has no interval, as a share of S at 0.

How it misleads:

- S near chance cannot fall, and S near its ceiling falls late: ranks 1 and 10 count the same. Look at the distances too, which
  have no ceiling.
- S below chance is no error: moved by a semitone or two, a window may fit windows in another key better than its own match. An
  octave keeps the names of the notes, and much of the spectrum: S that comes back at ±12 is likeness, not invariance.
- Moved audio is rendered again, from the notes of the window and a lead-in of 3 s, for 0 semitones as well. *Both* at 0 may
  therefore differ from the recording, and shifts are to be compared with that 0. Its level is set on the excerpt, not on the
  whole piece.
- Synthesised pitch is not played pitch: the sound font stretches its samples, and far shifts sound unlike any instrument.
- Notes that would leave the piano (21–108) are folded back by octaves. At ±24 semitones some notes hardly move, or move the other
  way; how many is said below the figure.
- A distance counts nothing by itself: 100 % is the distance between windows of different works *at that layer*, which is small
  where a layer tells few windows apart.
- S is of the canonical pool, if the corpus fills it; below the headline stands which pool it was. In an easier pool S lies at its
  ceiling and much is retained: compare retention with published values in the canonical pool alone.
- Windows of one piece are alike. Intervals draw whole works.
- The published values moved the MIDI side alone. That is not invariance to a transposition of the music.
"""
HOW_TO_READ += f"- {WHY_BELOW}\n"

PAGE = study_page.StudyPage("transposition", HOW_TO_READ, transposition.draw)

if __name__ == "__main__":  # not in the processes that render clips
    study_page.show(PAGE)
