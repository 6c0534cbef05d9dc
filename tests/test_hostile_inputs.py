"""Whatever a file from outside holds, its parser gives a valid result or a sentence: no other error, no warning, no hang."""

import io
import json
import os
import re
import string
import struct
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pretty_midi
import pytest
import safetensors
import soundfile
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save

from analysis.datasets.audio import load_waveform
from analysis.datasets.containers import printable
from analysis.datasets.midi import load_notes
from analysis.errors import CheckpointError, OtoscopeError
from analysis.models.checkpoint import Checkpoint, half_precision, open_checkpoint
from analysis.models.config import ModelConfig
from analysis.models.dual_encoder import build_arm
from analysis.models.importing import describe_safetensors
from analysis.sandbox import decode_answer, encode_answer

RATE = 24_000
TIMES = int(os.environ.get("EXAMPLES_TIMES", "1"))  # a longer search: EXAMPLES_TIMES=5


def examples(n: int) -> settings:
    """So many, or so many times more."""
    return settings(max_examples=n * TIMES, deadline=None)


@contextmanager
def only_sentences(never: str = "$^") -> Iterator[None]:
    """Let pass an error of ours if it is a sentence of reasonable length without `never`; let no warning pass."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield
        except OtoscopeError as error:
            assert str(error).endswith((".", "?"))  # noqa: PT017
            assert len(str(error)) < 1500  # noqa: PT017
            assert not re.search(never, str(error))  # noqa: PT017
    assert not [str(warning.message) for warning in caught]


EXTREMES = [0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**63, 2**64 - 1]


@st.composite
def mutated(draw: st.DrawFn, originals: list[bytes], head: int = 64) -> bytes:
    """A valid file with a few bytes changed, put in or taken out, half of the time near its beginning, perhaps cut off."""
    data = bytearray(draw(st.sampled_from(originals)))
    for _ in range(draw(st.integers(0, 6))):
        place = draw(st.integers(0, min(head, len(data)) if draw(st.booleans()) else len(data)))
        kind = draw(st.sampled_from(["set", "extreme", "insert", "delete", "repeat"]))
        if kind == "set":
            data[place : place + 1] = draw(st.binary(min_size=1, max_size=1))
        elif kind == "extreme":
            width = draw(st.sampled_from([1, 2, 4, 8]))
            value = draw(st.sampled_from(EXTREMES)) % 2 ** (8 * width)
            data[place : place + width] = value.to_bytes(width, draw(st.sampled_from(["little", "big"])))
        elif kind == "insert":
            data[place:place] = draw(st.binary(max_size=16))
        elif kind == "delete":
            del data[place : place + draw(st.integers(1, 64))]
        else:
            data[place:place] = data[place : place + draw(st.integers(1, 64))]
    return bytes(data[: draw(st.integers(0, len(data)))] if draw(st.integers(0, 4)) == 0 else data)


# --- MIDI ----------------------------------------------------------------------------------------------------------------


def midi_file(tempo: float, n_instruments: int) -> bytes:
    midi = pretty_midi.PrettyMIDI(initial_tempo=tempo)
    for number in range(n_instruments):
        instrument = pretty_midi.Instrument(number, is_drum=number == 2, name=f"part {number}")
        instrument.notes = [pretty_midi.Note(80, 60 + step, step / 4, step / 4 + 0.5) for step in range(4)]
        instrument.control_changes = [pretty_midi.ControlChange(64, 127, 0.5)]
        midi.instruments.append(instrument)
    midi.time_signature_changes.append(pretty_midi.TimeSignature(3, 4, 0.0))
    midi.key_signature_changes.append(pretty_midi.KeySignature(3, 0.0))
    midi.lyrics.append(pretty_midi.Lyric("la", 0.5))
    file = io.BytesIO()
    midi.write(file)
    return file.getvalue()


MIDI = [midi_file(120.0, 1), midi_file(66.0, 3)]

midi_events = st.one_of(
    st.tuples(st.integers(0x80, 0x9F), st.integers(0, 127), st.integers(0, 127)).map(bytes),
    st.tuples(st.integers(0x80, 0xFF), st.binary(max_size=3)).map(lambda item: bytes([item[0]]) + item[1]),
    st.tuples(st.integers(0, 127), st.binary(max_size=8)).map(lambda item: bytes([0xFF, item[0], len(item[1])]) + item[1]),
    st.integers(0, 2**24 - 1).map(lambda tempo: b"\xff\x51\x03" + tempo.to_bytes(3, "big")),
)
midi_times = st.one_of(
    st.just(b"\x00"), st.integers(0, 127).map(lambda tick: bytes([tick])), st.just(b"\xff\xff\xff\x7f"), st.just(b"\xbd\x84\x40")
)


@st.composite
def midi_from_events(draw: st.DrawFn) -> bytes:
    """A file whose chunks are well formed and whose events are anything."""
    tracks = draw(st.lists(st.lists(st.tuples(midi_times, midi_events), max_size=12), max_size=3))
    division = draw(st.sampled_from([1, 96, 480, 0x7FFF, 0, 0x8000, 0xE728]))
    data = b"MThd" + struct.pack(">IHHH", 6, draw(st.integers(0, 3)), len(tracks), division)
    for track in tracks:
        events = b"".join(time + event for time, event in track)
        data += b"MTrk" + struct.pack(">I", len(events)) + events
    return data


@given(st.one_of(st.binary(max_size=200).map(lambda rest: b"MThd" + rest), mutated(MIDI), midi_from_events()))
@examples(600)
def test_midi(data: bytes) -> None:
    with only_sentences(never=r"damaged .*([()_]|Error|0x)"):  # nothing that the parser says
        notes = load_notes(data, "x.mid")
        assert len(notes) > 0
        assert np.isfinite(notes.offset_s).all()
        assert (notes.onset_s >= 0).all()
        assert (notes.offset_s > notes.onset_s).all()
        assert ((notes.pitch >= 0) & (notes.pitch < 128) & (notes.velocity > 0) & (notes.velocity < 128)).all()


# --- audio ---------------------------------------------------------------------------------------------------------------


def sound_file(kind: str, subtype: str | None = None, channels: int = 1, rate: int = 8_000) -> bytes:
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, (round(0.6 * rate), channels))
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format=kind, subtype=subtype)
    return file.getvalue()


WAVS = [sound_file("WAV", kind) for kind in ("PCM_16", "PCM_24", "FLOAT", "DOUBLE", "ULAW", "IMA_ADPCM", "MS_ADPCM", "GSM610")]
AUDIO = [
    *WAVS, sound_file("WAV", "PCM_U8", 2), sound_file("WAVEX", "PCM_16", 3), sound_file("RF64"), sound_file("AIFF"),
    sound_file("AIFF", "FLOAT"), sound_file("FLAC"), sound_file("FLAC", "PCM_24", 2), sound_file("OGG"),
    sound_file("OGG", "OPUS"), sound_file("MP3"), b"ID3\x04\x00\x00\x00\x00\x00\x10" + bytes(16) + sound_file("MP3"),
]  # fmt: skip
BEGINNINGS = [b"RIFF\x00\x00\x00\x00WAVE", b"RIFF\xff\xff\xff\xffWAVEfmt ", b"RF64\xff\xff\xff\xffWAVEds64",
              b"FORM\x00\x00\x00\x00AIFC",
              b"fLaC", b"OggS", b"ID3", b"\xff\xfb", b""]  # fmt: skip


@given(st.one_of(st.builds(bytes.__add__, st.sampled_from(BEGINNINGS), st.binary(max_size=300)), mutated(AUDIO)),
       st.sampled_from(["x.wav", "", "x\x00.mp3"]))  # fmt: skip
@examples(600)
def test_audio(data: bytes, name: str) -> None:
    with only_sentences():
        waveform = load_waveform(data, RATE, name=name, max_seconds=5.0)
        assert waveform.samples.dtype == np.float32
        assert waveform.samples.ndim == 1
        assert np.isfinite(waveform.samples).all()
        assert 0.4 < waveform.duration_s <= 5.1
        assert all(notice.endswith(".") for notice in waveform.notices)


@given(st.text(max_size=200))
@examples(400)
def test_names(name: str) -> None:
    shown = printable(name)
    assert len(shown) <= 80
    assert "\n" not in shown
    shown.encode()
    if name.isascii() and name.isprintable() and len(name) <= 80:
        assert shown == name


# --- config.json ---------------------------------------------------------------------------------------------------------

MODEL = build_arm("D0", "small", 0)
WEIGHTS = save(half_precision(MODEL.state_dict()))
DESCRIBED = {"schema_version": 1, "arm": "D0", "scale": "small", "model": MODEL.config.to_dict(), "training": {"seed": 1},
             "evaluation": {}}  # fmt: skip

leaves = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 10), st.sampled_from(EXTREMES), st.integers(), st.floats(), st.text(max_size=12),
    st.sampled_from(["D0", "a4x", "none", "cross", "<script>"]),
)  # fmt: skip
values = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(st.text(max_size=8), inner, max_size=4)),
    max_leaves=12,
)


@st.composite
def configurations(draw: st.DrawFn) -> str:
    """A configuration in which a few fields have other values, are missing or are new."""
    described: dict[str, Any] = json.loads(json.dumps(DESCRIBED))
    for _ in range(draw(st.integers(1, 4))):
        part = described if draw(st.integers(0, 3)) == 0 else described.get("model", described)
        if not isinstance(part, dict) or not part:
            break
        key = draw(st.one_of(st.sampled_from(sorted(part)), st.text(max_size=8)))
        if draw(st.integers(0, 9)) == 0:
            part.pop(key, None)
        else:
            near = part.get(key)
            change = st.integers(-2, 2).map(lambda step, near=near: near + step) if type(near) is int else values
            part[key] = draw(st.one_of(values, change))
    return json.dumps(described)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A sound checkpoint, whose configuration is replaced again and again."""
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "model.safetensors").write_bytes(WEIGHTS)
        yield Path(name)


