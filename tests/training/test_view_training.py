"""ViT-1D in the loop of all families: it learns a batch by heart, goes on where it was interrupted, and ends as a checkpoint."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from streamlit.testing.v1 import AppTest

from analysis.cli import main
from analysis.cli.parser import build_parser
from analysis.cli.work import training_settings
from analysis.datasets.piece import Corpus, Piece
from analysis.datasets.segments import list_segments
from analysis.errors import ConfigError
from analysis.models.checkpoint import Checkpoint, open_checkpoint
from analysis.models.sound import AudioBatch
from analysis.models.vit1d.flow import count
from analysis.training.comparison import by_score, compare_headline, score_headline
from analysis.training.loop import Run, TrainRequest, train
from analysis.training.objective import find_objective
from analysis.training.scores import ranking_score, read_score, retrieval_rows
from analysis.training.train_checkpoint import train_checkpoint
from analysis.training.views import VIEWS, views_pool

RATE, SECONDS, N_WORKS = 16_000, 14, 9
CPU = torch.device("cpu")


def write_sound(folder: Path) -> tuple[Piece, ...]:
    """Recordings of one tone each, with noise; there are no notes beside them."""
    rng = np.random.default_rng(5)
    times_s = np.arange(SECONDS * RATE) / RATE
    pieces = []
    for number in range(N_WORKS):
        sound = 0.2 * np.sin(2 * np.pi * 200 * 1.35**number * times_s) + 0.02 * rng.standard_normal(len(times_s))
        soundfile.write(folder / f"tone{number}.wav", sound, RATE)
        split = "test" if number < 3 else "validation" if number < 5 else "train"
        path = folder / f"tone{number}.wav"
        pieces.append(Piece(f"tone{number}", "unknown", "tone", f"work {number}", split, SECONDS, path, folder / "none.mid"))
    return tuple(pieces)


class Tones(Corpus):
    """A corpus whose notes nobody may read: there are none."""

    @property
    def sha256(self) -> str:
        """Of nothing."""
        return "0" * 64


@pytest.fixture(scope="module")
def tones(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return Tones("tones", write_sound(tmp_path_factory.mktemp("tones")), RATE, "free", "Nobody.")


def request(**changes: Any) -> TrainRequest:
    sizes = {"steps": 4, "batch_size": 4, "warmup": 0, "validate_every": 2, "validation_queries": 8, "validation_pool": 8}
    return TrainRequest(**{"arm": "vit1d", "scale": "tiny", "bf16": False, **sizes, **changes})


@pytest.fixture(scope="module")
def trained(tones: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return train_checkpoint(request(), tones, tmp_path_factory.mktemp("trained") / "tones-tiny")


@pytest.mark.usefixtures("one_thread")
def test_one_batch_is_learned_by_heart() -> None:
    """Pairs that have nothing in common: eight tones that are drawn at random."""
    rng, times_s = np.random.default_rng(0), np.arange(4 * RATE) / RATE
    tones = [0.2 * np.sin(2 * np.pi * rng.uniform(100, 6000) * times_s) + 0.02 * rng.standard_normal(4 * RATE) for _ in range(8)]
    batch, run, rows = AudioBatch(torch.from_numpy(np.stack(tones).astype(np.float32))), Run(request(), CPU), []
    for _ in range(16):
        loss, row = run.objective.loss(run.model, run.objective.embed(run.model, batch), run.request)
        run.optimizer.zero_grad()
        loss.backward()
        run.optimizer.step()
        rows.append(row)
    assert rows[0]["loss"] > 1.5
    assert rows[0]["accuracy"] < 0.7
    assert rows[-1]["loss"] < 0.1
    assert rows[-1]["accuracy"] == 1
    assert rows[-1]["pair_cosine"] > rows[-1]["other_cosine"] + 0.5
    assert rows[-1]["audio_std"] > rows[0]["audio_std"]


def test_what_is_fed_are_first_views_then_second_ones(tones: Corpus) -> None:
    run = Run(request(), CPU)
    part = run.objective.draw(list_segments(tones.split("train"), min_notes=0), run.request, 0)
    assert len({segment.piece.group for segment in part}) == 4
    batch = run.objective.batch(run.model, part, run.request, 0, CPU)
    assert batch.waveform.shape == (8, 64_000)
    spectra = torch.fft.rfft(batch.waveform).abs().argmax(dim=1)
    assert torch.equal(spectra[:4], spectra[4:])  # one tone in each recording
    assert not torch.allclose(batch.waveform[:4], batch.waveform[4:])
    again, other = (run.objective.batch(run.model, part, run.request, step, CPU).waveform for step in (0, 1))
    assert torch.equal(again, batch.waveform)
    assert torch.equal(other[:4], batch.waveform[:4])
    assert not torch.equal(other[4:], batch.waveform[4:])


@pytest.mark.usefixtures("one_thread")
def test_a_resumed_run_equals_one_that_was_not_interrupted(tones: Corpus, tmp_path: Path) -> None:
    whole = train(request(), tones, tmp_path / "whole")
    stopped: list[int] = []

    def stop(done: int, total: int, what: str) -> None:
        stopped.append(done)
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(request(), tones, tmp_path / "part", progress=stop)
    resumed = train(request(), tones, tmp_path / "part", resume=True)
    assert stopped == [1, 2, 3]
    assert resumed.history == whole.history
    for name, weight in whole.model.state_dict().items():
        assert torch.equal(weight, resumed.model.state_dict()[name]), name
    with pytest.raises(ConfigError, match="was trained with another settings"):
        train(request(settings={"temperature": 0.2}), tones, tmp_path / "part", resume=True)


def test_the_temperature_decides_the_loss(tones: Corpus) -> None:
    segments = list_segments(tones.split("train"), min_notes=0)
    cold, warm = (Run(request(settings={"temperature": t}), CPU).train_step(segments) for t in (0.1, 10.0))
    assert warm["loss"] == pytest.approx(np.log(7), abs=0.1)
    assert abs(cold["loss"] - warm["loss"]) > 0.1


def test_no_wrong_answer_is_of_the_recording_itself(tones: Corpus) -> None:
    """Its other second views are near the window too."""
    for windows, sizes in (views_pool(tones), find_objective("vit1d").validation(request(), tones)):
        assert sizes.n_same_piece == 0
        assert len({segment.piece.group for segment in windows}) >= 2


def test_passes_may_be_in_bf16(tones: Corpus) -> None:
    segments = list_segments(tones.split("train"), min_notes=0)
    plain, half = (Run(request(bf16=bf16), CPU).train_step(segments) for bf16 in (False, True))
    assert half["loss"] == pytest.approx(plain["loss"], abs=0.05)
    assert half != plain


def test_it_becomes_a_checkpoint_with_scores_a_history_and_a_card(trained: Checkpoint) -> None:
    opened = open_checkpoint(trained.path)
    assert (opened.family, opened.arm, opened.scale) == ("vit1d", "vit1d", "tiny")
    assert not (trained.path / "resume.pt").exists()
    assert [set(row) >= {"loss", "accuracy", "pair_cosine", "audio_std"} for row in opened.history()] == 4 * [True]
    assert read_score(opened.evaluation) is None  # no notes were to be found
    score, twin = read_score(opened.evaluation, pool=VIEWS), read_score(opened.evaluation, "untrained", VIEWS)
    assert score is not None
    assert twin is not None
    assert ranking_score(opened.evaluation) == score
    sound = read_score(opened.evaluation, "sound", VIEWS)
    assert sound is not None
    assert (sound.value, sound.pool_size) == (1.0, score.pool_size)  # every recording is a tone of its own
    assert "sound itself 100.0 % [100.0, 100.0]" in score_headline(opened)
    assert score.candidates == "16 second views"
    assert [row["query → match"] for row in retrieval_rows(opened.evaluation)] == ["view 1 → view 2", "view 2 → view 1"]
    for sentence in (score_headline(opened), compare_headline([opened])):
        assert "among 16 second views" in sentence
        assert "untrained twin" in sentence
    card = (trained.path / "card.md").read_text()
    for words in (
        "# vit1d (tiny)", "arXiv 2506.23873", "These weights and numbers are ours", "4 steps of 4 pairs", "on cpu", "seed 0",
        "temperature 0.1", "All pairs of a batch are of different works",
        f"{count(opened.model_config)['total']:,} parameters instead of 5,387,904", "4 training and 3 test pieces of tones",
        "16 pairs of views, 2.4e-05 % of the 65,470,464", "Licence: free",
    ):  # fmt: skip
        assert words in card, words


def test_a_checkpoint_of_another_pool_is_not_compared_with_it(trained: Checkpoint) -> None:
    ranks = {"R@1": 0.1, "R@10": 0.3}
    scores = {"S": 0.3, "S_ci": [0.2, 0.4], "chance": 0.1, "n_queries": 33, "n_works": 3, "pool_size": 16}
    evaluation = {"trained": {"canonical": scores | {"audio_to_midi": ranks, "midi_to_audio": ranks}}}

    other: Any = SimpleNamespace(
        name="other", arm="D0", training=trained.training, evaluation={"split": "test", "n_windows": 33, **evaluation}
    )
    sentence = compare_headline([trained, other])
    assert "overlaps" not in sentence
    assert "above that" not in sentence
    assert [one.name for one in by_score([trained, other])] == ["other", trained.name]  # by the canonical pool first


def test_the_page_of_checkpoints_shows_it(trained: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTOSCOPE_CHECKPOINTS", str(trained.path.parent))
    app = AppTest.from_string("from app.views import checkpoints\ncheckpoints.page()", default_timeout=300)
    app.query_params["checkpoint"] = trained.name
    app.run()
    assert not app.exception
    assert not app.error
    assert any(header.value == trained.name for header in app.header)
    frames = [frame.value.to_dict("records") for frame in app.dataframe]
    (row,) = [row for rows in frames for row in rows if row.get("name") == trained.name]
    assert (row["arm"], row["family"]) == ("vit1d (tiny)", "ViT-1D")
    assert any(row.get("query → match") == "view 1 → view 2" for rows in frames for row in rows)
    assert any(row.get("part") == "class token" for rows in frames for row in rows)
    assert any("n = 33 queries of 3 works, 16 candidates each" in caption.value for caption in app.caption)


def asked(*words: str) -> dict[str, Any]:
    return training_settings(build_parser().parse_args(["train", "vit1d", *words]))


def test_the_command_line_asks_for_its_recipes() -> None:
    small, paper = asked(), asked("--scale", "paper")
    assert (small["recipe"], small["batch_size"], small["warmup"], small["weight_decay"]) == ("small", 32, 70, 0.04)
    assert (paper["recipe"], paper["batch_size"], paper["warmup"], paper["beta2"]) == ("paper", 128, 5120, 0.98)
    told = asked("--set", "temperature=0.5", "--set", "largest_gap_s=2")
    assert told["settings"] == {"temperature": 0.5, "largest_gap_s": 2.0}
    assert TrainRequest(**told).setting("temperature") == 0.5
    assert TrainRequest(**small).setting("temperature") == 0.1
    with pytest.raises(ConfigError, match=r"--set temperature='hot' is no number; expected such as temperature=0.1"):
        asked("--set", "temperature=hot")


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"settings": {"temperature": 0}}, "temperature is 0; expected a number from 0.01 to 10"),
        ({"settings": {"temperature": float("nan")}}, "temperature is nan"),
        ({"settings": {"largest_gap_s": -1}}, "largest_gap_s is -1; expected a number from 0 to 3600"),
        ({"settings": {"speed": 1}}, r"Unknown settings \['speed'\]: expected temperature, largest_gap_s"),
        ({"freeze": "cnn and positions"}, "Unknown freeze 'cnn and positions': expected one of ''"),
        ({"scale": "big"}, "Unknown scale 'big' of vit1d: expected one of paper, small, tiny"),
        ({"arm": "D0", "scale": "small", "settings": {"temperature": 0.1}}, "expected none for the arm D0"),
    ],
)
def test_wrong_settings_are_refused(changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        request(**changed)


def test_what_is_not_trained_here_is_refused() -> None:
    with pytest.raises(
        ConfigError, match="Models of the family 'made-up' are not trained here: expected one of cocola, dual, .*vit1d"
    ):
        find_objective("made-up")


def test_it_is_listed_among_the_arms(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["arms", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["vit1d"]["family"] == "vit1d"
    assert next(iter(rows)) == "D0"
