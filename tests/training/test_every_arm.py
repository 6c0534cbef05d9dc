"""Every arm trains a step and learns one batch by heart, as narrow as it can be and on a fifth of a second."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from analysis.models.arms import ARMS, REAL_ARMS, build_config
from analysis.models.dual_encoder import DualEncoder, build_model
from analysis.models.midi_encoder import MidiBatch, collate_notes
from analysis.training.losses import VicregTerms, loss_of, with_penalty
from analysis.training.objectives.dual import parameter_groups
from tests.tiny import NARROW

N, N_SAMPLES, STEPS, RATE = 4, 4_800, 12, 1e-2
TINY = {**NARROW, "n_samples": N_SAMPLES, "audio_n_layers": 1, "midi_n_layers": 1, "d_embedding": 16, "dropout": 0.0}


def batch() -> tuple[Tensor, MidiBatch]:
    generator = torch.Generator().manual_seed(1)
    pitches = [torch.randint(30, 90, (n,), generator=generator).numpy() for n in (5, 9, 7, 6)]
    notes = collate_notes([(pitch, pitch, 0.01 * pitch) for pitch in pitches])
    return 0.1 * torch.randn(N, N_SAMPLES, generator=generator), notes


def pass_of(model: DualEncoder, arm: str) -> tuple[Tensor, VicregTerms]:
    waveform, notes = batch()
    terms = loss_of(ARMS[arm].loss, *model.embed(waveform, notes), model.embed_third(waveform, notes))
    return with_penalty(terms.total, model.penalty()), terms


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("arm", REAL_ARMS)
def test_a_step_moves_every_part_and_one_batch_is_learned_by_heart(arm: str) -> None:
    model = build_model(replace(build_config(arm, "small"), **TINY), 3).train()
    optimizer = torch.optim.AdamW([{"params": group["params"]} for group in parameter_groups(model, "small")], lr=RATE)
    before = {name: parameter.clone() for name, parameter in model.named_parameters()}
    losses: list[float] = []
    for step in range(STEPS):
        with torch.random.fork_rng():
            torch.manual_seed(step)
            model.begin_step(step / STEPS)
            total, terms = pass_of(model, arm)
        optimizer.zero_grad()
        total.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0, error_if_nonfinite=True)
        optimizer.step()
        losses.append(terms.total.item())
    assert min(losses[-3:]) < 0.5 * losses[0]
    still = {name for name, parameter in model.named_parameters() if torch.equal(parameter, before[name])}
    assert all(name in ("audio.positions",) for name in still), still
