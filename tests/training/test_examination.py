"""Every objective is examined alike, and every card ends alike."""

from pathlib import Path
from typing import Any

import pytest

from analysis.datasets.piece import Corpus, Piece
from analysis.errors import CorpusError
from analysis.training.evaluation import SMALL, SMALL_POOL_PIECES
from analysis.training.examination import LONGEST_S, evaluate_trained, write_whole_card
from analysis.training.objective import find_objective
from analysis.training.objectives.phalar import PhalarObjective
from tests.training.test_elsewhere import RECORD, evaluation

N_PIECES = 6


class Counting(PhalarObjective):
    """An objective whose evaluation is the number of test pieces."""

    def __init__(self, least: int = 0) -> None:
        self.least = least

    def evaluate(self, model: object, twin: object, corpus: Corpus) -> dict[str, Any]:
        """Of so many pieces, if they suffice."""
        assert (model, twin) == ("model", "twin")
        self.longest_s = max(piece.duration_s for piece in corpus.pieces)
        if len(corpus.split("test")) < self.least:
            raise CorpusError("too few")
        return {"trained": len(corpus.split("test"))}

    def card(self, arm: str, scale: str, training: Any, evaluation: Any) -> str:
        """Of which arm."""
        del scale, training, evaluation
        return f"card of {arm}\n"


def corpus(composers: int) -> Corpus:
    """Test pieces of so many composers, one of them twice as long as the others."""
    pieces = [
        Piece(f"piece{i}", f"composer{i % composers}", "title", f"work{i}", "test", 60.0 * (1 + (i == 0)), Path(f"{i}.wav"), None)
        for i in range(N_PIECES)
    ]
    return Corpus("made up", tuple(pieces), 16_000, "free", "nobody")


def test_a_few_pieces_are_examined_apart() -> None:
    objective = Counting()
    examined = evaluate_trained(objective, "model", "twin", corpus(N_PIECES))
    assert objective.longest_s == LONGEST_S
    assert examined["trained"] == N_PIECES
    assert examined[SMALL]["trained"] == SMALL_POOL_PIECES == len(examined[SMALL]["pieces"])
    assert "piece0" not in examined[SMALL]["pieces"]  # the longest


@pytest.mark.parametrize(("least", "composers"), [(N_PIECES, N_PIECES), (0, 2)])
def test_where_few_do_not_suffice_nothing_is_lost(least: int, composers: int) -> None:
    assert evaluate_trained(Counting(least), "model", "twin", corpus(composers)) == {"trained": N_PIECES}


def test_a_card_ends_with_other_recordings_and_with_what_the_source_reports() -> None:
    card = write_whole_card(Counting(), "phalar", "small", {}, evaluation(RECORD))
    parts = [card.index(part) for part in ("card of phalar", "## On other recordings", "## What others report of such models")]
    assert parts == sorted(parts)
    assert "86.79 %, 81.49 %, 70.87 % | the authors (arXiv 2605.03929)" in card


def test_of_a_control_of_ours_others_report_nothing() -> None:
    objective = find_objective("pupujepa")
    assert objective.published_of("pupujepa")
    assert objective.published_of("pupujepa1d") == ()


def test_a_card_of_which_nothing_more_is_known_stays_as_it_is() -> None:
    silent = Counting()
    silent.published = ()
    assert write_whole_card(silent, "D0", "small", {}, {}) == "card of D0\n"
