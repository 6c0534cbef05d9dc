"""A run that is interrupted and resumed gives the weights of one that was not."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pretty_midi
import pytest
import soundfile
import torch

from analysis.datasets.paired_folder import load_paired_folder
from analysis.datasets.pools import PoolSizes
from analysis.datasets.segments import list_segments
from analysis.errors import ConfigError, CorpusError
from analysis.models.dual_encoder import build_arm
from analysis.training.evaluation import fit_pool
from analysis.training.loop import Run, TrainRequest, train
from analysis.training.objectives.dual import parameter_groups
from analysis.training.recipes import LEARNING_RATES, RECIPES, find_recipe


def write_folder(folder: Path, rng: np.random.Generator) -> Path:
    """Three pieces of 10 s."""
    for index in range(3):
        midi = pretty_midi.PrettyMIDI()
        midi.instruments.append(pretty_midi.Instrument(0))
        starts, pitches = np.arange(0, 9, 0.5), rng.integers(40, 80, 18)
        midi.instruments[0].notes += [pretty_midi.Note(80, int(p), s, s + 0.4) for s, p in zip(starts, pitches, strict=True)]
        midi.write(str(folder / f"piece{index}.mid"))
        soundfile.write(folder / f"piece{index}.wav", 0.1 * rng.standard_normal(10 * 24_000), 24_000)
    return folder


@pytest.fixture
def folder(tmp_path: Path, rng: np.random.Generator) -> Path:
    return write_folder(tmp_path, rng)


@pytest.mark.usefixtures("one_thread")
def test_resumed_run_equals_uninterrupted_run(folder: Path) -> None:
    segments = list_segments(load_paired_folder(folder, sample_rate=24_000, split="train").pieces)
    request = TrainRequest("d4a4", steps=3, batch_size=4, warmup=0)
    whole = Run(request, torch.device("cpu"))
    rows = [whole.train_step(segments) for _ in range(3)]
    half = Run(request, torch.device("cpu"))
    half.train_step(segments)
    half.save(folder / "resume.pt")
    resumed = Run(request, torch.device("cpu"))
    resumed.restore(folder / "resume.pt")
    assert [resumed.train_step(segments) for _ in range(2)] == rows[1:]
    for name, weight in whole.model.state_dict().items():
        assert torch.equal(weight, resumed.model.state_dict()[name]), name


def test_other_settings_are_refused(folder: Path) -> None:
    run = Run(TrainRequest("D0", steps=3), torch.device("cpu"))
    run.save(folder / "resume.pt")
    with pytest.raises(ConfigError, match="was trained with another steps; use the same again"):
        Run(TrainRequest("D0", steps=4), torch.device("cpu")).restore(folder / "resume.pt")
    with pytest.raises(ConfigError, match="was trained with another corpus; use the same again"):
        Run(TrainRequest("D0", steps=3), torch.device("cpu"), "another").restore(folder / "resume.pt")
    (folder / "resume.pt").write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(ConfigError, match="cannot be resumed: it is damaged"):
        run.restore(folder / "resume.pt")


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"arm": "D9"}, "Unknown arm 'D9'"),
        ({"scale": "big"}, "Unknown scale 'big'"),
        ({"schedule": "bogus"}, "Unknown schedule 'bogus'"),
        ({"steps": -3}, "steps is -3; expected 0 or more"),
        ({"batch_size": 1}, "batch_size is 1; expected 2 or more"),
        ({"weight_decay": -0.1}, "weight_decay is -0.1; expected 0 or more"),
        ({"weight_decay": float("nan")}, "weight_decay is nan; expected 0 or more"),
        ({"beta2": 1.0}, "beta2 is 1.0; expected a number from 0 to below 1"),
        ({"clip_norm": 0.0}, "clip_norm is 0.0; expected a number above 0"),
        ({"freeze": "all"}, "Unknown freeze 'all': expected one of '', 'cnn and positions'"),
        ({"learning_rates": "large"}, "Unknown learning_rates 'large': expected one of '', 'paper', 'small'"),
        ({"hold": 2.0}, "hold is 2; expected a share"),
    ],
)
def test_a_request_is_checked_before_anything_is_read(changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        TrainRequest(**{"arm": "D0", **changed})


def test_an_interrupted_run_is_not_overwritten(folder: Path) -> None:
    corpus = load_paired_folder(folder, sample_rate=24_000)
    (folder / "run").mkdir()
    Run(TrainRequest("D0", steps=3), torch.device("cpu")).save(folder / "run" / "resume.pt")
    with pytest.raises(ConfigError, match="holds an interrupted run. Go on with --resume"):
        train(TrainRequest("D0", steps=3), corpus, folder / "run")


def test_every_parameter_has_one_rate() -> None:
    model = build_arm("d4-a4r", "small", 0)
    groups = parameter_groups(model, "small")
    grouped = [id(parameter) for group in groups for parameter in group["params"]]
    assert sorted(grouped) == sorted(id(parameter) for parameter in model.parameters())
    rates = {id(parameter): group["lr"] for group in groups for parameter in group["params"]}
    by_name = {name: rates[id(parameter)] for name, parameter in model.named_parameters()}
    expected = LEARNING_RATES["small"]
    assert {by_name[name] for name in by_name if ".a4_" in name or ".d4_" in name} == {expected["descriptors"]}
    assert {by_name[name] for name in by_name if name.startswith("audio_head.")} == {expected["heads"]}
    assert {by_name[name] for name in by_name if name.startswith("audio.blocks.3.")} == {expected["audio_late"]}


def test_pools_shrink_to_what_the_windows_can_fill(folder: Path) -> None:
    segments = list_segments(load_paired_folder(folder, sample_rate=24_000, split="test").pieces)
    assert len(segments) == 21
    eight = PoolSizes(n_queries=21, pool_size=8, n_same_piece=2, n_same_composer=1)
    assert fit_pool(segments, n_queries=500) == eight  # one of 16 may need 15 windows of the other two works, which have 14
    assert fit_pool(segments, n_queries=5, pool_size=8).n_queries == 5
    with pytest.raises(CorpusError, match="Retrieval cannot be scored on 5 windows"):
        fit_pool(segments[:5], n_queries=500)


def test_what_is_frozen_is_what_the_authors_froze() -> None:
    model = build_arm("D0", "paper", 0)
    groups = parameter_groups(model, "paper", "cnn and positions")
    trained = sum(parameter.numel() for group in groups for parameter in group["params"])
    assert trained == 64_891_904  # their total without 9,302,528 of the CNN and the audio positions
    assert not model.audio.positions.requires_grad


def test_frozen_parts_stay_and_the_others_move(folder: Path) -> None:
    segments = list_segments(load_paired_folder(folder, sample_rate=24_000, split="train").pieces)
    run = Run(TrainRequest("D0", steps=2, batch_size=4, warmup=0, freeze="cnn and positions"), torch.device("cpu"))
    before = {name: tensor.clone() for name, tensor in run.model.named_parameters()}
    run.train_step(segments)
    moved = {name for name, tensor in run.model.named_parameters() if not torch.equal(tensor, before[name])}
    still = {name for name in before if name.startswith(("audio.cnn.", "audio.positions"))}
    assert not moved & still
    assert any(name.startswith("audio.blocks.0.") for name in moved)


def test_named_recipes_are_those_of_the_source_and_of_its_authors() -> None:
    paper, authors = RECIPES["paper"], RECIPES["authors"]
    assert (paper.batch_size, paper.warmup, paper.weight_decay, paper.bf16, paper.freeze) == (16, 500, 0.01, False, "")
    assert (authors.batch_size, authors.warmup, authors.weight_decay) == (16, 200, 1e-4)
    assert authors.freeze == "cnn and positions"
    assert (authors.beta1, authors.beta2, authors.bf16, authors.clip_norm) == (0.9, 0.999, False, 1.0)
    assert find_recipe("", "paper") is paper
    with pytest.raises(ConfigError, match="Unknown recipe 'mine': expected one of small, paper, authors"):
        find_recipe("mine")


def test_a_control_learns_from_training_windows_before_the_first_step(folder: Path) -> None:
    corpus = load_paired_folder(folder, sample_rate=24_000, split="train")
    segments = list_segments(corpus.pieces)
    run = Run(TrainRequest("d4a4-shuffled", steps=2, batch_size=4, warmup=0), torch.device("cpu"))
    run.learn(segments)
    given = run.model.given["midi"].slot.given
    assert 0 < int(given.lengths.min())
    assert torch.equal(run.best.weights["midi.d4.given.sample"], given.sample)
    again = Run(TrainRequest("d4a4-shuffled", steps=2, batch_size=4, warmup=0), torch.device("cpu"))
    again.learn(segments)
    assert torch.equal(again.model.given["audio"].slot.given.lengths, run.model.given["audio"].slot.given.lengths)
    torch.testing.assert_close(again.model.given["midi"].slot.given.sample, given.sample)


def without(state: dict[str, Any], *path: str) -> None:
    for name in path[:-1]:
        state = state[name]
    del state[path[-1]]


def other(value: Any, *path: Any) -> Any:
    """A change that puts a value at a place."""

    def change(state: Any) -> None:
        for name in path[:-1]:
            state = state[name]
        state[path[-1]] = value

    return change


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, bytes]:
    """A run, and a state after one step, from which it has gone on."""
    folder = write_folder(tmp_path_factory.mktemp("begun"), np.random.default_rng(20_260_101))
    request = TrainRequest("D0", steps=3, batch_size=4, warmup=0)
    run = Run(request, torch.device("cpu"))
    run.history.append(run.train_step(list_segments(load_paired_folder(folder, sample_rate=24_000, split="train").pieces)))
    run.save(folder / "resume.pt")
    ready = Run(request, torch.device("cpu"))
    ready.restore(folder / "resume.pt")
    return ready, (folder / "resume.pt").read_bytes()


@pytest.mark.parametrize(
    "change",
    [
        other("2", "step"), other(-1, "step"), other(True, "step"), other(float("nan"), "minutes"), other("x", "minutes"),
        other({}, "history"), other([3], "history"), other([{"step": 9}], "history"),
        other([{"step": 1, "loss": "x"}], "history"),
        other([{"step": 1, "loss": float("inf")}], "history"), other([], "request"), other(None, "best"),
        other(float("nan"), "best", "S"), other(99, "best", "step"), other({}, "best", "weights"), other({}, "model"),
        other(torch.full((192,), float("nan")), "model", "audio_head.0.weight"), other(3, "optimizer"),
        other([], "optimizer", "param_groups"), other("x", "optimizer", "param_groups", 0, "lr"),
        other(9.0, "optimizer", "param_groups", 0, "base_lr"), other({0: {}}, "optimizer", "state"),
        other(torch.zeros(2), "optimizer", "state", 0, "exp_avg"), lambda state: without(state, "model"),
        lambda state: without(state, "best", "weights"), lambda state: without(state, "corpus_sha256"),
    ],
)  # fmt: skip
def test_a_state_that_is_damaged_is_not_gone_on_from(change: Any, begun: tuple[Run, bytes], tmp_path: Path) -> None:
    ready, whole = begun
    state = torch.load(io.BytesIO(whole), weights_only=True)
    change(state)
    torch.save(state, tmp_path / "resume.pt")
    with pytest.raises(ConfigError, match="cannot be resumed: it is damaged. Begin again without --resume"):
        ready.restore(tmp_path / "resume.pt")


@pytest.mark.parametrize("data", [b"", b"\x80\x02.", b"PK\x03\x04", b"\x80\x04\x95\xff", b"(lp0", bytes(1000)])
def test_bytes_that_are_no_state_are_refused(data: bytes, folder: Path) -> None:
    (folder / "resume.pt").write_bytes(data)
    with pytest.raises(ConfigError, match="cannot be resumed: it is damaged"):
        Run(TrainRequest("D0", steps=3), torch.device("cpu")).restore(folder / "resume.pt")


def test_a_state_that_unpacks_to_more_than_it_has_is_not_unpacked(folder: Path) -> None:
    run = Run(TrainRequest("D0", steps=3), torch.device("cpu"))
    run.save(folder / "plain.pt")
    with (
        zipfile.ZipFile(folder / "plain.pt") as plain,
        zipfile.ZipFile(folder / "resume.pt", "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in plain.namelist():
            packed.writestr(name, bytes(10**6) if "/data/" in name else plain.read(name))
    with pytest.raises(ConfigError, match="cannot be resumed"):
        run.restore(folder / "resume.pt")
