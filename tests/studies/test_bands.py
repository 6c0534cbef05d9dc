"""A model that hears one band shows that band and no other, a deaf one none; every part has its control."""

from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.stats
import torch

from analysis.datasets.piece import Corpus
from analysis.datasets.segments import list_segments
from analysis.descriptors.a4 import A4_EDGES_HZ
from analysis.descriptors.filters import band_keep
from analysis.descriptors.interventions import shift_band, spread_over_bands
from analysis.errors import ConfigError
from analysis.measures.resampling import WorkDraws
from analysis.models.checkpoint import Checkpoint
from analysis.models.dual_encoder import DualEncoder, build_model
from analysis.models.taps import intervene
from analysis.numbers import Value, select, the
from analysis.readings.study_run import StudyRun
from analysis.run import RunContext
from analysis.store import Store
from analysis.studies.bands.attribution import METHODS, _rank_correlation, attribute
from analysis.studies.bands.doses import N_DRAWS, parse_doses, shift_bands
from analysis.studies.bands.filters import NOISE, WITHOUT_ENERGY, filter_bands
from analysis.studies.bands.reading import read_bands
from analysis.studies.bands.rows import LATER, RANDOM, DoseRow, FilterRow, NoteRow, PartRow, ReadingRow
from analysis.studies.bands.study import Request, details, headline, one_per_work, spread, window_draws
from analysis.studies.bands.tables import Findings
from analysis.studies.base.measurement import Measurement
from analysis.studies.base.requests import build_request
from analysis.studies.base.selections import selected
from analysis.studies.base.study import finish_study
from analysis.studies.pools.rows import PoolRow
from analysis.studies.pools.scores import PoolScores, build_pool
from analysis.studies.shared_rows import Weights, work_window_rows
from analysis.training.evaluation import waveform_batch

Make = Callable[[str], Checkpoint]
HEARD = "750–1,500 Hz"
AS_IT_WAS = {"checkpoint": "m", "weights": "trained", "sound": "as it is"}


class OneBand(DualEncoder):
    """Hears from 810 to 1395 Hz, well inside one band of A4."""

    def embed_audio(self, waveform: torch.Tensor) -> torch.Tensor:
        return super().embed_audio(band_keep(waveform, 810, 1395, 24_000))


class Deaf(DualEncoder):
    """Hears nothing."""

    def embed_audio(self, waveform: torch.Tensor) -> torch.Tensor:
        return super().embed_audio(0 * waveform)


def planted(checkpoint: Checkpoint, kind: type[DualEncoder]) -> Checkpoint:
    class Planted(Checkpoint):
        def model(self) -> DualEncoder:
            model = kind(self.model_config)
            model.load_state_dict(build_model(self.model_config, seed=5).state_dict())
            return model.eval()

    return Planted(**{field.name: getattr(checkpoint, field.name) for field in fields(checkpoint)})


@pytest.fixture
def study_run(corpus: Corpus) -> StudyRun:
    return StudyRun({}, corpus, torch.device("cpu"))


@pytest.fixture
def scores(study_run: StudyRun) -> PoolScores:
    segments = list_segments(study_run.corpus.pieces, max_per_piece=2)
    return build_pool(study_run, segments, n_queries=8, pool_size=8, n_same_piece=1, n_same_composer=1)


def test_the_band_that_is_heard_is_shown_and_no_other(study_run: StudyRun, scores: PoolScores, make_checkpoint: Make) -> None:
    found, checkpoint = Findings(), planted(make_checkpoint("D0"), OneBand)
    filter_bands(found, study_run, checkpoint, "trained", A4_EDGES_HZ, scores)
    filter_bands(found, study_run, checkpoint, "untrained", A4_EDGES_HZ, scores)
    rows = {row.band: row for row in found.filters if row.weights == "trained"}
    assert list(rows)[-2:] == [NOISE, LATER]
    heard = rows.pop(HEARD)
    assert (heard.ci_low or 0) > 10 * max(row.value or 0 for row in rows.values())
    assert heard.null == rows[LATER].value
    assert heard.energy_share == pytest.approx(750 / 12_000, rel=0.05)  # white noise
    assert heard.distance_per_db == pytest.approx((heard.value or 0) / (heard.fall_db or 1))
    kept = found.arrays[heard.array]
    assert kept.shape == (10, 8)
    assert kept[heard.row].mean() == pytest.approx(heard.value, rel=1e-5)
    assert f": without {HEARD} D0-1 moves farthest" in headline(found.measured, scores.window_draws)
    attribute(found, study_run, checkpoint, "trained", scores.segments[:1], A4_EDGES_HZ, 42)
    for method in METHODS[:2]:
        its = {row.band: abs(row.value or 0) for row in found.attribution if row.method == method}
        assert max(its, key=lambda band: its[band]) == HEARD
        assert its.pop(HEARD) > 10 * max(its.values())


