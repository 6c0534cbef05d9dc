"""A head that is made to look at onsets comes first, on works on which it was not chosen; its twin does not; what is refused."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.errors import CorpusError
from analysis.models import families
from analysis.models.checkpoint import Checkpoint, save_checkpoint
from analysis.results import Result
from analysis.studies.base.registry import find_study
from analysis.studies.base.requests import build_request
from analysis.studies.base.study import run_study
from analysis.studies.onsets.events import KINDS, window_events
from analysis.studies.onsets.rows import CurveRow, EventRow, GainRow, HeadRow
from analysis.studies.onsets.scores import TWIN
from tests import planted
from tests.conformance import made_up_family
from tests.studies.test_headlines import is_a_headline

FAMILY = made_up_family.FAMILY


@pytest.fixture
def follower(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Checkpoint]:
    """A checkpoint of a tower with a head that follows onsets, which its twin has not."""
    monkeypatch.setenv("OTOSCOPE_CHECKPOINTS", str(tmp_path / "theirs"))
    monkeypatch.setattr(made_up_family.Whole, "towers", property(lambda model: {"audio": planted.Follower(model)}))
    families.register(FAMILY)
    about: dict[str, Any] = {"arm": FAMILY.presets()[0], "scale": "", "evaluation": {}, "history": [], "card": "# Made up"}
    yield save_checkpoint(tmp_path / "theirs" / "follower", planted.learnt(), training={"seed": 1, "steps": 9}, **about)
    families.forget(FAMILY.name)


def result_on(folder: Path) -> Result:
    settings = {"corpus": str(folder), "split": "all", "windows_per_piece": 4}
    return run_study("onsets", build_request("onsets", ["follower"], settings))


def test_the_head_that_looks_at_onsets_comes_first(follower: Checkpoint, tmp_path: Path) -> None:
    result = result_on(planted.write_planted(tmp_path / "corpus"))
    heads = [row for row in result.rows(HeadRow) if row.events == "onsets"]
    trained = [row for row in heads if not row.is_twin and row.sender == "tokens"]
    assert len(trained) == 4
    best = max(trained, key=lambda row: row.value or 0)
    chosen = next(row for row in heads if row.chosen and not row.is_twin)
    assert (best.layer, best.head) == (chosen.layer, chosen.head) == (2, 2)
    assert best.value is not None
    assert best.value > 0.9 > 0.6 > (best.null or 1.0)
    assert best.ci_low is not None
    assert best.ci_low > (best.null or 1.0)
    assert best.partial_value is not None
    assert best.partial_value > 0.7
    assert max(row.partial_value or 0 for row in trained if row is not best) < 0.5
    twin = next(row for row in heads if row.is_twin and row.chosen)
    assert (twin.value or 0) < best.value - 0.2
    gain = next(row for row in result.rows(GainRow) if row.against == TWIN and row.events == "onsets")
    assert gain.value == pytest.approx((chosen.value or 0) - (twin.value or 0))
    assert gain.ci_low is not None
    assert gain.ci_low > 0
    assert f"{chosen.name} of follower marks onsets (" in result.headline
    assert chosen.name.startswith("layer 2, head 2")
    assert is_a_headline(result.headline), result.headline


def test_what_is_tested_are_works_on_which_nothing_was_chosen(follower: Checkpoint, tmp_path: Path) -> None:
    result = result_on(planted.write_planted(tmp_path / "corpus"))
    onsets, chords = result.rows(EventRow)
    assert (onsets.n_works, onsets.n_windows, onsets.n_tested) == (6, 24, 12)
    assert (chords.reason, chords.n_windows, chords.tolerance_s) == ("", 24, 0.5)
    assert {row.n for row in result.rows(HeadRow)} == {12}
    flux = {row.events: row for row in result.rows(CurveRow) if row.curve == "spectral flux"}
    assert set(flux) == {"onsets", "chord changes"}
    assert (flux["onsets"].value or 0) > 0.6 > (flux["onsets"].null or 1)
    assert any("Chord changes are marked best by" in row["text"] for row in result.tables["sentences"])


def test_without_chords_onsets_are_asked_about_alone(follower: Checkpoint, tmp_path: Path) -> None:
    result = result_on(planted.write_planted(tmp_path / "corpus", chords=False))
    assert {row.events for row in result.rows(HeadRow)} == {"onsets"}
    reason = "0 of the works have annotations of them; expected 2 or more, to choose on one half and test on the other"
    assert result.rows(EventRow)[1].reason == reason
    assert any(f"Chord changes are not asked about: {reason}." == row["text"] for row in result.tables["sentences"])


def test_events_are_seconds_of_their_window(tmp_path: Path) -> None:
    from analysis.datasets.corpora import open_corpus
    from analysis.datasets.segments import Segment

    piece = open_corpus(str(planted.write_planted(tmp_path / "corpus"))).pieces[0]
    segments = [Segment(piece, 0.0, 2.0), Segment(piece, 2.0, 2.0)]
    events = window_events(segments, KINDS[0], 0)
    whole = np.unique(piece.notes().onset_s)
    expected = [whole[(whole >= start) & (whole < start + 2)] - start for start in (0.0, 2.0)]
    assert [of.round(6).tolist() for of in events.times_s] == [of.round(6).tolist() for of in expected]
    assert "expected 2 or more" in events.row.reason


def test_what_cannot_be_asked_is_refused(follower: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = planted.write_planted(tmp_path / "corpus")
    for path in folder.glob("*.mid"):
        path.unlink()
    request = build_request("onsets", ["follower"], {"corpus": str(folder)})
    sentence = find_study("onsets").refusal([follower], request)
    assert sentence == (
        f"Onsets needs to know where notes begin, but no recording of {folder} has a MIDI file. Choose another corpus."
    )
    monkeypatch.setattr(planted.Follower, "attends", False)
    refused = find_study("onsets").refusal([follower])
    assert refused is not None
    assert "has no attention in a tower for audio" in refused


def test_a_single_work_is_refused(follower: Checkpoint, tmp_path: Path) -> None:
    folder = planted.write_planted(tmp_path / "corpus")
    for number in range(1, planted.N_WORKS):
        (folder / f"work{number}.mid").unlink()
    with pytest.raises(CorpusError, match="has no onsets to hold heads against: 1 of the works"):
        result_on(folder)
