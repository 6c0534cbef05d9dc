"""What moves without a head, beside other heads and the untrained twin."""

import numpy as np
import torch

from analysis.clips.heads.ablation import HeadEffect, ablate_with_controls
from analysis.clips.probe_lanes import UNITS
from analysis.clips.questions.answer import Answer, Cell
from analysis.clips.questions.question import ClipWindow, Inquiry
from analysis.errors import ConfigError
from analysis.models.heads import HeadId
from analysis.models.tower import Batch, Model

COLUMNS = ("without", "cosine distance of the embedding", "relative change", "change of its pair's score", "windows")


def remove_head(inquiry: Inquiry) -> Answer:
    """The chosen head replaced, random other heads replaced the same way, and the same head of the untrained twin.

    Raises:
        ConfigError: there is no such head, nothing that could stand in for it, or the tower cannot say where its heads are.
    """
    question, windows = inquiry.question, inquiry.windows
    check = inquiry.stage(0, 1, f"{len(windows)} windows without a head")
    check()
    batch = inquiry.reader.collate(windows).to(inquiry.device)
    reference = [inquiry.reader.collate(_standing_in(inquiry, windows)).to(inquiry.device)]
    head = HeadId(question.layer, question.head - 1)
    removed = ablate_with_controls(
        inquiry.model, inquiry.tower, batch, [head], reference, how=question.how, twin=inquiry.twin,
        paired=_paired(inquiry, inquiry.model), twin_paired=_paired(inquiry, inquiry.twin), seed=question.seed,
        probes=() if inquiry.probes is None else inquiry.probes.trained,
        twin_probes=() if inquiry.probes is None else inquiry.probes.untrained,
    )  # fmt: skip
    tasks = tuple(removed.trained.readings)
    rows = [_row(f"layer {head.layer}, head {head.head + 1}", removed.trained, tasks)]
    if removed.random:
        of_random = ("random heads, median", _median(removed.random)), ("random heads, most", _most(removed.random))
        rows += [_row(name, effect, tasks) for name, effect in of_random]
    if removed.twin is not None:
        rows.append(_row("the same head of the untrained twin", removed.twin, tasks))
    share = removed.share_below
    notices = [_sample_text(inquiry, len(windows))]
    if share is not None:
        notices.append(f"{100 * share:.0f} % of {len(removed.random)} random heads move the embedding less.")
    if inquiry.probes is None:
        notices.append("What probes read is not told of: none were fitted to this model yet.")
    read = tuple(f"change of the {task} that a probe reads ({UNITS[task]})" for task in tasks)
    return Answer(removed.headline, tuple(notices), (*COLUMNS, *read), tuple(rows))


def _standing_in(inquiry: Inquiry, windows: list[ClipWindow]) -> list[ClipWindow]:
    """As many windows, whose heads take the place of these: those of another recording, or for every window the next one.

    Raises:
        ConfigError: there are none.
    """
    if inquiry.question.how == "another clip":
        if not (others := inquiry.other_windows):
            raise ConfigError("There is no other recording to take the head from. Open a second one, or replace it by the mean.")
        return [others[number % len(others)] for number in range(len(windows))]
    if len(windows) < 2 and inquiry.question.how == "other windows":
        raise ConfigError(
            "There is one whole window, so there is no other to take the head from. Replace it by the mean or zero."
        )
    return [*windows[1:], windows[0]]


def _sample_text(inquiry: Inquiry, n: int) -> str:
    """What n is, why there is no interval, and where another recording stands in, how its windows were taken."""
    n_words = "1 window" if n == 1 else f"{n} windows"
    text = (
        f"All numbers are means over n = {n_words} of one recording. No interval is given: windows of one recording are alike, "
        "and one recording is no sample of works."
    )
    if inquiry.other is None:
        return text
    has = len(inquiry.other_windows)
    again = f", from the first again after {has}" if has < n else ""
    return f"{text} A head is replaced by what it adds in {inquiry.other.name}, window by window{again}."


@torch.no_grad()
def _paired(inquiry: Inquiry, model: Model) -> torch.Tensor | None:
    """Embeddings of the windows' own notes, where the model has a tower for them and notes came with the recording."""
    other = next((b if a == inquiry.tower else a for a, b in model.pairs if inquiry.tower in (a, b)), None)
    if other is None or inquiry.companions.notes is None or any(len(window.notes()) == 0 for window in inquiry.windows):
        return None
    tower = model.towers[other]
    batch: Batch = tower.collate(inquiry.windows).to(inquiry.device)
    return tower(batch)


def _row(name: str, effect: HeadEffect, tasks: tuple[str, ...]) -> tuple[Cell, ...]:
    moved = effect.cosine_distance, effect.relative_change, effect.score_change, effect.n_windows
    return name, *moved, *(effect.readings.get(task) for task in tasks)


def _median(effects: tuple[HeadEffect, ...]) -> HeadEffect:
    order = np.argsort([effect.cosine_distance for effect in effects])
    return effects[int(order[len(order) // 2])]


def _most(effects: tuple[HeadEffect, ...]) -> HeadEffect:
    return max(effects, key=lambda effect: effect.cosine_distance)
