"""What dropout on attention patterns costs a training step of a small model on this machine, as a ratio in one run.

    python benchmarks/training_step.py [--arm a4r] [--windows 64] [--repeats 4]

Forward and backward passes of both encoders on noise and random notes, with and without that dropout, in turn; the least of the
repeats of each counts.
"""

import argparse
import time
from dataclasses import replace

import numpy as np
import torch

from analysis.models.arms import build_config
from analysis.models.dual_encoder import DualEncoder, build_model
from analysis.models.midi_encoder import MidiBatch, collate_notes
from analysis.training.losses import vicreg


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--arm", default="a4r")
    parser.add_argument("--windows", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=4)
    options = parser.parse_args()
    config = build_config(options.arm, "small")
    models = {rate: build_model(replace(config, attention_dropout=rate), seed=0).train() for rate in (0.0, 0.1)}
    waveform = torch.randn(options.windows, config.n_samples, generator=torch.Generator().manual_seed(0))
    notes = collate_notes([_window(seed) for seed in range(options.windows)])
    for model in models.values():
        _step(model, waveform, notes)
    seconds = {rate: [] for rate in models}
    for _ in range(options.repeats):
        for rate, model in models.items():
            seconds[rate].append(_step(model, waveform, notes))
    without, within = min(seconds[0.0]), min(seconds[0.1])
    print(f"{options.arm}: {without:.2f} s without, {within:.2f} s with dropout on patterns: {within / without:.2f} times")


def _step(model: DualEncoder, waveform: torch.Tensor, notes: MidiBatch) -> float:
    began = time.perf_counter()
    with torch.autocast("cpu", torch.bfloat16):
        audio, midi = model.embed(waveform, notes)
    vicreg(audio, midi).total.backward()
    model.zero_grad()
    return time.perf_counter() - began


def _window(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.integers(21, 109, 50), rng.integers(1, 128, 50), rng.uniform(0.05, 2, 50)


if __name__ == "__main__":
    main()
