"""What can be read from single tokens?"""

from app.kit import study_page
from app.studies import tokens

HOW_TO_READ = """
Every window is asked about at moments 0.1 s apart. Of each layer the **token nearest to the moment** is taken (where several have
the same time, such as bands, their mean), and a linear probe has to say what is there. What the notes and people's annotations
give decides what is asked:

- **pitch classes**: which of twelve sound (R², mean over those that vary);
- **chord**: 12 major, 12 minor or none, other qualities counting as none (accuracy);
- **key**: the one in force, of 24 (accuracy);
- **beat**: peaks of the predicted curve within 70 ms of a beat (F1; the threshold is chosen on half of the works, F1 is of the
  others).

All probes are ridge regressions; a class is the largest of as many numbers as there are classes. Folds are dealt **by work**, and
by default only pieces that the encoders did not train on are asked ("unseen": validation and test).

The dashed line is **nothing read**: what shuffled labels give (those of other works), or what can be had without tokens: the mean
(R² 0), the most frequent class, or the same peaks moved in time, whichever is higher. Dotted lines are the same probe on the
**sound itself** at the same moments: chroma, and log-mel in dB. The untrained twin shows what the architecture lets through
without training. **Selectivity** is the score minus that of shuffled labels.

How it misleads:

- A token that attends, or whose window is long, has heard more than its moment; chroma of a moment has not. What is above chroma
  may be context alone.
- Tokens that are longer than 0.2 s cannot place a beat within 70 ms, and neighbouring moments have the same token.
- A note that sounds by its file, such as one held by the pedal, may have faded.
- One key often lasts for a whole piece. A probe cannot learn keys that few other works have, and always saying the most frequent
  one is hard to beat. Look at "without tokens".
- Moments of a window are alike: intervals draw whole works, of which there may be few.
- A probe finds what is *linearly there*, not what the model uses.
- The best of several layers is chosen by the score that is shown for it, which flatters it a little; so is the twin's best.
"""

PAGE = study_page.StudyPage("tokens", HOW_TO_READ, tokens.draw)

if __name__ == "__main__":  # not in the processes that render clips
    study_page.show(PAGE)
