"""Every study of models that are no dual encoder: it answers, or it says in a sentence why it does not."""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from analysis.cli import main
from analysis.errors import ConfigError
from analysis.models import families
from analysis.models.checkpoint import Checkpoint, save_checkpoint
from analysis.models.families import Family
from analysis.models.poolings import CLASS_POOLINGS
from analysis.models.tower import LAYERS
from analysis.run import RunContext
from analysis.store import Store, open_store
from analysis.studies.base.registry import find_study, study_names
from analysis.studies.base.requests import build_request
from analysis.studies.base.study import run_study
from analysis.studies.battery import run_battery
from analysis.studies.memory import needs_bytes
from analysis.studies.probes import study as probes
from analysis.studies.similarity.rows import FIRST_TO_LAST, INPUT_TO_EMBEDDING, OTHER_BLOCKS, CellRow, SummaryRow
from tests.alike import assert_alike
from tests.conformance import made_up_family, made_up_towers
from tests.conformance.drawn import Case, missing
from tests.conformance.small_studies import SETTINGS, corpus_of

LISTENER, PAIR, GRID = made_up_family.FAMILY, made_up_towers.PAIR, made_up_towers.GRID
OF_A_PAIR = (
    "bands", "retrieval", "stems", "replication", "transposition", "invariance", "similarity", "probes", "embedding", "onsets",
    "beats", "structure", "tokens",
)  # fmt: skip
OF_SOUND = ("bands", "stems", "embedding", "invariance", "similarity", "probes", "onsets", "beats", "structure", "tokens")
SERVED = {LISTENER.name: (*OF_SOUND, "transposition"), PAIR.name: OF_A_PAIR, GRID.name: (*OF_SOUND, "transposition")}
SMALLEST: dict[str, dict[str, Any]] = {
    "probes": {"tasks": "pitch histogram,audio chroma"},
    "embedding": {"methods": "PCA"},
    "invariance": {"changes": "time_shift,low_pass,playback_speed,note_velocity"},
}
Make = Callable[[Family], list[Checkpoint]]
by_family = pytest.mark.parametrize("family", [LISTENER, PAIR, GRID], ids=lambda family: family.name)


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Two checkpoints of a family, which is registered as long as the test lasts."""
    monkeypatch.setenv("OTOSCOPE_CHECKPOINTS", str(tmp_path / "theirs"))
    made: list[Family] = []

    def of(family: Family) -> list[Checkpoint]:
        families.register(family)
        made.append(family)
        (name,) = family.presets()
        described = {"arm": name, "scale": "", "evaluation": {}, "history": [], "card": "# Nobody trained it"}
        saved = []
        for seed, called in enumerate(("one", "two"), 1):
            model, training = family.build(family.preset(name), seed), {"seed": seed, "steps": 0}
            saved.append(save_checkpoint(tmp_path / "theirs" / called, model, training=training, **described))
        return saved

    yield of
    for family in made:
        families.forget(family.name)


def request_of(study: str, corpus: Path, **settings: Any) -> Any:
    return build_request(
        study, ["one", "two"], {**SETTINGS[study], **SMALLEST.get(study, {}), "corpus": str(corpus_of(study, corpus)), **settings}
    )


@by_family
def test_each_study_says_why_it_does_not_serve_a_model(family: Family, make: Make) -> None:
    checkpoints = make(family)
    for study in study_names():
        sentence = find_study(study).refusal(checkpoints)
        assert (sentence is None) is (study in SERVED[family.name]), study
        if sentence is not None:
            assert sentence.startswith(f"{find_study(study).title} is not made of these checkpoints: one, of the family ")
            assert sentence.endswith(". Choose others.")


@pytest.mark.parametrize(("family", "study"), [(PAIR, study) for study in OF_A_PAIR] + list(product((LISTENER, GRID), OF_SOUND)))
def test_it_answers(
    family: Family, study: str, make: Make, corpus_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(family)
    monkeypatch.setenv("OTOSCOPE_CACHE", str(tmp_path / "cache"))
    request = request_of(study, corpus_folder)
    result = run_study(study, request, store=open_store())
    assert result.headline.endswith(".")
    assert {value.key["checkpoint"] for value in result.values if "checkpoint" in value.key} == {"one", "two"}
    assert all(math.isfinite(value.value) for value in result.values if value.value is not None)
    assert any(value.value is not None for value in result.values)
    assert all(np.isfinite(array).all() for array in result.arrays.values() if array.dtype.kind == "f")
    assert needs_bytes(study, request, "cpu") > 10**8
    for kind in find_study(study).rows:
        assert all(row.table == kind.table for row in result.rows(kind))
    find_study(study).draw(result)
    list(find_study(study).ours(result))
    once = "moved is empty" if study == "embedding" else "nothing"  # PCA is drawn once
    assert [lack for lack in missing(Case.of(result).open()) if once not in lack] == []


def test_layers_of_any_two_models_are_compared_over_the_seconds_that_both_hear(
    make: Make, corpus_folder: Path, tmp_path: Path
) -> None:
    """One hears 2 s and has one side, the other 3 s and both; one of them first measured alone, over all that it hears."""
    make(LISTENER)
    families.register(PAIR)
    model = PAIR.build(PAIR.preset(*PAIR.presets()), 3)
    described = {"arm": PAIR.presets()[0], "scale": "", "evaluation": {}, "history": [], "card": "# Nobody trained it"}
    save_checkpoint(tmp_path / "theirs" / "three", model, training={"seed": 3, "steps": 0}, **described)
    store, said = Store(tmp_path / "store"), list[str]()
    settings = {**SETTINGS["similarity"], "across": "every side", "corpus": str(corpus_folder)}
    try:
        alone = run_study("similarity", build_request("similarity", ["three"], settings), store=store)
        context = RunContext(notice=said.append)
        request = build_request("similarity", ["one", "three"], settings)
        result = run_study("similarity", request, store=store, context=context)
        again = run_study("similarity", request, store=store)
    finally:
        families.forget(PAIR.name)
    assert said == ["Of tokens those in the first 2 s of 3 s count, which all of these models hear."]
    between = {row.compared for row in result.rows(CellRow) if row.first != row.second}
    assert between == {("one", "audio", "three", "audio"), ("one", "audio", "three", "midi")}
    own = {(row.first, row.what): row.value for row in result.rows(SummaryRow) if row.within and row.weights == "trained"}
    assert {what for name, what in own if name == "one"} == {OTHER_BLOCKS, FIRST_TO_LAST, INPUT_TO_EMBEDDING}
    assert " three " in result.headline  # what has two sides is spoken of
    assert [row.value for row in again.rows(CellRow)] == [row.value for row in result.rows(CellRow)]
    whole = {row.first_layer: row.value for row in alone.rows(CellRow) if row.of_blocks and row.weights == "trained"}
    part = {row.first_layer: row.value for row in result.rows(CellRow) if row.of_blocks and row.first == row.second == "three"}
    assert whole != part


@pytest.mark.parametrize("family", [LISTENER, PAIR, GRID], ids=lambda family: family.name)
def test_every_layer_of_every_tower_is_probed_beside_the_input_that_it_reads(
    family: Family, make: Make, corpus_folder: Path
) -> None:
    checkpoint = make(family)[0]
    result = run_study("probes", request_of("probes", corpus_folder))
    towers = checkpoint.outline().towers
    expected = {tap.name for tower in towers.values() for tap in tower.taps() if tap.kind in LAYERS}
    assert {row["layer"] for row in result.tables["scores"] if row["checkpoint"] == "one"} == expected
    inputs = {"audio": {"log-mel", "chroma"}, "notes": {"pitch histogram", "note statistics"}}
    for row in result.tables["best"]:
        assert row["input_layer"] in inputs[towers[row["side"]].modality]


def test_windows_are_those_of_the_model_at_its_own_rate(make: Make, corpus_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Altered, shifted and plain sound of the pair lasts 3 s at 16 kHz, whatever the dual encoder reads."""
    make(PAIR)
    shapes: set[tuple[str, tuple[int, ...]]] = set()
    collate = made_up_towers.MadeUpTower.collate

    def watched(tower: Any, segments: Any, content: Any = None) -> Any:
        batch = collate(tower, segments, content)
        shapes.add(("plain" if content is None else "altered", tuple(batch.waveform.shape[1:])))
        return batch

    monkeypatch.setattr(made_up_towers.MadeUpTower, "collate", watched)
    result = run_study("invariance", request_of("invariance", corpus_folder))
    assert shapes == {("plain", (48_000,)), ("altered", (48_000,))}
    assert {row["layer"] for row in result.tables["distances"] if row["change"] == "gain"} == set()
    assert {row["tap"].partition(".")[0] for row in result.tables["distances"]} == {"sound", "score"}


