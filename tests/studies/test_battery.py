"""The examination runs every study, goes on where it was stopped, and gives the reason where a study cannot be made."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analysis.errors import Cancelled, CheckpointError, ConfigError
from analysis.models.checkpoint import Checkpoint
from analysis.numbers import format_value
from analysis.report import write_report
from analysis.run import Cancel, RunContext
from analysis.store import Store
from analysis.studies import battery
from analysis.studies.base.registry import find_study, study_names
from analysis.studies.base.requests import build_request
from analysis.studies.battery import Part, cost_of, run_battery, settings_for

Make = Callable[[str], Checkpoint]
FEW = ("retrieval", "similarity")


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tiny corpus has no splits worth the name."""
    chosen = {"retrieval": {"split": "all"}, "similarity": {"split": "all", "windows_per_piece": 3, "n_shuffles": 20}}
    monkeypatch.setattr(battery, "settings_for", lambda study, corpus: {"corpus": corpus, **chosen.get(study, {})})


def test_every_study_has_its_share_and_its_settings() -> None:
    assert cost_of("invariance", "full") > cost_of("retrieval", "full")  # altered once per dose
    assert cost_of("invariance", "small-clean") == find_study("invariance").cost.small_share
    for study in study_names():
        for corpus in ("small", "full"):
            kind = find_study(study).demo
            assert build_request(study, ["x"], settings_for(study, corpus)).corpus == (f"{corpus}-{kind}" if kind else corpus)


def test_a_second_run_comes_from_the_store_and_progress_runs_once(
    corpus_folder: Path, make_checkpoint: Make, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[int, int, str]] = []
    name = str(make_checkpoint("D0").path)
    first = run_battery(
        [name], str(corpus_folder), studies=FEW, store=store, context=RunContext(progress=lambda *step: told.append(step))
    )
    assert [part.study for part in first] == list(FEW)
    assert all(part.result is not None and not part.error for part in first)
    shares = [done / total for done, total, _ in told]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    monkeypatch.setattr("analysis.studies.base.study._compute", lambda *_: pytest.fail("it was computed again"))
    again = run_battery([name], str(corpus_folder), studies=FEW, store=store)
    assert [part.result for part in again] == [part.result for part in first]


def test_what_cannot_be_made_gives_its_reason_and_the_others_go_on(
    corpus_folder: Path, make_checkpoint: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        battery,
        "settings_for",
        lambda study, corpus: {"corpus": corpus} | ({"split": "validation"} if study == "retrieval" else {}),
    )
    told: list[str] = []
    name = str(make_checkpoint("D0").path)
    parts = run_battery([name], str(corpus_folder), studies=("retrieval", "controls"), context=RunContext(notice=told.append))
    assert parts[0].result is None
    assert "Retrieval cannot be scored on" in parts[0].error
    assert parts[0].error in told[0]
    assert parts[0].command.startswith("otoscope study retrieval")


def test_a_wrong_request_is_refused_before_anything_is_computed(corpus_folder: Path, make_checkpoint: Make) -> None:
    name = str(make_checkpoint("D0").path)
    with pytest.raises(ConfigError, match="There is no study 'scores'"):
        run_battery([name], str(corpus_folder), studies=("scores",))
    with pytest.raises(ConfigError, match="No study is asked for"):
        run_battery([name], str(corpus_folder), studies=())
    with pytest.raises(CheckpointError, match="There is no checkpoint 'nowhere'"):
        run_battery(["nowhere"], str(corpus_folder), studies=FEW)


def test_it_can_be_stopped(corpus_folder: Path, make_checkpoint: Make) -> None:
    class Stop(Cancel):
        def check(self) -> None:
            raise Cancelled

    with pytest.raises(Cancelled):
        run_battery([str(make_checkpoint("D0").path)], str(corpus_folder), studies=FEW, context=RunContext(cancel=Stop()))


def test_the_report_needs_nothing_else_and_shows_every_answer(corpus_folder: Path, make_checkpoint: Make, tmp_path: Path) -> None:
    name = str(make_checkpoint("D0").path)
    parts: list[Any] = run_battery([name], str(corpus_folder), studies=FEW)
    parts.append(Part("probes", "otoscope study probes <x>", error="There are <b>too few</b> works."))
    page = write_report(parts, tmp_path, {Path(name).name: "D0"}, title="Examination of <D0>").read_text(encoding="utf-8")
    for part in parts[:2]:
        assert part.result.headline.split(":")[0].replace("'", "&#x27;") in page
        assert all(value.name.split(", ")[-1] in page for value in part.result.values[:10])
        assert part.command.split(" --")[0] in page
    assert page.count("<svg") >= 2
    assert "&lt;b&gt;too few&lt;/b&gt;" in page
    assert "Published versus ours (15)" in page
    ours = parts[0].result.value(weights="trained", pool="canonical", direction="audio to MIDI", what="R@1")
    assert f"<td>R@1 audio to MIDI</td><td>22.2 %</td><td>{format_value(replace(ours, null=None))}</td>" in page
    assert "arXiv 2604.10283" in page
    for foreign in ("<script", "src=", 'href="http', "@import", "url(http"):
        assert foreign not in page
    assert [path.name for path in tmp_path.glob("*.html")] == ["report.html"]
    assert not list(tmp_path.glob(".*"))
