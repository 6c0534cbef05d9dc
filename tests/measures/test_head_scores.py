"""Heads that follow the music are found among noise, noise is not, and the null is that of circular shifts."""

import numpy as np
import pytest
from numpy import ndarray
from scipy import stats

from analysis.errors import ShapeError
from analysis.measures.head_attention import TimedAttention, timed_attention
from analysis.measures.head_scores import Lifts, choose_heads, halves, join_lifts, lifts, score_heads
from analysis.measures.head_templates import (
    Kind,
    Template,
    elsewhere,
    in_context,
    onset_template,
    periodic_template,
    pitch_class_template,
    positions,
    repetition_template,
    sounding_classes,
)

N_TOKENS, HOP_S, N_HEADS = 80, 0.05, 6
TIMES_S = (np.arange(N_TOKENS) + 0.5) * HOP_S


def softmax(scores: ndarray) -> ndarray:
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def noise_attention(rng: np.random.Generator, planted: ndarray | None = None, head: int = 3) -> TimedAttention:
    """Heads that attend at random, one of them to what is planted besides."""
    scores = rng.normal(size=(N_HEADS, N_TOKENS, N_TOKENS))
    if planted is not None:
        scores[head] += planted
    return timed_attention(softmax(scores), TIMES_S, TIMES_S)


def music(rng: np.random.Generator) -> tuple[ndarray, ndarray, ndarray, float]:
    """Onsets, pitches and the period of beats of a window: four bars of a loop of four notes."""
    period_s = rng.uniform(0.4, 0.7)
    onsets_s = np.arange(rng.uniform(0, period_s), N_TOKENS * HOP_S, period_s / 2)
    return onsets_s, 60 + rng.permutation(12)[:4][np.arange(len(onsets_s)) % 4], np.full(len(onsets_s), period_s / 2), period_s


def templates(rng: np.random.Generator) -> dict[Kind, Template]:
    onsets_s, pitch, lengths_s, period_s = music(rng)
    beat = TIMES_S / period_s
    sounds = sounding_classes(TIMES_S, onsets_s, onsets_s + lengths_s, pitch)
    chroma = in_context(sounds.astype(float), TIMES_S)
    return {
        "onset-locked": onset_template(TIMES_S, TIMES_S, onsets_s),
        "beat-periodic": periodic_template(beat, beat),
        "repetition-aligned": repetition_template(chroma, chroma, TIMES_S, TIMES_S),
        "pitch-class-locked": pitch_class_template(sounds, sounds, TIMES_S, TIMES_S),
    }


@pytest.mark.parametrize("kind", ["onset-locked", "beat-periodic", "repetition-aligned", "pitch-class-locked"])
def test_a_planted_head_comes_first(kind: Kind, rng: np.random.Generator) -> None:
    windows: dict[Kind, list[Lifts]] = {kind: []}
    groups = np.repeat(np.arange(16), 2)
    for _ in groups:
        template = templates(rng)[kind]
        attention = noise_attention(rng, 0.8 * template.weight * template.counts)
        windows[kind].append(lifts(attention, template))
    best, *others = choose_heads(windows, groups, seed=3, n_chosen=3, n_shifts=500)
    assert (best.head, best.rank) == (3, 1)
    assert best.p_holm < 0.05
    assert best.z > 3
    assert best.ci[0] is not None
    assert best.ci[0] > 0
    assert min(other.p for other in others) > best.p
    assert score_heads(windows[kind], groups, seed=3).z.argmax() == 3


def test_noise_has_uniform_p(rng: np.random.Generator) -> None:
    """Over many recordings of nothing, p of every kind is uniform, and that of the best of all heads as well."""
    ps: dict[Kind, list[float]] = {}
    best = []
    for number in range(30):
        kinds: dict[Kind, list[Lifts]] = {}
        for _ in range(4):
            attention = noise_attention(rng)
            for kind, template in templates(rng).items():
                kinds.setdefault(kind, []).append(lifts(attention, template))
        for kind, of_kind in kinds.items():
            scores = score_heads(of_kind, np.arange(4), seed=number, n_shifts=100)
            ps.setdefault(kind, []).extend(scores.p)
            best.append(scores.p_any.min())
    for kind, of_kind in ps.items():
        assert stats.kstest(of_kind, "uniform").statistic < 0.15, kind
        assert np.mean(np.array(of_kind) <= 0.05) < 0.09, kind
    assert np.mean(np.array(best) <= 0.05) < 0.1


def test_noise_is_not_found(rng: np.random.Generator) -> None:
    groups = np.arange(16)
    windows: dict[Kind, list[Lifts]] = {}
    for _ in groups:
        attention = noise_attention(rng)
        for kind, template in templates(rng).items():
            windows.setdefault(kind, []).append(lifts(attention, template))
    chosen = choose_heads(windows, groups, seed=1, n_shifts=500)
    assert len(chosen) == 4 * 5
    assert min(head.p_holm for head in chosen) > 0.05