def test_sound_alone_is_transposed_where_it_can_be_rendered(make: Make, corpus_folder: Path) -> None:
    make(LISTENER)
    with pytest.raises(ConfigError, match=r"^These models read sound alone, .* Choose such a corpus\.$"):
        run_study("transposition", request_of("transposition", corpus_folder))


@pytest.fixture
def recordings(tmp_path: Path, corpus_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The recordings of the tiny corpus without their notes, which pages may open."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    for path in corpus_folder.glob("*.wav"):
        (folder / path.name).symlink_to(path)
    monkeypatch.setenv("OTOSCOPE_CORPORA", str(folder))
    return folder


def test_recordings_alone_are_enough_for_what_reads_audio(make: Make, recordings: Path) -> None:
    make(LISTENER)
    result = run_study("probes", request_of("probes", recordings))
    scored = {(row["task"], row["side"], row["weights"]) for row in result.tables["scores"]}
    assert scored == {("audio chroma", "audio", weights) for weights in ("trained", "untrained", "input")}
    (missing,) = result.tables["missing"]
    assert missing["task"] == "pitch histogram"
    assert missing["reason"] == "no notes: expected a MIDI file beside every recording (recordings has none)"


def test_what_reads_notes_says_that_there_are_none(make: Make, recordings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command, the page and the battery with the same sentence."""
    sentence = find_study("retrieval").refusal(make(PAIR), request_of("retrieval", recordings))
    assert sentence is not None
    assert sentence == f"Retrieval reads notes, but no recording of {recordings} has a MIDI file. Choose another corpus."
    assert main(["study", "retrieval", "one", "--set", f"corpus={recordings}"]) == 2
    assert sentence in capsys.readouterr().err
    (part,) = run_battery(["one"], str(recordings), studies=["retrieval"])
    assert (part.result, part.error) == (None, sentence)
    app = AppTest.from_string(
        "from app.kit import study_page\nfrom app.views import retrieval\nstudy_page.show(retrieval.PAGE)", default_timeout=300
    )
    app.query_params.update({"checkpoints": ["one"], "corpus": [str(recordings)]})
    app.run()
    assert not app.exception
    assert any("reads notes, but no recording of" in info.value for info in app.info)
    assert not any(button.label == "Compute" for button in app.button)


def test_what_is_shared_is_made_once_and_serves_every_checkpoint_that_is_added(
    make: Make, corpus_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Computed again, inputs would differ in their last bits: two parts would not fit each other any more."""
    make(LISTENER)
    store = Store(tmp_path / "store")
    request = request_of("probes", corpus_folder)
    first = run_study("probes", replace(request, checkpoints=("one",)), store=store)
    with monkeypatch.context() as patched:
        patched.setattr(probes, "window_features", lambda *_: pytest.fail("labelled again"))
        patched.setattr(probes, "share", lambda *_: pytest.fail("fitted the inputs again"))
        both = run_study("probes", request, store=store)
    inputs = [[row for row in result.tables["scores"] if row["weights"] == "input"] for result in (first, both)]
    assert inputs[0] == inputs[1] != []
    anew = run_study("probes", request)
    assert_alike(both, anew)


@pytest.mark.parametrize("study", ["probes", "similarity", "embedding", "invariance", "transposition"])
def test_a_pooling_is_of_towers_that_have_it(study: str, make: Make, corpus_folder: Path) -> None:
    """The score of the pair has no class token: nothing is pooled by it, and the sentence says so."""
    checkpoints = make(PAIR)
    request = request_of(study, corpus_folder, pooling="class token")
    assert find_study(study).refusal(checkpoints, request) == (
        f"{find_study(study).title} is not made with the pooling class token: the tower score of one has mean. Choose another."
    )


def test_a_class_token_is_probed_instead_of_the_mean(make: Make, corpus_folder: Path) -> None:
    make(LISTENER)
    mean, first, both = (run_study("probes", request_of("probes", corpus_folder, pooling=how)) for how in CLASS_POOLINGS)
    layer = "audio.block.1"
    found = [
        {row["task"]: row["value"] for row in result.tables["scores"] if row["layer"] == layer and row["weights"] == "trained"}
        for result in (mean, first, both)
    ]
    assert found[0] != found[1] != found[2] != found[0]
    inputs = [[row["value"] for row in result.tables["scores"] if row["weights"] == "input"] for result in (mean, first, both)]
    assert inputs[0] == inputs[1] == inputs[2]
