"""Which stems belong together: a model that hears what they have in common is always right, a deaf one as often as chance."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from analysis.datasets.corpora import open_corpus
from analysis.datasets.stem_windows import StemWindow, list_stem_windows
from analysis.errors import ConfigError, CorpusError
from analysis.models import families
from analysis.models.checkpoint import Checkpoint
from analysis.results import Result
from analysis.run import Cancel
from analysis.store import Store
from analysis.studies.base.registry import find_study
from analysis.studies.base.requests import build_request
from analysis.studies.base.study import run_study
from analysis.studies.listening import COSINE, cosine, listening
from analysis.studies.memory import needs_bytes
from analysis.studies.shared_rows import SentenceRow, WorkWindowRow
from analysis.studies.stems.published import PUBLISHED
from analysis.studies.stems.questions import draw_questions, stem_names
from analysis.studies.stems.rows import BASELINE, HARD, NEGATIVES, NOBODY, OTHER_WORKS, AccuracyRow, MaterialRow, StemRow
from analysis.studies.stems.scoring import Compared, Parts, choose, parts_of
from analysis.studies.stems.words import headline
from tests.alike import assert_alike
from tests.conformance import made_up_family, made_up_towers
from tests.conformance.made_up_ears import EARS, save_ears
from tests.tiny_stems import N_WORKS, stems_beside


@pytest.fixture
def folder(corpus_folder: Path) -> Path:
    return stems_beside(corpus_folder)


@pytest.fixture
def windows(folder: Path) -> tuple[StemWindow, ...]:
    """Those of 4 s that 6 of every recording leave."""
    return list_stem_windows(open_corpus(str(folder)).pieces, sample_rate=8_000, max_per_piece=6).windows


@pytest.fixture
def ears(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Checkpoint]]:
    """Models that hear the planted tones, or nothing."""
    monkeypatch.setenv("OTOSCOPE_CHECKPOINTS", str(tmp_path / "theirs"))
    families.register(EARS)
    yield save_ears(tmp_path / "theirs")
    families.forget(EARS.name)


def ask(folder: Path, *names: str, store: Store | None = None, **settings: object) -> Result:
    settings = {"corpus": str(folder), "split": "all", "windows_per_piece": 4, "partitions": 3, **settings}
    return run_study("stems", build_request("stems", names, settings), store=store)


def rows_of(result: Result, name: str, weights: str = "trained") -> list[AccuracyRow]:
    return [row for row in result.rows(AccuracyRow) if (row.checkpoint, row.weights) == (name, weights)]


def test_who_hears_what_stems_share_is_always_right_and_who_is_deaf_as_often_as_chance(
    ears: list[Checkpoint], folder: Path
) -> None:
    result = ask(folder, "hears", "deaf")
    assert {(row.negatives, row.candidates) for row in result.rows(AccuracyRow)} == {(name, 8) for name in NEGATIVES}
    for row in rows_of(result, "hears"):
        assert (row.value, row.ci_low, row.ci_high, row.sd, row.null) == (1.0, 1.0, 1.0, 0.0, 1 / 8)
        assert row.score == "the model's own score"
        np.testing.assert_array_equal(result.arrays[row.chosen], np.arange(row.n))
    for row in [*rows_of(result, "hears", "untrained"), *rows_of(result, "deaf"), *rows_of(result, "deaf", "untrained")]:
        assert row.value == pytest.approx(1 / 8)
    assert result.headline.startswith("100.0 % [100.0, 100.0] right among 8 (chance 12.5 %, untrained twin 12.5 %, log-mel ")
    assert result.headline.endswith(": hears picks best the stems that belong together.")


def test_what_is_no_fair_question_is_left_out_and_counted(ears: list[Checkpoint], folder: Path) -> None:
    """Of the first work two stems are silent in the last window, of the second one."""
    result = ask(folder, "hears")
    (material,) = result.rows(MaterialRow)
    assert (material.windows, material.works, material.partitions) == (4 * N_WORKS - 1, N_WORKS, 3)
    assert (material.silent_stems, material.too_quiet, material.without) == (3, 1, 0)
    assert len(result.rows(WorkWindowRow)) == material.windows
    sentences = [row.text for row in result.rows(SentenceRow)]
    assert "Left out: 3 stems that are silent in a window, 1 windows in which fewer than two stems sound." in sentences
    names = {(row.piece, row.number): row.name for row in result.rows(StemRow)}
    for number, window in enumerate(result.rows(WorkWindowRow)):
        parts = [
            {
                name
                for (piece, bit), name in names.items()
                if piece == window.piece and int(result.arrays[part][number]) >> bit & 1
            }
            for part in ("anchor", "positive")
        ]
        assert all(parts)
        assert not set.intersection(*parts)


def test_a_value_stands_beside_the_spectrum_alone(ears: list[Checkpoint], folder: Path) -> None:
    result = ask(folder, "hears")
    spectrum = rows_of(result, NOBODY, BASELINE)
    assert len(spectrum) == len(NEGATIVES)
    for row in spectrum:
        (value,) = result.select(baseline=BASELINE, negatives=row.negatives, candidates=row.candidates)
        assert (value.value, value.null, value.n) == (row.value, 1 / 8, row.n)
        assert value.name == f"log-mel, {row.negatives}, among 8: accuracy"
    assert len(result.values) == 3 * len(NEGATIVES)


def test_an_answer_put_together_is_the_one_made_at_once(ears: list[Checkpoint], folder: Path, store: Store) -> None:
    for name in ("hears", "deaf"):
        ask(folder, name, store=store)
    both, anew = ask(folder, "hears", "deaf", store=store), ask(folder, "hears", "deaf")
    assert_alike(both, anew)


def test_too_few_windows_are_refused(ears: list[Checkpoint], folder: Path, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="has 4 windows in which two stems sound, of 4 works; expected 7 or more beside"):
        ask(folder, "hears", windows_per_piece=1)
    (homes := tmp_path / "train").mkdir()
    shutil.copytree(folder / "Track00000", homes / "Track00000")
    with pytest.raises(CorpusError, match="The split test of Slakh2100 has 0 windows in which two stems sound, of 0 works"):
        ask(tmp_path, "hears", split="test")


# --- what is asked ----------------------------------------------------------------------------------------------------------


def test_wrong_candidates_are_of_other_works_or_in_turn_of_the_same(windows: tuple[StemWindow, ...]) -> None:
    questions = draw_questions(windows, 2, seed=0)
    works = np.array([window.segment.piece.group for window in windows])
    starts = np.array([window.segment.start_s for window in windows])
    for partition in range(2):
        for number in range(len(windows)):
            strange, hard = ([int(i) for i in questions.wrong[name][partition, number] if i >= 0] for name in NEGATIVES)
            assert sorted(strange) == sorted(np.flatnonzero(works != works[number]))
            assert len(set(hard)) == len(hard)
            own = [i for i in hard if works[i] == works[number]]
            apart = np.abs(starts - starts[number]) >= 4.0
            assert sorted(own) == sorted(np.flatnonzero((works == works[number]) & apart))
            assert hard[: 2 * len(own) : 2] == own
    assert not np.array_equal(questions.wrong[HARD][0], questions.wrong[HARD][1])
    assert questions.sizes(OTHER_WORKS) == [8, 16]


def test_anchor_and_positive_are_parts_of_what_sounds(windows: tuple[StemWindow, ...]) -> None:
    questions = draw_questions(windows, 20, seed=0)
    for number, window in enumerate(windows):
        for anchor, positive in zip(questions.anchor[:, number], questions.positive[:, number], strict=True):
            names = [stem_names(window.segment, int(bits)) for bits in (anchor, positive)]
            assert all(names)
            assert not set(names[0]) & set(names[1])
            assert set(names[0]) | set(names[1]) <= set(window.sounding)
    assert len(np.unique(questions.anchor)) > 3


def test_the_same_seed_asks_the_same_and_another_not(windows: tuple[StemWindow, ...]) -> None:
    first, again, other = (draw_questions(windows, 2, seed=seed).arrays() for seed in (3, 3, 4))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not any(np.array_equal(first[name], other[name]) for name in first)


def test_every_part_is_read_once(windows: tuple[StemWindow, ...]) -> None:
    questions = draw_questions(windows, 8, seed=0)
    segments = [window.segment for window in windows]
    parts = parts_of(segments, questions)
    assert len(set(parts.segments)) == len(parts.segments) < questions.anchor.size
    for number, segment in enumerate(segments):
        part = parts.segments[parts.positive[5, number]]
        assert (part.piece, part.start_s) == (segment.piece, segment.start_s)
        assert part.stems == stem_names(segment, int(questions.positive[5, number]))


# --- how it is scored -------------------------------------------------------------------------------------------------------


def test_candidates_that_are_equally_good_share_the_credit() -> None:
    anchors = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]], np.float32)
    candidates = np.array([[1.0, 0.0], [0.0, -1.0], [0.0, 1.0]], np.float32)
    parts = Parts([], np.arange(3)[None], np.arange(3)[None])
    wrong = np.array([[[1, 2], [0, 2], [0, 1]]], np.int32)
    found = choose(Compared(anchors, candidates, cosine, COSINE), parts, wrong, [2, 3], Cancel())
    assert found[3].credit.tolist() == [[1.0, 0.0, 1 / 3]]
    assert found[2].credit.tolist() == [[1.0, 0.0, 1 / 2]]
    assert found[3].chosen.tolist() == [0, 2, 1]


def test_a_model_without_a_pair_of_two_sounds_is_compared_by_cosine() -> None:
    pair, listener = made_up_towers.PAIR, made_up_family.FAMILY
    assert listening(EARS.outline(EARS.preset(EARS.name))) == ("left", "right", "the model's own score")
    assert listening(pair.outline(pair.preset(pair.name))) == ("sound", "sound", COSINE)
    (name,) = listener.presets()
    assert listening(listener.outline(listener.preset(name))) == ("audio", "audio", COSINE)


# --- who and what is served -------------------------------------------------------------------------------------------------


def test_a_corpus_without_stems_is_refused_in_a_sentence(ears: list[Checkpoint], corpus_folder: Path) -> None:
    choose_another = "Choose small-hands or full-hands, or a folder with stems."
    sentence = f"Stems compares stems, but no recording of {corpus_folder} has any. {choose_another}"
    request = build_request("stems", ["hears"], {"corpus": str(corpus_folder)})
    assert find_study("stems").refusal(ears, request) == sentence
    with pytest.raises(ConfigError, match="no recording of .* has any"):
        ask(corpus_folder, "hears")


def test_of_the_demo_corpus_it_reads_the_hands() -> None:
    asked = [build_request("stems", ["x"], {"corpus": name}).corpus for name in ("small", "full", "small-hands", "elsewhere")]
    assert asked == ["small-hands", "full-hands", "small-hands", "elsewhere"]
    assert build_request("stems", ["x"], {}).corpus == "full-hands"
    assert build_request("retrieval", ["x"], {"corpus": "small"}).corpus == "small"


def test_memory_grows_with_what_is_asked(ears: list[Checkpoint], folder: Path) -> None:
    few, many = (build_request("stems", ["hears"], {"corpus": str(folder), "partitions": n}) for n in (2, 100))
    assert 10**8 < needs_bytes("stems", few, "cpu") < needs_bytes("stems", many, "cpu")


def test_a_number_that_chance_explains_is_said_to_be() -> None:
    numbers = {"null": 1 / 64, "sd": 0.01, "n": 10, "score": COSINE, "right": "", "chosen": ""}
    ends = {("D0", "trained"): (0.01, 0.1), ("D0", "untrained"): (None, None), (NOBODY, BASELINE): (None, None)}
    rows = [AccuracyRow(*whose, OTHER_WORKS, 64, 0.04, *of, **numbers) for whose, of in ends.items()]
    text = headline(rows, ["D0"])
    assert text == (
        "4.0 % [1.0, 10.0] right among 64 (chance 1.6 %, untrained twin 4.0 %, log-mel 4.0 %): "
        "D0 is not distinguishable from chance."
    )
    assert len(text.split()) <= 30


def test_published_numbers_are_those_of_the_source() -> None:
    phalar = {of.data: of.percents for of in PUBLISHED if of.model.startswith("PHALAR")}
    assert phalar["MoisesDB"] == {8: 86.79, 16: 81.49, 64: 70.87}
    assert len({(of.model, of.data) for of in PUBLISHED}) == len(PUBLISHED) == 15
