"""Which models and corpora a study can serve, and the sentence that says why not; page, command and battery show the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.datasets.piece import Corpus
    from analysis.models.checkpoint import Checkpoint
    from analysis.models.tower import Modality, Model


@dataclass(frozen=True)
class Needs:
    """What a study asks of every model.

    Attributes:
        modalities: each is read by one of its towers at least.
        pair: whether it has two towers whose embeddings can be compared.
        attention: whether one of its towers attends.
        descriptor: whether it is of a family into which descriptors may enter.
    """

    modalities: tuple["Modality", ...] = ()
    pair: bool = False
    attention: bool = False
    descriptor: bool = False


def refusal(title: str, needs: Needs, checkpoints: Sequence["Checkpoint"], corpus: "Corpus | None" = None) -> str | None:
    """Why a study cannot be made of checkpoints, or on a corpus; None where it can.

    Args:
        title: of the study.
        needs: of the study.
        checkpoints: all that are asked for.
        corpus: None where it has not been opened.
    """
    for checkpoint in checkpoints:
        if lacking := _lacking(needs, checkpoint, checkpoint.outline()):
            who = f"{checkpoint.name}, of the family {checkpoint.of_family.title}, has {lacking}"
            return f"{title} is not made of these checkpoints: {who}. Choose others."
    return None if corpus is None else _too_short(title, checkpoints, corpus)


def _lacking(needs: Needs, checkpoint: "Checkpoint", model: "Model") -> str:
    """The first thing that is needed and not there, in words; "" where nothing is lacking."""
    towers = model.towers.values()
    if unread := [modality for modality in needs.modalities if modality not in {tower.modality for tower in towers}]:
        return f"no tower for {' or '.join(unread)}"
    if needs.pair and not model.pairs:
        return "no two towers to be compared"
    if needs.attention and not any(tower.attends for tower in towers):
        return "no attention"
    return "no place for a descriptor" if needs.descriptor and not checkpoint.of_family.has_arms else ""


def _too_short(title: str, checkpoints: Sequence["Checkpoint"], corpus: "Corpus") -> str | None:
    """Why no recording is long enough; None where one is."""
    windows = {
        checkpoint.name: max(tower.input.window_s for tower in checkpoint.outline().towers.values()) for checkpoint in checkpoints
    }
    longest_s = max(piece.duration_s for piece in corpus.pieces)
    name = max(windows, key=windows.__getitem__, default="")
    if not name or windows[name] <= longest_s:
        return None
    return (
        f"{title} is not made on {corpus.name}: {name} reads windows of {windows[name]:g} s, and the longest recording lasts "
        f"{longest_s:.1f} s. Use longer recordings."
    )
