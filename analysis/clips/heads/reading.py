"""What every head of a tower does over many windows: what it follows, how wide it is, how far it reaches."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import starmap

import numpy as np
import torch
from jaxtyping import Float64, Shaped
from numpy import ndarray
from torch import Tensor

from analysis.clips.heads.music import WindowMusic
from analysis.errors import ConfigError
from analysis.measures.head_attention import TimedAttention, timed_attention
from analysis.measures.head_scores import (
    N_CHOSEN,
    N_SHIFTS,
    ChosenHead,
    HeadScores,
    Lifts,
    choose_heads,
    join_lifts,
    lifts,
    score_heads,
)
from analysis.measures.head_templates import KINDS, Kind, Template
from analysis.models.heads import HeadId
from analysis.models.patterns import attention_patterns
from analysis.models.tower import AttentionPlace, SegmentLike, TokenAxis, Tower


@dataclass(frozen=True, eq=False)
class WindowHeads:
    """Heads in one window: lifts by kind, and width and reach as in `HeadReading`."""

    lifts: Mapping[Kind, Lifts]
    entropy_bits: Float64[ndarray, " heads"]
    distance_s: Float64[ndarray, " heads"]
    special_share: Float64[ndarray, " heads"]


@dataclass(frozen=True, eq=False)
class HeadReading:
    """Heads of a tower over windows.

    Attributes:
        heads: all of them, layer by layer.
        titles: of their layers.
        groups: the work of every window.
        lifts: by kind, window by window; kinds that no window knows are missing.
        entropy_bits: of attention, mean over queries.
        distance_s: mean |key − query| in seconds.
        special_share: share of attention that goes to special tokens.
    """

    heads: tuple[HeadId, ...]
    titles: Mapping[int, str]
    groups: Shaped[ndarray, " windows"]
    lifts: Mapping[Kind, Sequence[Lifts]]
    entropy_bits: Float64[ndarray, "windows heads"]
    distance_s: Float64[ndarray, "windows heads"]
    special_share: Float64[ndarray, "windows heads"]

    def scores(self, kind: Kind, *, seed: int, n_shifts: int = N_SHIFTS) -> HeadScores:
        """All heads against circular shifts, in the order of `heads`; `p_any` is corrected for their number."""
        return score_heads(self.lifts[kind], self.groups, seed=seed, n_shifts=n_shifts)

    def chosen(self, *, seed: int, n_chosen: int = N_CHOSEN, n_shifts: int = N_SHIFTS) -> list[ChosenHead]:
        """Heads chosen on one half of the works and tested on the other; `ChosenHead.head` is an index of `heads`."""
        return choose_heads(self.lifts, self.groups, seed=seed, n_chosen=n_chosen, n_shifts=n_shifts)


@torch.no_grad()
def read_heads(
    tower: Tower,
    segments: Sequence[SegmentLike],
    music: Sequence[WindowMusic],
    groups: Shaped[ndarray, " windows"],
    *,
    device: torch.device | str = "cpu",
    check: Callable[[], None] | None = None,
) -> HeadReading:
    """Read all heads of a tower, one window at a time; patterns are not kept.

    Args:
        tower: of a model in evaluation.
        segments: windows.
        music: what happens in every window.
        groups: the work of every window; of a single recording, numbers of windows that do not overlap.
        device: of the model.
        check: called before every window, so that it can raise.

    Raises:
        ConfigError: there is no window, or the tower does not attend.
    """
    if not segments or not tower.attends:
        raise ConfigError(f"Heads are read in windows of a tower that attends; got {len(segments)} windows of {tower.name}.")
    heads: tuple[HeadId, ...] = ()
    titles: dict[int, str] = {}
    windows: list[WindowHeads] = []
    for segment, events in zip(segments, music, strict=True):
        if check is not None:
            check()
        batch = tower.collate([segment]).to(device)
        attentions = tower.attention(batch)
        heads = tuple(HeadId(attention.layer, head) for attention in attentions for head in range(attention.n_heads))
        titles = {attention.layer: attention.title for attention in attentions}
        windows.append(heads_of_window(starmap(_timed, attention_patterns(tower, batch)), events))
    return gather_heads(heads, titles, windows, groups)


def heads_of_window(attentions: Iterable[TimedAttention], music: WindowMusic) -> WindowHeads:
    """The heads of several places in one window; of the patterns, one place is held at a time.

    Args:
        attentions: place by place, such as `timed_attention` makes of patterns and times.
        music: what happens in the window.
    """
    known: dict[tuple[bytes, bytes], dict[Kind, Template]] = {}
    parts: dict[Kind, list[Lifts]] = {}
    widths: list[ndarray] = []
    for attention in attentions:
        axes = attention.query_times_s.tobytes(), attention.key_times_s.tobytes()
        if axes not in known:  # most places have the same
            known[axes] = music.templates(attention)
        for kind, template in known[axes].items():
            parts.setdefault(kind, []).append(lifts(attention, template))
        widths.append(np.stack([attention.entropy_bits, attention.distance_s, attention.special_share]))
    return WindowHeads({kind: join_lifts(of_kind) for kind, of_kind in parts.items()}, *np.concatenate(widths, axis=1))


def gather_heads(
    heads: Sequence[HeadId], titles: Mapping[int, str], windows: Sequence[WindowHeads], groups: Shaped[ndarray, " windows"]
) -> HeadReading:
    """Windows with the same heads, together. A window that does not know a kind counts there with a lift of 0."""
    kinds: list[Kind] = [kind for kind in KINDS if any(kind in window.lifts for window in windows)]
    nothing = Lifts(np.zeros((len(heads), 1)), np.zeros(len(heads)))
    by_kind: dict[Kind, list[Lifts]] = {kind: [window.lifts.get(kind, nothing) for window in windows] for kind in kinds}
    columns = ("entropy_bits", "distance_s", "special_share")
    widths = (np.stack([getattr(window, name) for window in windows]) for name in columns)
    return HeadReading(tuple(heads), titles, groups, by_kind, *widths)


def _timed(attention: AttentionPlace, pattern: Tensor) -> TimedAttention:
    query_s, key_s = _times_s(attention.query), _times_s(attention.key)
    return timed_attention(pattern[0].detach().cpu().numpy(), query_s, key_s, attention.query.special, attention.key.special)


def _times_s(axis: TokenAxis) -> ndarray:
    """Of the only window."""
    return np.atleast_2d(axis.times_s)[0].astype(np.float64)
