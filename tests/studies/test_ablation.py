"""Ablation finds the descriptor that a planted model lives on, and none where none is used; padding is without effect."""

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from analysis.datasets.piece import Corpus
from analysis.datasets.segments import Segment, list_segments
from analysis.errors import Cancelled
from analysis.models.checkpoint import Checkpoint
from analysis.models.dual_encoder import DualEncoder, build_model
from analysis.models.midi_encoder import MidiBatch
from analysis.models.taps import intervene
from analysis.numbers import Value
from analysis.readings.altered import AS_IT_IS, under_changes
from analysis.readings.study_run import StudyRun
from analysis.results import Result
from analysis.run import Cancel, RunContext
from analysis.store import Store
from analysis.studies.ablation.changes import changes_of
from analysis.studies.ablation.kinds import KINDS, OTHER_WORK
from analysis.studies.ablation.material import gather
from analysis.studies.ablation.rows import AblationRow, KindRow
from analysis.studies.ablation.study import Request, details, headline, measure, reading
from analysis.studies.base.parts import run
from analysis.studies.base.registry import find_study
from analysis.studies.base.requests import build_request
from analysis.studies.base.study import finish_study
from analysis.studies.pools.rows import PoolRow
from analysis.studies.shared_rows import SentenceRow, Weights, WindowRow
from analysis.training.evaluation import note_batch, waveform_batch

Make = Callable[[str], Checkpoint]
SMALL = {"windows_per_piece": 4, "n_queries": 16, "pool_size": 16, "n_same_piece": 4, "n_same_composer": 2, "split": "all"}


class OnlyA4(DualEncoder):
    """Hears A4 and nothing else; its MIDI side knows the A4 of every window by heart."""

    known: dict[tuple[int, ...], torch.Tensor]

    def embed_audio(self, waveform: torch.Tensor) -> torch.Tensor:
        return self.given["audio"].slot(waveform).flatten(1)

    def embed_midi(self, notes: MidiBatch) -> torch.Tensor:
        return torch.stack([self.known[tuple(row[mask].tolist())] for row, mask in zip(notes.pitch, notes.mask, strict=True)])

    def learn(self, segments: Sequence[Segment]) -> None:
        notes, sounds = note_batch(segments, self.config.max_notes), self.embed_audio(waveform_batch(segments, 24_000))
        self.known = {tuple(p[m].tolist()): row for p, m, row in zip(notes.pitch, notes.mask, sounds, strict=True)}


def planted(checkpoint: Checkpoint, segments: Sequence[Segment]) -> Checkpoint:
    """The checkpoint with `OnlyA4` as its trained model."""

    class Planted(Checkpoint):
        def model(self) -> DualEncoder:
            model = OnlyA4(self.model_config).eval()
            model.learn(segments)
            return model

        def untrained_twin(self) -> DualEncoder:
            return build_model(self.model_config, seed=3).eval()

    return Planted(**{field.name: getattr(checkpoint, field.name) for field in fields(checkpoint)})


def test_the_planted_descriptor_is_found_and_the_unused_one_is_not(corpus: Corpus, make_checkpoint: Make) -> None:
    segments = list_segments(corpus.pieces, max_per_piece=4)
    checkpoint = planted(make_checkpoint("d4a4"), segments)
    study_run = StudyRun({checkpoint.name: checkpoint}, corpus, torch.device("cpu"))
    answer = run(find_study("ablation"), Request((checkpoint.name,), **SMALL), study_run)
    result = Result("ablation", {}, answer.headline, answer.values, answer.tables, answer.arrays, {})
    rows = {(row.weights, row.input, row.kind): row for row in result.rows(AblationRow)}
    assert len(rows) == len(result.rows(AblationRow)) == 2 * (1 + 3 * len(KINDS))
    assert rows["trained", "none", AS_IT_IS].s == 1
    for kind in KINDS:
        a4, d4, both = (rows["trained", its, kind] for its in ("A4", "D4", "A4 and D4"))
        assert (a4.value or 0) > 0.2  # of four works no interval of 95 % is narrow enough
        assert (a4.ci_low or 0) >= 0
        assert (a4.distance or 0) > 0.4
        assert d4.value == d4.distance == 0
        assert both.s == a4.s
        assert (rows["untrained", "A4", kind].ci_low or 0) <= 0.1
    change = answer.arrays[rows["trained", "A4", "zero"].change or ""]
    assert change.shape == (2, 16)
    assert (change == 15).all()  # all sounds alike: every tie counts against the match
    for row in rows.values():
        instead = answer.arrays[row.instead]
        assert (instead.dtype, instead.shape) == (np.int32, (2, 16))
        assert (instead != answer.arrays["query"]).all()
        assert all(one in pool for one, pool in zip(instead[0], answer.arrays["candidates"], strict=True))
    assert [row.kind for row in result.rows(KindRow)] == list(KINDS)
    assert result.rows(PoolRow)[0].short == "16 candidates, 3 of the same work"
    plain, zeroed = (answer.arrays[rows["trained", *key].instead] for key in (("none", AS_IT_IS), ("A4", "zero")))
    assert (plain != zeroed).any()
    said = result.rows(SentenceRow)[0].text
    assert said.startswith(
        f"Zeroing A4 costs {checkpoint.name} 100.0 points [100.0, 100.0] of S: from 100.0 %, its ceiling, to 0.0 %"
    )
    assert "zeroing D4 costs it 0.0 points [0.0, 0.0], not distinguishable from none." in said


