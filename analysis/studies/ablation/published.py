"""What this study says where others have published a number."""

from analysis.results import Result
from analysis.studies.ablation.kinds import EXCHANGED, SAME_WORK, TRAINING_NOISE
from analysis.studies.ablation.rows import AS_IT_IS, AblationRow
from analysis.studies.base.record import Ours
from analysis.studies.counted import text_of

ABLATIONS = {
    AS_IT_IS: "real",
    "zero": "zero {}",
    TRAINING_NOISE: "noise {}",
    SAME_WORK: "shuffle {}",
}
SHUFFLES = {SAME_WORK: "same work", EXCHANGED: "all windows"}


def ours(result: Result) -> Ours:
    """S by what a descriptor was replaced with.

    What the authors call noise has the mean and SD of the training set. What they call a shuffle exchanged descriptors across
    batches, but their batches are 16 or 32 consecutive windows, so nearly always of one piece and up to 75 % overlapping: its
    counterpart is the descriptor of another window of the same work. The exchange across all windows, which is what the
    description says, stands beside it in the same words, each named.
    """
    rows = [row for row in result.rows(AblationRow) if not row.is_twin]
    exchanged = {(row.checkpoint, row.input): row for row in rows if row.kind == EXCHANGED}
    for row in rows:
        if row.kind not in ABLATIONS:
            continue
        text = text_of(row.score)
        if row.kind == SAME_WORK:
            text += f" {SHUFFLES[SAME_WORK]}"
            if other := exchanged.get((row.checkpoint, row.input)):
                text += f"; {text_of(other.score)} {SHUFFLES[EXCHANGED]}"
        yield row.checkpoint, ABLATIONS[row.kind].format(row.input), "S", text
