"""Answers are kept model by model and pair by pair: another selection or another order is instant."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, permutations
from pathlib import Path
from types import ModuleType
from typing import ClassVar

import numpy as np
import pretty_midi
import pytest
import soundfile

from analysis import paths
from analysis.errors import Cancelled, ConfigError
from analysis.models.checkpoint import Checkpoint, save_checkpoint
from analysis.models.dual_encoder import build_arm
from analysis.numbers import Value
from analysis.readings.study_run import Answer, StudyRun
from analysis.results import Result
from analysis.rows import Row, tables_of
from analysis.run import RunContext
from analysis.store import Store
from analysis.studies.base import registry
from analysis.studies.base.measurement import About, Measurement, put_together
from analysis.studies.base.record import Cost, Study
from analysis.studies.base.requests import build_request
from analysis.studies.base.study import finish_study, read_result, run_study, stored_result

NAMES = ("ant", "bee", "cat")


@dataclass(frozen=True)
class LetterRow(Row):
    table: ClassVar[str] = "letters"
    array_columns: ClassVar[tuple[str, ...]] = ("array",)

    checkpoint: str
    letter: str
    array: str


@dataclass(frozen=True)
class CommonRow(Row):
    table: ClassVar[str] = "common"
    array_columns: ClassVar[tuple[str, ...]] = ("array", "absent")

    first: str
    second: str
    n: int
    array: str
    absent: str | None


@dataclass(frozen=True)
class AlphabetRow(Row):
    table: ClassVar[str] = "alphabet"

    size: int


@dataclass(frozen=True)
class Request:
    checkpoints: tuple[str, ...]
    corpus: str = "small"
    size: int = 26
    seed: int = 1


computed: list[About] = []


def measure(request: Request, study_run: StudyRun) -> Measurement:
    rows: list[Row] = [AlphabetRow(request.size)]
    arrays, values = {"alphabet": np.arange(request.size)}, []
    for name in study_run.checkpoints:
        study_run.step(0, 1, name)
        computed.append((name,))
        values.append(Value({"checkpoint": name, "what": "letters"}, len(name), None, None, len(name), None, "", "count"))
        for letter in name:
            array = f"codes.{len(rows) - 1}"
            rows.append(LetterRow(name, letter, array))
            arrays[array] = np.array([ord(letter)])
    return Measurement(values, rows, arrays)


def compare(request: Request, study_run: StudyRun, pairs: Sequence[About], singles: Measurement) -> Measurement:
    rows, arrays = [], {}
    for number, (first, second) in enumerate(pairs):
        study_run.step(number, len(pairs), first)
        computed.append((first, second))
        letters = [{row.letter for row in singles.about(name).of(LetterRow)} for name in (first, second)]
        arrays[f"both.{number + 5}"] = np.array(sorted(map(ord, letters[0] & letters[1])))
        rows.append(CommonRow(first, second, len(letters[0] & letters[1]), f"both.{number + 5}", None))
    return Measurement(rows=rows, arrays=arrays)


def conclude(request: Request, checkpoints: Mapping[str, Checkpoint], found: Measurement) -> Answer:
    said = f"{', '.join(checkpoints)}: {len(found.of(CommonRow))} pairs"
    return Answer(said, found.values, tables_of(found.rows), found.arrays)


@pytest.fixture(autouse=True)
def letters(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Study:
    """A study of the names of checkpoints, and an empty cache."""
    study, rows = ModuleType("letters.study"), ModuleType("letters.rows")
    study.__dict__.update(Request=Request, measure=measure, compare=compare, conclude=conclude)
    rows.__dict__["ROWS"] = (LetterRow, CommonRow, AlphabetRow)
    rows.__spec__ = sys.__spec__
    for name, module in {"letters": ModuleType("letters"), "letters.study": study, "letters.rows": rows}.items():
        monkeypatch.setitem(sys.modules, name, module)
    made = Study("letters", "Letters", "Which letters?", "letters", Cost(1, 1, 1, 1))
    monkeypatch.setitem(registry.REGISTERED, "letters", made)
    monkeypatch.setenv(paths.CACHE_VARIABLE, str(tmp_path / "cache"))
    computed.clear()
    return made


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoints")
    for seed, name in enumerate((*NAMES, "dog")):
        described = {"training": {"seed": seed}, "evaluation": {}, "history": [], "card": ""}
        save_checkpoint(folder / name, build_arm("D0", "small", seed), arm="D0", scale="small", **described)
    return folder


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pieces")
    midi = pretty_midi.PrettyMIDI()
    midi.instruments.append(pretty_midi.Instrument(0))
    midi.instruments[0].notes.append(pretty_midi.Note(80, 60, 0.0, 1.0))
    midi.write(str(folder / "a.mid"))
    soundfile.write(folder / "a.wav", 0.1 * np.sin(np.arange(24_000) / 5), 24_000)
    return folder


@pytest.fixture
def ask(checkpoints: Path, corpus: Path) -> Callable[..., Request]:
    return lambda *names, **settings: build_request(
        "letters", [str(checkpoints / name) for name in names], {"corpus": str(corpus), **settings}
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def without_times(result: Result) -> Result:
    made = {name: of for name, of in result.provenance.items() if name != "seconds"}
    return Result(result.study, result.request, result.headline, result.values, result.tables, result.arrays, made)


def test_every_selection_in_every_order_is_at_hand_and_as_if_computed(ask: Callable[..., Request], store: Store) -> None:
    run_study("letters", ask(*NAMES), store=store)
    assert computed == [("ant",), ("bee",), ("cat",), *combinations(NAMES, 2)]
    computed.clear()
    for n in (1, 2, 3):
        for names in permutations(NAMES, n):
            kept = stored_result("letters", ask(*names), store)
            assert kept is not None
            assert computed == []
            assert without_times(kept) == without_times(run_study("letters", ask(*names)))
            computed.clear()


def test_only_what_is_new_is_computed(ask: Callable[..., Request], store: Store) -> None:
    run_study("letters", ask("ant", "bee"), store=store)
    run_study("letters", ask("dog"), store=store)
    computed.clear()
    assert stored_result("letters", ask("ant", "bee", "dog"), store) is None
    run_study("letters", ask("bee", "dog", "ant", "cat"), store=store)
    assert computed == [("cat",), ("ant", "cat"), ("ant", "dog"), ("bee", "cat"), ("bee", "dog"), ("cat", "dog")]


def test_an_answer_that_is_put_together_is_stored_whole_so_that_summaries_find_it(
    ask: Callable[..., Request], store: Store
) -> None:
    run_study("letters", ask(*NAMES), store=store)
    kept = len([*store.beginnings(10)])
    finished = finish_study("letters", ask("cat", "ant"), store=store)
    assert (finished.not_stored, len([*store.beginnings(10)]), read_result(store, finished.key)) == (
        "",
        kept + 1,
        finished.result,
    )
    assert stored_result("letters", ask("cat", "ant"), store) == finished.result


@pytest.mark.parametrize(("stop_at", "left"), [(1, [("bee",), ("cat",)]), (2, [("cat",)])])
def test_what_was_measured_before_a_cancel_is_kept(
    stop_at: int, left: list[About], ask: Callable[..., Request], store: Store
) -> None:
    def stop(*_: object) -> None:
        if len(computed) == stop_at:
            raise Cancelled

    with pytest.raises(Cancelled):
        run_study("letters", ask(*NAMES), store=store, context=RunContext(stop))
    computed.clear()
    run_study("letters", ask(*NAMES), store=store)
    assert computed == [*left, *combinations(NAMES, 2)]


def test_pairs_that_were_compared_before_a_cancel_are_kept(ask: Callable[..., Request], store: Store) -> None:
    def stop(*_: object) -> None:
        if len(computed) == len(NAMES) + 1:
            raise Cancelled

    with pytest.raises(Cancelled):
        run_study("letters", ask(*NAMES), store=store, context=RunContext(stop))
    computed.clear()
    run_study("letters", ask(*NAMES), store=store)
    assert computed == [("ant", "cat"), ("bee", "cat")]


def test_what_models_share_is_measured_together(
    ask: Callable[..., Request], store: Store, letters: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As sound that is altered once for all of them; a sentence that every model gives rise to is told once in any case."""
    sizes: list[int] = []
    told: list[str] = []

    def counting(request: Request, study_run: StudyRun) -> Measurement:
        sizes.append(len(study_run.checkpoints))
        study_run.notice("The pool shrank.")
        return measure(request, study_run)

    monkeypatch.setattr(letters.module, "measure", counting)
    run_study("letters", ask(*NAMES), store=store, context=RunContext(notice=told.append))
    monkeypatch.setitem(registry.REGISTERED, "letters", replace(letters, together=True))
    run_study("letters", ask(*NAMES), store=store, fresh=True)
    assert (sizes, told) == ([1, 1, 1, 3], ["The pool shrank."])


