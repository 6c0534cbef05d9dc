"""What do these checkpoints do, at a glance?"""

from app import access
from app.studies import summary

HOW_TO_READ = """
A row is a checkpoint, a panel is a test. **S** is the smaller of two shares: matches among the first ten, audio to MIDI and
MIDI to audio. A filled mark is told from its **null**, a hollow one is not; the interval is the 95 % interval over works.
Grey squares are the **untrained twin**: the same architecture from the same seed after zero steps. Open diamonds are what
**others** have published of the arm. Triangles are **controls**, arms with the same parameters that are given zeros, noise,
or descriptors of something else. They stand below their arm to say what it owes to its parameters, and are not ranked.

- **Drop of S without A4**: A4 is set to zero in the trained model, in hundredths of S.
- **S kept at ±3 semitones**: the mean of S at −3 and +3 divided by S at 0, the MIDI alone moved. Little kept is no fault: a
  model that follows pitch *should* lose the match when only one side moves. Of an S that is chance there is nothing to keep:
  where the twin finds no more than chance, it has no square.
- **CKA**: how alike audio and MIDI layers are, debiased, the mean over blocks; the null is shuffled pairs.
- **Most sensitive band**: of the bands of A4, the one without which the audio embedding moves farthest, as a share of the
  distance between works; the twin is shown for the same band, the null is the recording one sample later.
- **S at 5 dB white noise**: the twin is examined at 0 dB alone.
- **Cosine of matched pairs**: the null is the mean cosine of mismatched pairs.

How it misleads:

- Columns have pools of their own, and S is easier to reach in a smaller pool: compare down a column, not along a row.
- One number a test hides doses, layers and bands. Follow a title to its page before anything is claimed.
- The band is chosen as the largest of eight, so that its number is too large by what luck adds; its interval does not know
  that.
- Published values are of models of 74 to 79 million parameters on other data, and several have known faults, which are said
  on hover: compare their order and sign, not their size. CKA was published with its bias, so that ours of that estimator is
  on hover.
- An interval is over works, for one training each. Another seed may turn a difference around, and the best of several is
  partly the luckiest.
- Without A4 a concatenating arm falls back on its CNN frames; a reverse arm has nothing else to read. A drop says what was
  used, not what was needed: the controls say that.
"""


def page() -> None:
    """What is at hand about the chosen checkpoints."""
    access.require_access()
    summary.show(HOW_TO_READ)


if __name__ == "__main__":  # not in the processes that render clips
    page()
