"""Every layout of folders is recognised and read alike; a made-up one is one file and one row, and every command finds it."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import soundfile

from analysis.cli import main
from analysis.datasets import corpora
from analysis.datasets.corpora import open_corpus, sources
from analysis.datasets.paired_folder import load_paired_folder
from analysis.datasets.source import Source
from analysis.errors import CorpusError
from analysis.models.checkpoint import Checkpoint
from analysis.store import open_store
from analysis.studies import battery
from app.kit.layout import plain
from tests.conformance.drawn import Case
from tests.conformance.small_studies import SETTINGS
from tests.tiny import write_corpus

Make = Callable[..., Checkpoint]


def write_maestro(folder: Path) -> Path:
    write_corpus(folder)
    header = "canonical_composer,canonical_title,split,year,midi_filename,audio_filename,duration"
    rows = [
        f"Nobody,Work {n},{split},2026,work{n}.mid,work{n}.wav,20"
        for n, split in enumerate(("train", "validation", "test", "test"))
    ]
    (folder / "maestro-v9.csv").write_text("\n".join([header, *rows]) + "\n")
    return folder


def write_slakh(folder: Path) -> Path:
    write_corpus(folder / "flat")
    for number in range(4):
        track = folder / f"Track0000{number}"
        track.mkdir(parents=True)
        (folder / "flat" / f"work{number}.mid").rename(track / "all_src.mid")
        (folder / "flat" / f"work{number}.wav").rename(track / "mix.wav")
    (folder / "flat").rmdir()
    return folder


def write_moises(folder: Path) -> Path:
    """Songs of one stem each, which is all that a recording must have."""
    write_corpus(folder / "flat")
    for number in range(4):
        track = folder / "moisesdb_v0.1" / f"track{number}"
        (track / "bass").mkdir(parents=True)
        (folder / "flat" / f"work{number}.wav").rename(track / "bass" / "source.wav")
        stems = [{"stemName": "bass", "tracks": [{"id": "source", "extension": "wav", "trackType": "bass"}]}]
        (track / "data.json").write_text(json.dumps({"song": f"Song {number}", "artist": "Nobody", "stems": stems}))
    shutil.rmtree(folder / "flat")
    return folder


def write_maps(folder: Path) -> Path:
    write_corpus(folder)
    for number in range(4):
        stem = f"MAPS_MUS-mz_{number}_ENSTDkCl"
        (folder / f"work{number}.mid").rename(folder / f"{stem}.amaps.mid")
        (folder / f"work{number}.wav").rename(folder / f"{stem}.wav")
        (folder / f"{stem}.tsv").write_text("# onset,offset,note,velocity\n0.500000\t1.000000\t60.000000\t70.000000\n")
    return folder


def write_pop909(folder: Path) -> Path:
    write_corpus(folder / "flat")
    for number in range(4):
        song = folder / f"00{number}"
        song.mkdir(parents=True)
        (folder / "flat" / f"work{number}.mid").rename(song / f"00{number}.mid")
        (folder / "flat" / f"work{number}.wav").unlink()
        (song / "chord_midi.txt").write_text("0.0\t2.0\tN\n2.0\t4.0\tC:maj7/3\n")
    (folder / "flat").rmdir()
    return folder


WRITE: dict[str, Callable[[Path], Path]] = {
    "maestro": write_maestro, "slakh": write_slakh, "moisesdb": write_moises, "maps": write_maps, "pop909": write_pop909,
    "paired folder": write_corpus,
}  # fmt: skip
RENDERED = ("pop909",)  # from MIDI files of 19.9 s, with the release of the last notes


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache of its own; and the processes that render do not begin with the script of a page that was drawn in this one."""
    monkeypatch.setenv("OTOSCOPE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))


@pytest.mark.parametrize("source", sources(), ids=lambda source: source.name)
def test_a_layout_is_recognised_and_read(source: Source, tmp_path: Path) -> None:
    folder = WRITE[source.name](tmp_path / "corpus")
    assert next(one for one in sources() if one.recognises(folder)) is source
    corpus = open_corpus(str(folder))
    assert len(corpus.pieces) == len({piece.piece_id for piece in corpus.pieces}) == 4
    for piece in corpus.pieces:
        assert piece.audio_path.is_file()
        assert all(path.is_file() for path in piece.files)
        assert piece.duration_s == pytest.approx(21.4 if source.name in RENDERED else 20.0, abs=0.01)
        assert piece.split in ("train", "validation", "test")
    works = {piece.group: {one.split for one in corpus.pieces if one.group == piece.group} for piece in corpus.pieces}
    assert all(len(splits) == 1 for splits in works.values())  # no work straddles splits
    assert open_corpus(str(folder)).read() == corpus.read()


@pytest.mark.parametrize("source", sources(), ids=lambda source: source.name)
def test_a_recording_that_cannot_be_used_is_told(source: Source, tmp_path: Path) -> None:
    folder = WRITE[source.name](tmp_path / "corpus")
    if source.name in RENDERED:
        sorted(folder.rglob("*.mid"))[0].write_bytes(b"MThd")
    else:
        soundfile.write(sorted(folder.rglob("*.wav"))[0], np.zeros(24_000 * 20), 24_000)
    corpus = open_corpus(str(folder))
    assert len(corpus.pieces) == 3
    assert any("silent" in notice or "000 (" in notice for notice in corpus.notices)


def test_what_has_no_layout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="audio"):
        open_corpus(str(tmp_path))


@pytest.fixture
def odd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A folder whose layout nobody wrote yet, which is registered as long as the test lasts."""
    folder = write_corpus(tmp_path / "odd" / "inside").parent
    (folder / "odd.txt").touch()
    read = lambda folder, **given: load_paired_folder(folder / "inside", **given)  # noqa: E731
    layout = Source("odd", "everything lies inside", lambda folder: (folder / "odd.txt").is_file(), read)
    monkeypatch.setattr(corpora, "REGISTERED", [layout])
    monkeypatch.setenv("OTOSCOPE_CORPORA", str(folder))
    return str(folder)


def test_a_made_up_layout_is_found_by_every_command(odd: str, make_checkpoint: Make, capsys: pytest.CaptureFixture[str]) -> None:
    few = ["--set", "split=all", "--set", "windows_per_piece=2", "--set", "n_shuffles=20"]
    name = make_checkpoint("D0", 1).name
    assert main(["study", "similarity", name, "--set", f"corpus={odd}", *few, "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["tables"]["works"]) == 4


def test_a_made_up_layout_is_examined_by_the_battery_and_its_page_shows_it(
    odd: str, make_checkpoint: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(battery, "settings_for", lambda study, corpus: {**SETTINGS[study], "corpus": corpus})
    (part,) = battery.run_battery([make_checkpoint("D0", 1).name], odd, studies=["similarity"], store=open_store())
    assert part.result is not None, part.error
    assert (part.result.corpus, len(part.result.tables["works"])) == (odd, 4)
    app = Case.of(part.result).open()
    assert not app.exception
    assert not app.error
    assert plain(part.result.headline) in [header.value for header in app.header]
