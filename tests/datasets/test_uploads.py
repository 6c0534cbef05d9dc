"""An upload is decoded out of process to the same samples, or refused with a sentence, and leaves nothing behind."""

import hashlib
import io
import shutil
import struct
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pretty_midi
import pytest
import soundfile

from analysis.datasets import uploads
from analysis.datasets.audio import load_waveform
from analysis.datasets.midi import load_notes
from analysis.datasets.uploads import decode_upload, load_upload_notes
from analysis.errors import AudioError, MidiError

RATE = 24_000


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Whatever happens, no temporary file may be left."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield
    assert not list(tmp_path.iterdir())


def sound(seconds: float = 1.0, rate: int = 44_100, channels: int = 2) -> np.ndarray:
    return np.random.default_rng(0).uniform(-0.5, 0.5, (round(seconds * rate), channels))


def encode(samples: np.ndarray, rate: int = 44_100, kind: str = "WAV", subtype: str | None = None) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format=kind, subtype=subtype)
    return file.getvalue()


def wav_header(rate: int = 8_000, channels: int = 1, bits: int = 16, data_bytes: int = 0, riff_bytes: int = 0) -> bytes:
    block = channels * bits // 8
    form = struct.pack("<HHIIHH", 1, channels, rate, min(rate * block, 2**32 - 1), block & 0xFFFF, bits)
    return b"RIFF" + struct.pack("<I", riff_bytes) + b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack(
        "<I", data_bytes
    )  # fmt: skip


def midi_bytes(end_s: float = 1.0) -> bytes:
    midi = pretty_midi.PrettyMIDI(resolution=10, initial_tempo=60.0)
    instrument = pretty_midi.Instrument(0)
    instrument.notes = [pretty_midi.Note(80, 60 + step, step * end_s / 4, (step + 1) * end_s / 4) for step in range(4)]
    midi.instruments.append(instrument)
    file = io.BytesIO()
    midi.write(file)
    return file.getvalue()


class TestSameResult:
    @pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG", "MP3", "AIFF"])
    def test_bit_for_bit_as_in_this_process(self, kind: str) -> None:
        data = encode(sound(), kind=kind)
        here, there = load_waveform(data, RATE, name="x.mp3"), decode_upload(data, "x.mp3", RATE)
        assert there.samples.dtype == np.float32
        assert there.samples.tobytes() == here.samples.tobytes()
        assert (there.sample_rate, there.name, there.sha256) == (RATE, "x.mp3", hashlib.sha256(data).hexdigest())
        assert there.notices == here.notices
        assert isinstance(there.notices, tuple)

    @pytest.mark.parametrize("damage", [slice(0, 50_000), slice(0, 60), slice(0, 2)], ids=["half", "header", "nothing"])
    def test_damage_gives_the_same_notice_or_sentence(self, damage: slice) -> None:
        data = encode(sound(), kind="FLAC")[damage]
        outcomes = []
        for decode in (lambda: load_waveform(data, RATE, name="x"), lambda: decode_upload(data, "x", RATE)):
            try:
                outcomes.append(decode().notices)
            except AudioError as error:
                outcomes.append(str(error))
        assert outcomes[0] == outcomes[1]

    def test_notes(self) -> None:
        here, (there, _) = load_notes(midi_bytes()), load_upload_notes(midi_bytes(), "x.mid")
        for column in ("onset_s", "offset_s", "pitch", "velocity"):
            assert getattr(here, column).tobytes() == getattr(there, column).tobytes()
            assert getattr(here, column).dtype == getattr(there, column).dtype


