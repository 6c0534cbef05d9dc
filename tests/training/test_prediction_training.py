"""PupuJEPA in the loop of all families: it learns a batch by heart, its targets do not collapse, and it ends as a checkpoint."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from streamlit.testing.v1 import AppTest

from analysis.cli.parser import build_parser
from analysis.cli.work import training_settings
from analysis.datasets.piece import Corpus, Piece
from analysis.datasets.segments import Segment
from analysis.errors import ConfigError, CorpusError
from analysis.measures.latent_prediction import Spread, directions, effective_rank, norm_mse, standardised
from analysis.models.checkpoint import Checkpoint, open_checkpoint
from analysis.models.pupujepa.masks import STRATEGIES, n_masked
from analysis.models.pupujepa.network import build
from analysis.models.pupujepa_family import preset
from analysis.training.comparison import score_headline
from analysis.training.loop import Run, TrainRequest, train
from analysis.training.objectives.pupujepa import decay_of
from analysis.training.prediction_scores import prediction_headline, rank_sentence, read_explained
from analysis.training.predictions import Errors, held_out_masks, prediction_errors, sound_windows
from analysis.training.train_checkpoint import train_checkpoint

RATE, SECONDS, N_WORKS = 24_000, 9, 9
CPU = torch.device("cpu")


class Tones(Corpus):
    """A corpus whose notes nobody may read: there are none."""

    @property
    def sha256(self) -> str:
        """Of nothing."""
        return "0" * 64


@pytest.fixture(scope="module")
def tones(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Recordings of a tone each that comes and goes, with noise."""
    folder, rng = tmp_path_factory.mktemp("tones"), np.random.default_rng(5)
    times_s, pieces = np.arange(SECONDS * RATE) / RATE, []
    for number in range(N_WORKS):
        sound = 0.2 * np.sin(2 * np.pi * 200 * 1.35**number * times_s) * (np.sin(2 * np.pi * times_s) > 0)
        path = folder / f"tone{number}.wav"
        soundfile.write(path, sound + 0.01 * rng.standard_normal(len(times_s)), RATE)
        split = "test" if number < 3 else "validation" if number < 5 else "train"
        pieces.append(Piece(f"tone{number}", "unknown", "tone", f"work {number}", split, SECONDS, path, folder / "none.mid"))
    return Tones("tones", tuple(pieces), RATE, "free", "Nobody.")


def request(**changed: Any) -> TrainRequest:
    settings: dict[str, Any] = {
        "arm": "pupujepa", "scale": "tiny", "steps": 4, "batch_size": 4, "warmup": 1, "bf16": False, "beta2": 0.95,
        "clip_norm": 3.0, "weight_decay": 0.05, "validate_every": 2, "validation_windows_per_piece": 4,
    }  # fmt: skip
    return TrainRequest(**{**settings, **changed})