@given(text=st.one_of(configurations().map(str.encode), mutated([json.dumps(DESCRIBED).encode()], 2000), st.binary(max_size=100)))
@examples(300)
def test_config(folder: Path, text: bytes) -> None:
    (folder / "config.json").write_bytes(text)
    with only_sentences():
        checkpoint = open_checkpoint(folder)
        assert isinstance(checkpoint.model_config, ModelConfig)
        assert checkpoint.training.get("seed", 0) + 0 is not None
        assert checkpoint.history() == []


@given(st.one_of(st.text(alphabet=string.digits + ',.\n\r\t"; eE-naif\x00', max_size=80).map(str.encode), st.binary(max_size=60),
                 mutated([b"step,loss\n1,2.5\n2,0.25\n"], 30)))  # fmt: skip
@examples(400)
def test_history(folder: Path, text: bytes) -> None:
    (folder / "history.csv").write_bytes(text)
    with only_sentences():
        rows = Checkpoint(folder, "D0", "small", {}, {}, {}, "").history()
        assert all(isinstance(row, dict) for row in rows)
    (folder / "history.csv").unlink()


# --- safetensors ---------------------------------------------------------------------------------------------------------

SMALL = save({"a": torch.arange(6.0).reshape(2, 3), "b": torch.zeros(0, 4), "c": torch.ones(3, dtype=torch.int64).half()})
sizes = st.one_of(st.integers(0, 4), st.sampled_from([-1, 10**9, 2**40, 2**63, 1.0, True, "1", None]))
entries = st.fixed_dictionaries(
    {
        "dtype": st.sampled_from(["F32", "F16", "BF16", "I64", "U8", "BOOL", "F4", "O", "", 3]),
        "shape": st.lists(sizes, max_size=4),
        "data_offsets": st.lists(st.one_of(st.integers(0, 32), sizes), min_size=1, max_size=3),
    },
    optional={"extra": leaves},
)