class TestHostileAudio:
    @pytest.mark.parametrize(
        ("data", "message"),
        [
            (wav_header(8_000, data_bytes=36_000 * 16_000) + bytes(100), r"too short: it lasts 0.0063 s"),
            (wav_header(8_000, data_bytes=2**32 - 1, riff_bytes=2**32 - 1), "holds no audio that can be decoded"),
            (wav_header(500) + bytes(4000), "sample rate of 500 Hz; expected 2,000 to 768,000 Hz"),
            (wav_header(2**31) + bytes(4000), "sample rate of 2,147,483,648 Hz|cut off or damaged"),
            (wav_header(8_000, channels=40) + bytes(8000), "has 40 channels; at most 32 are read"),
            (wav_header(8_000, channels=65_535) + bytes(8000), "cut off or damaged|channels; at most 32"),
            (wav_header(8_000, channels=0) + bytes(8000), "cut off or damaged"),
            (wav_header(8_000, bits=0) + bytes(8000), "cut off or damaged"),
        ],
    )
    def test_headers_that_lie(self, data: bytes, message: str) -> None:
        with pytest.raises(AudioError, match=message):
            decode_upload(data, "x.wav", RATE)

    def test_ten_hours(self) -> None:
        flac = bytearray(encode(sound(0.6, 8_000, 1), 8_000, "FLAC"))
        flac[22:26] = (36_000 * 8_000).to_bytes(4, "big")
        with pytest.raises(AudioError, match=r"x\.flac is too long: it lasts 10 h and at most 10 min can be read"):
            decode_upload(bytes(flac), "x.flac", RATE)
        silence = encode(np.zeros(601 * 4_000), 4_000, "FLAC")
        assert len(silence) < 20_000
        with pytest.raises(AudioError, match="too long: it lasts 10 min 1 s"):
            decode_upload(silence, "x.flac", RATE)

    @pytest.mark.parametrize(
        ("place", "claimed", "notices"),
        [
            (4, 1000, ()),
            (40, 2**30, ("x is cut off or damaged: 1.0 s of the 18 h 38 min that it should last could be read.",)),
            (40, 2**31, ()),  # the same, by another program
            (40, 2**32 - 1, ()),  # what a program writes that does not know the length yet
        ],
    )
    def test_a_header_that_claims_another_size(self, place: int, claimed: int, notices: tuple[str, ...]) -> None:
        data = bytearray(encode(sound(1.0, 8_000, 1), 8_000))
        data[place : place + 4] = struct.pack("<I", claimed)
        waveform = decode_upload(bytes(data), "x", RATE)
        assert (waveform.duration_s, waveform.notices) == (1.0, notices)

    @pytest.mark.parametrize(
        ("data", "what"),
        [
            (b"", "is empty"),
            (b"\x89PNG\r\n\x1a\n" + bytes(500), "looks like a PNG picture"),
            (b"<!doctype html><script>alert(1)</script>", "looks like text that begins with “<!doctype html><script>a”"),
            (b"\x7fELF\x02\x01\x01" + bytes(500), "begins with the bytes 7f 45 4c 46"),
            (b"just some words", "looks like text that begins with “just some words”"),
            (b"#!/bin/sh\nrm x", "looks like text that begins with “#!/bin/sh rm x”"),
            (midi_bytes(), "looks like a MIDI file"),
        ],
    )
    def test_another_kind_of_file_called_wav(self, data: bytes, what: str) -> None:
        with pytest.raises(AudioError, match=r"song\.wav is not audio that can be read: it ") as caught:
            decode_upload(data, "song.wav", RATE)
        assert what in str(caught.value)

    def test_too_many_bytes_are_refused_before_anything_starts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(uploads, "run_limited", None)
        monkeypatch.setattr(uploads, "MAX_BYTES", 2**20)
        with pytest.raises(AudioError, match=r"x\.wav has 1,048,577 bytes; at most 1,048,576 \(1 MiB\) are read"):
            decode_upload(bytes(2**20 + 1), "x.wav", RATE)

    def test_a_decoder_that_takes_too_long_is_stopped(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(uploads, "DECODING_S", 0.01)
        with pytest.raises(AudioError, match=r"Decoding x\.wav took longer than 0\.01 s and was stopped"):
            decode_upload(encode(sound()), "x.wav", RATE)

    @pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits memory")
    def test_a_decoder_that_needs_too_much_memory_is_stopped(self, monkeypatch: pytest.MonkeyPatch) -> None:
        data = encode(sound(20.0, 8_000, 1), 8_000, "FLAC")
        monkeypatch.setattr(uploads, "MEMORY_BYTES", 2**20 - 4 * len(data) - 9600 * 192_000)
        with pytest.raises(AudioError, match=r"Decoding x\.flac (needed more memory than the 1 MiB|crashed the process)"):
            decode_upload(data, "x.flac", 192_000)

    def test_ffmpeg_ends_with_its_time_and_leaves_nothing(
        self, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = tmp_path_factory.mktemp("programs")
        (folder / "ffmpeg").write_text(f"#!{shutil.which('sh')}\n{shutil.which('sleep')} 600\n")
        (folder / "ffmpeg").chmod(0o755)
        monkeypatch.setenv("PATH", str(folder))
        monkeypatch.setattr(uploads, "DECODING_S", 2.0)
        with pytest.raises(AudioError, match=r"Decoding x\.m4a took longer than 2 s and was stopped"):
            decode_upload(b"\x00\x00\x00\x20ftypM4A " + bytes(100), "x.m4a", RATE)


NAMES = {
    "../../etc/passwd": "../../etc/passwd",
    "/etc/passwd": "/etc/passwd",
    "C:\\x\\y.wav": "C:\\x\\y.wav",
    "a\x00b.wav": "a�b.wav",
    "a\r\nb\x1b[31m.wav": "a��b�[31m.wav",
    "gpj.\u202evaw": "gpj.�vaw",
    "\udcff.wav": "�.wav",
    "Sinfonía № 9 – 交響曲 🎻.wav": "Sinfonía № 9 – 交響曲 🎻.wav",
    "x" * 100_000 + ".wav": "x" * 59 + "…" + "x" * 16 + ".wav",
    "": "",
}


class TestNames:
    @pytest.mark.parametrize(("name", "shown"), NAMES.items(), ids=lambda text: repr(text[:20]))
    def test_a_name_is_shown_and_nothing_else(self, name: str, shown: str, tmp_path: Path) -> None:
        data = encode(sound(0.6, 8_000, 1), 8_000)
        assert decode_upload(data, name, RATE).name == load_waveform(data, RATE, name=name).name == shown
        with pytest.raises(AudioError) as caught:
            load_waveform(b"", RATE, name=name)
        assert str(caught.value).startswith(f"{shown or 'The file'} is not audio")
        with pytest.raises(MidiError) as caught:
            load_notes(b"", name)
        assert str(caught.value).startswith(f"{shown or 'The file'} is not a MIDI file")


class TestHostileMidi:
    def test_what_is_said_of_the_file_comes_along(self) -> None:
        data = b"MThd\0\0\0\6\0\0\0\1\1\xe0MTrk\0\0\0\x09\0\x90\x3c\x50\x83\x60\xff\x2f\0"
        notes, notices = load_upload_notes(data, "x.mid")
        assert notes.offset_s.tolist() == [0.5]
        assert [text[:24] for text in notices] == ["x.mid never ends 1 note;"]

    def test_too_many_bytes(self) -> None:
        with pytest.raises(MidiError, match=r"x\.mid has 5,242,881 bytes; at most 5,242,880 \(5 MiB\) are read"):
            load_upload_notes(bytes(5 * 2**20 + 1), "x.mid")

    def test_too_long(self) -> None:
        assert load_upload_notes(midi_bytes(10_800.0), "x.mid")[0].end_s == pytest.approx(10_800.0)
        with pytest.raises(MidiError, match=r"x\.mid lasts 3 h 20 min; at most 3 h can be shown"):
            load_upload_notes(midi_bytes(12_000.0), "x.mid")

    def test_a_file_that_is_slow_to_read_is_stopped(self, monkeypatch: pytest.MonkeyPatch) -> None:
        events = b"\x00\x90\x3c\x40" * 500_000
        data = b"MThd" + struct.pack(">IHHH", 6, 0, 1, 480) + b"MTrk" + struct.pack(">I", len(events)) + events
        monkeypatch.setattr(uploads, "DECODING_S", 0.5)
        with pytest.raises(MidiError, match=r"Reading x\.mid took longer than 0\.5 s and was stopped"):
            load_upload_notes(data, "x.mid")

    def test_film_frames_instead_of_beats(self) -> None:
        data = midi_bytes()
        with pytest.raises(MidiError, match=r"x\.mid counts time in film frames \(SMPTE\); expected ticks per beat"):
            load_upload_notes(data[:12] + struct.pack(">h", -25 * 256 + 40) + data[14:], "x.mid")
