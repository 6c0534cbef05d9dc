"""The flow of parts is that of the model: parameters, tokens of a forward pass, and where descriptors enter."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from analysis.errors import ConfigError
from analysis.models.architecture import Flow, Part, flow_lines
from analysis.models.arms import REAL_ARMS, SCALES, build_config
from analysis.models.counting import PARTS, count_parameters, count_parts
from analysis.models.dual_encoder import DualEncoder, build_arm, outline
from analysis.models.dual_encoder_flow import flow_of
from analysis.models.midi_encoder import MidiBatch

N_NOTES = 7
MIXTURES = ("moe", "moe2", "moe3", "moe4")
EXAMPLES = [*REAL_ARMS, "d4a4-zero", "d4-a4r-random", "d4-a4x-reordered"]
MODULES = {  # part of the flow → the module whose output it describes
    "CNN": "audio.cnn", "note embeddings": "midi.input_norm",
    "4 audio blocks": "audio.blocks.3", "4 MIDI blocks": "midi.blocks.3",
    "audio mean": "audio", "MIDI mean": "midi", "audio head": "audio_head", "MIDI head": "midi_head",
    "third tower": "descriptor_tower",
}  # fmt: skip
JOINS = {
    "concat": "concatenation with {}", "cross": "cross-attention to {}", "reverse": "reverse cross-attention",
    "film": "FiLM by {}", "other_side": "concatenation with {}", **dict.fromkeys(MIXTURES, "mixture of experts by {}"),
}  # fmt: skip
ENDS = {"film": "film", **dict.fromkeys(MIXTURES, "moe.0.gate")}  # of what a join makes; else a norm
WITHIN = ("film", *MIXTURES)


def inputs() -> tuple[Tensor, MidiBatch]:
    generator = torch.Generator().manual_seed(0)
    pitch = torch.randint(30, 90, (2, N_NOTES), generator=generator)
    return 0.1 * torch.randn(2, 96_000, generator=generator), MidiBatch(pitch, pitch, pitch % 32, torch.ones_like(pitch) > 0)


def forward(model: DualEncoder, modules: list[str], what: str = "output") -> dict[str, list[Tensor]]:
    """What comes out of modules, or goes into them, in a forward pass of both sides."""
    seen: dict[str, list[Tensor]] = {}

    def keep(name: str) -> Any:
        return lambda _, given, out: seen.__setitem__(name, [out] if what == "output" else list(given))

    hooks = [model.get_submodule(name).register_forward_hook(keep(name)) for name in modules]
    with torch.no_grad():
        waveform, notes = inputs()
        model.embed(waveform, notes)
        model.embed_third(waveform, notes)
    for hook in hooks:
        hook.remove()
    return seen


def join_of(flow: Flow, side: str) -> Part:
    """Where a descriptor enters a side."""
    return next(part for part in flow.parts if (part.kind, part.side) == ("join", side))


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("arm", EXAMPLES)
def test_every_parameter_is_in_one_part(arm: str, scale: str) -> None:
    config = build_config(arm, scale)
    flow = flow_of(config)
    assert flow.total == sum(p.numel() for p in outline(config).parameters()) == count_parameters(arm, scale)["total"]
    assert all(part.parameters >= 0 for part in flow.parts)


@pytest.mark.parametrize("arm", EXAMPLES)
def test_an_outline_has_the_names_shapes_and_types_of_the_model(arm: str) -> None:
    config = build_config(arm, "small")
    drawn, outlined = build_arm(arm, "small").state_dict(), outline(config).state_dict()
    assert {name: (t.shape, t.dtype) for name, t in outlined.items()} == {name: (t.shape, t.dtype) for name, t in drawn.items()}
    assert all(tensor.is_meta for tensor in outlined.values())


def test_parameters_are_where_they_are_counted() -> None:
    flow = flow_of(build_config("d4-a4r", "paper"))
    assert {part.name: part.parameters for part in flow.parts if part.side == "audio" and part.parameters} == {
        "CNN": 3_158_528, "audio positions": 6_144_000, "reverse cross-attention": 4_414_464, "4 audio blocks": 50_384_896,
        "audio head": 920_832,
    }  # fmt: skip
    assert flow.part("4 MIDI blocks").parameters + flow.part("MIDI mean").parameters == 12_610_560


def test_a_parameter_of_no_part_is_told() -> None:
    model = build_arm("D0", "small")
    model.register_module("third", nn.Linear(2, 2))
    with pytest.raises(ConfigError, match=r"third\.weight belongs to no part of audio CNN"):
        count_parts(model)


def test_no_parameter_could_be_in_two_parts() -> None:
    beginnings = [beginning for ones in PARTS.values() for beginning in ones]
    assert not [(a, b) for a in beginnings for b in beginnings if a != b and a.startswith(b)]


@pytest.mark.parametrize("arm", EXAMPLES)
def test_tokens_and_widths_are_those_of_a_forward_pass(arm: str) -> None:
    model, flow = build_arm(arm, "small").eval(), flow_of(build_config(arm, "small"))
    descriptors = {side: f"{side}.{given.descriptor.key}" for side, given in model.given.items()}
    there = {part.name: MODULES[part.name] for part in flow.parts if part.name in MODULES}
    there |= {part.name: descriptors[part.side] for part in flow.parts if part.kind == "descriptor"}
    for side, given in model.given.items():
        there[join_of(flow, side).name] = f"{descriptors[side]}_{ENDS.get(given.injection.kind, 'norm')}"
    seen = forward(model, list(there.values()))
    for name, module in there.items():
        part, (out,) = flow.part(name), seen[module]
        out = out.transpose(1, 2) if name == "CNN" else out
        if name.startswith("mixture of experts"):  # of one of its blocks
            assert out.shape[2] == part.width
            continue
        n = N_NOTES if part.tokens is None else part.tokens
        assert tuple(out.shape) == ((2, part.width) if part.unit == "vector" else (2, n, part.width)), name
    tokens = model.audio.tokens(*inputs()) if model.config.crosses else model.audio.tokens(inputs()[0])
    assert tuple(tokens.shape[1:]) == (flow.part("4 audio blocks").tokens, flow.part("4 audio blocks").width)
    shown = {part.name for part in flow.parts}
    assert shown - set(there) <= {"waveform", "notes", "audio positions", "MIDI positions", "joint embedding"}


@pytest.mark.parametrize("arm", EXAMPLES)
def test_the_descriptor_enters_where_the_mechanism_says(arm: str) -> None:
    config = build_config(arm, "small")
    flow = flow_of(config)
    joins = {part.side: part for part in flow.parts if part.kind == "join"}
    assert joins.keys() == config.entries.keys()
    for side, its in config.entries.items():
        assert joins[side].name == JOINS[its.injection].format(its.descriptor)
    if (entry := config.audio_entry) is not None:
        kinds = [flow.part(name).kind for name in joins["audio"].sources]
        assert kinds == (["descriptor"] if entry.injection in WITHIN else ["network", "descriptor"])
    model = build_arm(arm, "small").eval()
    with torch.no_grad():
        model.audio.positions.fill_(torch.nan)  # so that it shows where positions have been added
    if entry is None or entry.injection in WITHIN:
        return
    concatenates = entry.injection in ("concat", "other_side")
    module = f"audio.{entry.descriptor.lower()}_{'concat' if concatenates else 'attention'}"
    given = forward(model, [module], "input")[module]
    assert any(tensor.isnan().any() for tensor in given) == (joins["audio"].sources[0] == "audio positions")
    names = [part.name for part in flow.parts]
    assert (names.index("audio positions") < names.index(joins["audio"].name)) is not concatenates


@pytest.mark.parametrize(
    ("values", "name"),
    [("zero", "zeros in place of A4"), ("random", "noise in place of A4"), ("shuffled", "A4 of other windows"),
     ("reordered", "A4 reordered")],
)  # fmt: skip
def test_a_control_shows_what_it_is_given(values: str, name: str) -> None:
    flow = flow_of(build_config(f"d4a4-{values}", "small"))
    given = [part for part in flow.parts if part.kind == "descriptor"]
    assert [part.name for part in given] == [name, name.replace("A4", "D4")]
    assert all(part.replaced and "a control" in part.details for part in given)
    assert not any(part.replaced for part in flow_of(build_config("d4a4", "small")).parts)
    assert flow.total == flow_of(build_config("d4a4", "small")).total


def test_reverse_attention_is_said_to_be_no_bottleneck_at_small_scale() -> None:
    small, paper = (flow_of(build_config("a4r", scale)).notes for scale in SCALES)
    assert small == (
        "At this scale 188 CNN frames meet 188 A4 frames, so reverse attention is no bottleneck; "
        "at paper scale 2,400 become 188.",
    )
    assert paper == ("Reverse attention is a bottleneck: 2,400 CNN frames become 188 tokens.",)
    assert flow_of(build_config("a4x", "small")).notes == ()


@pytest.mark.parametrize("midi_norm", ["after mean", "before mean"])
def test_the_last_norm_is_told_where_it_stands(midi_norm: Any) -> None:
    flow = flow_of(replace(build_config("D0", "small"), midi_norm=midi_norm))
    assert f"layer norm {midi_norm}" in flow.part("MIDI mean").details


def test_as_text() -> None:
    lines = flow_lines(flow_of(build_config("a4r", "paper")))
    (line,) = [one for one in lines if "reverse cross-attention" in one and "×" in one]
    assert line.startswith("audio  reverse cross-attention  188")
    assert "4,414,464" in line
    assert line.endswith("188 A4 frames ask 2,400 CNN frames; 8 heads, residual, layer norm; reads audio positions and A4")
    assert lines[-1].startswith("Reverse attention is a bottleneck")


def test_parts_must_follow_their_sources() -> None:
    first = Part("a", "input", "audio", 3, "sample", 1)
    with pytest.raises(ConfigError, match="Two parts are called 'a'"):
        Flow((first, first))
    with pytest.raises(ConfigError, match="b reads 'c', which does not come before it"):
        Flow((first, Part("b", "head", "audio", 1, "vector", 2, sources=("c",))))
    with pytest.raises(ConfigError, match="There is no part 'z': expected one of a"):
        Flow((first,)).part("z")
