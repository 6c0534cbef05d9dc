"""Models of stems in the loop of all families: what is drawn, what is learned, how it is scored, and what becomes of it."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from torch import Tensor

from analysis.cli.parser import build_parser
from analysis.cli.work import training_settings
from analysis.datasets.piece import Corpus, Piece
from analysis.datasets.stems import Stem
from analysis.descriptors.log_mel import log_mel
from analysis.errors import ConfigError, CorpusError, ShapeError
from analysis.models.checkpoint import Checkpoint, open_checkpoint
from analysis.models.phalar.config import SCALES
from analysis.models.phalar.encoder import Phalar
from analysis.models.sound import AudioBatch
from analysis.seeding import numpy_generator
from analysis.training import stem_pairs
from analysis.training.comparison import compare_headline, score_headline
from analysis.training.loop import Run, TrainRequest, train
from analysis.training.losses import choice_loss
from analysis.training.objective import find_objective
from analysis.training.scores import ranking_score, read_score, retrieval_rows
from analysis.training.stem_objective import StemObjective
from analysis.training.stem_pairs import candidates_that_fit, draw_crops, parts_of, score_spectra, score_stems, sounding_windows
from analysis.training.train_checkpoint import train_checkpoint

RATE, SECONDS, N_WORKS = 16_000, 14, 9
NAMES = ("bass", "drums", "voice")
CPU = torch.device("cpu")


def write_stems(folder: Path) -> tuple[Piece, ...]:
    """Works of three tones each with a rhythm of their own; the voice is silent in the last 6 s."""
    times_s = np.arange(SECONDS * RATE) / RATE
    pieces = []
    for number in range(N_WORKS):
        stems = []
        for name, octave in zip(NAMES, (1, 2, 4), strict=True):
            sound = 0.2 * np.sin(2 * np.pi * 300 * octave * 1.08**number * times_s) * (np.sin((2 + number) * times_s) > 0)
            sound *= (times_s < 8) | (name != "voice")
            soundfile.write(folder / f"{number}.{name}.wav", sound, RATE)
            stems.append(Stem(name, name, (folder / f"{number}.{name}.wav",)))
        split = "test" if number < 4 else "validation" if number < 6 else "train"
        piece = f"piece{number}", "unknown", "tones", f"work {number}", split, float(SECONDS), stems[0].audio_paths[0], None
        pieces.append(Piece(*piece, tuple(stems)))
    return tuple(pieces)


class Stems(Corpus):
    """A corpus whose identity nobody reads."""

    @property
    def sha256(self) -> str:
        """Of nothing."""
        return "0" * 64


@pytest.fixture(scope="module")
def stems(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return Stems("tones", write_stems(tmp_path_factory.mktemp("stems")), RATE, "free", "Nobody.")


@pytest.fixture(scope="module", autouse=True)
def few_windows() -> Iterator[None]:
    """Of every test work six windows are scored, which are enough for 16 candidates."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stem_pairs, "TEST_WINDOWS_PER_PIECE", 6)
        yield


def request(**changes: Any) -> TrainRequest:
    sizes = {"steps": 4, "batch_size": 3, "warmup": 0, "validate_every": 2, "validation_windows_per_piece": 3}
    return TrainRequest(**{"arm": "phalar", "scale": "tiny", "bf16": False, **sizes, **changes})


