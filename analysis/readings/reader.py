"""The only caller of models: it reads windows in batches, and the store keeps one row per window, piece by piece.

A batch that does not fit into memory is halved. What is stored is not computed again, and the rest is computed in batches of its
own, so that numbers may differ in their last bits with what was stored before: a window's row depends, within rounding, on which
windows share its batch. With an empty store the batches are those of the list of windows, and the same list gives the same bits.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor

from analysis.datasets.segments import Segment
from analysis.errors import CorpusError
from analysis.memory import halving
from analysis.models.checkpoint import Checkpoint
from analysis.models.poolings import MEAN
from analysis.models.taps import capture, intervene
from analysis.models.tower import Content, Model, NotesLike, Tower, embedding_tap
from analysis.readings.kept_rows import KeptRows
from analysis.readings.stretch import cut, for_tower, mask_within
from analysis.readings.study_run import StudyRun, Weights, refuse_not_finite
from analysis.run import ignore
from analysis.sources import code_of

BATCH = 64
CPU_BATCH_TOKENS = 3_008  # larger batches are no faster there, and between batches a study can be stopped
KEPT_EVERY = 256  # windows, so that of what is stopped not more is lost
Compute = Callable[[Any, Sequence[Segment]], dict[str, ndarray]]  # Any: a model of whatever family it knows


@dataclass(frozen=True)
class Altered:
    """A change of what a model is given; by default none.

    Every function is given the segments of its batch and must treat each window by itself, whatever batch it is in.

    Attributes:
        name: identifies the change with every number that decides it; it is part of the key in the store.
        waveforms: (segments, sample_rate) → `(batch, samples)`; None for the recording as it is.
        notes: segments → the notes of each; None for the notes as they are.
        taps: tap → (activation, segments) → activation, see `analysis.models.taps.intervene`.
        forget: lets go of what the change keeps from batch to batch; it may be asked for again.
    """

    name: str = ""
    waveforms: Callable[[Sequence[Segment], int], Tensor] | None = None
    notes: Callable[[Sequence[Segment]], Sequence[NotesLike]] | None = None
    taps: Mapping[str, Callable[[Tensor, Sequence[Segment]], Tensor]] = field(default_factory=dict)
    forget: Callable[[], None] = ignore

    def content(self, tower: Tower, segments: Sequence[Segment]) -> Content | None:
        """What a tower is fed in place of what the windows hold; None where that is not changed."""
        if tower.modality == "audio" and self.waveforms is not None:
            return self.waveforms(segments, tower.input.sample_rate)
        return self.notes(segments) if tower.modality == "notes" and self.notes is not None else None


AS_IT_IS = Altered()


def batch_size(n_tokens: int, device: torch.device) -> int:
    """Windows per batch: 64, and on the CPU as many as have about 3,000 tokens together, of `n_tokens` each.

    >>> batch_size(188, torch.device("cpu")), batch_size(2400, torch.device("cpu"))
    (16, 1)
    """
    return max(1, min(BATCH, CPU_BATCH_TOKENS // n_tokens)) if device.type == "cpu" else BATCH


class Reader:
    """One model, for one study.

    Args:
        study_run: where the study works.
        checkpoint: whose model.
        weights: trained, or those of the untrained twin.
        keep: whether the store is to have what is read.
        shared: whether the model is the one that the study keeps for all its passes, or is built anew: for this reader alone,
            which may change it.
    """

    def __init__(
        self, study_run: StudyRun, checkpoint: Checkpoint, weights: Weights, *, keep: bool = True, shared: bool = True
    ) -> None:
        self.study_run, self.checkpoint = study_run, checkpoint
        self.weights: Weights = weights
        self.keep, self.shared = keep, shared

    @cached_property
    def model(self) -> Model:
        """The model; it is built when the first window has to be computed."""
        if self.shared:
            return self.study_run.model(self.checkpoint, self.weights)
        return self.study_run.built(self.checkpoint, self.weights)

    def rows(
        self, segments: Sequence[Segment], taps: Mapping[str, Sequence[str]], altered: Altered = AS_IT_IS,
        pooling: str = "", what: str = "windows as they are",
    ) -> dict[str, ndarray]:  # fmt: skip
        """One row per window and tap, fp32 `(windows, width)` each: tokens pooled by the tower, padding left out.

        Args:
            segments: windows.
            taps: of every tower that is to read, by its name.
            altered: what is changed on the way in.
            pooling: of the tower; "" for its usual one.
            what: is done, in words, where nothing is changed.

        Raises:
            ConfigError: there is no such tap.
            CheckpointError: an activation is not finite.
            CorpusError: there are no windows.
            OutOfMemoryError: not even one window fits.
            Cancelled: somebody asked to stop.
        """
        pooling = "" if pooling == MEAN else pooling  # the usual one of every tower
        towers = self.checkpoint.outline().towers
        stretch = cut({name: towers[name] for name in taps}, self.study_run.stretch_s)
        identity = {
            "kind": "rows", "pooling": pooling, **(self._of_change(altered.name) if altered.name else {}),
            **({"stretch_s": stretch} if stretch else {}),
        }  # fmt: skip
        names = [name for chosen in taps.values() for name in chosen]
        compute = partial(self._rows_of_batch, taps, altered, pooling)
        return self._read(segments, identity, names, compute, altered.name or what)

    def arrays(
        self, segments: Sequence[Segment], identity: Mapping[str, object], compute: Compute, what: str
    ) -> dict[str, ndarray]:
        """Arrays of `compute(model, segments)` for all windows, with one row per window each.

        Args:
            segments: windows; which they are is taken to decide the numbers of each.
            identity: everything else that decides them.
            compute: of a batch; it asks `study_run.cancel` where it takes long.
            what: is done, in words.

        Raises:
            CheckpointError, CorpusError, OutOfMemoryError, Cancelled: as `rows`.
        """
        among = [[segment.piece.piece_id, segment.start_s, *segment.stems] for segment in segments]
        return self._read(segments, {"kind": "arrays", "among": among, **self._of_change(dict(identity))}, (), compute, what)

    def _of_change(self, change: object) -> dict[str, object]:
        """What decides an alteration: its name, the study that makes it, and pieces by their names, which seeds may hold."""
        return {"change": change, "study": self.study_run.code, "corpus": self.study_run.corpus.sha256}

    def _read(
        self, segments: Sequence[Segment], identity: Mapping[str, object], names: Sequence[str], compute: Compute, what: str
    ) -> dict[str, ndarray]:
        if not segments:
            corpus = self.study_run.corpus.name
            raise CorpusError(f"{corpus} has 0 windows to be read; expected one or more. Use longer or more recordings.")
        whose = {"model": self.checkpoint.key, "weights": self.weights, "device": self.study_run.device.type}
        store = self.study_run.store if self.keep else None
        kept = KeptRows(store, {**whose, **identity, "code": code_of(__name__)}, segments, named="corpus" in identity)
        missing = [segments[number] for number in kept.missing(names)]
        for part, arrays in self._computed(missing, compute, what):
            kept.add(part, arrays)
        return kept.arrays(names)

    def _computed(
        self, segments: Sequence[Segment], compute: Compute, what: str
    ) -> Iterator[tuple[Sequence[Segment], dict[str, ndarray]]]:
        """Windows with their rows, a batch at a time; whole pieces are handed on together where that is not long."""
        done = began = 0
        parts: list[dict[str, ndarray]] = []
        size = batch_size(self.checkpoint.n_tokens, self.study_run.device)
        while done < len(segments):
            self.study_run.step(done, len(segments), f"{self.checkpoint.name}, {self.weights}: {what}")
            rest = segments[done : done + size]
            parts.append(halving(len(rest), lambda n, rest=rest: compute(self.model, rest[:n]), self.study_run.context))
            done += len(next(iter(parts[-1].values())))
            if done == len(segments) or done - began >= KEPT_EVERY:
                arrays = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
                refuse_not_finite(self.checkpoint.name, arrays.values())
                end = done if done == len(segments) else _last_change(segments, began, done)
                yield segments[began:end], {name: array[: end - began] for name, array in arrays.items()}
                parts = [{name: array[end - began :] for name, array in arrays.items()}]
                began = end

    @torch.no_grad()
    def _rows_of_batch(
        self, taps: Mapping[str, Sequence[str]], altered: Altered, pooling: str, model: Model, segments: Sequence[Segment]
    ) -> dict[str, ndarray]:
        """Rows of a batch."""
        rows, stretch_s = dict[str, ndarray](), self.study_run.stretch_s
        for name, chosen in taps.items():
            tower = model.towers[name]
            part = for_tower(segments, tower, stretch_s)
            batch = tower.collate(part, altered.content(tower, part)).to(self.study_run.device)
            last = embedding_tap(tower)
            with ExitStack() as stack:
                for tap, change in altered.taps.items():
                    stack.enter_context(intervene(model, tap, partial(_of_batch, change, segments)))
                seen = stack.enter_context(capture(model, [tap for tap in chosen if tap != last]))
                seen[last] = tower(batch)
            for tap in chosen:
                mask = mask_within(tower, tap, seen[tap], batch, stretch_s)
                rows[tap] = tower.pool(seen[tap], tap, mask, pooling).float().cpu().numpy()
        return rows


def _of_batch(change: Callable[[Tensor, Sequence[Segment]], Tensor], segments: Sequence[Segment], activation: Tensor) -> Tensor:
    return change(activation, segments)


def _last_change(segments: Sequence[Segment], began: int, done: int) -> int:
    """Where the last piece that may go on begins, or the end where that is the only one."""
    last = done
    while last > began and segments[last - 1].piece.piece_id == segments[done].piece.piece_id:
        last -= 1
    return last if last > began else done
