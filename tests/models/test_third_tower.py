"""The third tower: what it reads, and that it changes neither embedding."""

import torch
import torch.nn.functional as F

from analysis.descriptors.a4 import a4
from analysis.descriptors.d4 import d4
from analysis.models.injections.places import Both, stretched
from analysis.models.midi_encoder import collate_notes
from analysis.models.third_tower import ThirdTower
from tests.models.test_experts import notes, sound
from tests.tiny import build_narrow


def test_stretching_is_that_of_torch_on_what_is_there() -> None:
    values = torch.randn(2, 7, 3, generator=torch.Generator().manual_seed(2))
    found = stretched(values, torch.tensor([7, 4]), torch.tensor([11, 11]), 11)
    for row, n in enumerate((7, 4)):
        expected = F.interpolate(values[row : row + 1, :n].transpose(1, 2), 11, mode="linear").transpose(1, 2)[0]
        torch.testing.assert_close(found[row], expected)
    shorter = stretched(values, torch.tensor([7, 7]), torch.tensor([3, 5]), 5)
    expected = F.interpolate(values[:1].transpose(1, 2), 3, mode="linear").transpose(1, 2)[0]
    torch.testing.assert_close(shorter[0, :3], expected)
    assert not shorter[0, 3:].any()


@torch.no_grad()
def test_it_reads_a4_beside_d4_stretched_over_the_notes_that_there_are() -> None:
    tower = build_narrow("t3-anc", 2).eval().descriptor_tower
    assert isinstance(tower, ThirdTower)
    batch, waveform = notes(9, 5), sound(2)
    seen: list[torch.Tensor] = []
    hook = tower.input.register_forward_hook(lambda _module, given, _output: seen.append(given[0]))
    embedding = tower(Both(waveform, batch))
    hook.remove()
    for row, n in enumerate((9, 5)):
        steps = F.interpolate(d4(batch.pitch[row : row + 1, :n]).transpose(1, 2), 188, mode="linear").transpose(1, 2)
        torch.testing.assert_close(seen[0][row], torch.cat([a4(waveform[row : row + 1], 24_000), steps], dim=-1)[0])
    pitch = batch.pitch[1, :5].numpy()
    alone = tower(Both(waveform[1:], collate_notes([(pitch, pitch, 0.01 * pitch)])))
    torch.testing.assert_close(embedding[1:], alone, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_what_is_compared_does_not_depend_on_it() -> None:
    model, plain = build_narrow("t3-wt", 2).eval(), build_narrow("d4a4", 2).eval()
    plain.load_state_dict({name: tensor for name, tensor in model.state_dict().items() if "descriptor_tower" not in name})
    for ours, theirs in zip(model.embed(sound(2), notes(9, 5)), plain.embed(sound(2), notes(9, 5)), strict=True):
        assert torch.equal(ours, theirs)
    assert plain.embed_third(sound(2), notes(9, 5)) is None
