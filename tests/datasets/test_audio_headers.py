"""Headers that are wrong: what decodes decides how long a recording is, and nothing untrue is said of a sound file."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.datasets.audio import Waveform, load_waveform, probe, read_window
from analysis.datasets.mpeg_frames import read_frame
from analysis.errors import AudioError
from analysis.units import seconds_to_words

RATE = 24_000
TAG = b"ID3\x04\x00\x00" + bytes([0, 0, 2, 0]) + bytes(256)


def tones(seconds: float = 2.0, rate: int = RATE) -> np.ndarray:
    """A note that changes every second, so that a wrong place is heard."""
    time = np.arange(round(seconds * rate)) / rate
    return 0.3 * np.sin(2 * np.pi * (300 + 170 * np.floor(time)) * time)


def encode(samples: np.ndarray, kind: str, subtype: str | None = None, rate: int = RATE) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format=kind, subtype=subtype)
    return file.getvalue()


def frames(data: bytes) -> list[bytes]:
    """The frames of an MP3 file as libsndfile writes them; the first is its header."""
    place, found = 0, []
    while (frame := read_frame(data[place : place + 4])) is not None:
        found.append(data[place : place + frame.size])
        place += frame.size
    return found


def read(data: bytes, name: str = "x") -> Waveform:
    return load_waveform(data, RATE, name=name)


WAV, FLAC, MP3, AIFF = (encode(tones(), kind) for kind in ("WAV", "FLAC", "MP3", "AIFF"))
FRAMES = frames(MP3)
BARE = b"".join(FRAMES[1:])
ALL_S = (len(FRAMES) - 1) * 576 / RATE


def with_total(flac: bytes, samples: int) -> bytes:
    packed = int.from_bytes(flac[18:26], "big") >> 36 << 36 | samples
    return flac[:18] + packed.to_bytes(8, "big") + flac[26:]


def with_count(mp3: bytes, count: int) -> bytes:
    at = max(mp3.find(b"Xing"), mp3.find(b"Info")) + 8
    return mp3[:at] + count.to_bytes(4, "big") + mp3[at + 4 :]


class TestMp3:
    def test_without_a_header_every_frame_is_read(self) -> None:
        waveform = read(BARE)
        assert waveform.duration_s == pytest.approx(ALL_S, abs=1e-4)
        assert waveform.notices == ()

    def test_frames_of_other_bit_rates_do_not_change_the_length(self) -> None:
        quiet = [frame for frame in frames(encode(1e-5 * tones(4.0), "MP3"))[1:]]
        mixed = quiet[:3] + FRAMES[1:] + quiet[3:]
        waveform = read(b"".join(mixed))
        assert waveform.duration_s == pytest.approx(len(mixed) * 576 / RATE, abs=1e-4)
        assert waveform.notices == ()

    @pytest.mark.parametrize("count", [1, 20, 60])
    def test_a_header_that_counts_too_few_does_not_end_it(self, count: int) -> None:
        whole, waveform = read(MP3), read(with_count(MP3, count))
        assert np.array_equal(waveform.samples, whole.samples)
        assert waveform.notices == ()

    def test_a_header_that_counts_too_many_tells_what_is_missing(self) -> None:
        data = b"".join(FRAMES[: 1 + len(FRAMES) // 2])
        waveform = read(data)
        assert waveform.duration_s == pytest.approx((len(FRAMES) // 2) * 576 / RATE, abs=0.05)
        assert waveform.notices == (
            f"x is cut off or damaged: {waveform.duration_s:.1f} s of the {2.0} s that it should last could be read.",
        )

    def test_joined_files_are_read_to_the_end_of_the_last(self) -> None:
        for between in (b"", b"TAG" + bytes(125), TAG):
            waveform = read(MP3 + between + MP3)
            assert waveform.duration_s == pytest.approx(2 * ALL_S, abs=0.08)
            assert waveform.notices == ()

    def test_what_goes_on_at_another_rate_is_said(self) -> None:
        waveform = read(BARE + b"".join(frames(encode(tones(rate=16_000), "MP3", rate=16_000))[1:]))
        assert waveform.duration_s == pytest.approx(ALL_S, abs=1e-4)
        assert waveform.notices == (
            f"x changes its sample rate or its channels after {ALL_S:.1f} s; only what comes before was read, and more follows.",
        )

    @pytest.mark.parametrize(
        "before", [bytes(500), b"\xff" * 8, b"\xff" * 600, TAG, TAG + bytes(700), TAG + TAG, b"\x12\x34\x56" * 100, BARE[100:105]]
    )
    def test_what_comes_before_the_first_frame_is_skipped(self, before: bytes) -> None:
        whole, waveform = read(MP3), read(before + MP3)
        assert np.array_equal(waveform.samples, whole.samples)
        assert waveform.notices == ()

    def test_damage_in_the_middle_is_said_and_what_follows_is_read(self) -> None:
        waveform = read(b"".join([*FRAMES[:40], b"\x01\x02\x03" * 1000, *FRAMES[40:]]))
        assert waveform.duration_s == pytest.approx(2.0, abs=0.05)
        (notice,) = waveform.notices
        assert notice == "x is damaged near 0.9 s: 3,000 bytes there hold no sound and were skipped."

    def test_windows_of_a_file_without_a_header_are_where_they_should_be(self, tmp_path: Path) -> None:
        path = tmp_path / "x.mp3"
        path.write_bytes(BARE)
        whole = load_waveform(path, RATE).samples
        assert probe(path).duration_s == pytest.approx(ALL_S, abs=1e-4)
        assert np.allclose(read_window(path, 1.5, 1.9, RATE), whole[36_000:45_600], atol=1e-4)

    def test_a_file_of_zeros_is_none(self) -> None:
        with pytest.raises(AudioError, match="is not audio that can be read"):
            read(bytes(4000))


class TestFlac:
    @pytest.mark.parametrize("samples", [0, 1, RATE, 2 * RATE - 1])
    def test_a_header_that_counts_too_few_does_not_end_it(self, samples: int) -> None:
        waveform = read(with_total(FLAC, samples))
        assert np.array_equal(waveform.samples, read(FLAC).samples)
        assert waveform.notices == ()

    def test_its_windows_are_there_too(self, tmp_path: Path) -> None:
        path = tmp_path / "x.flac"
        path.write_bytes(with_total(FLAC, RATE))
        assert probe(path).duration_s == 2.0
        assert np.array_equal(read_window(path, 1.5, 2.0, RATE), read(FLAC).samples[36_000:])

    @pytest.mark.parametrize("between", [b"", TAG, b"TAG" + bytes(125), bytes(64)])
    def test_of_joined_files_the_first_is_read_whole_and_the_rest_is_said(self, between: bytes, tmp_path: Path) -> None:
        waveform = read(FLAC + between + encode(tones(3.0), "FLAC"))
        assert np.array_equal(waveform.samples, read(FLAC).samples)
        told = "holds more than one recording, one after the other; only the first of 2.0 s was read, and more follows."
        assert waveform.notices == (f"x {told}",)
        (tmp_path / "x.flac").write_bytes(FLAC + between + FLAC)
        assert probe(tmp_path / "x.flac").notices == (told,)

    @pytest.mark.parametrize("behind", [b"TAG" + bytes(125), b"APETAGEX" + bytes(200), bytes(5000)])
    def test_a_tag_behind_the_sound_is_not_read(self, behind: bytes) -> None:
        assert (read(FLAC + behind).duration_s, read(FLAC + behind).notices) == (2.0, ())

    def test_a_file_cut_off_lasts_as_long_as_its_frames(self, tmp_path: Path) -> None:
        path = tmp_path / "x.flac"
        path.write_bytes(encode(np.random.default_rng(0).uniform(-0.5, 0.5, 4 * RATE), "FLAC")[:150_000])
        info = probe(path)
        assert 0.5 < info.duration_s == pytest.approx(load_waveform(path, RATE).duration_s, abs=1e-6)
        assert info.notices[0].startswith(f"is cut off or damaged: {info.duration_s:.1f} s of the 4.0 s")

    def test_packed_into_ogg_it_is_read(self) -> None:
        waveform = read(packed_into_ogg(FLAC), "x.oga")
        assert np.array_equal(waveform.samples, read(FLAC).samples)
        assert waveform.notices == ()


def packed_into_ogg(flac: bytes, page_bytes: int = 4000) -> bytes:
    """Pages of one stream that hold the blocks and frames of a FLAC file; the decoder here looks at no check sum."""
    first = b"\x7fFLAC\x01\x00\x00\x01" + flac[:42]
    bodies = [first] + [flac[start : start + page_bytes] for start in range(42, len(flac), page_bytes)]
    pages = []
    for number, body in enumerate(bodies):
        table = bytes([255] * (len(body) // 255) + [len(body) % 255])
        flags = 2 if number == 0 else 4 if number == len(bodies) - 1 else 1
        pages.append(b"OggS\0" + bytes([flags]) + struct.pack("<qIIIB", 0, 7, number, 0, len(table)) + table + body)
    return b"".join(pages)


class TestOgg:
    @pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
    def test_one_that_is_cut_off_says_so(self, subtype: str) -> None:
        data = encode(tones(20.0), "OGG", subtype)
        assert read(data).notices == ()
        (notice,) = read(data[: len(data) * 3 // 4]).notices
        assert notice == "x is cut off: it ends without its last page. What comes before was read."

    def test_a_codec_that_cannot_be_read_is_named(self) -> None:
        page = b"OggS\0\2" + struct.pack("<qIIIB", 0, 7, 0, 0, 1) + b"\x50" + b"Speex   1.2" + bytes(69)
        with pytest.raises(AudioError, match="x is an OGG file that holds Speex, which cannot be read here. Convert it to WAV"):
            read(page + bytes(500))


class TestWav:
    @pytest.mark.parametrize("size", [0x7FFFF000, 0x7FFFFFFF, 0x7FFF0000, 0x80000000, 0xFFFFFFFF, 0xFFFFFFDB])
    @pytest.mark.parametrize("channels", [1, 2])
    def test_a_pipe_does_not_know_its_length(self, size: int, channels: int, tmp_path: Path) -> None:
        whole = encode(np.repeat(tones()[:, None], channels, axis=1), "WAV")
        data = whole[:4] + struct.pack("<I", min(size + 36, 0xFFFFFFFF)) + whole[8:40] + struct.pack("<I", size) + whole[44:]
        assert np.array_equal(read(data).samples, read(whole).samples)
        assert read(data).notices == ()
        (tmp_path / "x.wav").write_bytes(data)
        assert (probe(tmp_path / "x.wav").duration_s, probe(tmp_path / "x.wav").notices) == (2.0, ())

    @pytest.mark.parametrize("riff", [0, 36, len(WAV) - 8, 0xFFFFFFFF])
    def test_one_that_was_never_closed_is_read_to_the_end(self, riff: int) -> None:
        waveform = read(WAV[:4] + struct.pack("<I", riff) + WAV[8:40] + bytes(4) + WAV[44:])
        assert np.array_equal(waveform.samples, read(WAV).samples)
        assert waveform.notices == (
            "x was never closed by the program that recorded it, so that its header counts no samples; it was read to the end "
            "of the file.",
        )

    def test_an_aiff_file_from_a_pipe_or_never_closed(self) -> None:
        common, sound = AIFF.index(b"COMM") + 10, AIFF.index(b"SSND") + 4
        for size, count in ((0, 0), (0x7F000008, 0x3F800000)):
            data = bytearray(AIFF)
            data[4:8], data[sound : sound + 4] = size.to_bytes(4, "big"), size.to_bytes(4, "big")
            data[common : common + 4] = count.to_bytes(4, "big")
            waveform = read(bytes(data))
            assert np.array_equal(waveform.samples, read(AIFF).samples)
            assert len(waveform.notices) == (not size)

    def test_an_empty_one_with_a_tag_behind_is_empty(self) -> None:
        data = WAV[:40] + bytes(4) + b"LIST" + struct.pack("<I", 4) + b"INFO"
        with pytest.raises(AudioError, match="holds no audio that can be decoded"):
            read(data)

    @pytest.mark.parametrize("kind", ["WAV", "FLAC", "AIFF", "OGG"])
    @pytest.mark.parametrize("tag", [TAG, TAG + bytes(100), TAG + TAG])
    def test_a_tag_before_it_is_skipped(self, kind: str, tag: bytes) -> None:
        data, name = encode(tones(), kind), f"x.{kind.lower()}"
        waveform = read(tag + data, name)
        assert np.array_equal(waveform.samples, read(data).samples)
        assert waveform.notices == ()

    def test_what_follows_behind_the_samples_is_said(self) -> None:
        more = "x holds more than one recording, the next from byte 96,044 on; only the first was read, and more follows."
        assert read(WAV + WAV).notices == (more,)
        short = WAV[:40] + struct.pack("<I", 48_000) + WAV[44:]
        (notice,) = read(short).notices
        assert notice == "x goes on for 48,000 bytes behind the samples that its header counts; these were not read."
        assert read(WAV + b"LIST" + struct.pack("<I", 8000) + bytes(8000)).notices == ()
        assert read(WAV + bytes(5000)).notices == ()

    def test_a_cut_one_is_as_long_as_what_is_there(self, tmp_path: Path) -> None:
        path = tmp_path / "x.wav"
        path.write_bytes(WAV[: 44 + 48_000])
        assert probe(path).duration_s == 1.0
        assert probe(path).notices == ("is cut off or damaged: 1.0 s of the 2.0 s that it should last could be read.",)
        with pytest.raises(AudioError, match=r"x\.wav is damaged or cut off near 1\.2 s"):
            read_window(path, 1.2, 1.6, RATE)

    def test_an_mp3_in_a_wav_is_named(self) -> None:
        data = WAV[:20] + struct.pack("<H", 0x55) + WAV[22:]
        with pytest.raises(AudioError, match="x is a WAV file that holds MP3, which cannot be read here"):
            read(data)


class TestCancelling:
    @pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
    @pytest.mark.parametrize("level", [1.0, 0.05])
    def test_anti_phase_is_refused_whatever_the_rounding_leaves(self, subtype: str, level: float) -> None:
        noise = np.random.default_rng(0).uniform(-2e-5, 2e-5, 2 * RATE)
        stereo = np.stack([level * tones(), -level * tones() + noise], axis=1)
        with pytest.raises(AudioError, match="silent once mixed to mono: its 2 channels cancel each other"):
            read(encode(stereo, "WAV", subtype))

    def test_channels_that_cancel_but_for_the_errors_of_a_lossy_codec_are_told(self) -> None:
        time, rng = np.arange(6 * RATE) / RATE, np.random.default_rng(0)
        tone = 0.2 * np.sin(2 * np.pi * 440 * time) * (1 + 0.2 * np.sin(7 * time)) + 0.02 * rng.standard_normal(len(time))
        (notice,) = read(encode(np.stack([tone, -tone], axis=1), "OGG", "VORBIS")).notices
        assert "its 2 channels nearly cancel each other" in notice

    def test_channels_that_nearly_cancel_are_told(self) -> None:
        stereo = np.stack([tones(), -0.9 * tones()], axis=1)
        (notice,) = read(encode(stereo, "WAV")).notices
        assert notice == (
            "x lost 26 dB when it was mixed to mono: its 2 channels nearly cancel each other. "
            "Invert one channel, or export one alone."
        )

    def test_channels_that_cancel_for_a_good_part_of_the_time_are_told(self) -> None:
        tone = np.tile(tones(), 3)
        second = np.where(np.arange(len(tone)) < 0.8 * len(tone), -tone, tone)
        (notice,) = read(encode(np.stack([tone, second], axis=1), "WAV")).notices
        seconds = 0.8 * len(tone) / RATE
        assert notice.startswith(f"For {seconds_to_words(seconds)} of x its 2 channels nearly cancel each other")
        short = np.where(np.arange(len(tone)) < 0.05 * len(tone), -tone, tone)
        assert read(encode(np.stack([tone, short], axis=1), "WAV")).notices == ()

    def test_wide_and_one_sided_stereo_are_not(self) -> None:
        left, right = np.random.default_rng(0).uniform(-0.3, 0.3, (2, 2 * RATE))
        for pair in ((left, right), (left, 0 * right), (left, -0.5 * left)):
            assert read(encode(np.stack(pair, axis=1), "WAV")).notices == ()

    def test_what_is_quiet_and_alike_is_read(self) -> None:
        quiet = 3e-5 * np.sign(tones())
        assert read(encode(np.stack([quiet, quiet], axis=1), "WAV", "FLOAT")).notices == ()


class TestArbitraryBytes:
    @given(data=st.sampled_from([WAV, FLAC, MP3, BARE, AIFF, packed_into_ogg(FLAC)]), before=st.binary(max_size=40),
           cut=st.floats(0, 1), place=st.floats(0, 1), inserted=st.binary(max_size=40))  # fmt: skip
    @settings(deadline=None, max_examples=60)
    def test_end_in_a_waveform_or_a_sentence(self, data: bytes, before: bytes, cut: float, place: float, inserted: bytes) -> None:
        data = data[: round(cut * len(data))]
        at = round(place * len(data))
        try:
            waveform = read(before + data[:at] + inserted + data[at:])
        except AudioError as error:
            assert str(error).endswith(".")  # noqa: PT017
        else:
            assert np.isfinite(waveform.samples).all()
