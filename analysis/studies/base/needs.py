"""Which models a study can serve, and the sentence that says why not; page, command and battery show the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.datasets.segments import WINDOW_S

if TYPE_CHECKING:
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
        any_window: whether windows of another length than 4 s will do; they are not rendered, altered or exchanged then.
        apart: whether each side must be fed by itself, the sound altered and the notes not, or one without the other.
    """

    modalities: tuple["Modality", ...] = ()
    pair: bool = False
    attention: bool = False
    descriptor: bool = False
    any_window: bool = False
    apart: bool = False


def refusal(title: str, needs: Needs, checkpoints: "Sequence[Checkpoint]") -> str | None:
    """Why a study cannot be made of checkpoints; None where it can.

    Args:
        title: of the study.
        needs: of the study.
        checkpoints: all that are asked for.
    """
    for checkpoint in checkpoints:
        if lacking := _lacking(needs, checkpoint, checkpoint.outline()):
            who = f"{checkpoint.name}, of the family {checkpoint.of_family.title}, has {lacking}"
            return f"{title} is not made of these checkpoints: {who}. Choose others."
    lengths = {tower.input.window_s for checkpoint in checkpoints for tower in checkpoint.outline().towers.values()}
    if len(lengths) > 1:
        words = " and ".join(f"{length:g} s" for length in sorted(lengths))
        return f"{title} is not made of these checkpoints: their windows last {words}. Choose some of one length."
    if not needs.any_window and lengths - {WINDOW_S}:
        return f"{title} is made of windows of {WINDOW_S:g} s; these checkpoints read {lengths.pop():g} s. Choose others."
    return None


def _lacking(needs: Needs, checkpoint: "Checkpoint", model: "Model") -> str:
    """The first thing that is needed and not there, in words; "" where nothing is lacking."""
    towers = model.towers.values()
    if unread := [modality for modality in needs.modalities if modality not in {tower.modality for tower in towers}]:
        return f"no tower for {' or '.join(unread)}"
    if needs.pair and not model.pairs:
        return "no two towers to be compared"
    if needs.attention and not any(tower.attends for tower in towers):
        return "no attention"
    if needs.apart and checkpoint.of_family.has_arms and checkpoint.model_config.crosses:
        return "sides that are given each other's descriptors, so that neither can be fed alone"
    return "no place for a descriptor" if needs.descriptor and not checkpoint.of_family.has_arms else ""
