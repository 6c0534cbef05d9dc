"""Examine a trained model beside its untrained twin, and write its card: the same for every objective."""

from collections.abc import Mapping
from dataclasses import replace

from analysis.datasets.piece import Corpus, Piece
from analysis.errors import CorpusError
from analysis.files import Json, JsonObject
from analysis.training.elsewhere import elsewhere_section
from analysis.training.evaluation import SMALL, small_pool_pieces
from analysis.training.objective import AnyModel, Objective, Published

LONGEST_S = 12.0  # 9 windows of a model of 4 s


def evaluate_trained(objective: Objective, model: AnyModel, twin: AnyModel, corpus: Corpus) -> Json:
    """Scores on the test split, and on beginnings of a few pieces of it where the corpus has such, for anyone to check.

    Raises:
        CorpusError: the test split has too few windows.
    """
    evaluation = objective.evaluate(model, twin, corpus)
    if SMALL in evaluation or not (few := beginnings(corpus.split("test"))):
        return evaluation
    try:
        small = objective.evaluate(model, twin, replace(corpus, pieces=few))
    except CorpusError:  # these few do not suffice, where all of the split do
        return evaluation
    return {**evaluation, SMALL: {"pieces": [piece.piece_id for piece in few], **small}}


def beginnings(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """Beginnings of the shortest pieces by different composers, as long as they are scored: little to render and to read."""
    return tuple(replace(piece, duration_s=min(piece.duration_s, LONGEST_S)) for piece in small_pool_pieces(pieces))


def write_whole_card(objective: Objective, arm: str, scale: str, training: JsonObject, evaluation: Mapping[str, object]) -> str:
    """The card of an objective, then what was measured on other recordings, then what others report of such models.

    A model that was trained on another corpus by other steps is not to be held against published numbers, and the card says so.
    """
    own = objective.card(arm, scale, training, evaluation)
    return own + elsewhere_section(evaluation) + _published(objective.published_of(arm))


def _published(published: tuple[Published, ...]) -> str:
    """A table of what others report; "" where nothing is known."""
    if not published:
        return ""
    rows = "\n".join(f"| {row.what} | {row.value} | {row.source} |" for row in published)
    return f"""
## What others report of such models

| what | value | by |
|---|---|---|
{rows}

These numbers are theirs, of larger models, other data, other tasks and other amounts of training: this checkpoint is a
demonstration and says nothing about them.
"""
