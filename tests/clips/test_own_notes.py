"""Whether a model finds the notes of a window among those of other windows: closed forms, and a planted model that does."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch

from analysis.clips.own_notes import OwnNotes, match_text, own_notes, own_notes_lane, pair_with_notes
from analysis.datasets.audio import Waveform
from analysis.datasets.midi import Notes, notes_from_rows
from analysis.errors import Cancelled, ShapeError
from analysis.models import tower
from analysis.models.arms import build_config
from analysis.models.midi_encoder import collate_notes
from tests.tiny import build_narrow

RATE, WINDOW_S = 100, 2.0
TowerLike: Any = tower.Tower


@dataclass(frozen=True)
class Angles:
    """A batch."""

    rows: torch.Tensor
    mask: None = None

    def to(self, device: torch.device | str) -> "Angles":
        return Angles(self.rows.to(device))


class Ear(TowerLike):
    """Hears the mean of the samples of a window."""

    name = "ear"
    modality: tower.Modality = "audio"
    input = tower.InputSpec(RATE, WINDOW_S)

    def collate(self, segments: Any, content: Any = None) -> Angles:
        del content
        return Angles(torch.tensor([[self.of(segment)] for segment in segments]))

    @staticmethod
    def of(window: Any) -> float:
        return float(window.waveform(RATE, WINDOW_S).mean())

    def __call__(self, batch: Any) -> torch.Tensor:
        return batch.rows


class Page(Ear):
    """Reads the mean pitch of the notes of a window."""

    name = "page"
    modality: tower.Modality = "notes"

    @staticmethod
    def of(window: Any) -> float:
        return float(window.notes().pitch.mean()) / 100


class Planted(torch.nn.Module):
    """Takes what it hears and reads for angles, and scores their cosines."""

    family, config = "planted", build_config("D0", "small")

    def __init__(self, pairs: tuple[tuple[str, str], ...] = (("ear", "page"),)) -> None:
        super().__init__()
        self.pairs, self.towers = pairs, {"ear": Ear(), "page": Page()}
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def score(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return torch.cos(a - b.T)


def recording(levels: list[float], notes_at: list[int]) -> tuple[Waveform, Notes]:
    """Windows of constant samples, and in some of them a note of that pitch."""
    samples = np.repeat(np.array(levels, np.float32), round(WINDOW_S * RATE))
    rows = [(WINDOW_S * i + 0.5, WINDOW_S * i + 1.0, round(100 * levels[i]), 80) for i in notes_at]
    return Waveform(samples, RATE, "steps.wav", "0" * 64), notes_from_rows(rows)


def test_scores_ranks_and_control_of_a_matrix_in_closed_form() -> None:
    scores = np.array([[0.9, 0.1, 0.3], [0.6, 0.5, 0.1], [0.4, 0.0, 0.4]])
    own = OwnNotes(np.array([1.0, 3.0, 5.0]), scores, 3)
    assert own.own == pytest.approx([0.9, 0.5, 0.4])
    assert own.others == pytest.approx([0.2, 0.35, 0.2])
    assert own.ranks.tolist() == [1, 2, 2]  # a tie is a miss
    assert own.n_found == 1


@pytest.mark.parametrize("pair", [("ear", "page"), ("page", "ear")])
def test_a_model_that_hears_its_notes_finds_them_all_whichever_tower_is_first(pair: tuple[str, str]) -> None:
    waveform, notes = recording([0.2, 0.9, 0.5, 0.7], [0, 1, 2, 3])
    own = own_notes(Planted((pair,)), waveform, notes)
    assert own is not None
    assert own.own == pytest.approx(np.ones(4), abs=1e-6)
    assert own.scores[0] == pytest.approx(np.cos([0.0, 0.7, 0.3, 0.5]), abs=1e-6)
    assert (own.n_found, own.times_s.tolist()) == (4, [1.0, 3.0, 5.0, 7.0])


def test_windows_without_notes_are_left_out_and_many_are_thinned_evenly() -> None:
    waveform, notes = recording([0.2, 0.9, 0.5, 0.7, 0.4], [0, 1, 3, 4])
    own = own_notes(Planted(), waveform, notes)
    few = own_notes(Planted(), waveform, notes, most=2)
    assert own is not None
    assert few is not None
    assert own.times_s.tolist() == [1.0, 3.0, 7.0, 9.0]
    assert (few.times_s.tolist(), few.n_windows) == ([1.0, 7.0], 4)


def test_there_is_nothing_to_ask_with_one_window_or_of_a_model_without_notes() -> None:
    waveform, notes = recording([0.2, 0.9], [1])
    assert own_notes(Planted(), waveform, notes) is None
    waveform, notes = recording([0.2, 0.9], [0, 1])
    assert own_notes(Planted(()), waveform, notes) is None
    with pytest.raises(ShapeError, match="2 windows or more to be told from others; got 1"):
        OwnNotes(np.zeros(1), np.zeros((1, 1)), 1)


def test_a_dual_encoder_scores_as_a_batch_of_its_own_would() -> None:
    model = build_narrow("D0").eval()
    rng = np.random.default_rng(3)
    waveform = Waveform(rng.normal(0, 0.1, 9 * 24_000).astype(np.float32), 24_000, "noise.wav", "0" * 64)
    notes = notes_from_rows([(0.5 * i, 0.5 * i + 0.4, int(rng.integers(40, 80)), 80) for i in range(18)])
    assert pair_with_notes(model) == ("audio", "midi", True)
    own = own_notes(model, waveform, notes)
    assert own is not None
    assert own.scores.shape == (3, 3)
    with torch.no_grad():
        heard = model.embed_audio(torch.from_numpy(waveform.samples[4 * 24_000 : 8 * 24_000])[None])[0]
    first = notes.overlapping(0.0, 4.0)
    batch = collate_notes([(first.pitch, first.velocity, first.offset_s - first.onset_s)])
    with torch.no_grad():
        read = model.embed_midi(batch)[0]
    assert own.scores[1, 0] == pytest.approx(float(torch.cosine_similarity(heard, read, dim=0)), abs=1e-5)


def test_it_can_be_stopped_between_windows() -> None:
    def stop() -> None:
        raise Cancelled

    waveform, notes = recording([0.2, 0.9], [0, 1])
    with pytest.raises(Cancelled):
        own_notes(Planted(), waveform, notes, check=stop)


def test_the_lane_says_how_often_they_were_found_beside_its_controls() -> None:
    trained = OwnNotes(np.array([1.0, 3.0]), np.array([[0.9, 0.1], [0.2, 0.8]]), 5)
    twin = OwnNotes(np.array([1.0, 3.0]), np.array([[-0.1, 0.1], [0.2, 0.8]]), 5)
    assert match_text(trained, None) == (
        "Own notes score highest in 2 of 2 windows, spread over 5 (by chance: 1); median rank 1 of 2."
    )
    lane = own_notes_lane(trained, twin)
    assert lane.note.startswith("Own notes score highest in 2 of 2 windows, spread over 5 (untrained twin: 1; by chance: 1)")
    assert [(series.colour, series.dashed) for series in lane.sets[()]] == [("joint", False), ("midi", True), ("twin", True)]
    assert lane.sets[()][1].values == pytest.approx([0.1, 0.2])
    assert lane.low == -0.1