@pytest.mark.parametrize("reach_s", [0.1, 0.4, 1.0])
def test_a_head_that_looks_at_what_is_near_is_not_taken_for_a_periodic_one(reach_s: float, rng: np.random.Generator) -> None:
    near = timed_attention(softmax(-np.abs(TIMES_S - TIMES_S[:, None])[None] / reach_s), TIMES_S, TIMES_S)
    windows = [lifts(near, templates(rng)["beat-periodic"]) for _ in range(16)]
    assert score_heads(windows, np.arange(16), seed=0, n_shifts=500).p[0] > 0.5


def test_shifted_lifts_are_those_of_the_rolled_template(rng: np.random.Generator) -> None:
    attention, template = noise_attention(rng), templates(rng)["beat-periodic"]
    table = lifts(attention, template)
    share = attention.pattern / attention.pattern.sum(axis=(1, 2), keepdims=True)
    for shift in (0, 1, 17):
        marked = np.roll(template.weight, shift, axis=1) * template.counts
        expected = (share * marked).sum(axis=(1, 2)) - marked.mean()
        np.testing.assert_allclose(table.shifted[:, shift], expected, atol=1e-12)
    assert table.uniform == pytest.approx(np.full(N_HEADS, (template.weight * template.counts).mean()))


def test_windows_of_one_work_are_shifted_together(rng: np.random.Generator) -> None:
    """The same window again adds nothing; as another work it has a shift of its own, and a null that is narrower by √3."""
    window = lifts(noise_attention(rng), templates(rng)["beat-periodic"])
    single = score_heads([window], np.zeros(1), seed=2)
    again = score_heads([window] * 3, np.zeros(3), seed=2)
    apart = score_heads([window] * 3, np.arange(3), seed=2)
    np.testing.assert_allclose(again.z, single.z)
    np.testing.assert_allclose(again.p, single.p)
    np.testing.assert_allclose(apart.z, np.sqrt(3) * single.z, rtol=0.1, atol=0.1)


def test_heads_of_places_with_other_keys_are_shifted_by_the_same_share() -> None:
    few, many = Lifts(np.arange(2.0)[None], np.zeros(1)), Lifts(np.arange(6.0)[None], np.ones(1))
    joined = join_lifts([few, many])
    assert joined.shifted.tolist() == [[0, 0, 0, 1, 1, 1], [0, 1, 2, 3, 4, 5]]
    assert joined.uniform.tolist() == [0, 1]
    wide = join_lifts([Lifts(np.arange(1024.0)[None], np.zeros(1))])
    assert wide.shifted[0, :3].tolist() == [0, 2, 4]
    assert wide.shifted.shape == (1, 512)


def test_special_tokens_stay_apart_and_moments_are_joined() -> None:
    pattern = np.array([[[0.5, 0.2, 0.2, 0.1], [1.0, 0.0, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25], [0.0, 0.5, 0.5, 0.0]]])
    joined = timed_attention(pattern, np.array([0.0, 1.0, 1.0]), np.array([0.0, 0.0, 2.0]), 1, 1)
    np.testing.assert_allclose(joined.pattern, [[[0.0, 0.0], [0.75, 0.125]]])
    assert joined.key_tokens.tolist() == [2, 1]
    np.testing.assert_allclose(joined.uniform, [2 / 3, 1 / 3])
    assert joined.special_share[0] == pytest.approx(1.25 / 3)
    assert joined.entropy_bits[0] == pytest.approx((0 + 2 + 1) / 3)
    assert joined.distance_s[0] == pytest.approx((0.25 * 3 * 1 + 1.0 * 1) / 1.75)
    with pytest.raises(ShapeError, match="3 queries and 4 keys"):
        timed_attention(pattern, np.arange(3.0), np.arange(4.0))


def test_where_everything_is_marked_nothing_is_said(rng: np.random.Generator) -> None:
    """Every token of notes is an onset."""
    window = lifts(noise_attention(rng), onset_template(TIMES_S, TIMES_S, TIMES_S))
    scores = score_heads([window], np.zeros(1), seed=0)
    assert (scores.z == 0).all()
    assert (scores.p == 1).all()
    assert window.uniform == pytest.approx(np.ones(N_HEADS))


def test_the_halves_share_no_work() -> None:
    groups = np.array(list("aabbccdde"))
    chooses = halves(groups, 4)
    assert not set(groups[chooses]) & set(groups[~chooses])
    assert len(set(groups[chooses])) == 3
    with pytest.raises(ShapeError, match="single work"):
        halves(groups[:2], 4)


def test_what_goes_on_is_no_repetition() -> None:
    alike = np.array([[True, True, False, True, True], [False, True, True, True, False]])
    counts = elsewhere(alike, np.array([0.0, 2.0]), np.arange(5.0))
    assert counts.tolist() == [[False, False, True, True, True], [True, False, False, False, True]]


def test_beats_that_do_not_rise_are_refused() -> None:
    with pytest.raises(ShapeError, match="two or more that rise"):
        positions(np.zeros(1), np.array([1.0, 1.0]))
