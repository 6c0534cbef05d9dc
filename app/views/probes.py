"""What can be read out of each layer?"""

from app.kit import study_page
from app.studies.probes import answer

HOW_TO_READ = """
A linear probe is fitted to the mean over tokens of one layer and has to say something about each window: a ridge regression for
numbers (score R²), a logistic regression for classes (score: balanced accuracy, the mean share found of each class). Folds are
dealt **by work**: every window is predicted by a probe that saw no window of its work. By default only pieces that the encoders
did not train on are asked ("unseen": validation and test).

The dashed line is **nothing read**: what shuffled labels give (those of other works), or always saying the mean (R² 0) or any
class (1 / classes), whichever is higher. Dotted lines are the same probe on the **input** itself, without a model: log-mel
statistics and chroma of the audio, pitch histogram and note statistics of the MIDI. Some of these contain the label and say so.
The untrained twin shows what the architecture lets through without training. **Selectivity** is the score minus that of shuffled
labels.

How it misleads:

- R² can be negative: worse than always saying the mean. It often is where few works have to speak for others. A negative score
  does not show that nothing is there, only that no linear rule carried over to other works.
- Selectivity can be large where the score is below 0, because shuffled labels do worse still. Look at both.
- A probe finds what is *linearly there*, not what the model uses. Ablation and the bands ask for that.
- What is not found linearly may be there in another form. The probe MLP-512 (Settings: mlp "best" or "all") is not linear, and is
  always named apart.
- Works are few. Intervals draw whole works, but the folds stay as they are; a single odd piece can carry a score. Intervals of R²
  are lopsided: a draw repeats works, varies less and so scores lower; the draws are moved until their middle is the score.
- The best of several layers is chosen by the score that is shown for it, which flatters it a little; so is the twin's best.
- Wide layers have more to fit than narrow inputs, and the embedding has been through pooling and a projection.
- Classes of a single work cannot be held out and are left out; n says how many windows remain. The corpus decides which
  composers that are, and recognising a composer may be recognising a texture or a level.
"""

PAGE = study_page.StudyPage("probes", HOW_TO_READ, answer.draw)

if __name__ == "__main__":  # not in the processes that render clips
    study_page.show(PAGE)