@pytest.fixture(scope="module")
def trained(tones: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return train_checkpoint(request(), tones, tmp_path_factory.mktemp("trained") / "pupu-tiny")


@pytest.mark.parametrize(("rank", "collapsed"), [(2.0, True), (6.4, True), (6.6, False), (13.0, False), (None, False)])
def test_targets_that_take_few_directions_are_said_to_have_collapsed(rank: float | None, collapsed: bool) -> None:
    explained = {"explained": 0.9, "explained_ci": [0.8, 0.95], "n_windows": 9, "n_works": 3}
    evaluation = {
        "trained": {"prediction": {"all": explained}, "target_effective_rank": rank},
        "untrained": {"target_effective_rank": 13.0},
    }  # fmt: skip
    assert ("collapsed" in (prediction_headline(evaluation) or "")) is collapsed
    assert ("collapsed" in rank_sentence(evaluation)) is collapsed
    assert bool(rank_sentence(evaluation)) is (rank is not None)


def test_the_error_is_two_minus_two_cosines_of_standardised_targets() -> None:
    generator = torch.Generator().manual_seed(0)
    predicted, target = torch.randn(2, 5, 16, generator=generator)
    rows = standardised(target)
    torch.testing.assert_close(rows.mean(dim=-1), torch.zeros(5), atol=1e-6, rtol=0)
    torch.testing.assert_close(rows.var(dim=-1), torch.ones(5), atol=1e-4, rtol=0)
    by_hand = (predicted / predicted.norm(dim=-1, keepdim=True) - rows / rows.norm(dim=-1, keepdim=True)).square().sum(dim=-1)
    torch.testing.assert_close(norm_mse(predicted, target), by_hand)
    torch.testing.assert_close(norm_mse(3 * predicted, 7 * target + 2), by_hand, atol=1e-4, rtol=1e-4)


def test_ranks_and_spreads_are_those_of_what_is_known() -> None:
    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(4000, 6, generator=generator).double()
    rows[:, 3:] = 0
    rows[:, 0] *= 2
    spread = Spread()
    for part in rows.split(700):
        spread.add(part)
    torch.testing.assert_close(spread.covariance, torch.cov(rows.T, correction=0))
    shares = np.array([4, 1, 1]) / 6
    assert spread.rank == pytest.approx(np.exp(-(shares * np.log(shares)).sum()), rel=0.02)
    assert spread.std == pytest.approx(4 / 6, rel=0.03)
    collapsed = Spread()
    collapsed.add(torch.ones(10, 6))
    assert (collapsed.std, collapsed.rank) == (0, 1)
    assert effective_rank(torch.diag(torch.tensor([1.0, 0.0]))) == pytest.approx(1)


def test_the_teacher_follows_ever_more_slowly() -> None:
    decays = [decay_of(step / 100) for step in range(101)]
    assert (decays[0], decays[-1]) == (0.996, pytest.approx(0.9999))
    assert (np.diff(decays) > 0).all()
    run = Run(request(), CPU)
    before = [parameter.clone() for parameter in run.model.teacher.parameters()]
    assert not [p for group in run.optimizer.param_groups for p in group["params"] if not p.requires_grad]
    run.train_step(windows_of_noise())
    for old, new, student in zip(before, run.model.teacher.parameters(), run.model.student.parameters(), strict=True):
        torch.testing.assert_close(new, 0.996 * old + 0.004 * student)


class Noise(Segment):
    """A window of noise of its own."""

    def waveform(self, sample_rate: int, duration_s: float | None = None) -> Any:
        return noise(int(self.start_s), sample_rate, duration_s or 4.0)


@cache
def noise(seed: int, sample_rate: int, duration_s: float) -> np.ndarray:
    """Bursts of tones over noise that swells; it is made once, so no test may change it."""
    rng, n = np.random.default_rng(seed), round(sample_rate * duration_s)
    times_s = np.arange(n) / sample_rate
    swell = np.exp(2 * np.sin(2 * np.pi * times_s / rng.uniform(1, 4)))
    tones = [
        np.exp(-(((times_s - rng.uniform(0, 4)) / 0.2) ** 2)) * np.sin(2 * np.pi * rng.uniform(100, 9000) * times_s)
        for _ in range(12)
    ]
    made = (np.sum(tones, axis=0) + 0.02 * swell * rng.standard_normal(n)).astype(np.float32)
    made.setflags(write=False)
    return made


def windows_of_noise(n: int = 6) -> list[Segment]:
    piece = Piece("noise", "unknown", "noise", "noise", "train", SECONDS, Path("none.wav"), Path("none.mid"))
    return [Noise(piece, float(number)) for number in range(n)]


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("arm", ["pupujepa", "pupujepa1d"])
def test_one_batch_is_learned_by_heart_without_collapse(arm: str) -> None:
    run = Run(request(arm=arm, steps=60, batch_size=6, warmup=5), CPU)
    batch = run.objective.batch(run.model, windows_of_noise(), run.request, 0, CPU)
    rows = []
    for step in range(60):
        loss, row = run.objective.loss(run.model, run.objective.embed(run.model, batch), run.request)
        run.optimizer.zero_grad()
        loss.backward()
        run.optimizer.step()
        run.objective.end_step(run.model, step / 60)
        rows.append(row)
    assert rows[-1]["loss"] < 0.5 * rows[0]["loss"]
    assert rows[-1]["cosine"] > rows[0]["cosine"] + 0.2
    assert rows[-1]["audio_std"] > 0.25
    assert rows[-1]["effective_rank"] > 1.5


def test_every_batch_has_one_strategy_and_every_window_a_mask() -> None:
    run, segments = Run(request(steps=100), CPU), windows_of_noise()
    drawn = [run.objective.batch(run.model, segments, run.request, step, CPU) for step in (0, 5, *range(40, 80, 2))]
    assert [batch.strategy for batch in drawn[:2]] == [0, 0]
    assert {batch.strategy for batch in drawn} == {0, 1, 2}
    for batch in drawn:
        assert batch.masks.masked.shape == (6, n_masked(STRATEGIES[batch.strategy], run.model.config.grid))
        assert len({tuple(row.tolist()) for row in batch.masks.masked}) > 1
    again = run.objective.batch(run.model, segments, run.request, 40, CPU)
    assert torch.equal(again.masks.masked, drawn[2].masks.masked)
    few = Run(request(settings={"mask_ratio": 0.5}), CPU)
    assert few.objective.batch(few.model, segments, few.request, 0, CPU).masks.masked.shape == (6, 50)


def test_plain_squared_error_can_take_its_share() -> None:
    losses = [Run(request(settings={"l2_share": share}), CPU).train_step(windows_of_noise()) for share in (0.0, 0.5, 1.0)]
    first, half, last = losses
    assert (first["loss"], last["loss"]) == (pytest.approx(first["norm_mse"]), pytest.approx(first["l2"]))
    assert half["loss"] == pytest.approx((first["norm_mse"] + first["l2"]) / 2, rel=1e-5)


def test_the_mean_target_is_the_best_constant_of_its_band(tones: Corpus) -> None:
    model = build(preset("pupujepa-tiny"), 1).eval()
    segments = sound_windows(tones, "test", 4.0)[:3]
    errors = prediction_errors(model, segments, "blocks", device=CPU)
    masks = held_out_masks(segments, "blocks", model.config)
    with torch.no_grad():
        said = model.predict(model.towers["audio"].collate(segments).waveform, masks)
    band, units = (masks.masked % 4).flatten(), directions(said.target).flatten(0, 1)
    by_hand = torch.zeros(len(band))
    for number in range(4):
        mean = units[band == number].sum(dim=0)
        by_hand[band == number] = 2 - 2 * units[band == number] @ (mean / mean.norm())
        other = mean + 0.3 * mean.norm() * torch.nn.functional.normalize(torch.ones(len(mean)), dim=0)
        assert by_hand[band == number].sum() < (2 - 2 * units[band == number] @ (other / other.norm())).sum()
    np.testing.assert_allclose(errors.constant, by_hand.reshape(3, -1).sum(dim=1), rtol=1e-4)
    np.testing.assert_allclose(errors.predicted, norm_mse(said.predicted, said.target).sum(dim=1), rtol=1e-4)
    assert errors.n.tolist() == [80, 80, 80]
    assert Errors(np.array([1.0, 2.0]), np.array([2.0, 4.0]), np.ones(2)).explained == 0.5
    assert Errors(np.ones(1), np.zeros(1), np.ones(1)).explained == 0
    skills = [Errors(np.array([error]), np.array([2.0]), np.ones(1)).skill for error in (1.0, 2.0, 4.0, 400.0)]
    assert skills == [0.5, 0, -0.5, -0.995]  # so that any step is better than none


@pytest.mark.usefixtures("one_thread")
def test_a_resumed_run_equals_one_that_was_not_interrupted(tones: Corpus, tmp_path: Path) -> None:
    whole = train(request(), tones, tmp_path / "whole")

    def stop(done: int, total: int, what: str) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(request(), tones, tmp_path / "part", progress=stop)
    resumed = train(request(), tones, tmp_path / "part", resume=True)
    assert resumed.history == whole.history
    for name, weight in whole.model.state_dict().items():
        assert torch.equal(weight, resumed.model.state_dict()[name]), name


def test_it_becomes_a_checkpoint_with_scores_a_history_and_a_card(trained: Checkpoint) -> None:
    opened = open_checkpoint(trained.path)
    assert (opened.family, opened.arm, opened.scale) == ("pupujepa", "pupujepa", "tiny")
    rows = opened.history()
    assert [set(row) >= {"loss", "audio_std", "effective_rank", "cosine"} for row in rows] == 4 * [True]
    assert [row["step"] for row in rows if np.isfinite(row["validation_explained"])] == [2, 4]
    for strategy in ("all", *STRATEGIES):
        score, twin = (read_explained(opened.evaluation, weights, strategy) for weights in ("trained", "untrained"))
        assert score is not None
        assert twin is not None
        assert score.low <= score.value <= score.high
        assert (score.n_windows, score.n_works) == (18, 3)
    assert prediction_headline(opened.evaluation) == score_headline(opened)
    assert "untrained twin" in score_headline(opened)
    assert len(score_headline(opened).split()) <= 30
    card = (trained.path / "card.md").read_text()
    for words in (
        "# pupujepa (tiny)", "arXiv 2606.25713", "These weights and numbers are ours", "4 steps of 4 windows", "on cpu", "seed 0",
        "80 % of the patches are masked", "| stripes |", "patches every 160 ms instead of 40 ms", "instead of 7,120,512",
        "4 recordings", "Licence: free",
    ):  # fmt: skip
        assert words in card, words


def test_what_is_no_share_is_read_as_none() -> None:
    for evaluation in ({}, {"trained": 3}, {"trained": {"prediction": {"all": {"explained": "x", "explained_ci": [0, 1]}}}}):
        assert read_explained(evaluation) is None
    assert prediction_headline({"trained": {"canonical": {}}}) is None


def test_the_page_of_checkpoints_shows_it(trained: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTOSCOPE_CHECKPOINTS", str(trained.path.parent))
    app = AppTest.from_string("from app.views import checkpoints\ncheckpoints.page()", default_timeout=300)
    app.query_params["checkpoint"] = trained.name
    app.run()
    assert not app.exception
    assert not app.error
    frames = [frame.value.to_dict("records") for frame in app.dataframe]
    assert any(row.get("masks") == "stripes" for rows in frames for row in rows)
    assert any(row.get("part") == "predictor" for rows in frames for row in rows)
    assert any("mean target's error" in text.value for text in app.markdown)


def test_the_command_line_asks_for_its_recipes() -> None:
    def settings(*words: str) -> dict[str, Any]:
        return training_settings(build_parser().parse_args(["train", "pupujepa1d", *words]))

    small, paper = settings(), settings("--scale", "paper")
    assert (small["recipe"], small["batch_size"], small["weight_decay"], small["clip_norm"]) == ("small", 32, 0.05, 3.0)
    assert (paper["recipe"], paper["batch_size"], paper["beta2"]) == ("paper", 256, 0.95)
    assert TrainRequest(**settings("--set", "mask_ratio=0.6")).setting("mask_ratio") == 0.6


def test_wrong_settings_and_short_recordings_are_refused(tones: Corpus) -> None:
    with pytest.raises(ConfigError, match="mask_ratio is 1; expected a number from 0.05 to 0.95"):
        request(settings={"mask_ratio": 1})
    with pytest.raises(CorpusError, match="The split test of tones has 0 windows of 10.24 s; expected 2 or more"):
        sound_windows(tones, "test", 10.24)
