"""The card of a checkpoint that was trained to predict masked patches, every number taken from its configuration."""

from collections.abc import Mapping

from analysis.files import JsonObject
from analysis.models.families import find_arm
from analysis.models.pupujepa.masks import STRATEGIES
from analysis.training.card import Run, settings_words
from analysis.training.prediction_scores import ALL, explained_text, prediction_headline, rank_sentence, read_explained

SOURCE = "arXiv 2606.25713"
THEIR_STEPS = 500_000
PAPER = "paper"


def write_prediction_card(
    arm: str, scale: str, training: JsonObject, evaluation: Mapping[str, object], usual: Mapping[str, float]
) -> str:
    """The card as Markdown; `usual` are the settings that a run has where nothing else is said."""
    run = Run.of(training)
    family, config = find_arm(arm, scale)
    described = "\n".join(f"- {title}: {words}" for title, words in ({} if family.card is None else family.card(config)).items())
    rows = "\n".join(_row(evaluation, strategy) for strategy in (*STRATEGIES, ALL))
    return f"""# {arm} ({scale})

{family.title}, after {SOURCE}. These weights and numbers are ours, not the authors'.

{described}

{prediction_headline(evaluation) or "This checkpoint came without scores."}

| masks | error explained | untrained twin |
|---|---|---|
{rows}

Error explained = 1 − error of the prediction / error of the mean target of the patch's band, at masked patches of windows of the
test split; error = 2 − 2 cos to the standardised target of the teacher. A model and its twin each have targets of their own.
{rank_sentence(evaluation)}
Measured on the fp16 weights of this folder; in brackets 95 % intervals, bootstrap over works.

Trained for {run.steps} steps of {run.batch_size} windows, {run.minutes:.0f} minutes
on {run.device}; the weights are those of step {run.best_step}, the best on validation. {settings_words(run)}
{_objective({**usual, **training.get("settings", {})})}

Differs from the source, as far as that is known:

{_differences(arm, scale, run)}

Data: the sound of {run.n_train_pieces} training and {run.n_test_pieces} test pieces of {run.corpus}, no work in both.
{run.corpus_citation} Licence: {run.corpus_licence}
"""


def _row(evaluation: Mapping[str, object], strategy: str) -> str:
    both = [read_explained(evaluation, weights, strategy) for weights in ("trained", "untrained")]
    return f"| {' | '.join([strategy, *('–' if share is None else explained_text(share) for share in both)])} |"


def _objective(settings: Mapping[str, float]) -> str:
    """Loss, masks and averaging in words; names are those of the settings."""
    ratio, start, end, share = (settings[name] for name in ("mask_ratio", "ramp_start", "ramp_end", "l2_share"))
    loss = "2 − 2 cos to standardised targets" if not share else f"2 − 2 cos, and with a share of {share:g} squared error"
    ramp = f"{' and '.join(STRATEGIES[1:])} come in from {100 * start:g} % to {100 * end:g} % of the steps, until all are alike"
    return f"Loss: {loss}. {100 * ratio:g} % of the patches are masked: {STRATEGIES[0]} at first; {ramp}."


def _differences(arm: str, scale: str, run: Run) -> str:
    """A list: sizes, data, length, and what the source leaves open."""
    (_, paper), (family, ours) = find_arm(arm, PAPER), find_arm(arm, scale)
    lines = []
    if scale != PAPER:
        counts = [family.count(config).get("teacher", 0) for config in (ours, paper)]
        lines += [
            f"an encoder of {counts[0]:,} parameters instead of {counts[1]:,}",
            f"windows of {ours.window_s:g} s instead of {paper.window_s:g} s",
            f"patches every {1000 * ours.patch_s:g} ms instead of {1000 * paper.patch_s:g} ms",
        ]
    if ours.grid[1] == 1:
        lines.append("patches with all bands: this is a control of ours, which the source has not")
    lines += [
        f"{run.n_train_pieces} recordings of {run.corpus}; the authors' are not public",
        f"{run.steps:,} steps of {run.batch_size} windows; they made {THEIR_STEPS:,} of a number of windows that is not given",
        "standardised targets, predictor, averaging, optimiser, learning rates and shares of the masks are choices of ours",
    ]
    return "\n".join(f"- {line};" for line in lines[:-1]) + f"\n- {lines[-1]}."
