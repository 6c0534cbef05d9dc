"""A dual encoder as a flow of parts, read off the modules of a model without memory for its weights."""

from dataclasses import replace
from typing import cast

from torch import nn

from analysis.descriptors.a4 import N_BANDS, n_frames
from analysis.descriptors.d4 import N_STEPS
from analysis.models.architecture import VECTOR, Flow, Part
from analysis.models.arms import build_config
from analysis.models.audio_encoder import AudioEncoder
from analysis.models.config import ModelConfig
from analysis.models.counting import count_parts
from analysis.models.dual_encoder import DualEncoder, outline
from analysis.models.transformer import Block

AUDIO, MIDI, JOINT = "audio", "midi", "joint"
TITLES = {AUDIO: "audio", MIDI: "MIDI"}
CNN_FRAME, A4_FRAME, NOTE = "CNN frame", "A4 frame", "note"
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
    return Flow((*audio, *midi, joint), _notes(config))


def _audio(model: DualEncoder, counts: Counts) -> list[Part]:
    """Waveform to head; positions are added before A4 enters by attention, but after it has been concatenated."""
    config, tower = model.config, model.audio
    stream = config.n_audio_tokens, CNN_FRAME, config.audio_d_model
    told = (f"{config.window_s:g} s at {config.sample_rate:,} Hz",)
    parts = [
        Part("waveform", "input", AUDIO, config.n_samples, "sample", 1, 0, told),
        Part("CNN", "network", AUDIO, *stream, counts["audio CNN"], _convolved(tower), ("waveform",)),
    ]
    told = (f"added, learned, room for {len(tower.positions):,}",)
    positions = Part("audio positions", "network", AUDIO, *stream, counts["audio positions"], told)
    if config.a4_mechanism == "none":
        return _to_head([*parts, _after(parts[-1], positions)], tower.blocks, model.audio_head, counts)
    given = _descriptor("A4", AUDIO, config, (n_frames(config.n_samples), A4_FRAME, N_BANDS), f"{N_BANDS} bands", "waveform")
    if config.a4_mechanism == "concat":
        joined = _joined(model, counts["A4 injection"], parts[-1], given)
        parts += [given, joined, _after(joined, positions)]
    else:
        placed = _after(parts[-1], positions)
        parts += [placed, given, _joined(model, counts["A4 injection"], placed, given)]
    return _to_head(parts, tower.blocks, model.audio_head, counts)


def _midi(model: DualEncoder, counts: Counts) -> list[Part]:
    """Notes to head; D4 is concatenated before positions are added."""
    config, tower = model.config, model.midi
    stream = None, NOTE, config.midi_d_model
    widths = {name: cast(nn.Embedding, getattr(tower, name)).embedding_dim for name in ("pitch", "velocity", "duration")}
    told = (*(f"{name} {width:,}" for name, width in widths.items()), _mixed(tower.input))
    parts = [
        Part("notes", "input", MIDI, None, NOTE, len(widths), 0, (f"at most {config.max_notes:,}",)),
        Part("note embeddings", "network", MIDI, *stream, counts["MIDI embeddings"], told, ("notes",)),
    ]
    if config.d4:
        given = _descriptor("D4", MIDI, config, (None, NOTE, N_STEPS), f"{N_STEPS} values per note", "notes")
        sources = parts[-1].name, given.name
        told = (_mixed(tower.d4_concat),)
        parts += [given, Part("concatenation with D4", "join", MIDI, *stream, counts["D4 injection"], told, sources)]
    positions = Part("MIDI positions", "network", MIDI, *stream, 0, ("added, sines and cosines",))
    norms = (f"layer norm {config.midi_norm}",)
    return _to_head([*parts, _after(parts[-1], positions)], tower.blocks, model.midi_head, counts, norms)


def _convolved(tower: AudioEncoder) -> tuple[str, ...]:
    layers = [layer for layer in tower.cnn if isinstance(layer, nn.Conv1d)]
    kernels, strides = (", ".join(str(getattr(layer, name)[0]) for layer in layers) for name in ("kernel_size", "stride"))
    return f"{len(layers)} convolutions", f"kernels {kernels}", f"strides {strides}"


