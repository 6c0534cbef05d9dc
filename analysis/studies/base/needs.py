"""What a study can serve, and the sentence that says why not; page, command and battery show the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.models.checkpoint import Checkpoint
    from analysis.models.tower import Modality, Model
    from analysis.studies.base.settings import AnyRequest


@dataclass(frozen=True)
class Needs:
    """What a study asks of every model.

    Attributes:
        modalities: each is read by one of its towers at least.
        pair: whether it has two towers whose embeddings can be compared, which read these modalities between them.
        attention: whether one of its towers attends, which reads one of these modalities.
        onsets: whether it must be known of the recordings where notes begin.
        descriptor: whether it is of a family into which descriptors may enter.
        apart: whether each side must be fed by itself, the sound altered and the notes not, or one without the other.
        every_tower: whether all towers are read, so that recordings need notes where one of them reads notes.
        same_sides: whether all of them must read the same, sound and notes or sound alone.
        any_length: whether models whose windows differ in length may stand beside each other: all then begin their windows at
            the same moments, and tokens count as far as the shortest of these windows reaches.
        stems: whether the recordings of a corpus must have stems.
        beats: whether beats of its recordings must be annotated.
    """

    modalities: tuple["Modality", ...] = ()
    pair: bool = False
    attention: bool = False
    onsets: bool = False
    descriptor: bool = False
    apart: bool = False
    every_tower: bool = False
    same_sides: bool = False
    any_length: bool = False
    stems: bool = False
    beats: bool = False


def refusal(title: str, needs: Needs, checkpoints: "Sequence[Checkpoint]", request: "AnyRequest | None" = None) -> str | None:
    """Why a study cannot be made of checkpoints, of a corpus or with a pooling; None where it can.

    Args:
        title: of the study.
        needs: of the study.
        checkpoints: all that are asked for.
        request: what is asked, if that is known already: of which corpus, and how tokens are pooled.
    """
    for checkpoint in checkpoints:
        if lacking := _lacking(needs, checkpoint, checkpoint.outline()):
            who = f"{checkpoint.name}, of the family {checkpoint.of_family.title}, has {lacking}"
            return f"{title} is not made of these checkpoints: {who}. Choose others."
    if needs.same_sides and (unlike := _unlike(checkpoints)):
        return f"{title} is not made of these checkpoints: {unlike}. Choose some that read the same."
    lengths = {tower.input.window_s for checkpoint in checkpoints for tower in checkpoint.outline().towers.values()}
    if len(lengths) > 1 and not needs.any_length:
        words = " and ".join(f"{length:g} s" for length in sorted(lengths))
        return f"{title} is not made of these checkpoints: their windows last {words}. Choose some of one length."
    return None if request is None else _refused_request(title, needs, checkpoints, request)


def _refused_request(title: str, needs: Needs, checkpoints: "Sequence[Checkpoint]", request: "AnyRequest") -> str | None:
    """What the corpus does not hold, or which tower does not pool so."""
    from analysis.datasets.corpora import NAMES, has_beats, has_notes, has_stems  # slow to import

    if _reads_notes(needs, checkpoints) and not has_notes(request.corpus):
        return f"{title} reads notes, but no recording of {request.corpus} has a MIDI file. Choose another corpus."
    if needs.stems and not has_stems(request.corpus):
        some = " or ".join(name for name in NAMES if has_stems(name))
        return f"{title} compares stems, but no recording of {request.corpus} has any. Choose {some}, or a folder with stems."
    if needs.beats and not has_beats(request.corpus):
        unknown = f"those of no recording of {request.corpus} are annotated"
        return f"{title} needs annotated beats, but {unknown}. Choose a folder in which they are, such as one of MAPS or POP909."
    if needs.onsets and not has_notes(request.corpus):
        unknown = f"no recording of {request.corpus} has a MIDI file"
        return f"{title} needs to know where notes begin, but {unknown}. Choose another corpus."
    if (pooling := getattr(request, "pooling", "")) == "":
        return None
    for checkpoint in checkpoints:
        for name, tower in checkpoint.outline().towers.items():
            if pooling not in tower.poolings:
                has = f"the tower {name} of {checkpoint.name} has {' and '.join(tower.poolings)}"
                return f"{title} is not made with the pooling {pooling}: {has}. Choose another."
    return None


def _unlike(checkpoints: "Sequence[Checkpoint]") -> str:
    """Which two of them do not read the same, in words; "" where all do."""
    from analysis.models.sides import compared_sides  # slow to import

    alone = [each.name for each in checkpoints if len(compared_sides(each.outline())) == 1]
    paired = [each.name for each in checkpoints if each.name not in alone]
    return f"{alone[0]} reads sound alone and {paired[0]} sound and notes" if alone and paired else ""


def _reads_notes(needs: Needs, checkpoints: "Sequence[Checkpoint]") -> bool:
    """Whether notes of recordings are read."""
    if "notes" in needs.modalities or not needs.every_tower:
        return "notes" in needs.modalities
    return any(tower.modality == "notes" for each in checkpoints for tower in each.outline().towers.values())


def _lacking(needs: Needs, checkpoint: "Checkpoint", model: "Model") -> str:
    """The first thing that is needed and not there, in words; "" where nothing is lacking."""
    from analysis.models.sides import pairs_of  # slow to import

    towers = model.towers.values()
    if unread := [modality for modality in needs.modalities if modality not in {tower.modality for tower in towers}]:
        return f"no tower for {' or '.join(unread)}"
    if needs.pair and not pairs_of(model, needs.modalities):
        return "no two towers to be compared" + (f" that read {' and '.join(needs.modalities)}" if model.pairs else "")
    readers = [tower for tower in towers if not needs.modalities or tower.modality in needs.modalities]
    if needs.attention and not any(tower.attends for tower in readers):
        return "no attention" + (f" in a tower for {' or '.join(needs.modalities)}" if needs.modalities else "")
    if needs.apart and checkpoint.of_family.has_arms and checkpoint.model_config.crosses:
        return "sides that are given each other's descriptors, so that neither can be fed alone"
    return "no place for a descriptor" if needs.descriptor and not checkpoint.of_family.has_arms else ""
