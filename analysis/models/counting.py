"""Counted parameters, tokens and the cost of attention."""

from typing import Any

import torch
from torch import nn

from analysis.descriptors.a4 import n_frames
from analysis.models.arms import ARMS, build_config
from analysis.models.dual_encoder import DualEncoder


def count_parameters(arm: str, scale: str) -> dict[str, int]:
    """Parameters by component and in total.

    Raises:
        ConfigError: unknown arm or scale.

    >>> count_parameters("D0", "paper")["total"]
    74194432
    """
    with torch.device("meta"):
        model = DualEncoder(build_config(arm, scale))
    descriptor = {name: p.numel() for name, p in model.named_parameters() if ".a4_" in name or ".d4_" in name}
    counts = {
        "audio CNN": _count(model.audio.cnn),
        "audio positions": model.audio.positions.numel(),
        "audio transformer": _count(model.audio.blocks),
        "MIDI embeddings": sum(
            _count(m)
            for m in (
                model.midi.pitch,
                model.midi.velocity,
                model.midi.duration,
                model.midi.input,
                model.midi.input_norm,
            )
        ),
        "MIDI transformer": _count(model.midi.blocks) + _count(model.midi.norm),
        "audio head": _count(model.audio_head),
        "MIDI head": _count(model.midi_head),
        "A4 injection": sum(n for name, n in descriptor.items() if ".a4_" in name),
        "D4 injection": sum(n for name, n in descriptor.items() if ".d4_" in name),
    }
    return {**counts, "total": _count(model)}


def describe(arm: str, scale: str) -> dict[str, Any]:
    """Everything that can be counted about an arm without running it.

    `reverse_attention_saving` compares four blocks on A4 frames with four blocks on CNN frames: scores alone, scores plus the one
    cross-attention that gets there, and the layers linear in the number of tokens.
    """
    config = build_config(arm, scale)
    cnn, frames, layers = config.n_audio_tokens, n_frames(config.n_samples), config.audio_n_layers
    transformer_tokens = frames if config.a4_mechanism == "reverse" else cnn
    return {
        "arm": arm,
        "scale": scale,
        "family": ARMS[arm].family,
        "summary": ARMS[arm].summary,
        "parameters": count_parameters(arm, scale),
        "samples": config.n_samples,
        "cnn_tokens": cnn,
        "a4_frames": frames,
        "transformer_tokens": transformer_tokens,
        "attention_scores": layers * config.n_heads * transformer_tokens**2,
        "reverse_attention_saving": {
            "scores_only": (cnn / frames) ** 2,
            "with_cross_attention": layers * cnn**2 / (layers * frames**2 + frames * cnn),
            "linear_layers": cnn / frames,
        },
    }


def _count(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())
