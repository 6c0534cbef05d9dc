"""A dual encoder as a flow of parts, read off the modules of a model without memory for its weights."""

from dataclasses import replace
from typing import cast

from torch import nn

from analysis.descriptors.descriptor import Axis, Descriptor
from analysis.models.architecture import VECTOR, Flow, Part
from analysis.models.arms import build_config
from analysis.models.audio_encoder import AudioEncoder
from analysis.models.config import THIRD_N_HEADS, ModelConfig
from analysis.models.counting import THIRD_TOWER, count_parts, injection_part
from analysis.models.dual_encoder import DualEncoder, outline
from analysis.models.injections.injection import mixed
from analysis.models.injections.places import Given
from analysis.models.remarks import CROSSED, constant
from analysis.models.tokens import audio_axes, cnn_axis
from analysis.models.transformer import Block

AUDIO, MIDI, JOINT = "audio", "midi", "joint"
TITLES = {AUDIO: "audio", MIDI: "MIDI"}
CNN_FRAME, NOTE = "CNN frame", "note"
INPUTS = {"audio": "waveform", "notes": "notes"}  # names of the parts that descriptors are made from
GIVEN = {  # what stands where a descriptor enters
    "real": "{}",
    "zero": "zeros in place of {}",
    "random": "noise in place of {}",
    "shuffled": "{} of other windows",
    "reordered": "{} reordered",
}
Counts = dict[str, int]


def flow_of(config: ModelConfig) -> Flow:
    """Both towers of the model that a configuration describes, with the parameters of every part as counted on it.

    Raises:
        ConfigError: a parameter of the model belongs to no part.
    """
    model = outline(config)
    counts = count_parts(model)
    audio, midi = _audio(model, counts), _midi(model, counts)
    heads = audio[-1].name, midi[-1].name
    joint = Part("joint embedding", "embedding", JOINT, 1, VECTOR, config.d_embedding, 0, ("compared by cosine",), heads)
    parts = (*audio, *midi, joint, *_third(model, counts))
    first = [part for part in parts if config.crosses and part.kind == "input"]  # then one side reads the input of the other
    return Flow((*first, *(part for part in parts if part not in first)), _notes(config))


def _audio(model: DualEncoder, counts: Counts) -> list[Part]:
    """Waveform to head."""
    config, tower = model.config, model.audio
    stream = config.n_audio_tokens, CNN_FRAME, config.audio_d_model
    details = (f"{config.window_s:g} s at {config.sample_rate:,} Hz",)
    parts = [
        Part("waveform", "input", AUDIO, config.n_samples, "sample", 1, 0, details),
        Part("CNN", "network", AUDIO, *stream, counts["audio CNN"], _convolved(tower), ("waveform",)),
    ]
    details = (f"added, learned, room for {len(tower.positions):,}",)
    positions = Part("audio positions", "network", AUDIO, *stream, counts["audio positions"], details)
    parts, beside = _entered(parts, positions, tower.given, cnn_axis(config), config, counts)
    return _to_head(parts, tower.blocks, model.audio_head, counts, beside=beside)


def _midi(model: DualEncoder, counts: Counts) -> list[Part]:
    """Notes to head."""
    config, tower = model.config, model.midi
    stream = None, NOTE, config.midi_d_model
    widths = {name: cast(nn.Embedding, getattr(tower, name)).embedding_dim for name in ("pitch", "velocity", "duration")}
    details = (*(f"{name} {width:,}" for name, width in widths.items()), mixed(tower.input))
    parts = [
        Part("notes", "input", MIDI, None, NOTE, len(widths), 0, (f"at most {config.max_notes:,}",)),
        Part("note embeddings", "network", MIDI, *stream, counts["MIDI embeddings"], details, ("notes",)),
    ]
    positions = Part("MIDI positions", "network", MIDI, *stream, 0, ("added, sines and cosines",))
    parts, beside = _entered(parts, positions, tower.given, Axis("note", NOTE), config, counts)
    norms = (f"layer norm {config.midi_norm}",)
    return _to_head(parts, tower.blocks, model.midi_head, counts, norms, beside)


def _entered(
    parts: list[Part], positions: Part, given: Given | None, tokens: Axis, config: ModelConfig, counts: Counts
) -> tuple[list[Part], tuple[str, ...]]:
    """The parts with positions and descriptor, in the order of the mechanism; and what the blocks read besides."""
    source = parts[-1]
    if given is None:
        return [*parts, _after(source, positions)], ()
    axis = given.descriptor.axis(config.n_samples, config.sample_rate)
    source_of = INPUTS[given.descriptor.reads]
    shown = tokens if given.injection.crosses else axis
    descriptor = _descriptor(given.descriptor, shown, positions.side, config, source_of)
    drawn, mechanism = given.injection.drawn(tokens, axis), given.injection
    parameters = counts[injection_part(given.descriptor.name)]
    if drawn.within:
        sizes = mechanism.sizes
        made = (sizes.n_layers, "block", drawn.width, parameters, drawn.details, (descriptor.name,))
        parts = [*parts, _after(source, positions), descriptor, Part(drawn.name, "join", positions.side, *made)]
        return [*parts[:-3], *parts[-2:], parts[-3]], (drawn.name,)
    stream = mechanism.stream(tokens, axis)
    join = Part(drawn.name, "join", positions.side, stream.n, stream.unit, source.width, parameters, drawn.details)
    if mechanism.after_positions:
        placed = _after(source, positions)
        return [*parts, placed, descriptor, replace(join, sources=(placed.name, descriptor.name))], ()
    join = replace(join, sources=(source.name, descriptor.name))
    return [*parts, descriptor, join, _after(join, positions)], ()


