"""Heads over the works of a tiny corpus, and the job that looks for them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from analysis import paths
from analysis.clips.heads.corpus import corpus_heads_key, heads_in_corpus
from analysis.clips.heads.reading import HeadReading
from analysis.clips.questions.answer import read_answer
from analysis.clips.questions.followers import headline
from analysis.datasets.piece import Corpus
from analysis.errors import CorpusError
from analysis.jobs.job import Job
from analysis.jobs.kinds import corpus_heads as kind
from analysis.jobs.kinds.kind import Page
from analysis.measures.head_scores import ChosenHead
from analysis.models.checkpoint import Checkpoint
from analysis.models.heads import HeadId
from analysis.readings.study_run import StudyRun
from analysis.run import Cancel, Cancelled, RunContext
from analysis.store import open_store


def run_of(checkpoint: Checkpoint, corpus: Corpus, context: RunContext) -> StudyRun:
    return StudyRun({checkpoint.name: checkpoint}, corpus, torch.device("cpu"), None, context)


def test_a_lift_that_is_rounded_to_nothing_has_no_sign() -> None:
    none = np.zeros((0, 1))
    reading = HeadReading((HeadId(1, 2),), {1: "Layer 1"}, np.zeros(0, int), {}, none, none, none)
    best = ChosenHead("onset-locked", 0, 1, 3.0, -0.001, (None, None), 0.1, -0.002, 3.0, 0.01, 0.02, 3, 9)
    said = headline(reading, reading, [best], seed=0)
    assert said == "0.00 of lift: Layer 1, head 3 is most onset-locked (shifted events: 0.00; p = 0.02)."


def test_heads_are_chosen_on_half_of_the_works_and_tested_on_the_others(
    make_checkpoint: Callable[[str], Checkpoint], corpus: Corpus
) -> None:
    checkpoint = make_checkpoint("D0")
    found = heads_in_corpus(run_of(checkpoint, corpus, RunContext()), checkpoint)
    n_works = len({piece.group for piece in corpus.pieces})
    tested = [row[found.columns.index("works")] for row in found.rows]
    assert set(tested) == {n_works // 2}
    assert f" of {n_works} works of tiny corpus" in found.notices[0]
    assert "untrained twin: " in found.headline
    assert "shifted events: " in found.headline
    assert "pitch-class-locked" in found.scores
    lift, low, high = (found.columns.index(name) for name in ("lift", "95 % from", "to"))
    for row in found.rows:
        lowest, value, highest = row[low], row[lift], row[high]
        assert (lowest is None) == (n_works // 2 < 3)
        if isinstance(lowest, float) and isinstance(value, float) and isinstance(highest, float):
            assert lowest <= value <= highest


def test_too_few_works_are_refused(make_checkpoint: Callable[[str], Checkpoint], corpus: Corpus) -> None:
    checkpoint = make_checkpoint("D0")
    group = corpus.pieces[0].group
    few = replace(corpus, pieces=tuple(piece for piece in corpus.pieces if piece.group == group))
    with pytest.raises(CorpusError, match="4 at least; tiny corpus has 1. Use more pieces"):
        heads_in_corpus(run_of(checkpoint, few, RunContext()), checkpoint)


def test_it_can_be_cancelled(make_checkpoint: Callable[[str], Checkpoint], corpus: Corpus) -> None:
    checkpoint, cancel = make_checkpoint("D0"), Cancel()
    cancel.request()
    with pytest.raises(Cancelled):
        heads_in_corpus(run_of(checkpoint, corpus, RunContext(cancel=cancel)), checkpoint)


def test_the_job_stores_the_answer_once(
    make_checkpoint: Callable[[str], Checkpoint], corpus: Corpus, corpus_folder: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv(paths.CACHE_VARIABLE, str(tmp_path))
    checkpoint = make_checkpoint("D0")
    request = {"checkpoint": str(checkpoint.path), "corpus": str(corpus_folder)}
    document = kind.corpus_heads(request, RunContext())
    assert document["store_key"] == corpus_heads_key(checkpoint, corpus.sha256)
    assert read_answer(open_store(), document["store_key"]) is not None
    monkeypatch.setattr("analysis.clips.heads.corpus.heads_in_corpus", None)
    assert kind.corpus_heads(request, RunContext()) == document
    assert kind.memory(request, "cpu") > 0
    job = Job("x", "corpus_heads", '{"checkpoint": "/runs/a", "corpus": "full"}', "cpu", 0, "done", 0.0)
    assert kind.page(job) == Page("clip", {"checkpoint": "a"})
