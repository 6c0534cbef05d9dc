"""Every study tells the same on a GPU as on the CPU, within what fp32 sums in another order can differ by."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from analysis.models.checkpoint import Checkpoint
from analysis.results import Result
from analysis.studies.base.registry import study_names
from analysis.studies.base.requests import build_request
from analysis.studies.base.study import run_study
from analysis.training.loop import pick_device
from tests.conformance.small_studies import corpus_of

Make = Callable[[str], Checkpoint]
needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
ARMS = ("d4a4", "d4-a4r")
FEW: dict[str, Any] = {"split": "all", "windows_per_piece": 6}
SETTINGS: dict[str, dict[str, Any]] = {
    "ablation": FEW, "retrieval": FEW, "replication": {**FEW, "evaluation_seeds": 3}, "controls": FEW,
    "bands": {**FEW, "doses": "1", "dose_windows": 16, "reading_windows": 16, "attribution_windows": 2},
    "transposition": {**FEW, "semitones": "3"}, "invariance": {**FEW, "changes": "time_shift,gain,note_velocity,low_pass"},
    "similarity": {**FEW, "n_shuffles": 20}, "probes": {**FEW, "folds": 2, "inner_folds": 2},
    "embedding": {**FEW, "n_seeds": 1}, "stems": FEW, "onsets": FEW, "structure": FEW,
    "beats": {"split": "all", "seconds": 4, "stride_ms": 40, "bpm_step": 5},
    "tokens": {**FEW, "folds": 2, "inner_folds": 2},
}  # fmt: skip
# Embeddings of the two devices agree to 1e-5 or better; a rank changes where two candidates are as near as that, and S of 24
# queries then changes by 1/24.
RELATIVE, ABSOLUTE, ONE_QUERY = 5e-3, 2e-3, 1 / 24
MAPS = "embedding"  # t-SNE and UMAP take another course after the first rounding: only their headings are compared


@needs_cuda
@pytest.mark.parametrize("study", study_names())
def test_a_study_tells_the_same_on_a_gpu(
    study: str, corpus_folder: Path, make_checkpoint: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [str(make_checkpoint(arm).path) for arm in ARMS]
    request = build_request(study, names, {**SETTINGS[study], "corpus": str(corpus_of(study, corpus_folder))})

    def on(device: str) -> Result:
        monkeypatch.setattr(
            "analysis.studies.base.study.pick_device", lambda: pick_device() if device == "cuda" else torch.device(device)
        )
        return run_study(study, request)

    there, here = on("cuda"), on("cpu")
    assert there.provenance["device"] == "cuda"
    assert [value.name for value in there.values] == [value.name for value in here.values]
    apart = {
        one.name: (one.value, other.value)
        for one, other in zip(there.values, here.values, strict=True)
        if not _alike(one.value, other.value, share=one.unit == "share")
    }
    assert study == MAPS or not apart, apart


def _alike(one: float | None, other: float | None, *, share: bool) -> bool:
    if one is None or other is None:
        return one is other
    return bool(np.isclose(one, other, rtol=RELATIVE, atol=1.01 * ONE_QUERY if share else ABSOLUTE))


@needs_cuda
@pytest.mark.parametrize("arm", ["D0", "d4a4", "a4r", "d4-a4r"])
def test_embeddings_are_those_of_the_cpu(arm: str, make_checkpoint: Make) -> None:
    device = pick_device()
    waveform = torch.from_numpy(0.1 * np.random.default_rng(3).standard_normal((4, 96_000)).astype(np.float32))
    with torch.no_grad():
        here = make_checkpoint(arm).model().eval().embed_audio(waveform)
        there = make_checkpoint(arm).model().to(device).eval().embed_audio(waveform.to(device)).cpu()
    assert float((there - here).norm() / here.norm()) < 1e-5
