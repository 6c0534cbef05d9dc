"""Decoded recordings in the store, by everything that is in them: how a page, a job and a colleague find the same one."""

from collections.abc import Collection

import numpy as np

from analysis.datasets.audio import Waveform
from analysis.store import Store


def recording_key(waveform: Waveform) -> str:
    """SHA-256 over everything in a decoded recording, every sample of it."""
    return Store.key(kind="recording", samples=waveform.samples, **_described(waveform))


def keep_recording(store: Store, waveform: Waveform, beside: Collection[str] = ()) -> str:
    """Store a decoded recording and return its key; entries beside it, named by their keys, are not removed for it.

    Raises:
        StoreError: the store does not take it, or not beside those.
    """
    return store.put(recording_key(waveform), _described(waveform), {"samples": waveform.samples}, beside).key


def read_recording(store: Store, key: str) -> Waveform | None:
    """The recording under a key; None if there is none, or what is there is no recording."""
    if (entry := store.get(key)) is None:
        return None
    document, samples = entry.document, entry.arrays.get("samples")
    texts = [
        document.get("name"),
        document.get("sha256"),
        *(notices if isinstance(notices := document.get("notices"), list) else [None]),
    ]
    rate = document.get("sample_rate")
    if samples is None or samples.dtype != np.float32 or samples.ndim != 1 or not len(samples) or not np.isfinite(samples).all():
        return None
    if type(rate) is not int or rate < 1 or not all(isinstance(text, str) for text in texts):
        return None
    return Waveform(samples, rate, str(texts[0]), str(texts[1]), tuple(map(str, texts[2:])))


def _described(waveform: Waveform) -> dict[str, object]:
    return {
        "sample_rate": waveform.sample_rate, "name": waveform.name, "sha256": waveform.sha256, "notices": list(waveform.notices),
    }  # fmt: skip
