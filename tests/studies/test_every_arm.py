"""Arms with another descriptor or another mechanism go through training and the studies as the first ones do."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from analysis import paths
from analysis.clips.audio_tower import audio_tower
from analysis.clips.inspection import inspect_clip
from analysis.clips.sound_lanes import descriptor_lane
from analysis.datasets.audio import Waveform
from analysis.datasets.piece import Corpus
from analysis.datasets.segments import list_segments
from analysis.descriptors.registry import find_descriptor
from analysis.errors import ConfigError, ShapeError
from analysis.figures import draw_inspection
from analysis.models.checkpoint import Checkpoint
from analysis.studies.base.requests import build_request
from analysis.studies.base.study import run_study
from analysis.training.loop import Run, TrainRequest
from tests.conformance.small_studies import SETTINGS

Make = Callable[[str], Checkpoint]
DESCRIPTOR_OF = {"A7": "A7", "film-d4": "D4"}


@pytest.mark.parametrize("arm", DESCRIPTOR_OF)
def test_one_batch_is_learned_by_heart(arm: str, corpus: Corpus) -> None:
    segments = list_segments(corpus.pieces)[::9][:4]
    run = Run(TrainRequest(arm, batch_size=4, steps=400, warmup=0, bf16=False), torch.device("cpu"))
    before = {name: tensor.clone() for name, tensor in run.model.named_parameters()}
    losses = [run.train_step(segments)["invariance"] for _ in range(16)]
    assert np.mean(losses[-3:]) < 0.25 * max(losses[:10])
    entering = [name for name in before if f".{DESCRIPTOR_OF[arm].lower()}_" in name]
    assert entering
    assert not any(torch.equal(before[name], run.model.get_parameter(name)) for name in entering)


def test_their_descriptors_are_inputs_of_the_ablation(corpus_folder: Path, make_checkpoint: Make, monkeypatch) -> None:
    made = {arm: make_checkpoint(arm) for arm in DESCRIPTOR_OF}
    monkeypatch.setenv(paths.CHECKPOINTS_VARIABLE, str(made["A7"].path.parent))
    settings = {**SETTINGS["ablation"], "corpus": str(corpus_folder)}
    rows = run_study("ablation", build_request("ablation", [one.name for one in made.values()], settings)).tables["ablation"]
    for arm, checkpoint in made.items():
        its = [row for row in rows if row["checkpoint"] == checkpoint.name]
        assert {row["input"] for row in its} == {"none", DESCRIPTOR_OF[arm]}
        moved = {row["kind"]: row["distance"] for row in its if row["input"] != "none"}
        assert all(value > 0 for value in moved.values()) == (arm == "A7")  # FiLM begins with γ = β = 0


def test_a_side_that_reads_the_other_is_not_fed_alone(corpus_folder: Path, make_checkpoint: Make, monkeypatch) -> None:
    crossed = make_checkpoint("d4a4cm")
    monkeypatch.setenv(paths.CHECKPOINTS_VARIABLE, str(crossed.path.parent))
    settings = {**SETTINGS["ablation"], "corpus": str(corpus_folder)}
    rows = run_study("ablation", build_request("ablation", [crossed.name], settings)).tables["ablation"]
    assert {row["input"] for row in rows} >= {"none", "A4", "D4"}
    assert all(row["distance"] > 0 for row in rows if row["input"] != "none")
    for study in ("bands", "transposition", "invariance"):
        with pytest.raises(ConfigError, match="given each other's descriptors, so that neither can be fed alone"):
            run_study(study, build_request(study, [crossed.name], {"corpus": str(corpus_folder)}))
    with pytest.raises(ShapeError, match="is given a descriptor of the notes, and a clip has none"):
        audio_tower(crossed.outline())


def test_bands_of_the_sound_are_taken_from_them(corpus_folder: Path, make_checkpoint: Make, monkeypatch) -> None:
    made = [make_checkpoint(arm) for arm in DESCRIPTOR_OF]
    monkeypatch.setenv(paths.CHECKPOINTS_VARIABLE, str(made[0].path.parent))
    settings = {**SETTINGS["bands"], "corpus": str(corpus_folder), "bands": "low-17.5", "n_queries": 8, "pool_size": 8}
    found = run_study("bands", build_request("bands", [one.name for one in made], settings))
    assert {row["checkpoint"] for row in found.tables["filters"]} == {one.name for one in made}
    assert not found.tables.get("doses")  # neither is given bands that could be shifted


def test_the_clip_page_draws_the_descriptor_of_the_arm(make_checkpoint: Make, rng: np.random.Generator, tmp_path: Path) -> None:
    noise = Waveform(rng.normal(0, 0.1, 5 * 24_000).astype(np.float32), 24_000, "noise.wav", "0" * 64)
    arrays, described = inspect_clip(make_checkpoint("A7"), noise, 2)
    assert described["descriptor"]["features"][7] == "3/2"
    assert arrays["a7"].shape == (12, len(arrays["a7_times_s"]))
    np.testing.assert_allclose(arrays["a7"].sum(axis=0), 1, rtol=1e-4)
    assert "a4" not in arrays
    lane = descriptor_lane(find_descriptor("A7"), noise)
    drawn = draw_inspection([lane], arrays, described, tmp_path)
    assert [path.name for path in drawn["descriptor_a7"]] == ["descriptor_a7.png", "descriptor_a7.svg"]
