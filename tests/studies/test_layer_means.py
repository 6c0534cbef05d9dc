"""Rows of activations: those of the model alone, whatever the batch; alterations reach what follows and are kept apart."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from analysis.datasets.piece import Corpus
from analysis.datasets.segments import list_segments
from analysis.errors import ConfigError
from analysis.models.checkpoint import Checkpoint
from analysis.models.dual_encoder import build_arm
from analysis.models.taps import capture, intervene, list_descriptor_taps
from analysis.readings.layer_means import Altered, layer_means, layers_of
from analysis.readings.study_run import StudyRun
from analysis.run import RunContext
from analysis.store import Store
from analysis.training.evaluation import embed_segments, note_batch, waveform_batch

CPU = torch.device("cpu")


@pytest.fixture
def checkpoint(make_checkpoint: Callable[[str], Checkpoint]) -> Checkpoint:
    return make_checkpoint("d4a4")


@pytest.fixture
def study_run(corpus: Corpus, checkpoint: Checkpoint) -> StudyRun:
    return StudyRun({checkpoint.name: checkpoint}, corpus, CPU)


def test_rows_are_means_of_hidden_states_and_the_last_is_the_embedding(study_run: StudyRun, checkpoint: Checkpoint) -> None:
    segments = list_segments(study_run.corpus.pieces, max_per_piece=2)
    model = checkpoint.model().eval()
    audio, midi = embed_segments(model, segments, device=CPU)
    notes = note_batch(segments, model.config.max_notes)
    with torch.no_grad():
        hidden = model.midi.hidden_states(notes)[2]
        expected = torch.stack([row[mask].mean(dim=0) for row, mask in zip(hidden, notes.mask, strict=True)])
    heard = layer_means(study_run, checkpoint, segments, "trained", "audio")
    read = layer_means(study_run, checkpoint, segments, "trained", "midi")
    assert tuple(heard) == layers_of(model, "audio")
    assert np.allclose(heard["audio.embedding"], audio, atol=1e-5)
    assert np.allclose(read["midi.embedding"], midi, atol=1e-5)
    assert np.allclose(read["midi.block.2"], expected, atol=1e-5)


def test_the_batch_does_not_matter(study_run: StudyRun, checkpoint: Checkpoint) -> None:
    segments = list_segments(study_run.corpus.pieces, max_per_piece=3)
    together = layer_means(study_run, checkpoint, segments, "trained", "midi")
    alone = layer_means(replace(study_run, context=RunContext(batch_size_limit=1)), checkpoint, segments, "trained", "midi")
    assert all(np.allclose(together[name], alone[name], atol=1e-5) for name in together)


def test_an_alteration_reaches_the_embedding_and_has_a_place_of_its_own(
    study_run: StudyRun, checkpoint: Checkpoint, store: Store
) -> None:
    study_run = replace(study_run, store=store)
    segments = list_segments(study_run.corpus.pieces, max_per_piece=2)
    taps = ["audio.embedding"]
    plain = layer_means(study_run, checkpoint, segments, "trained", "audio", taps)
    zeroed = Altered("A4 zero", taps={"audio.a4": lambda activation, _: torch.zeros_like(activation)})
    silent = Altered("silence", waveforms=lambda batch, rate: torch.zeros_like(waveform_batch(batch, rate)))
    without = layer_means(study_run, checkpoint, segments, "trained", "audio", taps, zeroed)
    mute = layer_means(study_run, checkpoint, segments, "trained", "audio", taps, silent)
    assert not np.allclose(plain[taps[0]], without[taps[0]])
    assert np.allclose(mute[taps[0]], mute[taps[0]][:1], atol=1e-5)  # every window is the same silence
    again = layer_means(study_run, checkpoint, segments, "trained", "audio", taps)
    assert np.array_equal(again[taps[0]], plain[taps[0]])


def test_stored_rows_are_not_computed_again(
    study_run: StudyRun, checkpoint: Checkpoint, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    study_run = replace(study_run, store=store)
    segments = list_segments(study_run.corpus.pieces, max_per_piece=1)
    first = layer_means(study_run, checkpoint, segments, "untrained", "midi", ["midi.in"])
    monkeypatch.setattr(Checkpoint, "untrained_twin", lambda *_: pytest.fail("it was computed again"))
    assert np.array_equal(
        layer_means(study_run, checkpoint, segments, "untrained", "midi", ["midi.in"])["midi.in"], first["midi.in"]
    )


def test_a_study_builds_every_model_once_for_all_its_passes(
    study_run: StudyRun, checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    segments = list_segments(study_run.corpus.pieces, max_per_piece=1)
    built: list[str] = []
    for name in ("model", "untrained_twin"):
        make = getattr(Checkpoint, name)
        monkeypatch.setattr(Checkpoint, name, lambda self, name=name, make=make: (built.append(name), make(self))[1])
    zeroed = Altered("A4 zero", taps={"audio.a4": lambda activation, _: torch.zeros_like(activation)})
    first = layer_means(study_run.part(0, 9), checkpoint, segments, "trained", "audio")
    altered = layer_means(study_run.part(1, 9), checkpoint, segments, "trained", "audio", altered=zeroed)
    for number in range(2, 5):
        layer_means(study_run.part(number, 9), checkpoint, segments, "untrained", "midi")
    again = layer_means(study_run.part(5, 9), checkpoint, segments, "trained", "audio")
    assert built == ["model", "untrained_twin"]
    assert all(np.array_equal(first[tap], again[tap]) for tap in first)  # no change of one pass stays for the next
    assert not np.allclose(first["audio.embedding"], altered["audio.embedding"])
    layer_means(StudyRun(study_run.checkpoints, study_run.corpus, CPU), checkpoint, segments, "trained", "midi", ["midi.in"])
    assert built == ["model", "untrained_twin", "model"]  # another study has its own


def test_an_unknown_tap_is_named(study_run: StudyRun, checkpoint: Checkpoint) -> None:
    segments = list_segments(study_run.corpus.pieces, max_per_piece=1)
    with pytest.raises(ConfigError, match=r"There is no tap 'audio\.block\.9'"):
        layer_means(study_run, checkpoint, segments, "trained", "audio", ["audio.block.9"])


@pytest.mark.parametrize(("arm", "expected"), [("D0", ()), ("d4a4", ("audio.a4", "midi.d4")), ("a4r", ("audio.a4",))])
def test_descriptors_can_be_read_where_there_are_any(arm: str, expected: tuple[str, ...]) -> None:
    assert list_descriptor_taps(build_arm(arm, "small")) == expected


def test_a_descriptor_that_is_replaced_by_itself_changes_nothing() -> None:
    model = build_arm("d4-a4r", "small").eval()
    waveforms = torch.randn(2, 96_000, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        plain = model.embed_audio(waveforms)
        with capture(model, ["audio.a4"]) as seen, intervene(model, "audio.a4", lambda descriptor: descriptor):
            assert torch.equal(model.embed_audio(waveforms), plain)
        assert seen["audio.a4"].shape == (2, 188, 8)
        with intervene(model, "audio.a4", torch.zeros_like):
            assert not torch.equal(model.embed_audio(waveforms), plain)