@pytest.fixture(scope="module")
def trained(stems: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return train_checkpoint(request(), stems, tmp_path_factory.mktemp("trained") / "stems-tiny")


def test_the_target_of_the_own_positive_is_what_is_asked_for() -> None:
    scores = torch.randn(8, 8, generator=torch.Generator().manual_seed(0), requires_grad=True)
    targets = torch.full((8, 8), 0.1 / 7) + (0.9 - 0.1 / 7) * torch.eye(8)
    expected = -(targets * scores.log_softmax(dim=1)).sum(dim=1).mean()
    terms = choice_loss(scores, 0.9)
    torch.testing.assert_close(terms.total, expected)
    (gradient,) = torch.autograd.grad(terms.total, scores)
    torch.testing.assert_close(scores.softmax(dim=1) - 8 * gradient, targets)
    assert torch.equal(choice_loss(scores).total, torch.nn.functional.cross_entropy(scores, torch.arange(8)))


@pytest.mark.parametrize("n", [2, 8, 64])
def test_who_knows_nothing_is_right_once_in_k(n: int) -> None:
    assert choice_loss(torch.zeros(n, n), 0.9).total.item() == pytest.approx(math.log(n))
    rng = torch.Generator().manual_seed(n)
    drawn = [choice_loss(torch.randn(n, n, generator=rng)).accuracy for _ in range(1200)]
    assert np.mean(drawn) == pytest.approx(1 / n, abs=4 * np.sqrt(1 / n / (1200 * n)))


@pytest.mark.parametrize(
    ("scores", "target", "error"),
    [(torch.zeros(2, 3), 0.9, ShapeError), (torch.zeros(1, 1), 0.9, ShapeError), (torch.zeros(4, 4), 0.2, ConfigError),
     (torch.zeros(4, 4), 1.1, ConfigError)],
)  # fmt: skip
def test_no_choice_is_refused(scores: Tensor, target: float, error: type[Exception]) -> None:
    with pytest.raises(error, match="needs a square|expected a number from 0.25 to 1"):
        choice_loss(scores, target)


def test_crops_have_one_length_and_two_stems_that_sound(stems: Corpus) -> None:
    run = Run(request(), CPU)
    windows = run.objective.training_windows(stems, run.request)
    assert {(window.duration_s, window.stems) for window in windows} == {(10.0, ())}
    drawn = [run.objective.draw(windows, run.request, step) for step in range(12)]
    assert all(len({crop.piece.group for crop in crops}) == 3 for crops in drawn)
    assert {crop.duration_s for crops in drawn for crop in crops} == {2.0}
    of_three = [crop for crops in drawn for crop in crops if len(crop.stems) == 3]
    of_two = [crop for crops in drawn for crop in crops if len(crop.stems) == 2]
    assert of_three
    assert of_two
    assert all(crop.start_s < 8 for crop in of_three)
    assert {crop.stems for crop in of_two} == {("bass", "drums")}
    assert drawn[0] == run.objective.draw(windows, run.request, 0) != drawn[1]


def test_at_the_scale_of_the_paper_lengths_are_drawn(stems: Corpus) -> None:
    run = request(scale="paper")
    windows = run.objective.training_windows(stems, run)
    lengths = [{crop.duration_s for crop in run.objective.draw(windows, run, step)} for step in range(6)]
    assert all(len(of_batch) == 1 for of_batch in lengths)
    drawn = [length for of_batch in lengths for length in of_batch]
    assert 2 <= min(drawn) < 5 < max(drawn) <= 10
    assert isinstance(objective := find_objective("phalar"), StemObjective)
    assert objective.lengths_s(request(scale="small")) == (5.0, 5.0)


def test_of_a_pair_the_same_parts_are_heard(stems: Corpus) -> None:
    run = Run(request(arm="cocola", batch_size=3), CPU)
    windows = run.objective.training_windows(stems, run.request)
    crops = [run.objective.draw(windows, run.request, step) for step in range(6)]
    batches = [run.objective.batch(run.model, part, run.request, step, CPU) for step, part in enumerate(crops)]
    for batch in batches:
        assert batch.kept.shape == (6, 2)
        assert torch.equal(batch.kept[:3], batch.kept[3:])
    assert {tuple(row) for batch in batches for row in batch.kept.tolist()} == {(True, False), (False, True), (True, True)}
    anchors, _ = run.objective.embed(run.model.eval(), batches[0])
    torch.testing.assert_close(anchors, run.model(batches[0].waveform[:3], batches[0].kept[:3]))


def test_cocola_becomes_a_checkpoint_too(stems: Corpus, tmp_path: Path) -> None:
    saved = train_checkpoint(request(arm="cocola", steps=2, batch_size=4), stems, tmp_path / "mine")
    score = ranking_score(open_checkpoint(saved.path).evaluation)
    assert score is not None
    assert score.candidates == "16 mixes"
    card = (saved.path / "card.md").read_text()
    for words in ("after arXiv 2404.16969", "a target of 1 for the own positive", "without noise", "instead of 5,189,980"):
        assert words in card, words


def test_spectra_choose_as_they_do_one_by_one(stems: Corpus) -> None:
    windows = sounding_windows(stems, "test", RATE, 2.0, 5)
    (score,) = score_spectra(windows, [4], RATE, partitions=1)
    pairs = [parts_of(window, "partition", 0, seed=42) for window in windows]
    spectra = {part: log_mel(part.waveform(RATE), RATE)[1].mean(axis=1) for pair in pairs for part in pair}
    mean = np.mean(list(spectra.values()), axis=0)
    rows = {part: (spectrum - mean) / np.linalg.norm(spectrum - mean) for part, spectrum in spectra.items()}
    works, hits = np.array([window.piece.group for window in windows]), []
    for number, (anchor, positive) in enumerate(pairs):
        rng = numpy_generator(42, "wrong stems", 0, number)
        wrong = rng.choice(np.flatnonzero(works != works[number]), 3, replace=False)
        hits.append(rows[anchor] @ rows[positive] > max(rows[anchor] @ rows[pairs[other][1]] for other in wrong))
    assert score.by_query.tolist() == hits


def test_too_few_windows_are_refused(stems: Corpus) -> None:
    windows = find_objective("phalar").training_windows(stems, request())
    with pytest.raises(CorpusError, match="Mine has 1 windows in which two stems sound; expected 2 or more"):
        draw_crops(windows[:1], 2, 2.0, RATE, np.random.default_rng(0), "Mine")
    bare = Stems("bare", tuple(Piece(*tuple(vars(piece).values())[:8]) for piece in stems.pieces), RATE, "free", "Nobody.")
    with pytest.raises(CorpusError, match="no recording of 10 s with two stems.*such as small-hands"):
        find_objective("phalar").training_windows(bare, request())
    with pytest.raises(CorpusError, match=r"The split test of bare has 0 windows with two stems of 0 works; expected 7 or more"):
        find_objective("phalar").refuse_test_split(bare, request())
    with pytest.raises(CorpusError, match="has 0 windows of 0 works in which two stems sound"):
        sounding_windows(bare, "test", RATE, 2.0, 5)


def test_what_is_fed_are_anchors_then_positives_of_other_stems(stems: Corpus) -> None:
    run = Run(request(settings={"noise_share": 0}), CPU)
    crops = run.objective.draw(run.objective.training_windows(stems, run.request), run.request, 0)
    batch = run.objective.batch(run.model, crops, run.request, 0, CPU)
    assert batch.waveform.shape == (6, 2 * RATE)
    factors = []
    for number, crop in enumerate(crops):
        anchor, positive = parts_of(crop, 0, seed=0)
        assert not set(anchor.stems) & set(positive.stems)
        assert set(anchor.stems) | set(positive.stems) <= set(crop.stems)
        for row, part in ((number, anchor), (number + 3, positive)):
            sound, heard = torch.from_numpy(part.waveform(RATE)), batch.waveform[row]
            factor = float(heard @ sound / (sound @ sound))
            factors.append(factor)
            torch.testing.assert_close(heard, factor * sound, atol=1e-5, rtol=0)
    assert factors[::2] == pytest.approx(factors[1::2], rel=1e-3)  # both of a pair have one gain
    assert 0.5 < min(factors) < max(factors) < 2
    again, other = (run.objective.batch(run.model, crops, run.request, step, CPU).waveform for step in (0, 1))
    assert torch.equal(again, batch.waveform)
    assert not torch.equal(other, batch.waveform)


@pytest.mark.usefixtures("one_thread")
def test_one_batch_is_learned_by_heart(stems: Corpus) -> None:
    """Pairs that have nothing in common: tones that are drawn at random, with rhythms of their own."""
    rng, times_s = np.random.default_rng(0), np.arange(2 * RATE) / RATE
    sounds = []
    for _ in range(12):
        rhythm = np.sin(2 * np.pi * rng.uniform(1, 4) * times_s) > rng.uniform(-0.5, 0.5)
        tone = 0.2 * np.sin(2 * np.pi * rng.uniform(600, 1800) * times_s)
        sounds.append(tone * rhythm + 0.005 * rng.standard_normal(2 * RATE))
    batch, run, rows = AudioBatch(torch.from_numpy(np.stack(sounds).astype(np.float32))), Run(request(batch_size=6), CPU), []
    run.model.eval()
    for group in run.optimizer.param_groups:
        group["lr"] = 1e-2
    for _ in range(20):
        loss, row = run.objective.loss(run.model, run.objective.embed(run.model, batch), run.request)
        run.optimizer.zero_grad()
        loss.backward()
        run.optimizer.step()
        rows.append(row)
    assert rows[0]["loss"] == pytest.approx(math.log(6), abs=0.3)
    assert rows[-1]["accuracy"] == 1
    assert rows[-1]["loss"] < rows[0]["loss"] - 0.5
    assert rows[-1]["pair_score"] > rows[-1]["other_score"] + 1


class Knows(Phalar):
    """Hears which work a mix is of, from its lowest tone, or nothing."""

    def __init__(self, knows: bool) -> None:
        super().__init__(SCALES["tiny"])
        self.knows = knows

    def forward(self, waveform: Tensor) -> Tensor:
        hz = torch.fft.rfft(waveform).abs().argmax(dim=1) * RATE / waveform.shape[1] / 300
        number = (hz.log2() % 1 * math.log(2) / math.log(1.08)).round() * (1.0 if self.knows else 0.0)
        return torch.stack([(0.3 * number).cos(), (0.3 * number).sin(), *(14 * [0 * number])], dim=1)

    def score(self, a: Tensor, b: Tensor) -> Tensor:
        return a @ b.T


@pytest.mark.parametrize("knows", [True, False])
def test_whoever_knows_the_work_finds_its_stems(knows: bool, stems: Corpus) -> None:
    windows = sounding_windows(stems, "test", RATE, 2.0, 4)
    assert {window.stems for window in windows} == {NAMES, NAMES[:2]}
    sizes = candidates_that_fit(windows, (4, 8, 64))
    assert sizes == [4, 8]
    four, eight = score_stems(Knows(knows), windows, sizes, device=CPU, partitions=3)
    assert (four.n_candidates, eight.n_candidates, four.n_works) == (4, 8, 4)
    assert four.accuracy == eight.accuracy == (1.0 if knows else 0.0)  # ties count as misses
    record = eight.record()
    assert (record["chance"], record["pool_size"], record["n_queries"]) == (1 / 8, 8, len(windows))
    assert eight.mrr == (1.0 if knows else 1 / 8)


def test_a_random_model_is_right_about_once_in_k(stems: Corpus) -> None:
    class Random(Knows):
        def score(self, a: Tensor, b: Tensor) -> Tensor:
            return torch.randn(len(a), len(b), generator=torch.Generator().manual_seed(len(a)))

    windows = sounding_windows(stems, "test", RATE, 2.0, 12)
    (score,) = score_stems(Random(False), windows, [8], device=CPU)
    assert score.accuracy == pytest.approx(1 / 8, abs=4 * math.sqrt(0.11 / len(windows)))


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("rates", ["", "paper"])
def test_a_resumed_run_equals_one_that_was_not_interrupted(rates: str, stems: Corpus, tmp_path: Path) -> None:
    wanted = request(learning_rates=rates, settings={"noise_share": 0})
    whole = train(wanted, stems, tmp_path / "whole")

    def stop(done: int, total: int, what: str) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(wanted, stems, tmp_path / "part", progress=stop)
    resumed = train(wanted, stems, tmp_path / "part", resume=True)
    assert resumed.history == whole.history
    for name, weight in whole.model.state_dict().items():
        assert torch.equal(weight, resumed.model.state_dict()[name]), name


def test_it_becomes_a_checkpoint_with_scores_a_history_and_a_card(trained: Checkpoint) -> None:
    opened = open_checkpoint(trained.path)
    assert (opened.family, opened.arm, opened.scale) == ("phalar", "phalar", "tiny")
    assert [set(row) >= {"loss", "accuracy", "pair_score", "other_score"} for row in opened.history()] == 4 * [True]
    validated: list[Any] = [row.get("validation_accuracy") for row in opened.history()]
    assert [share is None or math.isnan(share) for share in validated] == [True, False, True, False]
    assert all(0 <= share <= 1 for share in validated[1::2])
    score = ranking_score(opened.evaluation)
    assert score is not None
    assert (score.pool, score.symbol, score.candidates) == ("stems", "Accuracy", "16 mixes")
    assert score.chance == 1 / 16
    sound = read_score(opened.evaluation, "sound", "stems")
    assert sound is not None
    assert (sound.n_queries, sound.pool_size, sound.chance) == (score.n_queries, 16, 1 / 16)
    assert "sound itself" in score_headline(opened)
    for sentence in (score_headline(opened), compare_headline([opened])):
        assert sentence.startswith("Accuracy = ")
        assert "among 16 mixes" in sentence
        assert "untrained twin" in sentence
        assert len(compare_headline([opened]).split()) <= 30
    assert [row["query → match"] for row in retrieval_rows(opened.evaluation)] == ["stems → other stems"]
    card = (trained.path / "card.md").read_text()
    for words in (
        "# phalar (tiny)", "arXiv 2605.03929", "These weights and numbers are ours", "4 steps of 3 pairs of mixes", "seed 0",
        "a target of 0.9 for the own positive; crops of 2 s", "parameters instead of 2,293,104", "| 8 | ", "| 16 | ", "12.5 %",
        "AdamW moves everything; there Muon", "3 training and 4 test pieces of tones", "Licence: free", "ours: 2 stages, 24 bins",
    ):  # fmt: skip
        assert words in card, words


def asked(*words: str) -> dict[str, Any]:
    return training_settings(build_parser().parse_args(["train", "phalar", *words]))


def test_the_command_line_asks_for_its_recipes() -> None:
    small, paper = asked(), asked("--scale", "paper")
    assert (small["recipe"], small["batch_size"], small["weight_decay"], small["beta2"]) == ("small", 32, 1e-3, 0.95)
    assert (paper["recipe"], paper["batch_size"], paper["schedule"], paper["bf16"]) == ("paper", 64, "trapezoidal", True)
    assert TrainRequest(**asked("--set", "positive_target=1")).setting("positive_target") == 1
    with pytest.raises(ConfigError, match="positive_target is 0.2; expected a number from 0.5 to 1"):
        request(settings={"positive_target": 0.2})
    assert json.dumps(small)


def test_of_the_demo_corpora_the_hands_are_read() -> None:
    objective = find_objective("phalar")
    assert [objective.corpus_of(name) for name in ("small", "full", "small-clean", "/mine")] == [
        "small-hands", "full-hands", "small-clean", "/mine",
    ]  # fmt: skip
    assert find_objective("vit1d").corpus_of("small") == "small"
