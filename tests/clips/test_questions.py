"""Questions about heads in one recording: every answer has its control, comes back from the store, and bad ones are refused."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from numpy import ndarray

from analysis.clips.companions import Companions
from analysis.clips.probes import ClipProbes, Probe, ProbeWords
from analysis.clips.questions import explain
from analysis.clips.questions.answer import Answer, Grid, put_answer, read_answer
from analysis.clips.questions.question import Question
from analysis.clips.questions.registry import answer
from analysis.clips.wall import head_wall, scored
from analysis.datasets.audio import Waveform
from analysis.datasets.midi import notes_from_rows
from analysis.errors import Cancelled, ConfigError
from analysis.models.arms import build_config
from analysis.models.dual_encoder import DualEncoder, build_model
from analysis.models.tower import Model
from analysis.run import RunContext
from analysis.store import Store
from tests.tiny import NARROW

RATE = 24_000
NOTES = notes_from_rows([(0.25 * i, 0.25 * i + 0.2, 48 + 7 * (i % 5), 80) for i in range(64)])


def recording(seconds: float = 16.0) -> Waveform:
    times_s = np.arange(round(seconds * RATE)) / RATE
    tone = np.sin(2 * np.pi * 220 * times_s) * np.exp(-8 * (times_s % 0.25))
    return Waveform((0.3 * tone).astype(np.float32), RATE, "ticks.wav", "0" * 64)


def noisy(seconds: float) -> Waveform:
    samples = np.random.default_rng(3).normal(0, 0.1, round(seconds * RATE)).astype(np.float32)
    return Waveform(samples, RATE, "noise.wav", "1" * 64)


@pytest.fixture(scope="module")
def models() -> tuple[DualEncoder, DualEncoder]:
    config = replace(build_config("d4a4", "small"), **NARROW)
    return build_model(config, 1).eval(), build_model(config, 0).eval()


def answered(models: tuple[Model, Model], question: Question, *, notes: bool = True, seconds: float = 16.0) -> Answer:
    companions = Companions(NOTES) if notes else Companions()
    return answer(question, *models, recording(seconds), companions, RunContext())


def test_heads_that_follow_the_music_stand_beside_the_twin_and_shifted_events(models: tuple[Model, Model]) -> None:
    found = answered(models, Question("find"))
    assert "untrained twin:" in found.headline
    assert "shifted events:" in found.headline
    assert len(found.heads) == len({*found.heads})
    assert {"onset-locked", "pitch-class-locked"} <= found.scores.keys()
    for shares in found.scores.values():
        assert shares.shape == (len(found.heads),)
        assert ((shares >= 0) & (shares <= 1)).all()
    assert {row[0] for row in found.rows} == found.scores.keys()
    twin_lifts = [row[found.columns.index("lift of the twin")] for row in found.rows]
    assert all(isinstance(lift, float) for lift in twin_lifts)


def test_without_notes_what_happens_is_read_from_the_sound(models: tuple[Model, Model]) -> None:
    found = answered(models, Question("find"), notes=False)
    assert "pitch-class-locked" not in found.scores
    assert any("pitch classes are left out" in notice for notice in found.notices)
    with pytest.raises(ConfigError, match="the recording has 1 whole window. Take a longer recording"):
        answered(models, Question("find"), seconds=5.0)


def test_a_head_is_taken_out_beside_other_heads_and_the_twin(models: tuple[Model, Model]) -> None:
    removed = answered(models, Question("remove", layer=1, head=2))
    names = [row[0] for row in removed.rows]
    assert names[0] == "layer 1, head 2"
    assert names[-1] == "the same head of the untrained twin"
    assert isinstance(removed.rows[0][3], float)  # the score of its own notes changes too
    assert answered(models, Question("remove", layer=1, head=2), notes=False).rows[0][3] is None
    assert any("What probes read is not told of" in notice for notice in removed.notices)
    with pytest.raises(ConfigError):
        answered(models, Question("remove", layer=9, head=1))


def by_another(models: tuple[Model, Model], other: Waveform | None) -> Answer:
    question = Question("remove", layer=1, head=2, how="another clip", other="a key")
    return answer(question, *models, recording(), Companions(), RunContext(), other=other)


def moved(removed: Answer) -> ndarray:
    """Cosine distance and relative change, row by row."""
    return np.array([[float(cell or 0) for cell in row[1:3]] for row in removed.rows])


def test_a_head_that_is_replaced_by_what_it_adds_in_the_same_clip_moves_nothing(models: tuple[Model, Model]) -> None:
    """Of a second pass over the same windows only rounding is left: 1e-6 of the embedding, some steps of float32."""
    removed = by_another(models, recording())
    assert [row[0] for row in removed.rows][-1] == "the same head of the untrained twin"
    np.testing.assert_allclose(moved(removed), 0.0, atol=1e-6)
    other = by_another(models, noisy(16.0))
    assert moved(other).min() > 1e-5


def test_windows_of_a_shorter_clip_are_taken_again_from_the_first(models: tuple[Model, Model]) -> None:
    short = noisy(8.0)
    twice = replace(short, samples=np.tile(short.samples, 2))
    rows, expected = (moved(by_another(models, other)) for other in (short, twice))
    np.testing.assert_allclose(rows, expected, rtol=1e-4)
    said = by_another(models, short).notices[0]
    assert "means over n = 4 windows of one recording" in said
    assert "in noise.wav, window by window, from the first again after 2." in said


def test_another_clip_has_to_be_named_and_given(models: tuple[Model, Model]) -> None:
    with pytest.raises(ConfigError, match="no other recording to take the head from"):
        by_another(models, None)
    for question in ({"how": "another clip"}, {"how": "mean", "other": "a key"}):
        with pytest.raises(ConfigError, match="Another recording is named where"):
            Question.of({"kind": "remove", **question})


def test_what_probes_read_without_a_head_stands_beside_the_same_of_others_and_of_the_twin(models: tuple[Model, Model]) -> None:
    width = models[0].config.audio_d_model
    words = ProbeWords("note density", "audio.block.4", ("note density",), 1.0, 0.5, None, None, None)
    sides = [(Probe(words, slope * np.linspace(0, 1, width)[:, None], np.zeros(1)),) for slope in (1.0, 3.0)]
    probes = ClipProbes("a corpus", 4, 2, *sides)
    question = Question("remove", layer=1, head=2, probes="a key")
    removed = answer(question, *models, recording(), Companions(), RunContext(), probes)
    assert removed.columns[-1] == "change of the note density that a probe reads (notes/s)"
    changes = [float(row[-1] or 0) for row in removed.rows]
    assert len(changes) == 4
    assert min(changes) > 0
    tripled = replace(probes, trained=sides[1])
    again = answer(question, *models, recording(), Companions(), RunContext(), tripled)
    assert again.rows[0][-1] == pytest.approx(3 * changes[0], rel=1e-6)
    assert not any("What probes read" in notice for notice in removed.notices)


def test_a_minimal_pair_is_patched_on_the_clock_of_the_clip(models: tuple[Model, Model]) -> None:
    patched = answered(models, Question("patch", at_s=5.0, change="transposition", dose=2.0))
    grid = patched.grid
    assert grid is not None
    assert grid.twin is not None
    assert (grid.edges_s[0], grid.edges_s[-1]) == (4.0, 8.0)
    assert grid.values.shape == grid.twin.shape == (len(grid.rows), len(grid.edges_s) - 1)
    assert grid.rows[:2] == ("input of block 1", "block 1")  # as axes call them
    assert [row[0] for row in patched.rows] == list(grid.rows)
    assert any(f"is undone by {title} at " in patched.headline for title in grid.rows)
    assert "audio." not in patched.headline
    assert [len(samples) for samples in patched.sounds.values()] == [4 * RATE, 4 * RATE]
    ours, its = grid.lanes
    assert (ours.low, ours.high) == (its.low, its.high)
    assert its.side == "untrained twin"
    with pytest.raises(ConfigError, match="made from notes, and this recording has none. Add its MIDI file"):
        answered(models, Question("patch"), notes=False)


def test_both_grids_are_drawn_whole_on_one_scale_with_their_numbers_and_the_ends_of_the_window() -> None:
    ours, its = Grid("Share", "of 1", ("in", "out"), (4.0, 6.0, 8.0), np.eye(2), -3 * np.eye(2)).lanes
    assert (ours.low, ours.high) == (its.low, its.high) == (-3.0, 3.0)
    for lane, values in ((ours, np.eye(2)), (its, -3 * np.eye(2))):
        (((piece,),),) = lane.sets.values()
        np.testing.assert_array_equal(piece.exact, values[::-1])
        assert list(lane.borders) == [4.0, 8.0]
        assert lane.of_model


def test_bands_and_moments_add_up_to_the_change(models: tuple[Model, Model], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explain, "N_SPANS", 2)
    monkeypatch.setattr(explain, "attribute", partial(explain.attribute, n_steps=4))
    explained = answered(models, Question("attribute", at_s=4.0))
    assert explained.grid is not None
    row = dict(zip(explained.columns, explained.rows[0], strict=True))
    numbers = {name: float(value) for name, value in row.items() if not isinstance(value, str) and value is not None}
    assert numbers["sum of the grid"] - numbers["delta"] == pytest.approx(
        numbers["number as it is"] - numbers["with no sound"], abs=1e-4
    )
    assert explained.grid.values.sum() == pytest.approx(numbers["sum of the grid"], rel=1e-9)
    assert "of the score of its pair" in explained.headline
    assert "of the cosine with a reference" in answered(models, Question("attribute", at_s=4.0), notes=False).headline


def test_rollout_says_what_reaches_each_layer_beside_the_twin(models: tuple[Model, Model]) -> None:
    rolled = answered(models, Question("roll"))
    assert rolled.grid is not None
    assert rolled.grid.twin is not None
    assert rolled.grid.values.shape == (len(rolled.rows), 32 * 4)
    assert (rolled.grid.edges_s[0], rolled.grid.edges_s[-1]) == (0.0, 16.0)
    np.testing.assert_allclose(rolled.grid.values.mean(axis=1), 0, atol=0.02)  # cells of 5 or 6 tokens
    assert any("it is no attribution" in notice for notice in rolled.notices)


def test_an_answer_comes_back_from_the_store(tmp_path: Path) -> None:
    values: ndarray = np.arange(6.0).reshape(2, 3)
    grid = Grid("G", "1", ("r", "s"), (0.0, 1.0, 2.0, 3.0), values)
    whole = Answer(
        "0.5 of it.", ("Known.",), ("a", "b"), (("x", 1.5), ("y", None)), grid,
        {"onset-locked": np.array([0.25, 0.5])}, ((1, 1), (1, 2)), {"as written": np.zeros(4, np.float32)}, RATE,
    )  # fmt: skip
    store = Store(tmp_path / "store")
    put_answer(store, "a" * 64, whole)
    back = read_answer(store, "a" * 64)
    assert back is not None
    assert (back.headline, back.notices, back.columns, back.rows) == (whole.headline, whole.notices, whole.columns, whole.rows)
    assert (back.heads, back.sample_rate) == (whole.heads, whole.sample_rate)
    assert back.grid is not None
    assert np.array_equal(back.grid.values, values)
    assert back.scores["onset-locked"].tolist() == [0.25, 0.5]
    assert back.sounds["as written"].tolist() == [0.0] * 4
    assert read_answer(store, "b" * 64) is None
    store.put("c" * 64, {"headline": 3}, {})
    assert read_answer(store, "c" * 64) is None


@pytest.mark.parametrize("document", [{"kind": "guess"}, {"kind": "find", "at_s": "soon"}, {"kind": "find", "more": 1}])
def test_a_question_that_is_none(document: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="question"):
        Question.of(document)


def test_it_can_be_stopped(models: tuple[Model, Model]) -> None:
    context = RunContext()
    context.cancel.request()
    with pytest.raises(Cancelled):
        answer(Question("find"), *models, recording(), Companions(NOTES), context)


def test_scores_stand_on_the_wall(models: tuple[Model, Model]) -> None:
    from analysis.clips.read import read_clip

    found = answered(models, Question("find"))
    wall = head_wall(read_clip(models[0], recording()), 0)
    assert wall is not None
    marked = scored(wall, found, "onset-locked")
    assert marked.scores is not None
    assert marked.scores.shape == (len(wall.layers), len(wall.heads))
    assert scored(wall, found, "no such kind") is wall
