"""The lanes of what a tower does with a recording."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float, Int, UInt8
from numpy import ndarray

from analysis.clips.lanes import Choice, CurveLane, ImageLane, Series, Tick
from analysis.clips.read import MANY_WINDOWS
from analysis.clips.reading import ClipReading, LayerReading
from analysis.clips.second_differences import n_shared
from analysis.clips.tiles import LEVELS, Piece, even_piece, numbered, pyramid, quantised
from analysis.clips.window_patterns import WindowPatterns, over_time, over_time_of_rows
from analysis.measures.novelty import checkerboard_novelty
from analysis.units import hz_to_name

MOST_BYTES = (
    1_300_000  # of patterns that are sent at once; half of it of a recording of many windows, whose other lanes are large
)
MOST_POINTS = 150_000  # of all curves of attention received: 0.6 MB, beside their times
MOST_ROWS = 128
AT_ONCE = 2**24  # numbers of patterns that are held together
BRIGHT = 0.99
NOVELTY_S = 4.0
Drawn = Mapping[int, Float[ndarray, "queries keys"]]


def received_lane(reading: ClipReading, twin: ClipReading | None, number: int = 1, near_s: float = 0.0) -> CurveLane:
    """Attention received by every moment, as a multiple of uniform attention, by layer and head, beside the untrained twin's.

    Where that is more than can be sent at once, a point is the largest of several neighbouring moments; in the window of a moment
    all of one layer are sent.

    Args:
        reading: of a tower that attends.
        twin: what the untrained twin did with the recording; None where it has not read it.
        number: of the layer that is looked at.
        near_s: what is looked at, in seconds.
    """
    sets: dict[Choice, Sequence[Series]] = {}
    sides = [(reading, "trained", "audio"), *([(twin, "untrained twin", "twin")] if twin is not None else [])]
    most = MOST_POINTS // (len(sides) * sum(layer.n_heads + 1 for layer in reading.layers))
    for layer in reading.layers:
        starts = _points(reading, layer, most, near_s if layer.layer == number else None)
        for head in range(layer.n_heads + 1):
            sets[layer.layer, head] = [_received(read, layer, head, name, colour, starts) for read, name, colour in sides]
    return CurveLane(
        id="received", title="Attention received", unit="× uniform",
        by="head", low=0.0, borders=_borders(reading),
        sets=sets,
    )  # fmt: skip


def grid_lane(reading: ClipReading, number: int, scaled_as: ClipReading | None = None) -> ImageLane | None:
    """Attention received by every token of a grid over time and frequency, as a multiple of uniform; None without bands.

    Its colours are its own, or those of another reading of the same model.
    """
    layer = reading.layer(number)
    if layer.key.bands_hz is None:
        return None
    sets: dict[Choice, Sequence[Sequence[Piece]]] = {}
    highs: dict[Choice, float] = {}
    for head in range(layer.n_heads + 1):
        times_s, share = reading.received_by_band(number, head or None)
        multiple = share * layer.key.n
        scale = multiple if scaled_as is None else scaled_as.received_by_band(number, head or None)[1] * layer.key.n
        highs[number, head] = max(float(scale.max()), 1.0)
        join = -(-multiple.size * (layer.n_heads + 1) // (MOST_BYTES // 4))
        joined = _largest(multiple[::-1].T, join=join).T
        levels = quantised(joined, 0.0, highs[number, head])
        sets[number, head] = [[even_piece(times_s, levels, join=join, exact=joined)]]
    bands = layer.keys.bands_hz[::-1]
    names = [f"{low:,.0f} to {high:,.0f} Hz ({hz_to_name(max(low, 1.0))})" for low, high in bands]
    ticks = [Tick((i + 0.5) / len(bands), f"{sum(band) / 2:,.0f} Hz") for i, band in enumerate(bands)][:: max(1, len(bands) // 4)]
    return ImageLane(
        id="grid", title="Attention received, by time and frequency", unit="× uniform",
        height=120, by="head", low=0.0,
        high=1.0, highs=highs, colours="viridis", row_names=names, ticks=ticks, borders=_borders(reading), sets=sets,
        along="frequency (Hz)",
    )  # fmt: skip


def attention_lane(
    patterns: WindowPatterns, reading: ClipReading, number: int, head: int, near_s: float, scaled_as: ClipReading | None = None
) -> ImageLane:
    """Patterns of a layer, window by window: keys on the clip's clock, queries upwards within their window.

    Windows near a moment are exact, as many as can be sent; the others are the small pictures that were kept when the recording
    was read. Of many tokens only the chosen head and the mean of all are sent.

    Args:
        patterns: of the same recording and model.
        reading: of them.
        number: of the layer.
        head: that is looked at; 0 for the mean.
        near_s: what is looked at, in seconds.
        scaled_as: whose colours it has, so that both can be compared; None for its own.
    """
    layer = reading.layer(number)
    heads, windows = _sent(reading, layer, head, near_s)
    scale = layer if scaled_as is None else scaled_as.layer(number)
    highs = {h: _bright(scale.use.thumbs[:, h], scale.use.tops[:, h]) for h in heads}
    pieces: dict[int, list[Piece]] = {h: [] for h in heads}
    keys = layer.keys.times_s
    for window in range(reading.clock.n_windows):
        drawn = _exact(patterns, layer, window, heads) if window in windows else _small(layer, window, heads)
        for of_head, pattern in drawn.items():
            levels = quantised(pattern[::-1], 0.0, highs[of_head])
            parts = _window_pieces(reading, window, levels, len(keys), layer.queries.times_s.size)
            begin_s = float(reading.clock.starts_s[window])
            pieces[of_head] += numbered(parts, pattern[::-1], begin_s) if window in windows else parts
    names, special = _special(reading, layer, heads, highs)
    return ImageLane(
        special_names=names, special=special, id="attention",
        title="Attention: query time within its window", unit="share of the query's attention",
        height=200, by="head", ticks=[Tick(0.0, f"{reading.clock.window_s:g} s"), Tick(1.0, "0 s")], borders=_borders(reading),
        empty="This layer and head are being read …", low=0.0, high=1.0, colours="viridis", y_time="window",
        sets={(number, of_head): pyramid(drawn, largest=True) for of_head, drawn in pieces.items()},
        highs={(number, of_head): high for of_head, high in highs.items()},
    )  # fmt: skip


def _special(
    reading: ClipReading, layer: LayerReading, heads: Sequence[int], highs: Mapping[int, float]
) -> tuple[list[str], dict[Choice, Sequence[Sequence[Piece]]]]:
    """What queries without a time attend to, window by window: they are no moment, and are drawn apart."""
    n = layer.query.special
    if n == 0:
        return [], {}
    names = ["class token"] if n == 1 else [f"special token {number}" for number in range(1, n + 1)]
    sets: dict[Choice, Sequence[Sequence[Piece]]] = {}
    for head in heads:
        rows = layer.use.special_rows[:, head]
        over = [over_time_of_rows(row, layer) for row in rows]
        columns = max(1, MOST_BYTES // 4 // (n * len(rows) * len(heads)))
        join = -(-over[0].shape[1] // columns)
        pieces: list[Piece] = []
        for window, row in enumerate(over):
            joined = _largest(row.T, join).T
            parts = _window_pieces(reading, window, quantised(joined, 0.0, highs[head]), row.shape[1])
            pieces += numbered(parts, joined, float(reading.clock.starts_s[window]))
        sets[layer.layer, head] = [pieces]
    return names, sets


def _bright(thumbs: UInt8[ndarray, "windows rows columns"], tops: Float[ndarray, " windows"]) -> float:
    """Where colours end: 99 % of the cells of small pictures are below it, each the largest number of what it joins."""
    return float(np.quantile(thumbs * (tops[:, None, None] / np.float32(LEVELS)), BRIGHT)) or float(tops.max())


def similarity_lane(reading: ClipReading, number: int) -> ImageLane:
    """Cosine similarity between moments of the clip after a layer (0: before the first), both axes on the clip's clock."""
    state = min(number, len(reading.states) - 1)
    times_s, matrix = reading.self_similarity(state)
    piece = even_piece(times_s, quantised(matrix[::-1], -1.0, 1.0), reading.clock.duration_s, exact=matrix[::-1])
    duration_s = reading.clock.duration_s
    return ImageLane(
        id="similarity", title=f"Self-similarity, {reading.states[state].title}: time of the clip",
        unit="cosine",
        height=240, by="layer", ticks=[Tick(0.0, f"{duration_s:.3g} s"), Tick(1.0, "0 s")], low=-1.0, high=1.0, colours="cividis",
        borders=_borders(reading), y_time="clip", sets={(number,): pyramid([piece], largest=False)},
    )  # fmt: skip


