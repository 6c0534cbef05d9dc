"""Where a difference between two windows is carried: activations of one put into the other, by layer and moment."""

from collections.abc import Callable, Sequence

import numpy as np

from analysis.clips.heads.patching import PatchGrid, patch_both_ways
from analysis.clips.questions.answer import Answer, Grid
from analysis.clips.questions.question import Inquiry
from analysis.datasets.minimal_pairs import RenderedWindow, minimal_pair
from analysis.errors import ConfigError
from analysis.models.tower import Model

COLUMNS = (
    "layer",
    "enough to restore (denoising, largest cell)",
    "needed (noising, largest cell)",
    "all tokens",
    "untrained twin",
)


def patch_pair(inquiry: Inquiry) -> Answer:
    """A window rendered from its notes as they are and with one change, patched both ways; beside the untrained twin.

    Raises:
        ConfigError: there are no notes, or the change is not possible there.
    """
    question, window = inquiry.question, inquiry.window_here
    if inquiry.companions.notes is None:
        raise ConfigError("A minimal pair is made from notes, and this recording has none. Add its MIDI file.")
    pair = minimal_pair(question.change, question.dose, RenderedWindow(inquiry.performance, window.start_s, window.length_s))
    grids: list[tuple[PatchGrid, PatchGrid]] = []
    for number, (model, name) in enumerate(((inquiry.model, "the model"), (inquiry.twin, "the untrained twin"))):
        check = inquiry.stage(number, 2, f"{name}: {pair.title}")
        grids.append(_both_ways(inquiry, model, pair.plain, pair.changed, check))
    (restored, needed), (twin, _) = grids
    columns = slice(1 if restored.special else 0, None)
    spans = restored.segments[columns]
    edges_s = tuple(window.start_s + edge for edge in (*(start for start, _ in spans), spans[-1][1]))
    titles = {tap.name: tap.title for tap in inquiry.reader.taps()}
    layers = tuple(titles[tap] for tap in restored.taps)
    grid = Grid(
        f"Patching: {pair.title}", "share of the way back", layers, edges_s, restored.effect[:, columns],
        twin.effect[:, columns],
    )  # fmt: skip
    rows = tuple(
        (
            layer,
            float(restored.effect[i].max()),
            float(needed.effect[i].max()),
            float(restored.full[i]),
            float(twin.effect[i].max()),
        )
        for i, layer in enumerate(layers)
    )
    rate = inquiry.reader.input.sample_rate
    sounds = {
        name: side.waveform(rate, window.length_s) for name, side in (("as written", pair.plain), (pair.title, pair.changed))
    }
    notices = tuple(notice for notice in (restored.notice(layers),) if notice)
    return Answer(_headline(restored, twin, pair.title, layers), notices, COLUMNS, rows, grid, sounds=sounds, sample_rate=rate)


def _both_ways(
    inquiry: Inquiry, model: Model, plain: RenderedWindow, changed: RenderedWindow, check: Callable[[], None]
) -> tuple[PatchGrid, PatchGrid]:
    tower = model.towers[inquiry.tower]
    batches = [tower.collate([side]).to(inquiry.device) for side in (plain, changed)]
    return patch_both_ways(model, inquiry.tower, *batches, check=check)


def _headline(grid: PatchGrid, twin: PatchGrid, title: str, layers: Sequence[str]) -> str:
    """The cell that restores most, its layer as axes call it."""
    if grid.apart == 0:
        return f"{title[0].upper()}{title[1:]} does not move the embedding at all."
    tap, segment = np.unravel_index(int(grid.effect.argmax()), grid.effect.shape)
    start_s, end_s = grid.segments[int(segment)]
    where = "special tokens" if grid.special and segment == 0 else f"{start_s:.1f} to {end_s:.1f} s of the window"
    return (
        f"{100 * grid.effect.max():.0f} % of {title} is undone by {layers[int(tap)]} at {where} "
        f"(untrained twin's best cell: {100 * twin.effect.max():.0f} %; all tokens: {100 * grid.full[int(tap)]:.0f} %)."
    )
