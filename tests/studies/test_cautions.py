"""Few works are told of, wherever the numbers are shown."""

from pathlib import Path

import pytest

from analysis.models.checkpoint import Checkpoint
from analysis.results import Result
from analysis.studies.base.requests import build_request
from analysis.studies.base.study import run_study
from analysis.studies.cautions import cautions


@pytest.mark.parametrize(
    ("works", "said"),
    [(1, "Only one work"), (2, "Only 2 works: there is no"), (4, "Only 4 works"), (5, ""), (24, ""), (None, "")],
)
def test_few_works_are_told_of(works: int | None, said: str) -> None:
    found = cautions(Result("probes", {}, "Headline.", [], {}, {}, {} if works is None else {"n_works": works}))
    assert bool(found) == bool(said)
    assert all(sentence.startswith(said) for sentence in found)


def test_a_result_knows_its_works(corpus_folder: Path, make_checkpoint) -> None:
    checkpoint: Checkpoint = make_checkpoint("D0")
    request = build_request("retrieval", [str(checkpoint.path)], {"corpus": str(corpus_folder), "split": "all"})
    assert run_study("retrieval", request).provenance["n_works"] == 4
