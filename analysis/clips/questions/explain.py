"""To which bands and times a number of the embedding is due, beside the untrained twin."""

import torch
from torch import Tensor

from analysis.clips.heads.attribution import Attribution, ScalarKind, attribute, rank_agreement, scalar_of
from analysis.clips.questions.answer import Answer, Grid
from analysis.clips.questions.question import ClipWindow, Inquiry
from analysis.models.tower import Model
from analysis.units import true_minus

COLUMNS = ("model", "number as it is", "with no sound", "sum of the grid", "delta", "steps")
N_SPANS = 8


def attribute_window(inquiry: Inquiry) -> Answer:
    """Integrated gradients over bands and times of a window; of a model through which no gradient goes, ablation of cells."""
    window = inquiry.window_here
    attributions: list[Attribution] = []
    kind: ScalarKind = "cosine with a reference"
    for number, (model, name) in enumerate(((inquiry.model, "the model"), (inquiry.twin, "the untrained twin"))):
        check = inquiry.stage(number, 2, f"{name}: bands and times")
        kind, reference = _reference(inquiry, model, window)
        scalar = scalar_of(model, inquiry.tower, window, kind, reference)
        rate = inquiry.waveform.sample_rate
        samples = torch.from_numpy(window.waveform(rate, window.length_s)).to(inquiry.device)
        attributions.append(attribute(scalar, samples, rate, n_spans=N_SPANS, check=check))
    trained, twin = attributions
    values, others = (a.ablation if a.gradients is None else a.gradients for a in (trained, twin))
    bands = tuple(f"{low:,.0f}–{high:,.0f} Hz" for low, high in zip(trained.edges_hz, trained.edges_hz[1:], strict=False))
    edges_s = tuple(window.start_s + edge for edge in trained.edges_s)
    title = "Integrated gradients" if trained.gradients is not None else "Ablation of cells"
    agreement = rank_agreement(values, others)
    same = (
        ""
        if agreement is None
        else f"The untrained twin's grid agrees with it at ρ = {true_minus(agreement, '.2f')} (Spearman over cells)."
    )
    rows = tuple(
        (name, a.recorded, a.gone, float((a.ablation if a.gradients is None else a.gradients).sum()), a.delta, a.n_steps)
        for name, a in (("trained", trained), ("untrained twin", twin))
    )
    best = int(values.argmax())
    band, span = divmod(best, values.shape[1])
    control = f"untrained twin's largest: {true_minus(others.max(), '+.3f')}, there {true_minus(others[band, span], '+.3f')}"
    headline = (
        f"{true_minus(values.max(), '+.3f')} of the {kind} is due to {bands[band]} "
        f"at {edges_s[span]:.1f} to {edges_s[span + 1]:.1f} s ({control}; "
        f"whole window: {true_minus(trained.recorded - trained.gone, '+.3f')})."
    )
    return Answer(headline, (same,) if same else (), COLUMNS, rows, Grid(title, kind, bands, edges_s, values, others))


@torch.no_grad()
def _reference(inquiry: Inquiry, model: Model, window: ClipWindow) -> tuple[ScalarKind, Tensor]:
    """The embedding of the window's own notes where the model has a tower for them, else that of the window itself."""
    other = next((b if a == inquiry.tower else a for a, b in model.pairs if inquiry.tower in (a, b)), None)
    name = other if other is not None and len(window.notes()) else inquiry.tower
    tower = model.towers[name]
    embedding = tower(tower.collate([window]).to(inquiry.device))
    return ("score of its pair" if name == other else "cosine with a reference"), embedding
