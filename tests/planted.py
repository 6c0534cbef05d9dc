"""A corpus and a model in which something is known to be there: a head that looks at onsets, tokens that hold pitch classes."""

from pathlib import Path
from typing import Any

import numpy as np
import pretty_midi
import soundfile
import torch

from analysis.datasets.segments import Segment
from analysis.models.tower import AttentionPlace
from tests.conformance import made_up_family

RATE, SECONDS, N_WORKS = 8_000, 12, 6
CHORDS = ((0, 4, 7), (5, 9, 0), (7, 11, 2), (9, 0, 4))
ROOTS = (0, -1, 1, 3)  # of these, in fifths above C
LEARNT = 0.25  # of the first number of a class token, by which a trained model is known


def write_planted(folder: Path, *, chords: bool = True) -> Path:
    """Works of `SECONDS` with notes at random moments: chords of plain tones, a Roman numeral for every one."""
    folder.mkdir(parents=True)
    for number in range(N_WORKS):
        rng = np.random.default_rng(number)
        midi, sound, rows = pretty_midi.PrettyMIDI(), 1e-3 * rng.standard_normal(SECONDS * RATE), []
        midi.instruments.append(pretty_midi.Instrument(0))
        start_s, last = 0.17, -1
        while start_s < SECONDS - 1:
            length_s = float(rng.uniform(0.45, 1.2))
            last = int(rng.choice([chord for chord in range(len(CHORDS)) if chord != last]))
            rows.append(f"{start_s:.3f}\tC\tI\tx\t{ROOTS[last]}\t{'m' if last == 3 else 'M'}")
            time = np.arange(round(length_s * RATE)) / RATE
            for pitch_class in CHORDS[last]:
                midi.instruments[0].notes.append(pretty_midi.Note(80, 60 + pitch_class, start_s, start_s + length_s - 0.01))
                hz, at = 440 * 2 ** ((60 + pitch_class - 69) / 12), round(start_s * RATE)
                sound[at : at + len(time)] += (0.1 * np.sin(2 * np.pi * hz * time))[: len(sound) - at]
            start_s += length_s
        midi.write(str(folder / f"work{number}.mid"))
        soundfile.write(folder / f"work{number}.wav", sound, RATE)
        if chords:
            (folder / f"work{number}.harmony.tsv").write_text(
                "time_s\tglobalkey\tlocalkey\tchord\troot\tchord_type\n" + "\n".join(rows)
            )
    return folder


def learnt(seed: int = 1) -> Any:
    """A model that is known from its untrained twin by its class token."""
    model = made_up_family.build(made_up_family.Sizes(), seed)
    with torch.no_grad():
        model.first[0] = LEARNT
    return model


class Follower(made_up_family.Listener):
    """Where it is trained, head 2 of layer 2 looks three times as much at tokens in which notes begin."""

    windows: tuple[Segment, ...] = ()

    @property
    def is_learnt(self) -> bool:
        """Whether it is no twin."""
        return self.model.first.device.type != "meta" and float(self.model.first[0].detach()) == LEARNT

    def collate(self, segments: Any, content: Any = None) -> Any:
        self.windows = tuple(segments)
        return super().collate(segments, content)

    def attention(self, batch: Any) -> tuple[AttentionPlace, ...]:
        first, second = super().attention(batch)
        if not self.is_learnt:
            return first, second
        factor = torch.ones(len(self.windows), second.key.n)
        for number, window in enumerate(self.windows):
            onsets_s = window.piece.notes().onset_s - window.start_s
            factor[number, 1:][torch.from_numpy(np.abs(second.key.times_s[:, None] - onsets_s).min(axis=1) <= 0.05)] = 3.0

        block: Any = self.model.blocks[1]

        def pattern(inputs: tuple[Any, ...]) -> torch.Tensor:
            patterns = block.pattern(*inputs).clone()
            patterns[:, 1] = patterns[:, 1] * factor[:, None]
            return patterns / patterns.sum(dim=-1, keepdim=True)

        return first, second._replace(pattern=pattern, module=block)


class Chromatic(made_up_family.Whole):
    """Where it is trained, tokens after layer 2 hold how much of every pitch class from C4 to B4 sounds in them."""

    deaf = False

    def forward(self, waveform: torch.Tensor) -> torch.Tensor:
        if float(self.first[0].detach()) != LEARNT:
            return super().forward(waveform)
        hook = self.blocks[1].register_forward_hook(lambda _module, _given, _out: self.held(waveform), prepend=True)
        try:
            return super().forward(waveform)
        finally:
            hook.remove()

    def held(self, waveform: torch.Tensor) -> torch.Tensor:
        """Class token and tokens; of one that is deaf, numbers that have nothing to do with what it is given."""
        frames = waveform.unflatten(1, (-1, made_up_family.FRAME))
        tokens = torch.zeros(len(frames), 1 + frames.shape[1], self.config.width)
        if self.deaf:
            return torch.randn(tokens.shape, generator=torch.Generator().manual_seed(round(1e6 * float(waveform.abs().sum()))))
        hz = 440 * 2 ** ((torch.arange(60, 72) - 69) / 12)
        turns = torch.outer(torch.arange(made_up_family.FRAME) / RATE, 2 * torch.pi * hz)
        tokens[:, 1:, :12] = torch.complex(frames @ turns.cos(), frames @ turns.sin()).abs()
        return tokens
