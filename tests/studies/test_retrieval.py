"""The scoreboard gives what the evaluation of training gives, with its controls, and knows its store."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from analysis.datasets.corpora import open_corpus
from analysis.datasets.pools import PoolSizes
from analysis.datasets.segments import drop_repeated, list_segments
from analysis.errors import Cancelled, CheckpointError, ConfigError
from analysis.measures.retrieval import chance_of_s
from analysis.models.checkpoint import save_checkpoint
from analysis.models.dual_encoder import build_arm
from analysis.numbers import Value
from analysis.run import Cancel, RunContext
from analysis.store import Store
from analysis.studies.base.requests import build_request, command_of
from analysis.studies.base.study import find_checkpoint, finish_study, run_study
from analysis.studies.retrieval.rows import PairRow
from analysis.studies.retrieval.study import details, headline
from analysis.studies.shared_rows import WindowRow
from analysis.training.evaluation import evaluate
from tests.tiny import build_narrow

SMALL = {"n_queries": 20, "pool_size": 16, "n_same_piece": 5, "n_same_composer": 3, "split": "all"}


@pytest.fixture
def corpus(tmp_path: Path, rng: np.random.Generator) -> Path:
    import pretty_midi

    folder = tmp_path / "corpus"
    folder.mkdir()
    for number in range(3):
        midi = pretty_midi.PrettyMIDI()
        piano = pretty_midi.Instrument(0)
        for onset, pitch in enumerate(rng.integers(40, 80, 30)):
            piano.notes.append(pretty_midi.Note(80, int(pitch), 0.5 * onset, 0.5 * onset + 0.4))
        midi.instruments.append(piano)
        midi.write(str(folder / f"work{number}.mid"))
        soundfile.write(folder / f"work{number}.wav", 0.1 * rng.standard_normal(15 * 24_000), 24_000)
    return folder


@pytest.fixture
def checkpoints(tmp_path: Path) -> tuple[str, str]:
    names = ("one", "two")
    for seed, name in enumerate(names):
        model = build_narrow("a4r", seed + 5)
        save_checkpoint(
            tmp_path / name, model, arm="a4r", scale="small", training={"seed": seed}, evaluation={}, history=[], card=""
        )
    return str(tmp_path / "one"), str(tmp_path / "two")


def test_scores_equal_those_of_the_evaluation_and_carry_their_controls(corpus: Path, checkpoints: tuple[str, str]) -> None:
    request = build_request("retrieval", checkpoints, {**SMALL, "corpus": str(corpus)})
    result = run_study("retrieval", request)
    segments = drop_repeated(list_segments(open_corpus(str(corpus)).pieces, max_per_piece=100))
    sizes = {name: size for name, size in SMALL.items() if name != "split"}
    model = find_checkpoint(checkpoints[0]).model()
    expected = evaluate(model, segments, PoolSizes(**sizes), device=torch.device("cpu"))
    for scores, name in ((expected.canonical, "canonical"), (expected.no_overlap, "no overlap")):
        score = result.value(checkpoint="one", weights="trained", pool=name, what="S")
        assert score.value == pytest.approx(scores.s)
        assert [score.ci_low, score.ci_high] == pytest.approx(scores.interval)
        assert score.null == pytest.approx(chance_of_s(score.n, 16))
        back = result.value(checkpoint="one", weights="trained", pool=name, direction="MIDI to audio", what="R@1")
        assert back.value == pytest.approx(scores.midi_to_audio["R@1"])
    assert result.value(checkpoint="one", weights="untrained", pool="canonical", what="S").value is not None
    assert result.value(checkpoint="one", direction="audio to MIDI", what="accuracy against same piece").null == 0.5
    assert {row.pool for row in result.rows(PairRow)} == {"canonical", "no overlap"}
    for row in result.rows(PairRow):
        assert 0 < row.p <= 1
        assert row.ci_low is not None
        assert row.ci_high is not None
        assert row.ci_low <= row.difference <= row.ci_high


def test_second_run_comes_from_the_store(
    corpus: Path, checkpoints: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path / "store")
    request = build_request("retrieval", checkpoints[:1], {**SMALL, "corpus": str(corpus)})
    first = run_study("retrieval", request, store=store)
    monkeypatch.setattr("analysis.studies.retrieval.study.measure", lambda *_: pytest.fail("computed again"))
    assert run_study("retrieval", request, store=store) == run_study("scoreboard", request, store=store) == first


def test_a_cancelled_run_stores_nothing(corpus: Path, checkpoints: tuple[str, str], tmp_path: Path) -> None:
    class Stop(Cancel):
        def check(self) -> None:
            raise Cancelled

    store = Store(tmp_path / "store")
    request = build_request("retrieval", checkpoints[:1], {**SMALL, "corpus": str(corpus)})
    with pytest.raises(Cancelled):
        run_study("retrieval", request, store=store, context=RunContext(cancel=Stop()))
    assert store.usage()[0] == 0


def test_requests_are_checked() -> None:
    with pytest.raises(ConfigError, match="There is no study 'scores': expected one of retrieval"):
        build_request("scores", (), {})
    with pytest.raises(ConfigError, match="retrieval has no setting 'pool': expected one of corpus"):
        build_request("retrieval", ("x",), {"pool": 3})
    with pytest.raises(ConfigError, match="pool_size of retrieval is 'many'; expected int like 256"):
        build_request("retrieval", ("x",), {"pool_size": "many"})
    with pytest.raises(CheckpointError, match="There is no checkpoint 'nowhere'"):
        find_checkpoint("nowhere")
    with pytest.raises(CheckpointError, match="No checkpoint is named"):
        run_study("retrieval", build_request("retrieval", (), {}))


def test_the_command_asks_the_same() -> None:
    request = build_request("retrieval", ("a", "b"), {"pool_size": "64", "seed": 42})
    assert request.pool_size == 64
    assert command_of("retrieval", request) == "otoscope study retrieval a b --set pool_size=64"


@pytest.mark.parametrize(
    ("p", "ends", "more"),
    [
        (0.05, "1.6]), not distinguishable from two.", "one is not distinguishable from two (p = 0.050): paired permutation"),
        (0.0499, "1.6]).", "one is above two (p = 0.04990): paired permutation by work, p not corrected."),
    ],
)
def test_the_headline_says_whom_the_best_cannot_be_told_from(p: float, ends: str, more: str) -> None:
    def score(name: str, weights: str, value: float, low: float, high: float) -> Value:
        key = {"checkpoint": name, "weights": weights, "pool": "canonical", "what": "S"}
        return Value(key, value, low, high, 500, 10 / 256, "share", "min of R@10 both ways")

    values = [score("one", "trained", 0.8, 0.7, 0.9), score("one", "untrained", 0.012, 0.01, 0.016)]
    values += [score("two", "trained", 0.7, 0.6, 0.8), score("two", "untrained", 0.03, 0.02, 0.05)]
    pair = PairRow("canonical", "one", "two", 0.1, 0.0, 0.2, p, 500)
    said = headline(values, ("one", "two"), [pair], 256)
    assert said.startswith(
        "S = 80.0 % [70.0, 90.0] among 256 candidates: one finds most (chance 3.9 %, untrained twin 1.2 % [1.0, "
    )
    assert said.endswith(ends)
    rest = details(values, ("one", "two"), [pair])
    assert rest.startswith("n = 500 queries, each searched both ways; ")
    assert more in rest
    near = headline([replace(one, ci_low=0.0) for one in values], ("one", "two"), [], 256)
    assert near.endswith("), not distinguishable from chance.")
    alone = headline(values, ("two",), [replace(pair, p=0.5)], 256)  # one is a control
    assert ": two finds the match (" in alone
    assert "distinguishable from one" not in alone


def test_pools_that_the_windows_cannot_fill_shrink_and_the_user_is_told(corpus: Path, checkpoints: tuple[str, str]) -> None:
    told: list[str] = []
    request = build_request("retrieval", checkpoints[:1], {"split": "all", "corpus": str(corpus)})
    result = finish_study("retrieval", request, context=RunContext(notice=told.append)).result
    n_windows = len(result.rows(WindowRow))
    assert told == [
        f"{n_windows} windows fill no pools of 256 for 500 queries; {n_windows} queries are searched among 16 candidates instead."
    ]
    assert result.arrays["candidates.0"].shape == (n_windows, 16)
    assert result.value(what="S").null == chance_of_s(n_windows, 16)


def test_weights_that_overflow_are_refused_in_words(corpus: Path, checkpoints: tuple[str, str], tmp_path: Path) -> None:
    model = build_arm("a4r", "small", 0)  # a narrow one does not overflow
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(6e4)
    save_checkpoint(tmp_path / "huge", model, arm="a4r", scale="small", training={}, evaluation={}, history=[], card="")
    for study, settings in (
        ("retrieval", SMALL), ("replication", {}), ("ablation", {}), ("bands", {}), ("transposition", {}), ("invariance", {}),
        ("embedding", {}), ("similarity", {}), ("probes", {}),
    ):  # fmt: skip
        asked = {"corpus": str(corpus), "split": "all", "windows_per_piece": 4, **settings}
        with pytest.raises(CheckpointError, match="The embeddings of huge are not finite; it cannot be examined"):
            run_study(study, build_request(study, [str(tmp_path / "huge")], asked))


def test_a_model_that_hears_nothing_is_said_to_rank_every_match_last(corpus: Path, tmp_path: Path) -> None:
    model = build_narrow("a4r")
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    save_checkpoint(tmp_path / "zero", model, arm="a4r", scale="small", training={}, evaluation={}, history=[], card="")
    notices: list[str] = []
    asked = build_request("retrieval", [str(tmp_path / "zero")], {"corpus": str(corpus), **SMALL})
    result = finish_study("retrieval", asked, context=RunContext(notice=notices.append)).result
    assert "zero ranks every match last, as where all embeddings are equal, since ties count as misses" in result.headline
    assert any("all audio and all MIDI embeddings are equal" in notice for notice in notices)