def difference_lane(reading: ClipReading, other: ClipReading, number: int, less: str) -> ImageLane | None:
    """Self-similarity of one reading less that of another at the same layer, as far as both reach; None where cells differ."""
    state = min(number, len(reading.states) - 1)
    if state >= len(other.states) or not (n := n_shared(*(read.states[state].times_s for read in (reading, other)))):
        return None
    times_s, ours = reading.self_similarity(state)
    less_theirs = (ours[:n, :n] - other.self_similarity(state)[1][:n, :n])[::-1]
    duration_s = min(reading.clock.duration_s, other.clock.duration_s)
    piece = even_piece(times_s[:n], quantised(less_theirs, -1.0, 1.0), duration_s, exact=less_theirs)
    return ImageLane(
        id="similarity_difference", title=f"Self-similarity: difference, less that of {less}", unit="cosine", height=240,
        by="layer",
        ticks=[Tick(0.0, f"{duration_s:.3g} s"), Tick(1.0, "0 s")], low=-1.0, high=1.0, colours="difference",
        borders=[border for border in _borders(reading) if border <= duration_s], y_time="clip",
        sets={(number,): pyramid([piece], largest=False)},
    )  # fmt: skip


def novelty_lane(reading: ClipReading, twin: ClipReading | None, number: int) -> CurveLane:
    """How much changes at every moment, by the checkerboard kernel over the self-similarity, beside the untrained twin's."""
    sides = [(reading, "trained", "audio"), *([(twin, "untrained twin", "twin")] if twin is not None else [])]
    series = [novelty_series(read, number, name, colour) for read, name, colour in sides]
    return CurveLane(
        id="novelty", title=f"Novelty over ±{NOVELTY_S:g} s", unit="cosine", by="layer", low=0.0, height=72,
        borders=_borders(reading), sets={(number,): series},
    )  # fmt: skip


