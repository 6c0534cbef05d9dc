"""Which heads mark where notes and chords begin?"""

from app.kit import study_page
from app.studies import onsets

HOW_TO_READ = """
Every head gives the tokens of a window shares of its attention. What a token receives, averaged over all tokens that attend (or
from the class token alone), is a curve over time; its peaks are held against annotated events. A **peak** is largest around it,
and stands out from its surroundings by a threshold. **F1** is the share of peaks and events that go together, each at most once,
within 50 ms for onsets and 0.5 s for chord changes. Notes that begin within 30 ms are one onset.

Heads are many, and the best of many is good by luck. The head and every threshold are therefore chosen on half of the works, and
all numbers are of the other half. The null moves the peaks of a window along it: as many and as far apart, but unrelated to the
music. The untrained twin chooses its own best head in the same way. **Spectral flux** and **energy** are of the
sound itself.

The **correlation given log energy** asks whether a head marks onsets beyond being drawn to loud moments: what is received and
whether a token holds an event are correlated within every window, after straight lines in the level have been taken off both.

How it misleads:

- A head that avoids onsets has dips there, no peaks: its F1 is low and its correlation negative.
- Attention that follows an onset by a token or two, such as to the loudest moment, misses 50 ms. Energy alone does so as well,
  and can fall below its null.
- Within 0.5 s of a chord change lies a good part of a window. F1 of chord changes is high by chance; look at its null.
- Tokens that are longer than 100 ms cannot tell an onset within 50 ms.
- Where windows are rendered or recorded with a long reverberation, flux itself is worse.
- Attention is not use: what a head looks at need not change what the model says.
"""

PAGE = study_page.StudyPage("onsets", HOW_TO_READ, onsets.draw)

if __name__ == "__main__":  # not in the processes that render clips
    study_page.show(PAGE)
