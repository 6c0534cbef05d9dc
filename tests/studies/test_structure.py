"""Tokens that are pitch classes mirror chroma most, their twin does not; novelty finds chords that change; what is refused."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from analysis.datasets.corpora import open_corpus
from analysis.datasets.segments import Segment
from analysis.descriptors.chroma import chroma
from analysis.errors import ShapeError
from analysis.measures.rank_pairs import far_pairs, rank_correlations
from analysis.measures.rsa import rsa
from analysis.models import families
from analysis.models.checkpoint import Checkpoint, save_checkpoint
from analysis.results import Result
from analysis.studies.base.registry import find_study
from analysis.studies.base.requests import build_request
from analysis.studies.base.study import run_study
from analysis.studies.structure.changes import BIN_S, KINDS, binned, length_s, piece_changes, windows_in_a_row
from analysis.studies.structure.references import CHROMA, LOUDNESS, REFERENCES, frames_of, similarities, similarity
from analysis.studies.structure.rows import ChangeKindRow, ChosenRow, LayerNoveltyRow, LayerRow, ReferenceNoveltyRow
from tests import planted
from tests.conformance import made_up_family
from tests.studies.test_headlines import is_a_headline

FAMILY = made_up_family.FAMILY


class PitchClasses(made_up_family.Listener):
    """Where it is trained, what comes out of block 2 holds the pitch classes that sound, twelve of its sixteen numbers."""

    @property
    def is_learnt(self) -> bool:
        """Whether it is no twin."""
        return self.model.first.device.type != "meta" and float(self.model.first[0].detach()) == planted.LEARNT

    def __call__(self, batch: Any) -> Tensor:
        if not self.is_learnt:
            return super().__call__(batch)

        def hold(_module: Any, _inputs: Any, tokens: Tensor) -> Tensor:
            held = torch.zeros_like(tokens)
            n = tokens.shape[1] - 1
            for number, samples in enumerate(batch.waveform.cpu().numpy()):
                frames = chroma(samples, planted.RATE).T
                centres = ((np.arange(n) + 0.5) * 0.1 * planted.RATE / 480).round().astype(int)
                held[number, 1:, :12] = torch.from_numpy(frames[np.minimum(centres, len(frames) - 1)])
            return held

        handle = self.model.blocks[1].register_forward_hook(hold, prepend=True)
        try:
            return super().__call__(batch)
        finally:
            handle.remove()


@pytest.fixture
def holder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Checkpoint]:
    """A checkpoint whose last block holds pitch classes, which that of its twin does not."""
    monkeypatch.setenv("OTOSCOPE_CHECKPOINTS", str(tmp_path / "theirs"))
    monkeypatch.setattr(made_up_family.Whole, "towers", property(lambda model: {"audio": PitchClasses(model)}))
    families.register(FAMILY)
    about: dict[str, Any] = {"arm": FAMILY.presets()[0], "scale": "", "evaluation": {}, "history": [], "card": "# Made up"}
    yield save_checkpoint(tmp_path / "theirs" / "holder", planted.learnt(), training={"seed": 1, "steps": 9}, **about)
    families.forget(FAMILY.name)


def result_on(folder: Path, **settings: Any) -> Result:
    given = {"corpus": str(folder), "split": "all", "windows_per_piece": 4, **settings}
    return run_study("structure", build_request("structure", ["holder"], given))


def layer_of(rows: Sequence[LayerRow], layer: str, *, twin: bool) -> dict[str, LayerRow]:
    return {row.reference: row for row in rows if row.layer == layer and row.is_twin == twin}


def test_tokens_that_are_pitch_classes_mirror_chroma_most(holder: Checkpoint, tmp_path: Path) -> None:
    result = result_on(planted.write_planted(tmp_path / "corpus"))
    rows = result.rows(LayerRow)
    held, twin = (layer_of(rows, "block 2", twin=twin) for twin in (False, True))
    values = {reference: row.value or 0.0 for reference, row in held.items()}
    assert max(values, key=lambda reference: values[reference]) == CHROMA
    assert values[CHROMA] > 0.5
    assert values[CHROMA] > (twin[CHROMA].value or 0.0) + 0.3
    assert abs(held[CHROMA].null or 1.0) < 0.15
    assert (held[CHROMA].gain_low or 0.0) > 0
    chosen = next(row for row in result.rows(ChosenRow) if row.weights == "trained")
    assert (chosen.layer, chosen.reference) == ("block 2", CHROMA)
    assert "block 2 of holder mirrors chroma (untrained twin" in result.headline
    assert is_a_headline(result.headline), result.headline


def test_novelty_of_what_holds_chords_finds_their_changes(holder: Checkpoint, tmp_path: Path) -> None:
    result = result_on(planted.write_planted(tmp_path / "corpus"))
    rows = [row for row in result.rows(LayerNoveltyRow) if row.tolerance_s == 0.5 and row.layer == "block 2"]
    trained, twin = (next(row for row in rows if row.is_twin == is_twin) for is_twin in (False, True))
    assert trained.n == 3
    assert (trained.value or 0) > max(trained.null or 1, twin.value or 1)
    sound = {row.reference: row for row in result.rows(ReferenceNoveltyRow) if row.tolerance_s == 0.5}
    assert set(sound) == set(REFERENCES)
    assert (sound[CHROMA].value or 0) > (sound[CHROMA].null or 1)
    keys = next(row for row in result.rows(ChangeKindRow) if row.changes == "key changes")
    assert keys.reason == "there is none in what is read of these pieces"


def test_without_chords_nothing_is_said_of_novelty(holder: Checkpoint, tmp_path: Path) -> None:
    result = result_on(planted.write_planted(tmp_path / "corpus", chords=False), windows_per_piece=2)
    assert not result.rows(LayerNoveltyRow)
    assert any("Novelty is not held against chord changes: 0 of the works" in row["text"] for row in result.tables["sentences"])


def test_it_is_made_of_towers_that_read_sound(holder: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_study("structure").refusal([holder]) is None
    monkeypatch.setattr(PitchClasses, "modality", "notes")
    refused = find_study("structure").refusal([holder])
    assert refused is not None
    assert "has no tower for audio" in refused


def test_rank_correlations_are_those_of_rsa() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 9, 5))
    first, other = (1 - np.corrcoef(rows) for rows in (x, y))
    expected = rsa(x, y, rdm="correlation", comparison="rho-a")
    assert rank_correlations(first[None], other[None], 1)[0, 0] == pytest.approx(expected)
    assert [len(far_pairs(9, apart)[0]) for apart in (1, 4)] == [36, 15]
    with pytest.raises(ShapeError, match="none are 9 apart"):
        far_pairs(9, 9)


def test_references_are_about_what_they_are_called(tmp_path: Path) -> None:
    """Two chords of the same loudness and timbre, then the first softer: only chroma knows chords, only loudness levels."""
    time = np.arange(4 * planted.RATE) / planted.RATE
    tones = [sum(np.sin(2 * np.pi * 440 * 2 ** ((p - 9) / 12) * time) for p in chord) for chord in ((0, 4, 7), (2, 5, 9))]
    samples = np.where(time < 1.5, tones[0], np.where(time < 2.7, tones[1], 0.05 * tones[0])).astype(np.float32) * 0.1
    moments = np.array([0.4, 0.8, 2.0, 2.3, 3.2, 3.5])
    by_name = dict(zip(REFERENCES, similarities(frames_of(samples, planted.RATE), moments), strict=True))
    assert by_name[CHROMA][0, 4] > 0.5 > by_name[CHROMA][0, 2]
    assert abs(by_name[LOUDNESS][0, 2]) < 1.5 < 15 < abs(by_name[LOUDNESS][0, 4])
    assert all(np.allclose(matrix, matrix.T) for matrix in by_name.values())
    assert similarity(CHROMA, np.ones((3, 12))).tolist() == [[0.0] * 3] * 3


def test_pieces_are_read_in_whole_windows_from_their_start(tmp_path: Path) -> None:
    pieces = open_corpus(str(planted.write_planted(tmp_path / "corpus"))).pieces
    segments = windows_in_a_row(pieces[0], 5.0)
    assert segments == [Segment(pieces[0], 0.0, 5.0), Segment(pieces[0], 5.0, 5.0)]
    changes = piece_changes(pieces, KINDS[0], 5.0)
    assert changes.usable
    assert all((of < length_s(pieces[0], 5.0)).all() for of in changes.times_s)
    assert changes.row.n_changes == sum(map(len, changes.times_s)) > 20
    assert binned(np.array([0.3, 0.9]), np.array([[1.0], [2.0]]), 4).ravel().tolist() == [1.0, 1.0, 2.0, 2.0]
    assert BIN_S == 0.25