def test_an_arm_without_a_descriptor_gets_a_sentence(corpus_folder: Path, make_checkpoint: Make, store: Store) -> None:
    names = [str(make_checkpoint("D0").path)]
    request = build_request("ablation", names, {**SMALL, "corpus": str(corpus_folder), "pool_size": 256})
    told: list[str] = []
    result = finish_study("ablation", request, store=store, context=RunContext(notice=told.append)).result
    assert [row.note for row in result.rows(AblationRow)] == 2 * ["has no descriptor: nothing to ablate"]
    assert {row.value for row in result.rows(AblationRow)} == {None}
    assert result.headline == "No checkpoint has a descriptor, so that there is nothing to ablate."
    assert result.rows(SentenceRow)[0].text.startswith(f"{result.headline[:-1]} (S: D0-1 ")
    assert told[0].startswith("16 windows fill pools of 16 candidates and 16 queries, not 256 and 16")
    assert len(result.rows(WindowRow)) == 16


@pytest.mark.parametrize(("arm", "side"), [("a4r", "audio"), ("d4", "midi")])
def test_a_window_is_ablated_alike_whatever_stands_beside_it(corpus: Corpus, make_checkpoint: Make, arm: str, side: Any) -> None:
    study_run, checkpoint = StudyRun({}, corpus, torch.device("cpu")), make_checkpoint(arm)
    segments = list_segments(corpus.pieces, max_per_piece=2)
    changes = changes_of(study_run, checkpoint.model(), gather(study_run, segments, 42), side)
    assert tuple(changes) == KINDS
    together = under_changes(study_run, checkpoint, segments, "trained", side, changes, 42)
    alone = under_changes(study_run, checkpoint, segments[2:3], "trained", side, changes, 42)
    for kind in (AS_IT_IS, *KINDS):
        assert np.allclose(together[kind][2], alone[kind][0], atol=1e-5)
    moved = [np.abs(together[kind] - together[AS_IT_IS]).max() for kind in KINDS]
    assert min(moved) > 1e-4
    with intervene(model := checkpoint.model(), "audio.a4" if side == "audio" else "midi.d4", torch.zeros_like), torch.no_grad():
        literal = (
            model.embed_audio(waveform_batch(segments, 24_000)) if side == "audio" else model.embed_midi(note_batch(segments, 99))
        )
    assert np.allclose(together["zero"], literal.numpy(), atol=1e-5)


def test_padding_of_d4_has_no_effect(corpus: Corpus, make_checkpoint: Make) -> None:
    model, segments = make_checkpoint("d4").model(), list_segments(corpus.pieces, max_per_piece=2)
    notes = note_batch(segments, 3)
    pitch, velocity, duration, mask = (
        torch.nn.functional.pad(x, (0, 5)) for x in (notes.pitch, notes.velocity, notes.duration, notes.mask)
    )
    padded = MidiBatch(pitch, velocity, duration, mask)
    with torch.no_grad():
        expected = model.embed_midi(padded)
        with intervene(model, "midi.d4", lambda x: torch.where(padded.mask[..., None], x, 7.0)):
            assert torch.allclose(model.embed_midi(padded), expected, atol=1e-6)
        with intervene(model, "midi.d4", lambda x: torch.where(padded.mask[..., None], 7.0, x)):
            assert not torch.allclose(model.embed_midi(padded), expected, atol=1e-3)


def test_it_can_be_cancelled(corpus: Corpus, make_checkpoint: Make) -> None:
    class Later(Cancel):
        left = 12

        def check(self) -> None:
            self.left -= 1
            if self.left < 0:
                raise Cancelled

    checkpoint = make_checkpoint("a4r")
    study_run = StudyRun({"a": checkpoint}, corpus, torch.device("cpu"), context=RunContext(cancel=Later()))
    with pytest.raises(Cancelled):
        measure(Request(("a",), **SMALL), study_run)


