"""Every recording a user can hand in becomes a waveform with notices, or a sentence that says what to do."""

import hashlib
import io
import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.datasets.audio import Waveform, ffmpeg_path, load_waveform, probe
from analysis.datasets.containers import ogg_recordings
from analysis.errors import AudioError

RATE = 24_000
FORMATS = ("WAV", "RF64", "FLAC", "OGG", "MP3", "AIFF")


def tone(seconds: float = 1.0, rate: int = RATE, hz: float = 440.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)


def encode(samples: np.ndarray, rate: int = RATE, kind: str = "WAV", subtype: str | None = None) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format=kind, subtype=subtype)
    return file.getvalue()


def noise(seconds: float = 2.0) -> np.ndarray:
    return np.random.default_rng(0).uniform(-0.5, 0.5, round(seconds * RATE))


WAV = encode(tone(0.6, 8_000), 8_000)
FLAC = encode(tone(0.6, 8_000), 8_000, "FLAC")
MP3 = encode(tone(0.6, 8_000), 8_000, "MP3")


class TestAccepted:
    @pytest.mark.parametrize("kind", FORMATS)
    def test_every_format_is_read_as_mono_float(self, kind: str) -> None:
        data = encode(tone(1.0), kind=kind)
        waveform = load_waveform(data, RATE)
        assert waveform.samples.dtype == np.float32
        assert waveform.samples.shape == (RATE,)
        assert waveform.duration_s == 1.0
        assert waveform.sha256 == hashlib.sha256(data).hexdigest()
        assert waveform.notices == ()

    def test_a_path_gives_what_its_bytes_give(self, tmp_path: Path) -> None:
        data = encode(tone(1.0), kind="FLAC")
        path = tmp_path / "a.flac"
        path.write_bytes(data)
        from_path, from_bytes = load_waveform(path, 16_000), load_waveform(data, 16_000, name="a.flac")
        assert np.array_equal(from_path.samples, from_bytes.samples)
        assert (from_path.sha256, from_path.name) == (from_bytes.sha256, "a.flac")

    @pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000, 192_000])
    def test_resampling_keeps_a_tone_at_its_frequency_and_level(self, rate: int) -> None:
        samples = load_waveform(encode(tone(2.0, rate, 1000.0), rate), RATE).samples
        middle = samples[RATE // 2 : RATE // 2 + RATE]
        spectrum = np.abs(np.fft.rfft(middle)) / (len(middle) / 2)
        assert np.argmax(spectrum) == 1000  # one bin is 1 Hz
        assert spectrum[1000] == pytest.approx(0.5, abs=1e-3)

    def test_mono_is_the_mean_of_the_channels(self) -> None:
        stereo = np.stack([np.full(RATE, 0.5), np.full(RATE, -0.25)], axis=1)
        waveform = load_waveform(encode(stereo, subtype="FLOAT"), RATE)
        assert np.allclose(waveform.samples, 0.125)
        assert waveform.notices == ()

    def test_eight_channels_are_mixed_with_a_notice(self) -> None:
        waveform = load_waveform(encode(np.repeat(tone()[:, None], 8, axis=1)), RATE, name="x.wav")
        assert waveform.notices == ("x.wav has 8 channels; their mean was taken.",)

    def test_192_khz_is_resampled_with_a_notice(self) -> None:
        waveform = load_waveform(encode(tone(1.0, 192_000), 192_000), RATE, name="x.wav")
        assert waveform.samples.shape == (RATE,)
        assert waveform.notices == ("x.wav was recorded at 192,000 Hz; it was resampled to 24,000 Hz.",)

    def test_a_mislabelled_file_is_read_as_what_it_is(self) -> None:
        waveform = load_waveform(encode(tone(), kind="FLAC"), RATE, name="x.mp3")
        assert waveform.notices == ("x.mp3 is really a FLAC file; it was read as FLAC.",)

    def test_a_name_without_a_real_suffix_contradicts_nothing(self) -> None:
        assert load_waveform(encode(tone()), RATE, name="Sonata Op. 1 No. 2").notices == ()

    @pytest.mark.parametrize("kind", ["MP3", "FLAC"])
    def test_a_tag_before_the_sound_is_skipped(self, kind: str) -> None:
        tag = b"ID3\x04\x00\x00" + bytes([0, 0, 2, 0]) + bytes(256)
        assert load_waveform(tag + encode(tone(), kind=kind), RATE, name=f"x.{kind.lower()}").notices == ()


class TestTruncated:
    @pytest.mark.parametrize("kind", ["WAV", "RF64", "AIFF", "FLAC", "MP3"])
    def test_half_a_file_is_used_with_a_notice_of_how_much(self, kind: str) -> None:
        data = encode(noise(4.0), kind=kind)
        waveform = load_waveform(data[: len(data) // 2], RATE, name="x")
        assert 1.2 < waveform.duration_s < 2.1
        assert len(waveform.notices) == 1
        assert waveform.notices[0].startswith(f"x is cut off or damaged: {waveform.duration_s:.1f} s of the 4.0 s")

    @pytest.mark.parametrize("kind", FORMATS)
    def test_a_file_of_which_nothing_decodes_is_refused(self, kind: str) -> None:
        with pytest.raises(AudioError, match="cut off or damaged|too short") as caught:
            load_waveform(encode(noise(), kind=kind)[:60], RATE, name="x")
        if kind not in ("WAV", "AIFF"):
            assert isinstance(caught.value.__cause__, soundfile.LibsndfileError)

    def test_a_header_alone_holds_no_audio(self) -> None:
        with pytest.raises(AudioError, match="x holds no audio that can be decoded: it ends after its header"):
            load_waveform(WAV[:44], RATE, name="x")

    def test_a_stream_without_a_length_is_read_to_its_end(self) -> None:
        data = bytearray(encode(tone(2.0), kind="FLAC"))
        data[21] &= 0xF0  # the upper four of the 36 bits that count the samples
        data[22:26] = bytes(4)
        assert load_waveform(bytes(data), RATE).duration_s == 2.0
        with pytest.raises(AudioError, match="too long: it lasts 2.0 s and at most 1.0 s can be read"):
            load_waveform(bytes(data), RATE, max_seconds=1.0)
        assert "is damaged after" in load_waveform(bytes(data[: len(data) * 3 // 4]), RATE).notices[0]


class TestChained:
    """An OGG file may hold several recordings, one after the other, as internet radio is saved; the decoder reads the first."""

    @pytest.mark.parametrize("first", ["VORBIS", "OPUS"])
    @pytest.mark.parametrize("second", ["VORBIS", "OPUS"])
    def test_two_recordings_in_one_file(self, first: str, second: str, tmp_path: Path) -> None:
        data = encode(tone(1.0), kind="OGG", subtype=first) + encode(tone(2.0), kind="OGG", subtype=second)
        (tmp_path / "x.ogg").write_bytes(data)
        for read in (lambda: load_waveform(data, RATE, name="x.ogg"), lambda: probe(tmp_path / "x.ogg")):
            with pytest.raises(AudioError, match=r"^x\.ogg holds 2 recordings .*only the first could be read.* Save each one as"):
                read()

    def test_many_and_far_apart(self) -> None:
        one = encode(noise(), kind="OGG")
        pages = one[one.index(b"OggS", 100) :]
        long = one + pages * (2**20 // len(pages) + 1)
        with pytest.raises(AudioError, match=r"x\.ogg holds 3 recordings"):
            load_waveform(long * 3, RATE, name="x.ogg")

    @given(cut=st.integers(0, 60))
    @settings(deadline=None, max_examples=30)
    def test_wherever_a_block_of_the_search_ends(self, cut: int) -> None:
        data = encode(tone(0.6), kind="OGG")
        assert ogg_recordings(io.BytesIO(data * 2), block_bytes=len(data) + cut) == 2

    def test_one_recording_is_one(self) -> None:
        for subtype in ("VORBIS", "OPUS"):
            assert load_waveform(encode(noise(), kind="OGG", subtype=subtype), RATE).notices == ()
        assert ogg_recordings(io.BytesIO(b"OggS")) == 0

    def test_other_formats_are_not_searched(self) -> None:
        tag = b"ID3\x04\x00\x00" + bytes([0, 0, 8, 0]) + encode(tone(0.1), kind="OGG")[:512] * 2
        assert load_waveform(tag + encode(tone(), kind="MP3"), RATE).duration_s == pytest.approx(1.0, abs=0.06)


class TestRefused:
    def test_silence(self) -> None:
        with pytest.raises(AudioError, match=r"x\.wav is silent: no sample reaches 1e-06 of full scale"):
            load_waveform(encode(np.full(RATE, 5e-7), subtype="FLOAT"), RATE, name="x.wav")

    def test_channels_that_cancel(self) -> None:
        stereo = np.stack([tone(), -tone()], axis=1)
        with pytest.raises(AudioError, match="silent once mixed to mono: its 2 channels cancel each other"):
            load_waveform(encode(stereo, subtype="FLOAT"), RATE)

    def test_a_tenth_of_a_second(self) -> None:
        with pytest.raises(AudioError, match="too short: it lasts 0.1 s and at least 0.5 s is needed"):
            load_waveform(encode(tone(0.1)), RATE)

    def test_three_hours_are_refused_from_the_header_alone(self) -> None:
        size = 3 * 3600 * 8_000 * 2
        header = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", size + 36, b"WAVE", b"fmt ", 16, 1, 1, 8_000, 16_000, 2, 16,
                             b"data", size)  # fmt: skip
        flac = bytearray(FLAC)
        flac[22:26] = (3 * 3600 * 8_000).to_bytes(4, "big")
        for data in (header + bytes(size), bytes(flac)):
            with pytest.raises(AudioError, match="too long: it lasts 3 h and at most 10 min can be read"):
                load_waveform(data, RATE)

    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_samples_that_are_no_numbers(self, value: float) -> None:
        samples = np.stack([tone(), tone()], axis=1)
        samples[[RATE // 4, RATE // 2, RATE - 1], [1, 0, 0]] = value
        with pytest.raises(AudioError, match=r"has 3 samples that are not numbers.*the first at 0\.250 s"):
            load_waveform(encode(samples, subtype="DOUBLE"), RATE)

    def test_one_sample_that_is_not_finite(self) -> None:
        samples = np.full(24_000, 0.1, np.float32)
        samples[6_000] = np.nan
        file = io.BytesIO()
        soundfile.write(file, samples, 24_000, format="WAV", subtype="FLOAT")
        with pytest.raises(AudioError, match=r"has 1 sample that is not a number \(NaN or infinite\), the first at 0\.250 s"):
            load_waveform(file.getvalue(), 24_000)

    def test_integers_stored_as_floats(self) -> None:
        with pytest.raises(AudioError, match="samples of up to 16,384 where full scale is 1"):
            load_waveform(encode(tone() * 32_768, subtype="FLOAT"), RATE)

    def test_an_impossible_sample_rate(self) -> None:
        with pytest.raises(AudioError, match="sample rate of 500 Hz; expected 2,000 to 768,000 Hz"):
            load_waveform(encode(tone(), 500), RATE)

    def test_too_many_channels(self) -> None:
        with pytest.raises(AudioError, match="has 40 channels; at most 32 are read"):
            load_waveform(encode(np.zeros((100, 40))), RATE)

    @pytest.mark.parametrize(
        ("data", "what"),
        [
            (b"", "is empty"),
            (b"MThd\x00\x00\x00\x06", "looks like a MIDI file"),
            (b"%PDF-1.7 ...", "looks like a PDF document"),
            (b"\x89PNG\r\n\x1a\n", "looks like a PNG picture"),
            (b"RIFF\x00\x00\x00\x00AVI LIST", "looks like an AVI video"),
            (b"\x00\x00\x00\x18ftypheic", "looks like a HEIC or AVIF picture"),
            (b"\xff\xf1\x50\x80\x00\x00", "looks like a bare AAC stream"),
            (b"<!DOCTYPE html>\n<html>", "looks like text that begins with “<!DOCTYPE html> <html>”"),
            (b"\x00\x01\x02\xff\xfe", "begins with the bytes 00 01 02 ff fe"),
        ],
    )
    def test_what_is_no_audio_is_named(self, data: bytes, what: str) -> None:
        expected = f"song.wav is not audio that can be read: it {what}. Use a WAV, FLAC, OGG, MP3, AIFF or M4A file"
        with pytest.raises(AudioError) as caught:
            load_waveform(data, RATE, name="song.wav")
        assert expected in str(caught.value)

    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(AudioError, match=r"gone\.wav cannot be opened \(No such file") as caught:
            load_waveform(tmp_path / "gone.wav", RATE)
        assert isinstance(caught.value.__cause__, FileNotFoundError)


class TestM4a:
    def test_without_ffmpeg_the_message_says_what_to_install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(shutil, "which", lambda name: None)
        assert ffmpeg_path() is None
        with pytest.raises(AudioError, match=r"x\.m4a is an M4A file.*Install ffmpeg, or convert"):
            load_waveform(b"\x00\x00\x00\x20ftypM4A " + bytes(100), RATE, name="x.m4a")

    def test_a_program_that_fails_or_hangs_is_reported(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*args: object, **kwargs: object) -> None:
            raise error

        monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}")
        monkeypatch.setattr(subprocess, "run", fail)
        for error, message in (
            (subprocess.TimeoutExpired("ffmpeg", 120), "took ffmpeg over 120 s"),
            (subprocess.CalledProcessError(1, "ffmpeg"), "ffmpeg cannot decode any audio"),
        ):
            with pytest.raises(AudioError, match=message) as caught:
                load_waveform(b"\x00\x00\x00\x20ftypM4A " + bytes(100), RATE)
            assert caught.value.__cause__ is error

    @pytest.mark.skipif(ffmpeg_path() is None, reason="ffmpeg is not installed")
    def test_with_ffmpeg_it_is_decoded(self, tmp_path: Path) -> None:
        (tmp_path / "a.wav").write_bytes(encode(tone(2.0, 44_100), 44_100))
        command = [str(ffmpeg_path()), "-v", "error", "-i", str(tmp_path / "a.wav"), str(tmp_path / "a.m4a")]
        done = subprocess.run(command, check=False)
        assert done.returncode == 0
        data = (tmp_path / "a.m4a").read_bytes()
        waveform = load_waveform(data, RATE, name="a.m4a")
        assert waveform.duration_s == pytest.approx(2.0, abs=0.1)
        middle = waveform.samples[RATE // 2 : -RATE // 2]  # the codec rings where the tone stops
        assert np.abs(middle).max() == pytest.approx(0.5, abs=0.05)
        assert waveform.notices == ()
        assert waveform.sha256 == hashlib.sha256(data).hexdigest()
        with pytest.raises(AudioError, match="too long: it lasts 2.0 s and at most 1.0 s can be read"):
            load_waveform(data, RATE, max_seconds=1.0)
        with pytest.raises(AudioError, match="ffmpeg cannot decode any audio"):
            load_waveform(data[:200], RATE)


def is_waveform_or_audio_error(data: bytes) -> None:
    try:
        waveform = load_waveform(data, RATE, max_seconds=5.0)
    except AudioError as error:
        assert str(error).endswith(".")  # a sentence  # noqa: PT017
    else:
        assert isinstance(waveform, Waveform)
        assert np.isfinite(waveform.samples).all()
        assert waveform.duration_s <= 5.1


class TestArbitraryBytes:
    @given(prefix=st.sampled_from([b"", WAV[:12], WAV[:44], FLAC[:4], FLAC[:42], MP3[:4], b"ID3", b"OggS"]),
           rest=st.binary(max_size=400))  # fmt: skip
    @settings(deadline=None, max_examples=150)
    def test_random_bytes(self, prefix: bytes, rest: bytes) -> None:
        is_waveform_or_audio_error(prefix + rest)

    @given(data=st.sampled_from([WAV, FLAC, MP3]), cut=st.floats(0, 1))
    @settings(deadline=None, max_examples=60)
    def test_truncations(self, data: bytes, cut: float) -> None:
        is_waveform_or_audio_error(data[: round(cut * len(data))])

    @given(data=st.sampled_from([WAV, FLAC]), head=st.booleans(),
           flips=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 7)), max_size=12))  # fmt: skip
    @settings(deadline=None, max_examples=150)
    def test_flipped_bits(self, data: bytes, flips: list[tuple[float, int]], head: bool) -> None:
        damaged = bytearray(data)
        for place, bit in flips:
            damaged[int(place * (60 if head else len(damaged) - 1))] ^= 1 << bit
        is_waveform_or_audio_error(bytes(damaged))