def test_other_settings_are_other_parts_and_fresh_computes_all(ask: Callable[..., Request], store: Store) -> None:
    run_study("letters", ask("ant", "bee"), store=store)
    assert stored_result("letters", ask("ant", size=25), store) is None
    computed.clear()
    finish_study("letters", ask("bee"), store=store, fresh=True)
    assert computed == [("bee",)]


def test_an_answer_knows_the_weights_and_the_seconds_of_its_parts(ask: Callable[..., Request], store: Store) -> None:
    whole = run_study("letters", ask(*NAMES), store=store)
    kept = stored_result("letters", ask("cat", "ant"), store)
    assert kept is not None
    assert list(kept.provenance["checkpoint_sha256"]) == ["cat", "ant"]
    assert kept.provenance["checkpoint_sha256"].items() <= whole.provenance["checkpoint_sha256"].items()
    assert 0 <= kept.provenance["seconds"] <= whole.provenance["seconds"]
    assert "letters" in kept.provenance["command"]
    assert kept.request["checkpoints"] == list(ask("cat", "ant").checkpoints)


def test_parts_of_unlike_material_are_not_put_together() -> None:
    one, other = (Measurement(rows=[AlphabetRow(size)]) for size in (25, 26))
    with pytest.raises(ConfigError, match="The table alphabet differs between parts of one result"):
        put_together([one, other])
    one, other = (Measurement(arrays={"alphabet": np.arange(size)}) for size in (25, 26))
    with pytest.raises(ConfigError, match="The array alphabet differs between parts of one result"):
        put_together([one, other])