def test_a_deaf_model_shows_no_band(study_run: StudyRun, scores: PoolScores, make_checkpoint: Make) -> None:
    found, checkpoint = Findings(), planted(make_checkpoint("D0"), Deaf)
    filter_bands(found, study_run, checkpoint, "trained", (100.0, 1000.0, 4000.0), scores)
    assert {row.value for row in found.filters} == {0.0}
    assert headline(found.measured, scores.window_draws).startswith(
        "No band moves the embedding of D0-1 farther than the same sound one sample"
    )
    attribute(found, study_run, checkpoint, "trained", scores.segments[:1], (100.0, 1000.0, 4000.0), 42)
    assert {row.value for row in found.agreement} == {None}
    assert found.convergence[0].value == 0


@pytest.fixture
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer draws and steps than a number needs that is published."""
    monkeypatch.setattr("analysis.studies.bands.doses.N_DRAWS", 2)
    monkeypatch.setattr("analysis.studies.bands.attribution.N_STEPS", 4)


@pytest.mark.usefixtures("few_draws")
def test_doses_have_the_random_direction_as_their_null(study_run: StudyRun, scores: PoolScores, make_checkpoint: Make) -> None:
    found = Findings()
    shift_bands(found, study_run, make_checkpoint("a4r"), "trained", (0.5, 2.0), scores)
    rows = found.doses
    assert [row.dose for row in rows[:4]] == [-2, -0.5, 0.5, 2]
    assert len(rows) == 8 * 4 + 2
    null = {row.dose: row.value for row in rows if row.band == RANDOM}
    assert all(row.null == null[abs(row.dose)] for row in rows if row.band != RANDOM)
    first = [row.value or 0 for row in rows[:4]]
    assert first[0] > first[1] > 0 < first[2] < first[3]
    assert found.arrays[rows[0].array].shape == (34, 8)
    assert {value.key["sd"] for value in found.values} == {-0.5, 0.5}
    assert found.values[0].name == "a4r-1, trained, A4 47–94 Hz -0.5 SD: distance"


@pytest.mark.usefixtures("few_draws")
def test_the_change_of_the_raw_embedding_has_the_same_null(
    study_run: StudyRun, scores: PoolScores, make_checkpoint: Make
) -> None:
    found, checkpoint = Findings(), make_checkpoint("a4r")
    shift_bands(found, study_run, checkpoint, "trained", (0.1, 1.0), scores)
    rows = found.doses
    null = {row.dose: row.l2 for row in rows if row.band == RANDOM}
    assert all(row.l2_null == null[abs(row.dose)] for row in rows if row.band != RANDOM)
    assert all(row.l2_null is None for row in rows if row.band == RANDOM)
    model = checkpoint.model()
    waveform = waveform_batch(scores.segments, 24_000)
    with torch.no_grad():
        before = model.embed_audio(waveform)
        with intervene(model, "audio.a4", lambda x: shift_band(x, 2, 0.1)):
            expected = (model.embed_audio(waveform) - before).norm(dim=1)
    row = next(row for row in rows if row.low_hz == A4_EDGES_HZ[2] and row.dose == 0.1)
    assert row.band == "188–375 Hz"
    assert row.l2 == pytest.approx(float(expected.mean()), rel=1e-3)
    assert (row.l2_ci_low or 0) < (row.l2 or 0) < (row.l2_ci_high or 0)
    assert found.arrays[row.l2_array][row.row] == pytest.approx(expected.numpy(), rel=1e-2)
    norms = select(found.values, what="L2 change of the embedding")
    assert {norm.key["sd"] for norm in norms} == {0.1, -0.1, 1, -1}
    value = the(norms, band="188–375 Hz", sd=0.1)
    assert value.name == "a4r-1, trained, A4 188–375 Hz +0.1 SD: L2 change of the embedding"
    assert (value.value, value.null, value.n) == (row.l2, row.l2_null, 8)


def test_a_random_direction_moves_about_as_far_as_the_bands_do(
    study_run: StudyRun, scores: PoolScores, make_checkpoint: Make
) -> None:
    """Its mean square is that of the bands where the response is linear; a shift that averages out over time moves less."""
    for arm in ("a4", "a4r"):
        found = Findings()
        shift_bands(found, study_run, make_checkpoint(arm), "trained", (0.5,), scores)
        bands = [row.value or 0 for row in found.doses if row.band != RANDOM]
        (null,) = {row.null or 0 for row in found.doses if row.band != RANDOM}
        assert min(bands) < null < max(bands)
        assert null == pytest.approx(np.mean(bands), rel=0.3)


def test_every_draw_of_the_random_direction_counts(
    study_run: StudyRun, scores: PoolScores, make_checkpoint: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[tuple[int, ...]] = []

    def keep(descriptor: torch.Tensor, seeds: Any, sigmas: float) -> torch.Tensor:
        drawn.append(tuple(seeds))
        return spread_over_bands(descriptor, seeds, sigmas)

    monkeypatch.setattr("analysis.studies.bands.doses.spread_over_bands", keep)
    found = Findings()
    shift_bands(found, study_run, make_checkpoint("a4r"), "trained", (1.0,), scores)
    assert len(drawn) == len(set(drawn)) == N_DRAWS == 8
    row = next(row for row in found.doses if row.band == RANDOM)
    kept = found.arrays[row.array][row.row]
    assert kept.mean() == pytest.approx(row.value, rel=1e-5)
    drop = the(found.values, band=RANDOM, what="drop in S")
    assert drop.value == row.drop
    assert f"{N_DRAWS} random directions" in drop.estimator
    assert drop.ci_low is not None
    assert drop.ci_high is not None
    assert drop.ci_low <= (row.drop or 0) <= drop.ci_high


def test_a_band_is_read_from_an_arm_that_is_given_it(study_run: StudyRun, make_checkpoint: Make) -> None:
    found, segments = Findings(), list_segments(study_run.corpus.pieces, max_per_piece=4)
    for arm in ("a4", "D0"):
        read_bands(found, study_run, make_checkpoint(arm), "trained", segments, 42)
    read = {name: [row for row in found.reading if row.checkpoint == f"{name}-1"] for name in ("a4", "D0")}
    assert len(read["a4"]) == len(read["D0"]) == 5 * 8
    assert min(row.value or 0 for row in read["a4"]) > 0.6
    assert all(abs(row.null or 0) < 0.15 and (row.null or 0) <= row.null_high for row in read["a4"])
    assert found.arrays[read["a4"][0].array].shape == (8, 16)
    alone = Findings()
    read_bands(alone, study_run, make_checkpoint("a4"), "trained", segments[:4], 42)
    assert "all windows are of one work" in alone.notes[0].note


def test_gradients_add_up_and_ablation_is_the_filter(study_run: StudyRun, scores: PoolScores, make_checkpoint: Make) -> None:
    found, gradients = Findings(), torch.is_grad_enabled()
    attribute(found, study_run, make_checkpoint("D0"), "trained", scores.segments[:1], A4_EDGES_HZ, 42)
    assert torch.is_grad_enabled() == gradients
    assert (found.convergence[0].value or 1) < 0.2
    total = sum(row.value or 0 for row in found.attribution if row.method == METHODS[0])
    assert total == pytest.approx(found.convergence[0].mean_change, rel=0.2, abs=1e-4)
    same = next(row for row in found.agreement if row.second == "band-stop")
    assert (same.value or 0) > 0.9


@pytest.mark.usefixtures("few_draws")
def test_small_corpus_runs_through(corpus_folder: Path, make_checkpoint: Make, store: Store) -> None:
    settings = {"corpus": str(corpus_folder), "split": "all", "windows_per_piece": 2, "bands": "low-17.5"}
    names = [str(make_checkpoint("D0").path), str(make_checkpoint("a4r").path)]
    steps: list[float] = []
    request = build_request(
        "bands", names, {**settings, "doses": "1", "dose_windows": 8, "reading_windows": 5, "attribution_windows": 1}
    )
    done = finish_study(
        "bands", request, store=store, context=RunContext(progress=lambda now, total, _: steps.append(now / total))
    )
    result = done.result
    assert done.not_stored == ""
    assert {(row.checkpoint, row.weights) for row in result.rows(DoseRow)} == {
        ("a4r-1", "trained"),
        ("a4r-1", "untrained"),
    }
    assert any("D0-1" in row.checkpoint and "has no A4" in row.note for row in result.rows(NoteRow))
    assert [row.part for row in result.rows(PoolRow)] == ["filters", "doses"]
    assert [row.sentence.split(" is searched")[0] for row in result.rows(PoolRow)] == [
        "S without bands of the sound", "S with bands of A4 shifted",
    ]  # fmt: skip
    assert not any(row.canonical for row in result.rows(PoolRow))
    without_a4 = selected(result, {"D0-1": make_checkpoint("D0")})
    assert without_a4 is not None
    assert [row.part for row in without_a4.rows(PoolRow)] == ["filters"]  # in the other nothing was searched
    places = {row.part: row.windows for row in result.rows(PartRow)}
    assert {part: len(windows) for part, windows in places.items()} == {"filters": 8, "doses": 8, "reading": 5, "attribution": 1}
    assert places["reading"] == (0, 1, 3, 4, 6)
    assert {row.n for row in result.rows(ReadingRow)} == {5}
    assert {row.band for row in result.rows(FilterRow)} == {"0–2,100 Hz", "2,100–12,000 Hz", NOISE, LATER}
    whole = [row.energy_share for row in result.rows(FilterRow) if row.energy_share is not None]
    assert sum(whole[:2]) == pytest.approx(1, abs=1e-3)  # where two bands meet, they share what neither has alone


def findings(first: list[float], second: list[float], null: float, low: float) -> Findings:
    found = Findings()
    found.keep("filter", [np.array(first), np.array(second)])
    both: tuple[Weights, ...] = ("trained", "untrained")
    for weights in both:
        for number, distances in enumerate((first, second)):
            moved = (float(np.mean(distances)), low, 2.0, null, len(distances))
            row = FilterRow(
                "m", weights, f"band {number}", 1.0, 2.0, *moved, drop=0.1, drop_ci_low=0.0, drop_ci_high=0.2,
                similarity_lost=None, similarity_lost_ci_low=None, similarity_lost_ci_high=None,
                **{**WITHOUT_ENERGY, "energy_share": 0.25}, array="filter.0", similarity_array="", row=number, between_works=0.5,
            )  # fmt: skip
            found.filters.append(row)
    return found


@pytest.mark.parametrize(("share", "told"), [(1.0, True), (0.5, False)])
def test_a_ceiling_is_told_of(share: float, told: bool, scores: PoolScores) -> None:
    found = findings([0.2, 0.3, 0.4, 0.5], [0.1, 0.2, 0.3, 0.3], 0.01, 0.2)
    ranks = np.ones((2, 8), np.int64) if share == 1 else np.tile([1, 11], (2, 4))
    found.values.append(scores.s_value(AS_IT_WAS, ranks))
    assert ("from its ceiling (100.0 %)" in details(found.measured)) is told


@pytest.fixture
def s_of_m(scores: PoolScores) -> Value:
    return scores.s_value(AS_IT_WAS, np.ones((2, 8), np.int64))


@pytest.mark.parametrize(("second", "alike"), [([0.3, 0.2, 0.5, 0.3], True), ([0.1, 0.2, 0.3, 0.3], False)])
def test_the_headline_names_the_next_band_where_the_two_are_alike(second: list[float], alike: bool, s_of_m: Value) -> None:
    found = findings([0.2, 0.3, 0.4, 0.5], second, 0.01, 0.2)
    found.values.append(s_of_m)
    said = headline(found.measured, WorkDraws(np.arange(4), 1))
    assert said.startswith(
        "70.0 % [40.0, 400.0] of the way to another work: without band 0 m moves farthest (one sample later 2.0 %, "
        "untrained twin 70.0 %)"
    )
    assert ("; not distinguishable from band 1." in said) == alike
    assert len(said.split()) <= 30
    assert details(found.measured) == (
        "band 0 holds 25.0 % of the energy; without it m moves by a cosine distance of 0.350 [0.200, 2.000] and S falls by 10.0 "
        "points [0.0, 20.0] from its ceiling (100.0 %)."
    )


def test_the_headline_names_the_farthest_point_of_the_chart_and_no_control(scores: PoolScores) -> None:
    found = findings([0.2, 0.3, 0.4, 0.5], [0.1, 0.1, 0.1, 0.1], 0.01, 0.2)
    for name, factor in (("far", 1.2), ("control", 2.0)):
        own = [row for row in found.filters if row.checkpoint == "m"]
        found.filters += [replace(row, checkpoint=name, value=factor * (row.value or 0)) for row in own]
    for name, share in (("m", 1), ("far", 20), ("control", 1)):  # m has the highest S of models
        found.values.append(scores.s_value({**AS_IT_WAS, "checkpoint": name}, np.full((2, 8), share, np.int64)))
    said = headline(found.measured, WorkDraws(np.arange(4), 1), ("m", "far"))
    assert said.startswith("84.0 % [40.0, 400.0] of the way to another work: without band 0 far moves farthest")
    assert details(found.measured, ("m", "far")).endswith("Farthest of others: m band 0 (70.0 %).")


@pytest.mark.parametrize(("low", "none"), [(0.01, True), (0.0101, False)])
def test_a_band_inside_the_null_is_not_named(low: float, none: bool, s_of_m: Value) -> None:
    found = findings([0.2, 0.3], [0.1, 0.1], 0.01, low)
    found.values.append(s_of_m)
    assert headline(found.measured, WorkDraws(np.arange(2), 1)).startswith("No band moves the embedding of m") == none


def test_the_draws_of_a_measurement_are_those_of_its_pool(scores: PoolScores) -> None:
    windows = work_window_rows(scores.segments)
    elsewhere = replace(windows[0], work="no work of the pool")
    measured = Measurement(rows=[elsewhere, *windows, PartRow("filters", tuple(range(1, 9)))])
    draws = window_draws(measured, scores.seed)
    assert list(draws.groups) == list(scores.window_draws.groups)
    assert np.array_equal(draws.counts, scores.window_draws.counts)


@pytest.mark.parametrize("text", ["", "0,1", "-1", "one", "nan", ",".join(map(str, range(1, 12)))])
def test_doses_are_checked(text: str) -> None:
    with pytest.raises(ConfigError, match="expected positive numbers|expected 1 to 10 numbers above 0"):
        parse_doses(text)


def test_windows_are_spread_over_works(corpus: Corpus) -> None:
    segments = list_segments(corpus.pieces, max_per_piece=5)
    assert [one.piece.piece_id for one in one_per_work(segments, 2)] == [corpus.pieces[0].piece_id, corpus.pieces[2].piece_id]
    assert Request(("a",)).bands == "octaves"
    assert spread(segments, 100) == segments
    assert one_per_work(segments, 0) == []


def test_rank_correlations_are_those_of_the_ranks_and_none_without_an_order(rng: np.random.Generator) -> None:
    one, other = rng.integers(0, 5, (2, 8)).astype(np.float32)
    by_hand = np.corrcoef(scipy.stats.rankdata(one), scipy.stats.rankdata(other))[0, 1]
    assert _rank_correlation(one, other) == pytest.approx(by_hand, rel=1e-12)
    assert _rank_correlation(one, np.ones(8)) is None
    assert _rank_correlation(one[:1], other[:1]) is None
