"""Which stems belong together?"""

from analysis.results import Result
from analysis.studies.stems.rows import NEGATIVES
from app.kit import controls, study_page
from app.kit.study_form import Choice
from app.studies.stems import answer, hard_queries

HOW_TO_READ = """
**Each question**: the stems that sound in one window are divided at random. Some of them, mixed, are the anchor; some of the
others, mixed, are the candidate that belongs to it. A model has to pick that candidate among K, of which the others are
parts of other windows. A mix is the mean of its stems. Every window asks once in every partition, and the stems are divided
anew each time.

**Chance** is 1 / K; candidates that are equally good share the credit. The **untrained twin** shows what the architecture
alone can do, and **log-mel** what a comparison of mean spectra hears: whoever does not exceed both has not learned what goes
together.

A model that was made for the question compares anchor and candidate by its own score; of any other that reads sound, the
cosine of its embeddings is taken.

How it misleads:

- The demo corpus has two stems, a left and a right hand on the same dry piano: harmony and rhythm must tell which belong
  together, for neither timbre nor room does. Recordings of bands give more away: one room, one mastering, one tempo.
- Half of the wrong candidates are the same hand as the anchor. Who prefers a sound unlike the anchor's leaves them out at
  once, and is right twice as often as chance without hearing what belongs together; who prefers a like sound is right more
  rarely than chance.
- Wrong candidates of the same work are in the same key and tempo. They leave the place in the music as the only cue.
- Intervals draw whole works, not windows, and cover the choice of works. ± is of the divisions and wrong candidates alone.
- A window in which fewer than two stems sound is no fair question and is left out; below the headline stands how many.
- Published numbers are of other data, and none of ours.
"""


def draw(result: Result, choice: Choice) -> None:
    """Accuracies, the wrong choices to be heard, and what is published."""
    arms = {str(checkpoint.name): str(checkpoint.arm) for checkpoint in choice.checkpoints}
    answer.curves(result)
    negatives = controls.pick_word("pool", "Wrong candidates", NEGATIVES)
    answer.draw(result, negatives, arms)
    hard_queries.draw(result, negatives)
    answer.published_table()


PAGE = study_page.StudyPage("stems", HOW_TO_READ, draw)

if __name__ == "__main__":  # not in the processes that render clips
    study_page.show(PAGE)