@st.composite
def headers(draw: st.DrawFn) -> bytes:
    """A file whose header is JSON of about the right kind, often with ranges that fit."""
    header: dict[str, Any] = {}
    end = 0
    for name in draw(st.lists(st.text(max_size=6), unique=True, max_size=4)):
        if draw(st.booleans()):
            shape = draw(st.lists(st.integers(0, 3), max_size=3))
            size = 4 * int(np.prod(shape, dtype=int))
            header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [end, end + size]}
            end += size
        else:
            header[name] = draw(st.one_of(entries, values))
    if draw(st.booleans()):
        header["__metadata__"] = draw(st.one_of(st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=2), values))
    text = json.dumps(header).encode()
    length = draw(st.sampled_from([len(text)] * 6 + EXTREMES))
    return length.to_bytes(8, "little") + text + bytes(max(0, end + draw(st.sampled_from([0, 0, 0, 0, -1, 1]))))


@given(st.one_of(headers(), mutated([SMALL], 400), st.binary(max_size=60)))
@examples(600)
def test_safetensors(data: bytes) -> None:
    with only_sentences():
        found = describe_safetensors(data)
        # what is called sound here is sound for the library that reads the weights, and means the same there
        read = {name: (item["dtype"], tuple(item["shape"])) for name, item in safetensors.deserialize(data)}
        assert read == {name: (dtype, shape) for name, dtype, shape in found}


@given(data=mutated([WEIGHTS], 16_000))
@examples(40)
def test_weights(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "model.safetensors").write_bytes(data)
        (Path(name) / "config.json").write_text(json.dumps(DESCRIBED))
        with only_sentences():
            open_checkpoint(Path(name)).check_weights()


# --- answers of the limited process -------------------------------------------------------------------------------------------

kinds = st.sampled_from(["list", "tuple", "dict", "array", "bytes", "x"])
nodes = st.recursive(
    leaves, lambda inner: st.dictionaries(kinds, st.one_of(inner, st.lists(inner, max_size=3)), max_size=2), max_leaves=8
)
tables = st.lists(
    st.one_of(leaves, st.tuples(st.sampled_from(["<f4", "|O", "<U9", 3]), st.lists(leaves, max_size=2))), max_size=2
)
rows = st.lists(st.tuples(leaves, nodes), max_size=2).map(lambda pairs: {"dict": pairs})
trees = st.fixed_dictionaries({"tree": st.one_of(nodes, rows), "arrays": st.one_of(tables, values)})
ANSWER = b"".join(encode_answer({"result": (np.arange(6.0).reshape(2, 3), b"abc", ["x", {"y": None}])}))


def framed(answer: Any) -> bytes:
    header = json.dumps(answer).encode()
    return len(header).to_bytes(8, "little") + header


@given(st.one_of(mutated([ANSWER], 300), st.binary(max_size=40), trees.map(framed)))
@examples(800)
def test_answers(data: bytes) -> None:
    try:
        answer = decode_answer(io.BytesIO(data), 2**20)
    except (ValueError, EOFError) as error:
        assert not isinstance(error, CheckpointError)  # noqa: PT017
    else:
        assert isinstance(answer, dict)