def _mixed(layer: nn.Linear) -> str:
    return f"{layer.in_features:,} → {layer.out_features:,}, layer norm"


def _after(source: Part, part: Part) -> Part:
    return replace(part, sources=(source.name,))


def _descriptor(name: str, side: str, config: ModelConfig, stream: tuple[int | None, str, int], told: str, source: str) -> Part:
    """A descriptor, or what a control puts in its place."""
    replaced = config.descriptor_values != "real"
    called = GIVEN[config.descriptor_values].format(name)
    about = (told, "a control") if replaced else (told,)
    return Part(called, "descriptor", side, *stream, 0, about, (source,), replaced)


def _joined(model: DualEncoder, parameters: int, stream: Part, given: Part) -> Part:
    """Where A4 enters, and what is handed on from there: the tokens of the CNN, or with reverse attention the frames of A4."""
    tower, tokens, frames = model.audio, f"{stream.tokens:,}", f"{given.tokens:,}"
    mechanism, sources, kept = model.config.a4_mechanism, (stream.name, given.name), (stream.tokens, stream.unit, stream.width)
    if mechanism == "concat":
        stretched = f"A4 stretched from {frames} to {tokens} frames"
        told = (stretched if frames != tokens else f"{frames} frames beside {tokens}", _mixed(tower.a4_concat))
        return Part("concatenation with A4", "join", AUDIO, *kept, parameters, told, sources)
    heads = f"{tower.a4_attention.n_heads} heads, residual, layer norm"
    if mechanism == "cross":
        told = (f"{tokens} CNN frames ask {frames} A4 frames", heads)
        return Part("cross-attention to A4", "join", AUDIO, *kept, parameters, told, sources)
    told = (f"{frames} A4 frames ask {tokens} CNN frames", heads)
    return Part("reverse cross-attention", "join", AUDIO, given.tokens, A4_FRAME, stream.width, parameters, told, sources)


def _to_head(
    parts: list[Part], blocks: nn.ModuleList, head: nn.Sequential, counts: Counts, norms: tuple[str, ...] = ()
) -> list[Part]:  # fmt: skip
    """The parts with what is alike on both sides: blocks, pooling and head."""
    last, first = parts[-1], cast(Block, blocks[0])
    side, title = last.side, TITLES[last.side]
    norm = "pre-norm" if first.norm_first else "post-norm"
    told = (f"{first.self_attn.n_heads} heads", f"d {last.width:,}", f"ff {first.linear1.out_features:,}", norm)
    layers = [layer for layer in head if isinstance(layer, nn.Linear)]
    widths = " → ".join(f"{width:,}" for width in [layers[0].in_features, *(layer.out_features for layer in layers)])
    stack, mean = f"{len(blocks)} {title} blocks", f"{title} mean"
    counted = counts[f"{title} transformer"]
    return [
        *parts,
        Part(stack, "network", side, last.tokens, last.unit, last.width, counted, told, (last.name,)),
        Part(mean, "pooling", side, 1, VECTOR, last.width, counts[f"{title} pooling"], (f"over {last.unit}s", *norms), (stack,)),
        Part(f"{title} head", "head", side, 1, VECTOR, layers[-1].out_features, counts[f"{title} head"], (widths,), (mean,)),
    ]


def _notes(config: ModelConfig) -> tuple[str, ...]:
    """What reverse attention saves, or that at this scale it saves nothing."""
    if config.a4_mechanism != "reverse":
        return ()
    tokens, frames = config.n_audio_tokens, n_frames(config.n_samples)
    if tokens > frames:
        return (f"Reverse attention is a bottleneck: {tokens:,} CNN frames become {frames:,} tokens.",)
    paper = build_config("a4r", "paper")
    return (
        f"At this scale {tokens:,} CNN frames meet {frames:,} A4 frames, so reverse attention is no bottleneck; "
        f"at paper scale {paper.n_audio_tokens:,} become {n_frames(paper.n_samples):,}.",
    )