def novelty_series(reading: ClipReading, number: int, name: str = "trained", colour: str = "audio") -> Series:
    """How much changes at every moment, as a cosine, by the checkerboard kernel over the self-similarity after a layer."""
    times_s, matrix = reading.self_similarity(min(number, len(reading.states) - 1))
    step_s = float(times_s[1] - times_s[0]) if len(times_s) > 1 else reading.clock.duration_s
    half = max(1, round(NOVELTY_S / step_s))
    # close to the ends a side is so short that the moments' likeness to themselves weighs most
    ends = min(half // 4, len(times_s) // 4)
    kept = slice(ends, len(times_s) - ends)
    return Series(name, colour, times_s[kept], checkerboard_novelty(matrix, half)[kept], colour == "twin")


def _sent(reading: ClipReading, layer: LayerReading, head: int, near_s: float) -> tuple[list[int], set[int]]:
    """Which heads are sent, and the windows that are sent exactly."""
    clock, (_, _, *small) = reading.clock, layer.use.thumbs.shape
    exact_bytes, small_bytes = _n_rows(layer) * len(layer.keys.times_s), small[0] * small[1]
    budget = MOST_BYTES if clock.n_windows <= MANY_WINDOWS else MOST_BYTES // 2

    def exact(n_heads: int) -> int:
        """How many windows can be exact."""
        return (budget // n_heads - clock.n_windows * small_bytes) // max(1, exact_bytes - small_bytes)

    every = list(range(layer.n_heads + 1))
    heads = every if exact(len(every)) >= min(clock.n_windows, 2) else sorted({0, head})
    most = max(1, exact(len(heads)))
    here = clock.window_at(near_s)
    nearest = sorted(range(clock.n_windows), key=lambda window: (abs(window - here), window))
    return heads, set(nearest[:most])


def _exact(patterns: WindowPatterns, layer: LayerReading, window: int, heads: Sequence[int]) -> Drawn:
    step = max(1, AT_ONCE // (layer.query.n * layer.key.n))
    groups = ([head or None for head in heads[start : start + step]] for start in range(0, len(heads), step))
    exact = (pattern for group in groups for pattern in patterns.patterns(window, layer.layer, group))
    shown = (over_time(pattern, layer) for pattern in exact)
    return {head: _largest(pattern, -(-len(pattern) // MOST_ROWS)) for head, pattern in zip(heads, shown, strict=True)}


def _small(layer: LayerReading, window: int, heads: Sequence[int]) -> Drawn:
    use = layer.use
    return {head: use.thumbs[window, head] / np.float32(LEVELS) * use.tops[window, head] for head in heads}


def _n_rows(layer: LayerReading) -> int:
    """Rows of an exact picture."""
    moments = len(layer.queries.times_s)
    return -(-moments // -(-moments // MOST_ROWS))


def _window_pieces(
    reading: ClipReading, window: int, levels: UInt8[ndarray, "rows columns"], n_keys: int, n_queries: int | None = None
) -> list[Piece]:
    """The part of a window's picture whose keys belong to the window, with all its queries; two pieces where the last column
    stands for fewer keys than the others.

    Args:
        reading: of the recording.
        window: its number.
        levels: of runs of as many neighbouring queries and keys each, the last runs of fewer.
        n_keys: moments of the window that columns stand for.
        n_queries: moments that rows stand for; None where rows are no moments.
    """
    clock, columns = reading.clock, levels.shape[1]
    start_s, borders = float(clock.starts_s[window]), clock.borders_s
    run = -(-n_keys // columns)
    edges = start_s + np.minimum(np.arange(columns + 1) * run, n_keys) / n_keys * clock.window_s
    middles = (edges[:-1] + edges[1:]) / 2
    kept = np.flatnonzero((middles >= borders[window]) & (middles < borders[window + 1]))
    if not len(kept):
        kept = np.arange(columns)
    last = 1 if n_keys % run and kept[-1] == columns - 1 and len(kept) > 1 else 0
    parts = [part for part in np.split(kept, [len(kept) - last]) if len(part)]
    as_long = 1.0 if n_queries is None else -(-n_queries // len(levels)) * len(levels) / n_queries  # as if the last run were
    rows_s = start_s, start_s + clock.window_s * as_long
    return [Piece(float(edges[part[0]]), float(edges[part[-1] + 1]), levels[:, part], rows_s) for part in parts]


def _largest(pattern: Float[ndarray, "queries keys"], join: int) -> Float[ndarray, "rows keys"]:
    """The largest of every run of `join` neighbouring queries: no bright cell is lost."""
    return np.maximum.reduceat(pattern, np.arange(0, len(pattern), join), axis=0) if join > 1 else pattern


def _points(reading: ClipReading, layer: LayerReading, most: int, near_s: float | None) -> Int[ndarray, " points"]:
    """Numbers of the moments at which points of a curve begin, about `most`, and of a window near a moment all."""
    clock, within_s = reading.clock, layer.keys.times_s
    belonging = clock.belonging(within_s)
    window = np.repeat(np.arange(clock.n_windows), len(within_s)).reshape(belonging.shape)[belonging]
    runs = np.arange(len(window)) // max(1, -(-len(window) // most))
    exact = np.zeros(len(window), bool) if near_s is None else window == clock.window_at(near_s)
    return np.flatnonzero(exact | (np.diff(runs, prepend=-1) != 0) | (np.diff(exact, prepend=False) != 0))


def _received(
    reading: ClipReading, layer: LayerReading, head: int, name: str, colour: str, starts: Int[ndarray, " points"]
) -> Series:
    times_s, share = reading.received(layer.layer, head or None)
    sizes = np.diff(starts, append=len(times_s))
    middles_s, largest = np.add.reduceat(times_s, starts) / sizes, np.maximum.reduceat(share, starts)
    return Series(name, colour, middles_s, largest * len(layer.keys.times_s), dashed=colour == "twin")


def _borders(reading: ClipReading) -> list[float]:
    """Where a window takes over from the one before, and where the last one ends."""
    return [float(border) for border in reading.clock.borders_s]