def _convolved(tower: AudioEncoder) -> tuple[str, ...]:
    layers = [layer for layer in tower.cnn if isinstance(layer, nn.Conv1d)]
    kernels, strides = (", ".join(str(getattr(layer, name)[0]) for layer in layers) for name in ("kernel_size", "stride"))
    return f"{len(layers)} convolutions", f"kernels {kernels}", f"strides {strides}"


def _after(source: Part, part: Part) -> Part:
    return replace(part, sources=(source.name,))


def _third(model: DualEncoder, counts: Counts) -> list[Part]:
    """The third tower, which no other part reads; none where there is none."""
    tower, config = model.descriptor_tower, model.config
    if tower is None:
        return []
    names = [GIVEN[config.descriptor_values].format(slot.descriptor.name) for slot in tower.slots]
    sizes = f"{len(tower.blocks)} pre-norm blocks", f"{THIRD_N_HEADS} heads", f"d {config.third_d_model:,}"
    details = f"an encoder of {' and '.join(names)}", *sizes, "for the loss alone"
    return [Part(THIRD_TOWER, "network", JOINT, 1, VECTOR, config.d_embedding, counts[THIRD_TOWER], details)]


def _descriptor(descriptor: Descriptor, axis: Axis, side: str, config: ModelConfig, source: str) -> Part:
    """A descriptor, or what a control puts in its place."""
    replaced, width = config.descriptor_values != "real", descriptor.width
    called = GIVEN[config.descriptor_values].format(descriptor.name)
    detail = f"{width} values per note" if descriptor.reads == "notes" else f"{width} {descriptor.look.called}"
    about = (detail, "a control") if replaced else (detail,)
    return Part(called, "descriptor", side, axis.n, axis.unit, width, 0, about, (source,), replaced)


def _to_head(
    parts: list[Part],
    blocks: nn.ModuleList,
    head: nn.Sequential,
    counts: Counts,
    norms: tuple[str, ...] = (),
    beside: tuple[str, ...] = (),
) -> list[Part]:
    """The parts with what is alike on both sides: blocks, which also read what is beside, pooling and head."""
    last, first = parts[-1], cast(Block, blocks[0])
    side, title = last.side, TITLES[last.side]
    norm = "pre-norm" if first.norm_first else "post-norm"
    details = (f"{first.self_attn.n_heads} heads", f"d {last.width:,}", f"ff {first.linear1.out_features:,}", norm)
    layers = [layer for layer in head if isinstance(layer, nn.Linear)]
    widths = " → ".join(f"{width:,}" for width in [layers[0].in_features, *(layer.out_features for layer in layers)])
    stack, mean = f"{len(blocks)} {title} blocks", f"{title} mean"
    counted = counts[f"{title} transformer"]
    return [
        *parts,
        Part(stack, "network", side, last.tokens, last.unit, last.width, counted, details, (last.name, *beside)),
        Part(mean, "pooling", side, 1, VECTOR, last.width, counts[f"{title} pooling"], (f"over {last.unit}s", *norms), (stack,)),
        Part(f"{title} head", "head", side, 1, VECTOR, layers[-1].out_features, counts[f"{title} head"], (widths,), (mean,)),
    ]


def _notes(config: ModelConfig) -> tuple[str, ...]:
    """What reverse attention saves, or that at this scale it saves nothing; and what is not told of a descriptor."""
    sentences = tuple(sentence for entry in config.entries.values() if (sentence := constant(entry)))
    sentences += (CROSSED,) if config.crosses else ()
    tokens, frames = _met(config)
    if frames is None:
        return sentences
    if tokens > frames:
        return (f"Reverse attention is a bottleneck: {tokens:,} CNN frames become {frames:,} tokens.",)
    paper = replace(build_config("D0", "paper"), audio_entry=config.audio_entry)
    many, few = _met(paper)
    name = config.audio_entry.descriptor if config.audio_entry else ""
    return (
        f"At this scale {tokens:,} CNN frames meet {frames:,} {name} frames, so reverse attention is no bottleneck; "
        f"at paper scale {many:,} become {few:,}.",
    )


def _met(config: ModelConfig) -> tuple[int, int | None]:
    """CNN frames, and the frames of a descriptor that go on in their place; None where none do."""
    _, descriptor, stream = audio_axes(config)
    return config.n_audio_tokens, descriptor.n if descriptor is not None and stream is descriptor else None
