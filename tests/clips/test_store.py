"""Recordings and what attention did over them come back from the store as they were, under keys that hold what decides them."""

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from analysis.clips import store as clip_store
from analysis.clips.read import read_clip
from analysis.clips.recordings import keep_recording, read_recording, recording_key
from analysis.clips.store import put_reading, read_reading, reading_key
from analysis.datasets.audio import Waveform
from analysis.models.checkpoint import Checkpoint, save_checkpoint
from analysis.store import Store
from tests.tiny import build_narrow


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    folder = tmp_path_factory.mktemp("checkpoints") / "one"
    described = {"training": {"seed": 3}, "evaluation": {}, "history": [], "card": ""}
    return save_checkpoint(folder, build_narrow("a4x"), arm="a4x", scale="small", **described)


def recording(seconds: float = 9.1) -> Waveform:
    samples = np.random.default_rng(5).normal(0, 0.1, round(seconds * 24_000)).astype(np.float32)
    return Waveform(samples, 24_000, "noise.wav", "0" * 64, ("It is noise.",))


def test_a_recording_comes_back_as_it_was(store: Store) -> None:
    wave = recording()
    key = keep_recording(store, wave)
    found = read_recording(store, key)
    assert found is not None
    assert found.samples.tobytes() == wave.samples.tobytes()
    assert replace(found, samples=wave.samples) == wave
    assert keep_recording(store, wave) == key == recording_key(wave)
    assert read_recording(store, "0" * 64) is None


def test_whatever_differs_in_a_recording_gives_another_key() -> None:
    wave = recording()
    louder = wave.samples.copy()
    louder[-1] = np.nextafter(louder[-1], np.float32(1))
    others = [
        replace(wave, samples=louder), replace(wave, sample_rate=22_050), replace(wave, name="x.wav"),
        replace(wave, sha256="1" * 64), replace(wave, notices=()),
    ]  # fmt: skip
    assert len({recording_key(one) for one in (wave, *others)}) == 6


def test_a_reading_comes_back_as_it_was(store: Store, checkpoint: Checkpoint) -> None:
    reading = read_clip(checkpoint.model(), recording(), "half")
    key = reading_key(checkpoint, "a" * 64, twin=False, device="cpu", overlap="half")
    assert read_reading(store, key) is None
    put_reading(store, key, reading)
    found = read_reading(store, key)
    assert found is not None
    assert (found.clock, found.tower, found.seconds, found.device) == (reading.clock, "audio", reading.seconds, "cpu")
    assert found.numbers == reading.numbers == (0, 1, 2, 3, 4)
    for here, there in zip(reading.layers, found.layers, strict=True):
        assert (here.title, here.n_heads, here.query.kind, here.key.kind) == (
            there.title, there.n_heads, there.query.kind, there.key.kind,
        )  # fmt: skip
        for name in (field.name for field in fields(here.use)):
            mine, its = getattr(here.use, name), getattr(there.use, name)
            assert (mine.dtype, mine.shape, mine.tobytes()) == (its.dtype, its.shape, its.tobytes())
        assert found.received(here.layer, 2)[1].tobytes() == reading.received(here.layer, 2)[1].tobytes()
    assert [state.tap for state in found.states] == [state.tap for state in reading.states]
    assert found.self_similarity(1)[1].tobytes() == reading.self_similarity(1)[1].tobytes()


def test_the_key_of_a_reading_holds_what_decides_it(checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    def key(one: Checkpoint, *, clip: str = "a" * 64, twin: bool = False, device: str = "cpu", overlap: str = "none") -> str:
        return reading_key(one, clip, twin=twin, device=device, overlap=overlap)

    config = replace(checkpoint, config={**checkpoint.config, "dropout": 0.3})
    weights, seed = replace(checkpoint, sha256="1" * 64), replace(checkpoint, training={"seed": 4})
    keys = [
        key(checkpoint),
        key(checkpoint, clip="b" * 64),
        key(checkpoint, device="cuda"),
        key(checkpoint, overlap="half"),
        key(config),
        key(weights),
    ]
    twins = [key(checkpoint, twin=True), key(config, twin=True), key(seed, twin=True)]
    monkeypatch.setattr(clip_store, "code_of", lambda *_: "0" * 16)
    keys.append(key(checkpoint))
    assert len({*keys, *twins}) == len(keys) + len(twins)
    monkeypatch.undo()
    assert key(weights, twin=True) == key(checkpoint, twin=True)  # the twin does not know the weights ...
    assert key(seed) == key(checkpoint)  # ... nor the trained model the seed


@pytest.mark.parametrize(
    "document", [{}, {"clock": 3}, {"layers": 5}, {"sample_rate": "x", "name": 1, "sha256": [], "notices": 3}]
)
@pytest.mark.parametrize("arrays", [{}, {"samples": np.zeros((2, 2), np.float32)}, {"cells": np.zeros(3)}])
def test_what_is_something_else_counts_as_none(document: dict, arrays: dict, store: Store) -> None:
    store.put("a" * 64, document, arrays)
    assert read_recording(store, "a" * 64) is None
    assert read_reading(store, "a" * 64) is None


def test_a_reading_that_lacks_a_part_counts_as_none(store: Store, checkpoint: Checkpoint) -> None:
    put_reading(store, "b" * 64, read_clip(checkpoint.model(), recording()))
    entry = store.get("b" * 64)
    assert entry is not None
    for number, name in enumerate(entry.document):
        store.put(f"{number:064d}", {key: value for key, value in entry.document.items() if key != name}, dict(entry.arrays))
        assert read_reading(store, f"{number:064d}") is None, name
    for number, name in enumerate(entry.arrays, 100):
        store.put(f"{number:064d}", entry.document, {key: value for key, value in entry.arrays.items() if key != name})
        assert read_reading(store, f"{number:064d}") is None, name
