"""Every tower of every family keeps to the protocol: shapes, times, interventions, pooling, attention and twins."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from numpy import ndarray
from torch import Tensor

from analysis.datasets.midi import Notes
from analysis.errors import ConfigError
from analysis.models import families
from analysis.models.families import Family, family_names, find_family
from analysis.models.heads import HeadId, cuttable_heads, head_outputs, replace_heads
from analysis.models.patterns import attention_patterns
from analysis.models.pooling import mean_over_tokens
from analysis.models.poolings import BOTH, BY_BAND, BY_BOTH, BY_MOMENT, CLASS_POOLINGS, CLASS_TOKEN, MEAN, MOMENTS, grid_poolings
from analysis.models.taps import capture, intervene
from analysis.models.tower import LAYERS, Batch, DescribedTower, Model, SegmentLike, TokenAxis, Tower, embedding_tap
from analysis.readings.self_similarity import self_similarities
from tests.conformance import made_up_family, made_up_towers
from tests.tiny import NARROW

SEED = 5
MADE_UP = (made_up_family.FAMILY, made_up_towers.PAIR, made_up_towers.GRID)
CLICK_S = 0.01


@dataclass(frozen=True)
class Window:
    """Noise, or a click in silence, with some notes."""

    n_notes: int
    seed: int
    click_s: float | None = None
    start_s: float = 7.0

    def waveform(self, sample_rate: int, duration_s: float) -> ndarray:
        n = round(sample_rate * duration_s)
        noise = np.random.default_rng(self.seed).normal(0, 0.1, n).astype(np.float32)
        if self.click_s is None:
            return noise
        times_s = np.arange(n) / sample_rate
        return noise + np.where(np.abs(times_s - self.click_s) < CLICK_S / 2, 0.5, 0.0).astype(np.float32)

    def notes(self) -> Notes:
        rng = np.random.default_rng(self.seed)
        onset_s = self.start_s + np.sort(rng.uniform(-0.5, 1.5, self.n_notes))
        pitch, velocity = rng.integers(30, 90, self.n_notes), rng.integers(20, 120, self.n_notes)
        return Notes(onset_s=onset_s, offset_s=onset_s + 0.7, pitch=pitch, velocity=velocity)


class Case(NamedTuple):
    """A tower of a narrow model, and what all of its taps hold of two windows."""

    family: Family
    config: Any
    model: Model
    tower: Tower
    plain: Mapping[str, Tensor]

    def batch(self, *windows: SegmentLike) -> Batch:
        return self.tower.collate(windows)


def cases() -> list[Any]:
    """Family, preset and tower of everything that is registered, and of families that nobody trained."""
    with registered():
        return [
            pytest.param((name, preset, tower), id=f"{name} {preset} {tower}")
            for name in family_names()
            for preset in find_family(name).samples
            for tower in find_family(name).outline(find_family(name).preset(preset)).towers
        ]


@contextmanager
def registered() -> Iterator[None]:
    for family in MADE_UP:
        families.register(family)
    try:
        yield
    finally:
        for family in MADE_UP:
            families.forget(family.name)


@pytest.fixture(scope="module", autouse=True)
def made_up() -> Iterator[None]:
    with registered():
        yield


@pytest.fixture(scope="module", params=cases())
def case(request: pytest.FixtureRequest, made_up: None) -> Case:
    name, preset, tower = request.param
    family = find_family(name)
    config = replace(family.preset(preset), **SIZES.get(name, {}))
    model = family.build(config, SEED).eval()
    case = Case(family, config, model, model.towers[tower], {})
    return case._replace(plain=captured(case, WINDOWS))


WINDOWS = (Window(5, 1), Window(9, 2))
SIZES = {"dual": NARROW}  # as deep as the preset, so with every kind of tap


@torch.no_grad()
def captured(case: Case, windows: Sequence[SegmentLike], taps: Sequence[str] = ()) -> dict[str, Tensor]:
    names = taps or [tap.name for tap in case.tower.taps()]
    with capture(case.model, names) as seen:
        case.tower(case.batch(*windows))
    return seen


def test_it_keeps_to_the_protocol(case: Case) -> None:
    assert isinstance(case.model, Model)
    assert isinstance(case.tower, Tower)
    assert isinstance(case.batch(*WINDOWS), Batch)
    assert case.model.family == case.family.name
    assert all(tower in case.model.towers for pair in case.model.pairs for tower in pair)
    assert case.family.n_tokens(case.config) > 0
    assert case.family.window_bytes(case.config) > 4 * 1000


def test_names_begin_with_that_of_the_tower_and_each_has_one_place(case: Case) -> None:
    taps = case.tower.taps()
    names = [tap.name for tap in taps]
    assert len(set(names)) == len(names)
    assert all(name.startswith(f"{case.tower.name}.") for name in names)
    assert set(case.tower.hook_points()) == set(names)
    kinds = [tap.kind for tap in taps]
    assert kinds.count("input") == kinds.count("embedding") == 1
    assert [kind for kind in kinds if kind in LAYERS] == sorted((k for k in kinds if k in LAYERS), key=LAYERS.index)
    assert all(tap.title for tap in taps)
    layers = [tap.name for tap in taps if tap.kind in LAYERS]
    blocks = [f"block.{number}" for number in range(1, kinds.count("block") + 1)]
    assert layers == [f"{case.tower.name}.{name}" for name in ("in", *blocks, "embedding")]


def test_every_tap_can_be_captured_and_has_the_shape_its_axis_says(case: Case) -> None:
    batch, seen = case.batch(*WINDOWS), case.plain
    assert set(seen) == {tap.name for tap in case.tower.taps()}
    for tap in case.tower.taps():
        axis, activation = case.tower.axis(tap.name, batch), seen[tap.name]
        if axis is not None:
            assert activation.ndim == 3
            assert activation.shape[:2] == (len(WINDOWS), axis.n)
            assert axis.bands_hz is None or axis.bands_hz.shape == (axis.times_s.shape[-1], 2)
        else:
            assert tap.kind in ("embedding", "router", "mechanism")
        assert tap.width == (activation.shape[-1] if tap.kind in LAYERS else tap.width)
    assert seen[embedding_tap(case.tower)].shape == (len(WINDOWS), case.tower.width)
    assert case.tower.axis(embedding_tap(case.tower), batch) is None


def test_the_tower_returns_what_its_embedding_tap_holds(case: Case) -> None:
    with torch.no_grad():
        embedding = case.tower(case.batch(*WINDOWS))
    assert torch.equal(case.plain[embedding_tap(case.tower)], embedding)


def test_times_are_finite_rise_and_lie_within_the_window(case: Case) -> None:
    batch = case.batch(*WINDOWS)
    for tap in case.tower.taps():
        if (axis := case.tower.axis(tap.name, batch)) is not None:
            assert np.isfinite(axis.times_s).all()
            assert (np.diff(axis.times_s, axis=-1) >= 0).all()
            assert axis.times_s.min() >= 0
            assert axis.times_s.max() <= case.tower.input.window_s
            assert axis.times_s.ndim == 1 or len(axis.times_s) == len(WINDOWS)


@pytest.mark.parametrize("share", [0.21, 0.5, 0.83])
def test_a_click_moves_the_token_whose_time_it_is_most(share: float, case: Case) -> None:
    """Before any attention, so that a token holds its own moment alone; of notes, a note that is exchanged is the click.

    The click is moved from elsewhere: what is loudest in a window, by which some towers measure levels, stays as it was.
    """
    tap = next(tap.name for tap in case.tower.taps() if tap.kind == "input")
    if case.tower.modality == "audio":
        at_s, elsewhere_s = (where * case.tower.input.window_s for where in (share, (share + 0.4) % 1))
        plain, clicked = replace(WINDOWS[0], click_s=elsewhere_s), replace(WINDOWS[0], click_s=at_s)
    else:
        (plain, clicked, at_s), elsewhere_s = exchanged(WINDOWS[1], share), np.inf
    before, after = (captured(case, [window], [tap])[tap][0] for window in (plain, clicked))
    axis = case.tower.axis(tap, case.batch(plain))
    assert axis is not None
    moved = (after - before).norm(dim=-1)[axis.special :].numpy()
    times_s = np.atleast_2d(axis.times_s)[0]
    near_s = 2 * np.diff(np.unique(times_s)).max() if case.tower.modality == "audio" else 1e-9
    assert moved.max() > 0
    nearer = np.abs(times_s - at_s) < np.abs(times_s - elsewhere_s)
    assert abs(times_s[np.where(nearer, moved, -1).argmax()] - at_s) <= near_s


def exchanged(window: Window, share: float) -> tuple[SegmentLike, SegmentLike, float]:
    """A window, the same with another pitch of one note, and the time of that note."""
    notes = window.notes()
    number = 3 + round(share * (window.n_notes - 4))
    pitch = notes.pitch.copy()
    pitch[number] += 5

    class Exchanged(Window):
        def notes(self) -> Notes:
            return Notes(onset_s=notes.onset_s, offset_s=notes.offset_s, pitch=pitch, velocity=notes.velocity)

    return window, Exchanged(window.n_notes, window.seed), float(max(notes.onset_s[number] - window.start_s, 0.0))


def test_a_tap_that_is_replaced_by_itself_changes_nothing(case: Case) -> None:
    with ExitStack() as stack:
        for tap in case.tower.taps():
            stack.enter_context(intervene(case.model, tap.name, lambda activation: activation))
        again = captured(case, WINDOWS)
    assert again.keys() == case.plain.keys()
    assert all(torch.equal(again[name], plain) for name, plain in case.plain.items())


def test_a_layer_that_is_replaced_reaches_the_embedding(case: Case) -> None:
    last = embedding_tap(case.tower)
    for tap in case.tower.taps():
        if tap.kind in LAYERS:
            with intervene(case.model, tap.name, lambda activation: activation.flip(0)):
                assert not torch.equal(captured(case, WINDOWS, [last])[last], case.plain[last])


def test_padding_counts_in_no_pooling(case: Case) -> None:
    alone, together = captured(case, WINDOWS[:1]), case.plain
    masks = case.batch(*WINDOWS[:1]).mask, case.batch(*WINDOWS).mask
    for tap in case.tower.taps():
        if tap.kind not in ("router", "mechanism"):
            for how in case.tower.poolings:
                first, both = (
                    case.tower.pool(seen[tap.name], tap.name, mask, how)
                    for seen, mask in zip((alone, together), masks, strict=True)
                )
                assert torch.allclose(first[0], both[0], atol=1e-5)


def regions(tokens: Tensor, axis: TokenAxis) -> tuple[tuple[int, int], dict[str, Tensor]]:
    """Moments and bands of a grid, and the means over its bands, over quarters of its moments, and over both, by hand."""
    bands = 1 if axis.bands_hz is None else len(np.unique(axis.bands_hz[:, 0]))
    image = tokens.unflatten(1, (-1, bands))
    moments = image.shape[1]
    bounds = [(moments * n // MOMENTS, -(-moments * (n + 1) // MOMENTS)) for n in range(MOMENTS)]
    quarters = torch.stack([image[:, start:stop].mean(dim=1) for start, stop in bounds], dim=1)
    ways = {BY_BAND: image.mean(dim=1), BY_MOMENT: quarters.mean(dim=2), BY_BOTH: quarters.flatten(1, 2)}
    return (moments, bands), {how: parts.flatten(1) for how, parts in ways.items()}


def test_the_usual_pooling_is_the_mean_of_the_tokens_that_have_a_time(case: Case) -> None:
    seen, mask = case.plain, case.batch(*WINDOWS).mask
    for tap in case.tower.taps():
        if (axis := case.tower.axis(tap.name, case.batch(*WINDOWS))) is None or tap.kind not in LAYERS:
            continue
        tokens, of_tokens = seen[tap.name], None if mask is None else mask[:, axis.special :]
        mean, first = mean_over_tokens(tokens[:, axis.special :], of_tokens), tokens[:, 0]
        grid, by_region = regions(tokens, axis) if mask is None and not axis.special else ((1, 1), {})
        expected = {MEAN: mean, CLASS_TOKEN: first, BOTH: (mean + first) / 2, **by_region}
        assert torch.equal(case.tower.pool(tokens, tap.name, mask), case.tower.pool(tokens, tap.name, mask, MEAN))
        assert case.tower.poolings[0] == MEAN
        assert set(case.tower.poolings) <= set(CLASS_POOLINGS if axis.special else grid_poolings(grid))
        for how in case.tower.poolings:
            assert torch.allclose(case.tower.pool(tokens, tap.name, mask, how), expected[how], atol=1e-6)
        with pytest.raises(ConfigError, match="There is no pooling 'loudest'"):
            case.tower.pool(tokens, tap.name, mask, "loudest")


def test_what_stands_at_padding_is_pooled_away(case: Case) -> None:
    axis = case.tower.axis(next(tap.name for tap in case.tower.taps() if tap.kind == "input"), case.batch(*WINDOWS))
    assert axis is not None
    tokens = torch.randn(2, axis.n, 3, generator=torch.Generator().manual_seed(0))
    mask = torch.ones(2, axis.n, dtype=torch.bool)
    mask[0, axis.special + 2 :] = False
    spoiled = torch.where(mask[..., None], tokens, 1e6)
    for how in case.tower.poolings:
        rows = [case.tower.pool(some, f"{case.tower.name}.in", mask, how) for some in (tokens, spoiled)]
        assert torch.allclose(rows[0], rows[1], atol=1e-5)


def test_rows_of_attention_are_distributions_on_their_axes(case: Case) -> None:
    patterns = list(attention_patterns(case.tower, case.batch(*WINDOWS)))
    assert bool(patterns) is case.tower.attends
    layers = [attention.layer for attention, _ in patterns]
    assert layers == sorted(set(layers))
    for attention, pattern in patterns:
        assert pattern.shape == (len(WINDOWS), attention.n_heads, attention.query.n, attention.key.n)
        assert torch.allclose(pattern.sum(dim=-1), torch.tensor(1.0), atol=1e-5)
        assert pattern.min() >= 0
        assert attention.title


@torch.no_grad()
def test_heads_can_be_told_apart_in_what_they_add(case: Case) -> None:
    """What they add, put in its own place, changes nothing; without all heads of a layer the projection adds its bias alone."""
    batch = case.batch(*WINDOWS)
    plain, outputs = case.tower(batch), head_outputs(case.tower, batch)
    heads = cuttable_heads(case.tower, batch)
    own = {head: outputs[head.layer][:, :, head.head] for head in heads}
    with replace_heads(case.tower, batch, own):
        assert torch.equal(case.tower(batch), plain)
    for attention in case.tower.attention(batch):
        if attention.projection is None:
            continue
        assert outputs[attention.layer].shape[:3] == (len(WINDOWS), attention.query.n, attention.n_heads)
        width = outputs[attention.layer].shape[-1]
        cut = {HeadId(attention.layer, head): torch.zeros(width) for head in range(attention.n_heads)}
        seen: list[Tensor] = []
        hook = attention.projection.register_forward_hook(lambda _module, _given, output, seen=seen: seen.append(output))
        with replace_heads(case.tower, batch, cut):
            moved = case.tower(batch)
        hook.remove()
        assert torch.equal(seen[0], seen[0][:1, :1].expand_as(seen[0]))
        assert not torch.equal(moved, plain)


@pytest.mark.parametrize("standardised", [False, True])
def test_moments_of_a_window_are_compared_at_every_layer(standardised: bool, case: Case) -> None:
    compared = list(self_similarities(case.model, case.tower.name, WINDOWS[1], standardised=standardised))
    batch = case.batch(WINDOWS[1])
    assert [of.tap for of in compared] == [
        tap for tap in case.tower.taps() if tap.kind in LAYERS and case.tower.axis(tap.name, batch) is not None
    ]
    seen = captured(case, WINDOWS[1:], [of.tap.name for of in compared])
    for tap, times_s, matrix in compared:
        axis = case.tower.axis(tap.name, batch)
        assert axis is not None
        n = axis.n - axis.special
        assert (len(times_s), matrix.shape) == (n, (n, n))
        assert np.allclose(matrix, matrix.T)
        assert np.allclose(matrix.diagonal(), 1)
        assert np.abs(matrix).max() <= 1 + 1e-6
        if not standardised:
            first, last = seen[tap.name][0, axis.special], seen[tap.name][0, -1]
            assert np.isclose(matrix[0, -1], torch.cosine_similarity(first, last, dim=0), atol=1e-5)


def test_a_twin_is_that_of_its_seed(case: Case) -> None:
    config = case.config

    def twin(seed: int) -> dict[str, Tensor]:
        return case.family.untrained(config, seed, lambda: case.model).state_dict()

    state, again, other = twin(SEED), twin(SEED), twin(SEED + 1)
    assert all(torch.equal(state[name], again[name]) for name in state)
    assert any(not torch.equal(state[name], other[name]) for name in state)
    assert {name: tensor.shape for name, tensor in state.items()} == {
        name: tensor.shape for name, tensor in case.family.outline(config).state_dict().items()
    }


def test_a_configuration_survives_being_written(case: Case) -> None:
    config = case.config
    assert case.family.read(case.family.to_dict(config)) == config
    counts = dict(case.family.count(config))
    total = counts.pop("total")
    assert total == sum(counts.values()) == sum(tensor.numel() for tensor in case.model.parameters())


def test_a_descriptor_is_given_to_the_towers_of_families_with_arms(case: Case) -> None:
    """It is what the tap of the descriptor holds, window by window, without padding."""
    assert isinstance(case.tower, DescribedTower) is case.family.has_arms
    if not isinstance(case.tower, DescribedTower):
        return
    batch, taps = case.batch(*WINDOWS), [tap.name for tap in case.tower.taps() if tap.kind == "descriptor"]
    rows = case.tower.descriptor(batch)
    assert len(rows) == (len(WINDOWS) if taps else 0)
    for number, row in enumerate(rows):
        given = case.plain[taps[0]][number]
        assert torch.equal(row, given if batch.mask is None or len(given) != batch.mask.shape[1] else given[batch.mask[number]])


def test_scores_compare_every_row_with_every_row(case: Case) -> None:
    rows = torch.randn(3, case.tower.width, generator=torch.Generator().manual_seed(1))
    for _ in case.model.pairs:
        assert case.model.score(rows, rows[:2]).shape == (3, 2)
