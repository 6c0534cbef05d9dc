"""Do layers and encoders speak the same language?"""

from app.kit import study_page
from app.studies import similarity

HOW_TO_READ = """
Both sides are read at every layer for the same windows, one row per window (mean over tokens). **CKA** asks whether windows
that are alike on one side are alike on the other. **Debiased** CKA is 0 on average for unrelated sides; **biased** CKA, which
most published maps show, is not: for independent Gaussian data with the same participation ratios it would be what a cell says
on hover. **RBF** looks at near neighbours (the smaller t, the nearer). **RSA** compares the orders of all distances.

A model with one side alone has its layers compared with each other, a block never with itself; those of two models are compared
where both have that side. Models that hear windows of different lengths begin them at the same moments, and of every layer the
tokens count whose centres lie in the seconds that all of them hear; an embedding or a class token knows its whole window.

A cell that shuffled pairs (windows of one side given to other works) reach in 5 % of the draws or more is hatched. The
untrained twin shows what the architecture and the input alone make alike; the row and column *in* begin before the first block,
and *inputs alone* compares mean log-mel spectra with pitch histograms, without any model.

How it misleads:

- Similar inputs make any two networks look alike. Compare with the twin and with *inputs alone*, not with 0.
- CKA sees the directions of largest variance. A few windows far from the rest can carry a cell: look at what is behind it, and
  at the estimate without the largest 1 %.
- It is blind to what a linear map could still read. Low similarity is not low information; that is what probes are for.
- Windows of one piece are alike. Intervals leave out whole works; n counts windows.
- Cells are many. Some are outside their null by luck.
"""

PAGE = study_page.StudyPage("similarity", HOW_TO_READ, similarity.draw)

if __name__ == "__main__":  # not in the processes that render clips
    study_page.show(PAGE)