def test_parts_that_do_not_fit_are_measured_anew(
    ask: Callable[..., Request], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a model with longer windows joins others."""
    run_study("letters", ask("ant"), store=store)

    def longer_with_bee(request: Request, study_run: StudyRun) -> Measurement:
        return measure(replace(request, size=27 if "bee" in study_run.checkpoints else 26), study_run)

    monkeypatch.setattr(registry.REGISTERED["letters"].module, "measure", longer_with_bee)
    computed.clear()
    result = run_study("letters", ask("ant", "bee"), store=store)
    assert result.rows(AlphabetRow) == (AlphabetRow(27),)
    assert computed[-3:] == [("ant",), ("bee",), ("ant", "bee")]
    assert list(result.provenance["checkpoint_sha256"]) == ["ant", "bee"]


def test_taking_apart_and_putting_together_changes_nothing_but_the_numbers_of_arrays() -> None:
    rows = [LetterRow("ant", "a", "codes.7"), LetterRow("bee", "b", "codes.7"), LetterRow("bee", "e", "codes.3")]
    whole = Measurement(rows=[AlphabetRow(2), *rows], arrays={"codes.7": np.array([1]), "codes.3": np.array([2]), "x": np.eye(2)})
    again = put_together([whole.about(), whole.about("ant"), whole.about("bee")])
    assert [row.array for row in again.of(LetterRow)] == ["codes.0", "codes.1", "codes.2"]
    assert [float(again.arrays[row.array][0]) for row in again.of(LetterRow)] == [1.0, 1.0, 2.0]
    assert again.of(AlphabetRow) == [AlphabetRow(2)]
    assert set(again.arrays) == {"codes.0", "codes.1", "codes.2", "x"}
