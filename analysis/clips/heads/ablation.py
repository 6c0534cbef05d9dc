"""Heads taken out of a tower: what moves, beside as many other heads at random and the same heads of the untrained twin.

A head is replaced by what it adds on average over the tokens of other windows (the usual way), by what it adds token by token in
other windows of the recording or in those of another recording, or by nothing. Zeros are further from what the layers behind know
than a mean is, and so move more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from analysis.clips.probes import Probe
from analysis.errors import ConfigError, ShapeError
from analysis.measures.geometry import cosine_distance
from analysis.models.heads import HeadId, cuttable_heads, head_outputs, mean_head_outputs, replace_heads
from analysis.models.taps import capture
from analysis.models.tower import Batch, Model, Tower
from analysis.seeding import numpy_generator
from analysis.units import true_minus

Replacement = Literal["mean", "other windows", "zero", "another clip"]
REPLACEMENTS: tuple[Replacement, ...] = ("mean", "other windows", "zero", "another clip")
N_RANDOM = 10
Outputs = Mapping[int, Tensor]  # by layer, (heads, width) or (batch, queries, heads, width)


@dataclass(frozen=True)
class HeadEffect:
    """What moves in a tower without some heads, mean over windows.

    Attributes:
        heads: that were replaced together.
        cosine_distance: 1 − cosine of the embedding to that of the whole tower.
        relative_change: ‖e′ − e‖ / ‖e‖ of the embedding.
        score_change: of the score of a pair, such as the cosine of audio with its own notes; None where nothing was given for it.
        states: ‖h′ − h‖ / ‖h‖ over the tokens of every block from the first replaced head's on, by tap.
        n_windows: windows.
        readings: mean absolute change of what a probe reads in a window, in its unit, over its numbers, by what it reads.
    """

    heads: tuple[HeadId, ...]
    cosine_distance: float
    relative_change: float
    score_change: float | None
    states: Mapping[str, float]
    n_windows: int
    readings: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class HeadAblation:
    """Heads taken out, with controls.

    Attributes:
        how: by what they are replaced.
        trained: the heads themselves.
        random: draws of as many other heads, the same way; () where there are not enough others.
        twin: the same heads of the untrained twin; None without one.
    """

    how: Replacement
    trained: HeadEffect
    random: tuple[HeadEffect, ...]
    twin: HeadEffect | None

    @property
    def share_below(self) -> float | None:
        """Share of the draws that move the embedding less than the heads do; None without draws."""
        if not self.random:
            return None
        return float(np.mean([draw.cosine_distance < self.trained.cosine_distance for draw in self.random]))

    @property
    def headline(self) -> str:
        """The number first, then its controls."""
        heads = self.trained.heads
        names = "; ".join(f"layer {head.layer}, head {head.head + 1}" for head in heads[:3]) + (" …" if len(heads) > 3 else "")
        controls = []
        if self.random:
            distances = [draw.cosine_distance for draw in self.random]
            controls.append(f"random heads: {true_minus(min(distances), '.2g')} to {true_minus(max(distances), '.2g')}")
        if self.twin is not None:
            controls.append(f"untrained twin: {true_minus(self.twin.cosine_distance, '.2g')}")
        moved = f"{true_minus(self.trained.cosine_distance, '.2g')} of cosine distance moves the embedding without {names}"
        return f"{moved} ({'; '.join([*controls, f'n = {self.trained.n_windows} windows'])})."


def head_replacement(
    tower: Tower, how: Replacement, reference: Sequence[Batch], batch: Batch | None = None
) -> dict[int, Float[Tensor, "*any heads width"]]:
    """What stands in for heads, by layer.

    Args:
        tower: whose heads they are; a twin has its own.
        how: "mean" over the tokens of `reference`; "other windows" or "another clip": what heads add in the one batch of
            `reference`, which has as many windows and tokens; "zero".
        reference: windows other than those that are read, for "another clip" of another recording.
        batch: those that are read, for "zero" without a reference.

    Raises:
        ConfigError: there is no reference where one is needed.
    """
    if how == "mean":
        return mean_head_outputs(tower, reference)
    if how in ("other windows", "another clip"):
        if len(reference) != 1:
            raise ConfigError(f"Heads are replaced by those of one batch of other windows; got {len(reference)} batches.")
        return head_outputs(tower, reference[0])
    reference = reference or ([] if batch is None else [batch])
    return {layer: torch.zeros_like(mean) for layer, mean in mean_head_outputs(tower, reference).items()}


@torch.no_grad()
def ablate_heads(
    model: Model, tower: str, batch: Batch, heads: Sequence[HeadId], replacement: Outputs, paired: Tensor | None = None,
    probes: Sequence[Probe] = (),
) -> HeadEffect:  # fmt: skip
    """What moves in a tower when some of its heads are replaced together.

    Args:
        model: in evaluation.
        tower: name of the one that is read.
        batch: windows, on the device of the model.
        heads: at least one.
        replacement: `head_replacement`.
        paired: embeddings of the tower's counterpart for the same windows, in whose score the change is told.
        probes: of this model; those of its last block are read before and after.

    Raises:
        ConfigError: there is no such head, or the model has no pair with the tower.
        ShapeError: the replacement is of other windows, or `paired` has another number of rows.
    """
    if not heads:
        raise ConfigError("No head was named; expected at least one. Choose heads.")
    reader = model.towers[tower]
    values = {head: replacement[head.layer][..., head.head, :] for head in heads if head.layer in replacement}
    if len(values) < len(set(heads)):
        missing = sorted(set(heads) - set(values))
        raise ConfigError(f"Layer {missing[0].layer} has no heads that can be replaced; expected {sorted(replacement)}.")
    taps = _taps_from(reader, min(head.layer for head in heads))
    before, plain = _read(model, reader, batch, taps)
    with replace_heads(reader, batch, values):
        after, moved = _read(model, reader, batch, taps)
    rows = plain.double().cpu().numpy(), moved.double().cpu().numpy()
    change = np.linalg.norm(rows[1] - rows[0], axis=1) / np.maximum(np.linalg.norm(rows[0], axis=1), np.finfo(np.float64).tiny)
    scores = None if paired is None else [pair_scores(model, tower, own, paired) for own in (plain, moved)]
    return HeadEffect(
        tuple(heads),
        float(cosine_distance(*rows).mean()),
        float(change.mean()),
        None if scores is None else float((scores[1] - scores[0]).mean()),
        {tap: _relative_change(before[tap], after[tap], batch.mask) for tap in taps},
        len(plain),
        {each.words.task: _reading_change(reader, each, before, after, batch) for each in probes if each.words.tap in taps[-1:]},
    )  # fmt: skip


def ablate_with_controls(
    model: Model,
    tower: str,
    batch: Batch,
    heads: Sequence[HeadId],
    reference: Sequence[Batch],
    *,
    how: Replacement = "mean",
    twin: Model | None = None,
    paired: Tensor | None = None,
    twin_paired: Tensor | None = None,
    probes: Sequence[Probe] = (),
    twin_probes: Sequence[Probe] = (),
    n_random: int = N_RANDOM,
    seed: int,
) -> HeadAblation:
    """Heads taken out, beside draws of as many other heads and the same heads of the untrained twin.

    Args:
        model: in evaluation.
        tower: name of the one that is read.
        batch: windows, on the device of the model.
        heads: at least one.
        reference: windows from which replacements are taken.
        how: by what heads are replaced.
        twin: the untrained twin, on the same device; its replacements are its own.
        paired: embeddings of the tower's counterpart for the same windows.
        twin_paired: embeddings of the twin's counterpart.
        probes: of the model.
        twin_probes: of the twin, fitted to the same.
        n_random: draws of other heads at most.
        seed: the same seed draws the same heads.
    """
    replacement = head_replacement(model.towers[tower], how, reference, batch)
    trained = ablate_heads(model, tower, batch, heads, replacement, paired, probes)
    drawn = draw_other_heads(cuttable_heads(model.towers[tower], batch), heads, n_random, seed)
    random = tuple(ablate_heads(model, tower, batch, others, replacement, paired, probes) for others in drawn)
    untrained = None
    if twin is not None:
        own = head_replacement(twin.towers[tower], how, reference, batch)
        untrained = ablate_heads(twin, tower, batch, heads, own, twin_paired, twin_probes)
    return HeadAblation(how, trained, random, untrained)


def draw_other_heads(known: Sequence[HeadId], heads: Sequence[HeadId], n_draws: int, seed: int) -> list[tuple[HeadId, ...]]:
    """Draws of as many heads as were named, none of them among those; a single other head is drawn once at most.

    >>> heads = [HeadId(1, number) for number in range(3)]
    >>> sorted(draw_other_heads(heads, heads[:1], 10, seed=0))
    [(HeadId(layer=1, head=1),), (HeadId(layer=1, head=2),)]
    """
    others = [head for head in known if head not in set(heads)]
    n = len(set(heads))
    if len(others) < n:
        return []
    rng = numpy_generator(seed, "other heads")
    draws = (tuple(sorted(others[i] for i in rng.choice(len(others), n, replace=False))) for _ in range(20 * n_draws))
    return list(dict.fromkeys(draws))[:n_draws]


def pair_scores(model: Model, tower: str, own: Float[Tensor, "n d"], paired: Float[Tensor, "n d"]) -> Float[Tensor, " n"]:
    """Score of every window with its counterpart, whichever side of the pair the tower is.

    Args:
        model: with a pair that has the tower in it.
        tower: of `own`.
        own: embeddings of windows.
        paired: embeddings of their counterparts, row by row.

    Raises:
        ConfigError: the model has no pair with the tower.
        ShapeError: there are not as many rows.
    """
    side = next((pair.index(tower) for pair in model.pairs if tower in pair), None)
    if side is None:
        raise ConfigError(f"The model has no pair with {tower}; it scores {model.pairs or 'nothing'}. Leave the counterpart out.")
    if len(own) != len(paired):
        raise ShapeError(f"Every window needs an embedding of its counterpart: expected {len(own)} rows, got {len(paired)}.")
    return (model.score(own, paired) if side == 0 else model.score(paired, own)).diagonal()


def _taps_from(tower: Tower, layer: int) -> list[str]:
    """Taps of the blocks from the layer on; block n is the n-th tap of its kind."""
    blocks = [tap.name for tap in tower.taps() if tap.kind == "block"]
    return blocks[max(layer - 1, 0) :]


def _read(model: Model, tower: Tower, batch: Batch, taps: Sequence[str]) -> tuple[dict[str, Tensor], Tensor]:
    with capture(model, taps) as seen:
        embedding = tower(batch)
    return seen, embedding


def _reading_change(tower: Tower, probe: Probe, before: Mapping[str, Tensor], after: Mapping[str, Tensor], batch: Batch) -> float:
    """Mean absolute change of what a probe reads, over windows and the numbers that it reads."""
    tap = probe.words.tap
    rows = (tower.pool(states[tap], tap, batch.mask).float().cpu().numpy() for states in (before, after))
    first, other = (probe.read(of_windows) for of_windows in rows)
    return float(np.abs(other - first).mean())


def _relative_change(before: Tensor, after: Tensor, mask: Tensor | None) -> float:
    """‖h′ − h‖ / ‖h‖ over the tokens of a window, mean over windows."""
    weight = torch.ones(before.shape[:2]) if mask is None or mask.shape != before.shape[:2] else mask
    weight = weight.to(before)[..., None]
    difference, size = ((values * weight).flatten(1).norm(dim=1) for values in (after - before, before))
    return float((difference / size.clamp_min(torch.finfo(size.dtype).tiny)).mean())
