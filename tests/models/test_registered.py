"""A made-up descriptor, mechanism and arm: once registered they are found wherever arms are, without another line anywhere."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest
from torch import Tensor, nn

from analysis import paths
from analysis.cli.__main__ import main
from analysis.descriptors import registry as descriptors
from analysis.descriptors.a4 import DESCRIPTOR as A4
from analysis.descriptors.descriptor import Axis, Descriptor, Look
from analysis.models import arms
from analysis.models.arms import Arm, build_config
from analysis.models.checkpoint import Checkpoint, open_checkpoint
from analysis.models.config import Entry, ModelConfig
from analysis.models.counting import count_parameters
from analysis.models.dual_encoder import build_arm
from analysis.models.dual_encoder_flow import flow_of
from analysis.models.injections import registry as injections
from analysis.models.injections.injection import Drawn, Injection, TowerSizes
from analysis.models.taps import list_descriptor_taps
from analysis.studies import battery
from analysis.training.objectives.dual import parameter_groups
from analysis.training.recipes import LEARNING_RATES
from tests.conformance.small_studies import SETTINGS


def level(waveform: Tensor, sample_rate: int) -> Tensor:
    """Level of every hundredth of a second, with its square."""
    frames = waveform.unflatten(1, (-1, sample_rate // 100)).square().mean(dim=2, keepdim=True).sqrt()
    return torch.cat([frames, frames**2], dim=2)


def hundredths(n_samples: int, sample_rate: int) -> Axis:
    return Axis("Loud", "hundredth", np.arange(100 * n_samples // sample_rate) / 100, 0.01)


class Added(Injection):
    """The mean of the descriptor, made as wide as the tokens, is added to each of them."""

    kind, title, group = "added", "addition", "heads"

    def build(self, width: int, sizes: TowerSizes) -> None:
        self.widened = self.part("widened", nn.Linear(width, sizes.d_model))

    def enter(self, tokens: Tensor, descriptor: Tensor) -> Tensor:
        return tokens + self.widened(descriptor.mean(dim=1, keepdim=True))

    def drawn(self, tokens: Axis, descriptor: Axis) -> Drawn:
        return Drawn(f"addition of {self.descriptor.name}", (f"{descriptor.n} hundredths",))


LOUD = Descriptor(
    "Loud", "audio", 2, hundredths, level, "made up", Look("levels", ("level", "square"), "level", "of 1", 0.0, 1.0)
)
LOUDNESS = Arm("loud", Entry("Loud", "added"), None, "the level, added to the CNN frames")


@pytest.fixture
def loud() -> Iterator[str]:
    descriptors.register(LOUD)
    injections.register(Added)
    arms.register(LOUDNESS)
    yield LOUDNESS.name
    arms.forget(LOUDNESS.name)
    injections.forget(Added.kind)
    descriptors.forget(LOUD.name)


def test_it_is_listed_and_described(loud: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["arms"]) == 0
    listed = capsys.readouterr().out
    assert "the level, added to the CNN frames" in listed
    assert "loud-shuffled" in listed
    assert main(["describe", loud]) == 0
    told = capsys.readouterr().out
    assert "Loud injection" in told
    assert "addition of Loud" in told
    assert "400 hundredths × 2" in told


def test_its_model_has_it_where_its_row_says(loud: str) -> None:
    model, config = build_arm(loud, "small", 1).eval(), build_config(loud, "small")
    assert ModelConfig.from_dict(config.to_dict()) == config
    assert list_descriptor_taps(model) == ("audio.loud",)
    assert {name for name in model.state_dict() if "loud" in name} == {"audio.loud_widened.weight", "audio.loud_widened.bias"}
    assert count_parameters(loud, "small")["Loud injection"] == 192 * 3
    assert flow_of(config).total == count_parameters(loud, "small")["total"]
    groups = parameter_groups(model, "small")
    added = model.given["audio"].injection
    assert isinstance(added, Added)
    weight = added.widened.weight
    (rate,) = {group["lr"] for group in groups if any(one is weight for one in group["params"])}
    assert rate == LEARNING_RATES["small"]["heads"]
    quiet, noisy = torch.zeros(1, 96_000), torch.ones(1, 96_000)
    with torch.no_grad():
        assert not torch.allclose(model.audio.tokens(quiet), model.audio.tokens(noisy))


def test_the_page_of_checkpoints_shows_it(
    loud: str, make_checkpoint: Callable[[str], Checkpoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = make_checkpoint(loud)
    monkeypatch.setenv(paths.CHECKPOINTS_VARIABLE, str(checkpoint.path.parent))
    app = AppTest.from_string("from app.views import checkpoints\ncheckpoints.page()", default_timeout=300)
    app.query_params["checkpoint"] = checkpoint.name
    app.run()
    assert not app.exception
    records = [row for frame in app.dataframe for row in frame.value.to_dict("records")]
    assert [row["arm"] for row in records if row.get("name") == checkpoint.name] == [f"{loud} (small)"]
    assert "Loud injection" in {row.get("component") for row in records}


def test_it_is_an_input_of_the_ablation_in_the_battery(
    loud: str, corpus_folder: Path, make_checkpoint: Callable[[str], Checkpoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = make_checkpoint(loud)
    assert open_checkpoint(checkpoint.path).model_config.audio_entry == Entry("Loud", "added")
    monkeypatch.setenv(paths.CHECKPOINTS_VARIABLE, str(checkpoint.path.parent))
    monkeypatch.setattr(battery, "settings_for", lambda study, corpus: {**SETTINGS[study], "corpus": corpus})
    (part,) = battery.run_battery([checkpoint.name], str(corpus_folder), studies=["ablation"])
    assert part.result is not None, part.error
    rows = part.result.tables["ablation"]
    assert {row["input"] for row in rows} == {"none", "Loud"}
    moved = {row["kind"]: row["distance"] for row in rows if row["weights"] == "trained"}
    assert moved["zero"] > 0


def test_afterwards_it_is_gone() -> None:
    assert LOUDNESS.name not in arms.ARMS
    assert not [name for name in arms.ARMS if name.startswith("loud")]
    assert "Loud" not in descriptors.descriptor_names()
    assert A4.name in descriptors.descriptor_names()
