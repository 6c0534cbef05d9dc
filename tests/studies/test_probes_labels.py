"""Labels from annotation files, and tasks that a corpus cannot be asked."""

from pathlib import Path

import numpy as np
import pytest
import torch

from analysis.datasets.annotations import KEYS
from analysis.datasets.harmony import local_key
from analysis.datasets.midi import Notes, notes_from_rows
from analysis.datasets.piece import Corpus, Piece
from analysis.datasets.segments import Segment
from analysis.errors import CorpusError
from analysis.readings.study_run import StudyRun
from analysis.studies.probes.labels import effective_works, label_tasks

CPU = torch.device("cpu")


class Made(Piece):
    """A piece whose notes and sound need no file."""

    def notes(self):
        return notes_from_rows([(0.5 * i, 0.5 * i + 0.4, 60 + (i * 7) % 12, 70) for i in range(40)])

    def waveform(self, start_s: float, stop_s: float, sample_rate: int) -> np.ndarray:
        time = np.arange(round((stop_s - start_s) * sample_rate)) / sample_rate
        return np.sin(2 * np.pi * 440 * time).astype(np.float32)


def corpus_of(folder: Path, n: int = 4) -> tuple[Corpus, list[Segment]]:
    pieces = tuple(
        Made(f"p{i}", f"composer {i % 2}", "", f"p{i}", "test", 20.0, folder / f"p{i}.wav", folder / f"p{i}.mid")
        for i in range(n)
    )
    return Corpus("made", pieces, 24_000, "", ""), [Segment(piece, float(start)) for piece in pieces for start in range(0, 16, 4)]


def test_keys_are_those_in_force_in_the_middle_of_a_window(tmp_path: Path) -> None:
    corpus, segments = corpus_of(tmp_path)
    for i in range(4):
        rows = "time_s\tglobalkey\tlocalkey\n1.0\tD\tI\n9.9\tD\tV\n"
        (tmp_path / f"p{i}.harmony.tsv").write_text(rows)
    (task,) = label_tasks(StudyRun({}, corpus, CPU), segments, ["key"]).tasks
    assert task.classes == ("A major", "D major")
    assert task.labels.tolist() == [1, 1, 0, 0] * 4  # the middles are 2, 6, 10 and 14 s


def test_the_downbeat_is_the_phase_of_the_bar(tmp_path: Path) -> None:
    corpus, segments = corpus_of(tmp_path)
    for i, suffix in enumerate((".amaps_beats_key.tsv", ".beats.tsv", "_annotations.txt")):
        (tmp_path / f"p{i}{suffix}").write_text("1.0\tdb,4/4,0\n2.0\tb\n5.0\t5.0\tdb\n21.0\tdb\n")
    (task,) = label_tasks(StudyRun({}, corpus, CPU), segments, ["downbeat"]).tasks
    assert task.index.tolist() == [1, 2, 3, 5, 6, 7, 9, 10, 11]  # 0 s lies before the first bar, and one piece has no file
    angles = 2 * np.pi * np.array([3 / 4, 3 / 16, 7 / 16])
    assert np.allclose(task.labels[:3], np.stack([np.cos(angles), np.sin(angles)], axis=1))


def test_what_cannot_be_asked_has_a_reason(tmp_path: Path) -> None:
    corpus, segments = corpus_of(tmp_path)
    asked = label_tasks(
        StudyRun({}, corpus, CPU), segments, ["mean velocity", "key", "composer", "pitch histogram", "spectral centroid"]
    )
    assert asked.missing["mean velocity"] == "not defined: the mean velocity is the same in every window"
    assert asked.missing["key"] == "no labels: expected *.harmony.tsv beside the audio (made has none)"
    composer = next(task for task in asked.tasks if task.name == "composer")
    assert composer.classes == ("composer 0", "composer 1")
    assert asked.audio_inputs["log-mel"].shape == (16, 256)
    assert int(asked.audio_inputs["chroma"][0].argmax()) == 9
    few, their = corpus_of(tmp_path, 3)
    reason = label_tasks(StudyRun({}, few, CPU), their, ["composer"]).missing["composer"]
    assert reason == "not defined: a classifier needs 2 composers with 2 works each; there are 1"


@pytest.mark.parametrize(
    ("key", "numeral", "name"),
    [
        ("C", "I", "C major"),
        ("a", "i", "A minor"),
        ("a", "III", "C major"),
        ("Eb", "bVI", "B major"),
        ("F#", "ii", "G♯ minor"),
        ("c", "#iv", "F♯ minor"),
        ("C", "V/V", "D major"),
        ("E", "III/v", "D major"),
    ],
)
def test_roman_numerals(key: str, numeral: str, name: str) -> None:
    assert KEYS[local_key(key, numeral)] == name


def test_damaged_annotations_are_named(tmp_path: Path) -> None:
    corpus, segments = corpus_of(tmp_path)
    (tmp_path / "p0.harmony.tsv").write_text("time_s\tglobalkey\tlocalkey\n1.0\tH\tI\n")
    with pytest.raises(CorpusError, match="The key 'H' with 'I' is not understood"):
        label_tasks(StudyRun({}, corpus, CPU), segments, ["key"])
    (tmp_path / "p0.beats.tsv").write_text("one\tdb\n")
    with pytest.raises(CorpusError, match=r"p0.beats.tsv is no list of beats"):
        label_tasks(StudyRun({}, corpus, CPU), segments, ["downbeat"])


def test_a_pitch_of_one_work_is_not_asked_for(tmp_path: Path) -> None:
    class Alone(Made):
        def notes(self) -> Notes:
            rows = [(0.5 * i, 0.5 * i + 0.4, 60 + (i * i * 7 + int(self.piece_id[1:])) % 5, 70) for i in range(40)]
            return notes_from_rows(rows + [(8.0, 9.0, 100, 70)] * (self.piece_id == "p2"))

    corpus, segments = corpus_of(tmp_path, 6)
    segments = [Segment(Alone(**vars(one.piece)), one.start_s) for one in segments]
    (task,) = label_tasks(StudyRun({}, corpus, CPU), segments, ["pitch histogram"]).tasks
    assert set(task.outputs) <= {"C4", "C♯4", "D4", "D♯4", "E4"}
    assert len(task.outputs) >= 3
    works = np.repeat(["a", "b", "c"], 4)
    one_only, all_alike = np.r_[np.zeros(8), 1, -1, 1, -1], np.tile([1.0, -1.0], 6)
    assert np.allclose(effective_works(np.stack([one_only, all_alike], axis=1), works), [1.0, 3.0])