@pytest.mark.parametrize(
    ("value", "low", "high", "said"),
    [
        (0.078, 0.05, 0.11, "near chance, above it"),
        (0.078, 0.039, 0.11, "not distinguishable from chance"),
        (0.0889, 0.07, 0.11, "near chance, above it"),
        (0.0891, 0.07, 0.11, "above chance"),
        (0.02, 0.01, 0.0389, "below chance"),
        (0.02, 0.01, 0.0391, "not distinguishable from chance"),
        (0.039, None, None, "not distinguishable from chance"),
    ],
)
def test_reading_at_its_boundaries(value: float, low: float | None, high: float | None, said: str) -> None:
    assert reading(Value({"what": "S"}, value, low, high, 500, 0.039, "share", "")) == said


def row_of(weights: Weights, replaced: str, kind: str, drop: tuple[float, float, float] | None = None) -> AblationRow:
    """S of 80 % before; after a replacement as much less as it drops."""
    value, low, high = drop or (None, None, None)
    reading, arrays = "near chance, above it", ("ranks.0", "instead.0", None, None)
    numbers = (0.8 - (value or 0.0), None, None, 0.034, reading, 0.039, value, low, high, 0.0, None, None, None, 500)
    return AblationRow("m", weights, replaced, kind, *numbers, *arrays, "")


def rows_of(drop: tuple[float, float, float], inputs: Sequence[str] = ("A4", "D4")) -> list[AblationRow]:
    rows = []
    both: tuple[Weights, ...] = ("trained", "untrained")
    for weights in both:
        rows.append(row_of(weights, "none", AS_IT_IS))
        for number, replaced in enumerate(inputs):
            value, low, high = drop if number == 0 else (-0.0004, -0.004, 0.004)
            rows.append(row_of(weights, replaced, "zero", (value, low, high)))
            rows.append(row_of(weights, replaced, OTHER_WORK, (value / 8, low / 8, high / 8)))
    return rows


def test_the_details_say_what_is_causal_only_if_the_drop_is_distinguishable() -> None:
    said = details(rows_of((0.72, 0.6, 0.78)))
    assert said.startswith(
        "Zeroing A4 costs m 72.0 points [60.0, 78.0] of S: from 80.0 % to 8.0 %, near chance, above it (chance 3.4 %)"
    )
    assert (
        "(untrained twin: 80.0 % to 8.0 %); the A4 of another work, which is like any other A4, costs it 9.0 points [7.5," in said
    )
    assert said.endswith("; zeroing D4 costs it 0.0 points [-0.4, 0.4], not distinguishable from none.")
    said = details(rows_of((0.02, 0.0, 0.05), ["A4"]))
    assert said.startswith(
        "No descriptor is shown to be causal: the largest drop in S by zeroing one is 2.0 points [0.0, 5.0], not dist"
    )
    said = details(rows_of((-0.02, -0.05, -0.01), ["A4"]))
    assert said.startswith(
        "No descriptor is shown to be causal: the largest drop in S by zeroing one is -2.0 points [-5.0, -1.0], of A4 in m"
    )


@pytest.mark.parametrize(
    ("drop", "expected"),
    [
        (
            (0.72, 0.6, 0.78),
            "72.0 points [60.0, 78.0] of S among 256 candidates: zeroing A4 of m leaves 8.0 % (near chance, above it; "
            "chance 3.4 %, untrained twin 72.0 points [60.0, 78.0]).",
        ),
        (
            (0.02, 0.0, 0.05),
            "2.0 points [0.0, 5.0] of S among 256 candidates is the largest drop, zeroing A4 of m: no descriptor is shown to be "
            "causal (untrained twin 2.0 points [0.0, 5.0]).",
        ),
        ((-0.02, -0.05, -0.01), "of m: no descriptor is shown to be causal (untrained twin -2.0 points [-5.0, -1.0])."),
    ],
)
def test_the_headline_in_thirty_words(drop: tuple[float, float, float], expected: str) -> None:
    said = headline(rows_of(drop, ["A4"]), (), 256)
    assert said.endswith(expected)
    assert len(said.split()) <= 30


@pytest.mark.parametrize(("share", "told"), [(0.99, True), (0.9899, False)])
def test_a_ceiling_is_told_of(share: float, told: bool) -> None:
    rows = [replace(row, s=share) if row.input == "none" else row for row in rows_of((0.72, 0.6, 0.78))]
    assert (f"from {100 * share:.1f} %, its ceiling, to 8.0 %" in details(rows)) is told
