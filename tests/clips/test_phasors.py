"""A window that is moved: the law in closed form, what really moves, what is unrelated, and what is said of it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy import ndarray

from analysis.clips import phasor_words as words
from analysis.clips.phasor_plan import MOST_UNRELATED, Plan, first_starts_s, plan_of
from analysis.clips.phasor_rows import component_rows, score_rows
from analysis.clips.phasors import BETWEEN, MovedWindow, has_phasors, move_window
from analysis.errors import ConfigError, ShapeError
from analysis.models.phalar.encoder import Phalar, build
from analysis.models.phalar.equivariance import angle_errors, phasors_of, turned_degrees, turns
from analysis.models.vit1d.config import SCALES as OTHERS
from analysis.models.vit1d.encoder import outline
from tests.clips.phasor_models import SHORT

RATE, HOP, N = SHORT.sample_rate, SHORT.hop_length * 2**SHORT.depth, SHORT.frames()[-1]


@pytest.fixture(scope="module")
def model() -> Phalar:
    return build(SHORT, 1).eval()


@pytest.fixture(scope="module")
def twin() -> Phalar:
    return build(SHORT, 2).eval()


def noise(seconds: float, seed: int = 0) -> ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal(round(seconds * RATE))).astype(np.float32)


@pytest.fixture(scope="module")
def moved(model: Phalar, twin: Phalar) -> MovedWindow:
    recording = noise(5)
    return move_window(model, twin, recording, noise(5, seed=1), plan_of(SHORT, len(recording), 2.0))


def clicks(period: int, seconds: float) -> ndarray:
    """A pure tone that begins anew every `period` samples and dies away before the next."""
    within_s = (np.arange(round(seconds * RATE)) % period) / RATE
    return (0.3 * np.sin(2 * np.pi * 1500 * within_s) * np.exp(-40 * within_s)).astype(np.float32)


@pytest.mark.parametrize("frame", [0, 4, 12])
def test_a_click_in_the_features_has_the_angle_of_its_frame(model: Phalar, frame: int) -> None:
    """R_k = e^(−2πikn/N) of a click at frame n of every channel: amplitudes of 1, for they are divided by their mean."""
    channels = torch.zeros(1, SHORT.lsp_channels, N)
    channels[..., frame] = 1
    expected = np.exp(-2j * np.pi * np.arange(1, 4) * frame / N)
    np.testing.assert_allclose(phasors_of(model, channels)[0], np.tile(expected, (SHORT.lsp_channels, 1)), atol=1e-5)


def test_angles_are_read_off_in_degrees() -> None:
    rng = np.random.default_rng(0)
    first = rng.standard_normal((4, 3)) + 1j * rng.standard_normal((4, 3))
    law = -360.0 * np.outer(np.arange(14), np.arange(1, 4)) / 13
    moved = first * turns(range(14), 13, 3)[:, None]
    np.testing.assert_allclose(turned_degrees(moved, first, law), law, atol=1e-9)
    late = 2 * moved * np.exp(1j * np.deg2rad(20))
    np.testing.assert_allclose(turned_degrees(late, first, law), law + 20, atol=1e-9)
    np.testing.assert_allclose(angle_errors(late, moved), 20, atol=1e-9)
    some = moved.copy()
    some[:, 0] *= -1  # of one channel, which counts by its amplitude
    weights = np.abs(first) ** 2
    np.testing.assert_allclose(angle_errors(some, moved), np.tile(180 * weights[0] / weights.sum(axis=0), (14, 1)), atol=1e-9)
    assert np.isnan(angle_errors(np.zeros_like(moved), moved)).all()


def test_angles_that_have_nothing_to_do_with_each_other_are_90_degrees_apart() -> None:
    rng = np.random.default_rng(1)
    a, b = (rng.standard_normal((200, 50, 2)) + 1j * rng.standard_normal((200, 50, 2)) for _ in range(2))
    assert angle_errors(a, b).mean() == pytest.approx(90, abs=1.5)


def test_the_law_holds_in_a_circle_whatever_the_weights_are(moved: MovedWindow) -> None:
    for turning in (moved.trained, moved.untrained):
        assert turning.circle.shape == (N + 1, SHORT.lsp_channels, SHORT.n_components)
        assert turning.errors(turning.circle).max() < 1e-2
        np.testing.assert_allclose(turning.turned(turning.circle), turning.law_degrees(N + 1), atol=1e-2)
        np.testing.assert_allclose(turning.amplitudes(turning.circle), 1, atol=1e-4)
        np.testing.assert_allclose(turning.circle[-1], turning.circle[0], atol=1e-5)
        assert np.abs(turning.circle[3] - turning.circle[0]).max() > 0.1
        assert turning.errors(turning.sound_circle)[1:].mean() > 1  # stages have ends
        assert turning.errors(turning.real)[1:].mean() > 1
        np.testing.assert_allclose(turning.real[0], turning.circle[0], atol=1e-4)


def test_periodic_sound_that_moves_by_its_period_is_off_the_law_by_a_known_angle(model: Phalar, twin: Phalar) -> None:
    """The window then holds the same sound: nothing turns, while the law turns component k by −360 kp/N."""
    period = 4
    recording = clicks(period * HOP, 5)
    seen = move_window(model, twin, recording, recording, plan_of(SHORT, len(recording), 2.0))
    for turning in (seen.trained, seen.untrained):
        off = turning.errors(turning.real)
        for shift in (period, 2 * period):
            np.testing.assert_allclose(turning.real[shift], turning.real[0], atol=1e-3)
            law = 360 * np.arange(1, 4) * shift / N
            np.testing.assert_allclose(off[shift], np.abs((law + 180) % 360 - 180), atol=0.1)
            np.testing.assert_allclose(turning.turned(turning.real)[shift], -360 * np.round(law / 360), atol=0.1)
        np.testing.assert_allclose(turning.amplitudes(turning.real)[period], 1, atol=1e-3)


def test_what_sounds_comes_later_as_the_law_says(model: Phalar, twin: Phalar) -> None:
    """A burst far from the ends loses nothing at them; a law of the other sign would be wrong."""
    recording = 1e-6 * noise(4)
    recording[36_000:37_000] += np.sin(2 * np.pi * 1500 * np.arange(1000) / RATE).astype(np.float32)
    seen = move_window(model, twin, recording, recording, plan_of(SHORT, len(recording), 2.0)).trained
    assert seen.errors(seen.real)[1:4].max() < 15
    backwards = angle_errors(seen.real[1:4], seen.first * turns([-1, -2, -3], N, SHORT.n_components)[:, None])
    assert backwards.mean() > 60


def test_windows_are_read_where_the_plan_says() -> None:
    plan = plan_of(SHORT, 5 * RATE, 2.0)
    assert (plan.n_frames, plan.frame_s, plan.n_real, plan.n_few) == (13, 0.08, 14, 4)
    assert plan.period_s == pytest.approx(1.04)
    recording = noise(5)
    windows = plan.windows(recording)
    assert windows.shape == (sum(plan.counts), RATE)
    np.testing.assert_array_equal(windows[0], recording[2 * RATE : 3 * RATE])
    np.testing.assert_array_equal(windows[1], np.roll(windows[0], HOP))
    np.testing.assert_array_equal(windows[plan.n_few + 3], recording[2 * RATE - 3 * HOP : 3 * RATE - 3 * HOP])
    assert len(plan.unrelated_starts) == MOST_UNRELATED
    assert all(abs(start - plan.start) >= RATE for start in plan.unrelated_starts)
    np.testing.assert_array_equal(windows[-1], recording[plan.unrelated_starts[-1] :][:RATE])
    with pytest.raises(ShapeError, match="The plan is that of 80,000 samples; got 79,999"):
        plan.windows(recording[1:])
    with pytest.raises(ConfigError, match=r"A window from 4\.50 s is not in this recording: expected one from 0 to 4\.00 s"):
        plan_of(SHORT, 5 * RATE, 4.5)
    assert first_starts_s(SHORT, 5 * RATE) == (range(5), 2)
    assert first_starts_s(SHORT, RATE // 2) == (range(1), 0)
    short = plan_of(SHORT, RATE // 2, 0.0)
    assert (short.n_real, short.unrelated_starts, short.headline_s) == (1, (), 0.0)
    assert not short.windows(noise(0.5))[0][RATE // 2 :].any()
    padded = plan_of(replace(SHORT, n_components=8), RATE, 0.0)
    assert padded.n_frames == 19  # as many as 8 components need


def test_a_plan_of_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match="two frames or more"):
        Plan(RATE, 0, RATE, HOP, 1, RATE)


@torch.no_grad()
def test_scores_are_those_of_the_model_with_what_stays(model: Phalar, moved: MovedWindow) -> None:
    plan, stays, recording = moved.plan, noise(5, seed=1), noise(5)

    def embedded(samples: ndarray) -> torch.Tensor:
        return model(torch.from_numpy(samples[None]))

    anchor = embedded(stays[plan.start : plan.start + RATE])
    for shift in (0, 5, 13):
        start = plan.start - shift * HOP
        expected = model.score(anchor, embedded(recording[start : start + RATE])).item()
        assert moved.trained.scores[shift] == pytest.approx(expected, abs=1e-4)
    others = [model.score(anchor, embedded(recording[start : start + RATE])).item() for start in plan.unrelated_starts]
    np.testing.assert_allclose(moved.trained.unrelated_scores, others, atol=1e-4)
    above = moved.trained.above_unrelated(moved.trained.scores)
    assert above is not None
    assert above[5] == pytest.approx((moved.trained.scores[5] - np.mean(others)) / np.std(others, ddof=1), abs=1e-2)
    rows = score_rows(moved)
    assert [row.shift_s for row in rows] == pytest.approx((0.08 * np.arange(14)).tolist())
    assert (rows[5].s, rows[5].above) == (moved.trained.scores[5], above[5])
    last = replace(moved.trained, scores=np.arange(14.0)), replace(moved.untrained, scores=-np.arange(14.0))
    text = words.score_sentence(replace(moved, trained=last[0], untrained=last[1]), 5)
    assert text.endswith("S is largest at 1.04 s; untrained twin at 0.00 s.")
    few = replace(moved.trained, unrelated=moved.trained.unrelated[:3], unrelated_scores=np.array([0.1, 0.2, 0.3]))
    assert few.above_unrelated(few.scores) is None
    assert replace(moved.trained, unrelated_scores=np.full(12, 0.5)).above_unrelated(few.scores) is None


@torch.no_grad()
def test_sound_in_a_circle_is_the_control_of_scores(model: Phalar, twin: Phalar, moved: MovedWindow) -> None:
    plan, first = moved.plan, noise(5)[2 * RATE : 3 * RATE]
    anchor, rolled = (torch.from_numpy(sound[None]) for sound in (noise(5, seed=1)[2 * RATE : 3 * RATE], np.roll(first, 3 * HOP)))
    for network, turning in ((model, moved.trained), (twin, moved.untrained)):
        assert turning.sound_circle_scores.shape == (plan.n_few,)
        assert turning.sound_circle_scores[0] == pytest.approx(turning.scores[0], abs=1e-4)
        expected = network.score(network(anchor), network(rolled)).item()
        assert turning.sound_circle_scores[3] == pytest.approx(expected, abs=1e-4)
    rows, above = score_rows(moved), moved.trained.above_unrelated(moved.trained.sound_circle_scores)
    assert above is not None
    assert (rows[3].sound_circle_s, rows[3].sound_circle_above) == (moved.trained.sound_circle_scores[3], above[3])
    assert rows[3].untrained_sound_circle_s == moved.untrained.sound_circle_scores[3]
    assert {(row.sound_circle_s, row.untrained_sound_circle_above) for row in rows[4:]} == {(None, None)}
    numbers = np.array([0.9, 0.8, 0.7, -0.6]), np.array([0.5, 0.4, 0.3, 0.2])
    trained, untrained = (
        replace(turning, sound_circle_scores=scores, unrelated_scores=np.full(12, 0.5))
        for turning, scores in zip((moved.trained, moved.untrained), numbers, strict=True)
    )
    text = words.score_sentence(replace(moved, trained=trained, untrained=untrained), 7)
    assert "Sound in a circle, which keeps what sounds, at 0 s → at 0.24 s: 0.90 → −0.60; untrained twin 0.50 → 0.20." in text
    assert text.startswith("S at 0 s → at 0.56 s: ")


@torch.no_grad()
def test_the_head_is_followed_between_frames(model: Phalar, moved: MovedWindow) -> None:
    trained = moved.trained
    assert trained.head_circle.shape == (BETWEEN * N + 1, SHORT.d_embedding)
    for shift in (0, 6):
        phasors = torch.from_numpy(trained.circle[shift])
        expected = model.head(torch.stack([phasors.real, phasors.imag])[None]).unflatten(1, (2, -1))[0]
        np.testing.assert_allclose(trained.head_circle[BETWEEN * shift], torch.complex(*expected).numpy(), atol=1e-4)
    angle = np.exp(1j * np.linspace(0, 2 * np.pi, 80))
    drawn = replace(trained, head_circle=np.stack(2 * [angle**-2 + 0.3, 1 + 0.3 * angle, 0.3 + angle**3], axis=1))
    assert drawn.rounds.tolist() == 2 * [-2, 0, 3]
    assert "4 of 6 outputs of the head go around 0; untrained twin" in words.rounds_sentence(replace(moved, trained=drawn))


def test_errors_are_averaged_over_components_and_shifts(moved: MovedWindow) -> None:
    rows, trained = component_rows(moved), moved.trained
    assert [row.component for row in rows] == [1, 2, 3]
    np.testing.assert_allclose([row.hz for row in rows], np.arange(1, 4) / 1.04)
    assert [row.real for row in rows] == pytest.approx(trained.errors(trained.real)[1:4].mean(axis=0).tolist())
    assert [row.amplitude for row in rows] == pytest.approx(trained.amplitudes(trained.real)[1:4].mean(axis=0).tolist())
    law = trained.law(4)[1:]
    others = [angle_errors(np.broadcast_to(phasors, law.shape), law).mean(axis=0) for phasors in trained.unrelated]
    assert [row.unrelated for row in rows] == pytest.approx(np.mean(others, axis=0).tolist())


def test_sound_in_a_circle_is_averaged_over_the_shifts_that_really_move(model: Phalar, twin: Phalar) -> None:
    recording = noise(3)
    seen = move_window(model, twin, recording, recording, plan_of(SHORT, len(recording), 2 * HOP / RATE))
    assert (seen.plan.n_few, seen.plan.n_real) == (4, 3)
    circle, real = (seen.trained.errors(moved)[1:3].mean(axis=0) for moved in (seen.trained.sound_circle, seen.trained.real))
    rows = component_rows(seen)
    assert [row.sound_circle for row in rows] == pytest.approx(circle.tolist())
    assert [row.real for row in rows] == pytest.approx(real.tolist())
    text = words.score_sentence(seen, 3)
    assert text.startswith("S at 0 s → at 0.16 s: ")
    assert "Sound in a circle, which keeps what sounds, at 0 s → at 0.16 s: " in text


def test_the_answer_is_short_and_has_its_controls(moved: MovedWindow) -> None:
    rows = component_rows(moved)
    sentence = words.turned_sentence(moved, rows)
    means = [np.mean([getattr(row, name) for row in rows]) for name in ("real", "untrained", "unrelated")]
    assert sentence == (
        f"{means[0]:.1f}° off the law on average where sound really moves by up to 0.24 s; untrained twin {means[1]:.1f}°, "
        f"unrelated windows {means[2]:.1f}°."
    )
    alone = [replace(row, unrelated=None) for row in rows]
    assert words.turned_sentence(moved, alone).endswith("°, angles by chance 90°.")
    still = [replace(row, real=None, untrained=None) for row in rows]
    nothing = words.turned_sentence(moved, still)
    assert nothing.startswith("< 0.001° off the law at most, in a circle; chance 90°.")
    assert nothing.endswith("Where this window really moves, some phasors are 0 and have no angle.")
    for text in (sentence, nothing, words.turned_sentence(moved, alone)):
        assert len(text.split()) <= 30
    reason = words.reason_sentence(rows)
    assert (
        "a property of the architecture, not of training: features moved in a circle keep it to < 0.001°, those of the" in reason
    )
    known = [replace(row, sound_circle=12.0, real=34.0) for row in rows]
    assert words.reason_sentence(known).endswith(
        "Sound moved in a circle, whose ends then meet within the window, is off by 12.0° on average; really moved by as much, "
        "with new sound at its beginning, by 34.0°."
    )
    assert "T = 1.04 s (13 frames of 0.08 s), k = 1 to 3 (0.96 to 2.88 Hz)" in words.law_sentence(moved)


def test_a_recording_without_room_says_so(model: Phalar, twin: Phalar) -> None:
    recording, done = noise(1.5), list[tuple[int, int]]()
    seen = move_window(model, twin, recording, recording, plan_of(SHORT, len(recording), 0.0), lambda *now: done.append(now))
    rows = component_rows(seen)
    assert {(row.sound_circle, row.real, row.unrelated) for row in rows} == {(None, None, None)}
    assert words.reason_sentence(rows).endswith("°.")
    assert "Sound moved" not in words.reason_sentence(rows)
    assert "This window has no sound before it" in words.turned_sentence(seen, rows)
    assert "SDs" not in words.score_sentence(seen, 3)
    assert words.score_sentence(seen, 3).startswith("S at 0 s → at 0.00 s: ")
    scores = score_rows(seen)
    assert [row.s is None for row in scores] == [False, True, True, True]
    assert [row.sound_circle_s for row in scores] == seen.trained.sound_circle_scores.tolist()
    assert {row.sound_circle_above for row in scores} == {None}
    assert done[0] == (0, done[0][1])
    assert done[-1] == (done[0][1], done[0][1]) == (12, 12)  # (4 in a circle, 1 that does not move, 1 that stays), twice


def test_a_silent_window_has_a_sentence_of_its_own(model: Phalar, twin: Phalar) -> None:
    recording = noise(5)
    recording[2 * RATE : 3 * RATE] = 0
    seen = move_window(model, twin, recording, recording, plan_of(SHORT, len(recording), 2.0))
    rows = component_rows(seen)
    assert seen.is_silent
    assert words.turned_sentence(seen, rows) == words.silent_sentence()
    assert len(words.silent_sentence().split()) <= 30
    assert all(number is None or np.isfinite(number) for row in rows for number in row.record().values())
    assert "nan" not in words.reason_sentence(rows) + words.score_sentence(seen, 3)
    loud = move_window(model, twin, noise(5), recording, plan_of(SHORT, len(recording), 2.0))
    assert not loud.is_silent


@pytest.mark.parametrize(("name", "columns"), [
    ("circle", ["circle"]), ("sound_circle", ["sound_circle"]), ("real", ["real"]), ("unrelated", ["unrelated"]),
    ("first", ["circle", "sound_circle", "real", "unrelated", "amplitude"]),
])  # fmt: skip
def test_a_phasor_of_0_has_no_angle(moved: MovedWindow, name: str, columns: list[str]) -> None:
    where, at = ("circle", 0) if name == "first" else (name, 2)
    phasors = getattr(moved.trained, where).copy()
    phasors[at, :, 1] = 0
    zeroed = replace(moved, trained=replace(moved.trained, **{where: phasors}))
    rows = component_rows(zeroed)
    assert {getattr(rows[1], column) for column in columns} == {None}
    for row in (rows[0], rows[2]):
        assert all(number is not None for number in row.record().values())
    sentences = [words.turned_sentence(zeroed, rows), words.reason_sentence(rows), words.score_sentence(zeroed, 3)]
    assert "nan" not in " ".join(sentences)
    if "real" in columns:
        assert len(sentences[0].split()) <= 30
        assert sentences[0].endswith("; chance 90°. Where this window really moves, some phasors are 0 and have no angle.")
    if "circle" in columns:
        assert sentences[1].endswith("it holds for whatever has an angle. Here some phasors are 0 and have none.")


def test_a_phasor_of_the_twin_that_is_0_has_no_angle(moved: MovedWindow) -> None:
    circle = moved.untrained.circle.copy()
    circle[:, :, 0] = 0
    rows = component_rows(replace(moved, untrained=replace(moved.untrained, circle=circle)))
    assert rows[0].untrained_circle is rows[0].untrained is None
    assert rows[1].untrained_circle is not None
    assert "nan" not in words.reason_sentence(rows)
    assert words.turned_sentence(moved, rows).startswith("< 0.001° off the law at most, in a circle; chance 90°. Where this")


def test_only_models_with_phasors_have_a_phase(model: Phalar) -> None:
    assert has_phasors(model)
    assert not has_phasors(outline(OTHERS["tiny"]))
    assert "whose features are real numbers" in words.no_phase("ViT-1D")
