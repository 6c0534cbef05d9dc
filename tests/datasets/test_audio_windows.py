"""Parts of long recordings, and what their headers say."""

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from analysis.datasets.audio import load_waveform, probe, read_window
from analysis.errors import AudioError

RATE = 24_000


def encode(samples: np.ndarray, rate: int = RATE, kind: str = "WAV", subtype: str | None = None) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format=kind, subtype=subtype)
    return file.getvalue()


def noise(seconds: float = 2.0, rate: int = RATE) -> np.ndarray:
    return np.random.default_rng(0).uniform(-0.5, 0.5, round(seconds * rate))


class TestWindows:
    @pytest.fixture(params=[8_000, 16_000, RATE, 44_100])
    def path(self, request: pytest.FixtureRequest, tmp_path: Path) -> Path:
        path = tmp_path / "a.flac"
        path.write_bytes(encode(noise(3.0, request.param), request.param, "FLAC"))
        return path

    @pytest.mark.parametrize(("start_s", "stop_s"), [(0.0, 1.0), (0.3331, 1.7), (2.5, 3.0)])
    def test_a_window_equals_that_part_of_the_whole(self, path: Path, start_s: float, stop_s: float) -> None:
        whole = load_waveform(path, RATE).samples
        window = read_window(path, start_s, stop_s, RATE)
        assert np.allclose(window, whole[round(start_s * RATE) : round(stop_s * RATE)], atol=2e-6)

    def test_zeros_stand_for_what_lies_past_the_end(self, path: Path) -> None:
        window = read_window(path, 2.5, 4.0, RATE)
        assert window.shape == (36_000,)
        assert window[:12_000].std() > 0.1
        assert not window[12_000:].any()
        assert not read_window(path, 60.0, 61.0, RATE).any()

    @pytest.mark.parametrize(("start_s", "stop_s"), [(-1.0, 1.0), (1.0, 1.0), (2.0, 1.0), (0.0, np.inf), (0.0, np.nan)])
    def test_an_impossible_window_is_refused(self, path: Path, start_s: float, stop_s: float) -> None:
        with pytest.raises(AudioError, match="needs 0 ≤ start < stop"):
            read_window(path, start_s, stop_s, RATE)

    def test_a_window_in_the_missing_part_of_a_file_is_refused(self, path: Path) -> None:
        path.write_bytes(path.read_bytes()[:20_000])
        with pytest.raises(AudioError, match=r"a\.flac is damaged or cut off near 2\.0 s"):
            read_window(path, 2.0, 2.5, RATE)

    def test_samples_that_are_no_numbers_are_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "a.wav"
        path.write_bytes(encode(np.full(RATE, np.nan), subtype="FLOAT"))
        with pytest.raises(AudioError, match="not numbers"):
            read_window(path, 0.0, 0.5, RATE)


class TestProbe:
    @pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG", "MP3", "AIFF"])
    def test_the_header_says_it_all(self, kind: str, tmp_path: Path) -> None:
        path = tmp_path / "misleading.txt"
        path.write_bytes(encode(np.stack([noise(), noise()], axis=1), kind=kind))
        info = probe(path)
        assert (info.duration_s, info.sample_rate, info.channels, info.format) == (2.0, RATE, 2, kind)

    def test_the_frames_tell_how_long_a_stream_is_that_does_not_say_it(self, tmp_path: Path) -> None:
        path = tmp_path / "a.flac"
        data = bytearray(encode(noise(), kind="FLAC"))
        data[22:26] = bytes(4)
        path.write_bytes(data)
        assert (probe(path).duration_s, probe(path).notices) == (2.0, ())

    def test_m4a_must_be_converted_first(self, tmp_path: Path) -> None:
        path = tmp_path / "a.m4a"
        path.write_bytes(b"\x00\x00\x00\x20ftypM4A " + bytes(100))
        with pytest.raises(AudioError, match=r"a\.m4a is an M4A file, which cannot be read in parts"):
            probe(path)
