"""Dual encoders: audio and notes of one window are to have one embedding, by VICReg; the match is to be found in a pool."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from analysis.datasets.piece import Corpus
from analysis.datasets.pools import PoolSizes
from analysis.datasets.segments import Segment, drop_repeated, list_segments
from analysis.files import Json, JsonObject
from analysis.models.arms import ARMS
from analysis.models.controls import LEARNING, learn_descriptors
from analysis.models.dual_encoder import DualEncoder
from analysis.models.midi_encoder import MidiBatch
from analysis.seeding import numpy_generator
from analysis.training.card import write_card
from analysis.training.evaluation import evaluate, evaluate_saved, note_batch, refuse_test_split, waveform_batch
from analysis.training.losses import loss_of, with_penalty
from analysis.training.objective import Groups, Objective, Row, validation_pool
from analysis.training.recipes import FREEZES, LEARNING_RATES, RECIPES
from analysis.training.request import TrainRequest

FROZEN = {"": (), "cnn and positions": ("audio.cnn.", "audio.positions")}
THIRD_TOWER = "descriptor_tower."
LEARNED_WINDOWS = 256  # of the training set, from which a control learns what it is given
Batch = tuple[Tensor, MidiBatch]


class DualObjective(Objective):
    """VICReg between the audio and the notes of windows, and their descriptors where an arm has a third tower."""

    recipes, learning_rates, freezes = RECIPES, LEARNING_RATES, FREEZES

    def groups(self, model: DualEncoder, learning_rates: str, freeze: str = "") -> Groups:
        """See `parameter_groups`."""
        return parameter_groups(model, learning_rates, freeze)

    def training_windows(self, corpus: Corpus, request: TrainRequest) -> list[Segment]:
        """Every window of the training split in which a note sounds."""
        del request
        return list_segments(corpus.split("train"))

    def learn(self, model: DualEncoder, segments: Sequence[Segment], request: TrainRequest, device: torch.device) -> bool:
        """Let a control take from training windows what it is given in place of the descriptors."""
        if model.config.descriptor_values not in LEARNING:
            return False
        count = min(LEARNED_WINDOWS, len(segments))
        chosen = numpy_generator(request.seed, "learned windows").choice(len(segments), count, replace=False)
        learn_descriptors(model, *_fed(model, [segments[i] for i in chosen], device))
        return True

    def draw(self, segments: Sequence[Segment], request: TrainRequest, step: int) -> list[Segment]:
        """Any windows, none twice."""
        chosen = numpy_generator(request.seed, "batch", step).choice(len(segments), request.batch_size, replace=False)
        return [segments[i] for i in chosen]

    def batch(
        self, model: DualEncoder, segments: Sequence[Segment], request: TrainRequest, step: int, device: torch.device
    ) -> Batch:
        """Waveforms, and the notes that sound in them."""
        del request, step
        return _fed(model, segments, device)

    def begin_step(self, model: DualEncoder, share: float) -> None:
        """Tell mechanisms which share of all steps is done."""
        model.begin_step(share)

    def embed(self, model: DualEncoder, batch: Batch) -> tuple[Tensor, ...]:
        """Joint embeddings of audio and of notes, and of descriptors where there is a third tower."""
        waveform, notes = batch
        audio, midi = model.embed(waveform, notes)
        third = model.embed_third(waveform, notes)
        return (audio, midi) if third is None else (audio, midi, third)

    def loss(self, model: DualEncoder, embedded: tuple[Tensor, ...], request: TrainRequest) -> tuple[Tensor, Row]:
        """The loss of the arm and what mechanisms add to it, with the terms of VICReg and the spread of the embeddings."""
        audio, midi, *third = embedded
        terms = loss_of(ARMS[request.arm].loss, audio, midi, third[0] if third else None)
        total = with_penalty(terms.total, model.penalty())
        return total, {
            "loss": total.item(),
            "invariance": terms.invariance.item(), "variance": terms.variance.item(), "covariance": terms.covariance.item(),
            "audio_std": audio.float().std(dim=0).mean().item(), "midi_std": midi.float().std(dim=0).mean().item(),
        }  # fmt: skip

    def validation(self, request: TrainRequest, corpus: Corpus) -> tuple[list[Segment], PoolSizes]:
        """Windows of the validation split, none with the notes of another.

        Raises:
            CorpusError: the corpus has too few windows.
        """
        per_piece = request.validation_windows_per_piece
        windows = drop_repeated(list_segments(corpus.split("validation"), max_per_piece=per_piece))
        return windows, validation_pool(windows, request, corpus)

    def score(self, model: DualEncoder, segments: Sequence[Segment], sizes: PoolSizes, device: torch.device) -> float:
        """S on the canonical pool."""
        return evaluate(model, segments, sizes, device=device).canonical.s

    def refuse_test_split(self, corpus: Corpus, request: TrainRequest) -> None:
        """Refuse a corpus whose test split gives no pool.

        Raises:
            CorpusError: it has too few windows.
        """
        del request
        refuse_test_split(corpus)

    def evaluate(self, model: DualEncoder, twin: DualEncoder, corpus: Corpus) -> Json:
        """Scores on the canonical pool, without overlap in time, and on the small pool where the corpus has one."""
        return evaluate_saved(model, twin, corpus)

    def card(self, arm: str, scale: str, training: JsonObject, evaluation: Mapping[str, object]) -> str:
        """See `analysis.training.card`."""
        return write_card(arm, scale, training, evaluation)


def parameter_groups(model: DualEncoder, learning_rates: str, freeze: str = "") -> Groups:
    """Parameters with their learning rates: early and late audio layers, MIDI, heads, descriptor modules; without frozen ones.

    Each group is a dictionary as optimisers of PyTorch take it.
    """
    rates = LEARNING_RATES[learning_rates]
    members: dict[str, list[torch.nn.Parameter]] = {name: [] for name in rates}
    half = model.config.audio_n_layers // 2
    late = tuple(f"audio.blocks.{i}." for i in range(half, model.config.audio_n_layers))
    entering = {f"{side}.{given.injection.beginning}": given.injection.group for side, given in model.given.items()}
    for name, parameter in model.named_parameters():
        if name.startswith(FROZEN[freeze]):
            parameter.requires_grad_(False)
            continue
        if name.startswith(THIRD_TOWER):
            group = "descriptors"
        elif injected := next((group for beginning, group in entering.items() if name.startswith(beginning)), ""):
            group = injected
        elif "_head." in name:
            group = "heads"
        elif name.startswith("midi."):
            group = "midi"
        else:
            group = "audio_late" if name.startswith(late) else "audio_early"
        members[group].append(parameter)
    return [{"params": part, "lr": rates[name], "base_lr": rates[name]} for name, part in members.items() if part]


def _fed(model: DualEncoder, segments: Sequence[Segment], device: torch.device) -> Batch:
    waveform, notes = waveform_batch(segments, model.config.sample_rate), note_batch(segments, model.config.max_notes)
    return waveform.to(device), notes.to(device)


OBJECTIVE = DualObjective()
