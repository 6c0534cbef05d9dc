"""The card of a checkpoint that was trained to choose stems, every number taken from its configuration."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from analysis.files import JsonObject
from analysis.models.families import find_arm
from analysis.numbers import percent
from analysis.training.card import Described, Run, settings_words
from analysis.training.comparison import score_headline
from analysis.training.request import TrainRequest
from analysis.training.scores import RetrievalScore, read_score, score_text

if TYPE_CHECKING:
    from analysis.training.stem_objective import StemObjective

THEIR_DATA = "chunks of CocoChorales, MoisesDB and Slakh2100, a third of each, in batches of 64 on each of two devices"
PAPER, POOL = "paper", "stems"
TARGET, NOISE_SHARE = "positive_target", "noise_share"


def write_stem_card(
    objective: "StemObjective", arm: str, scale: str, training: JsonObject, evaluation: Mapping[str, object]
) -> str:
    """The card as Markdown."""
    run = Run.of(training)
    family, config = find_arm(arm, scale)
    described = "\n".join(f"- {title}: {words}" for title, words in ({} if family.card is None else family.card(config)).items())
    return f"""# {arm} ({scale})

{family.title}, after {objective.source}. These weights and numbers are ours, not the authors'.

{described}

{score_headline(Described(arm, arm, training, evaluation))}

| candidates | accuracy | chance | untrained twin | sound itself |
|---|---|---|---|---|
{_rows(evaluation)}

An anchor is the mean of some stems of a window that sound, its positive the mean of some of the others; wrong answers are such
mixes of windows of other works. Accuracy is the share of anchors that score their own positive highest, over ten drawings of all
of these, measured on the fp16 weights of this folder; in brackets 95 % intervals, bootstrap over works. The sound itself is the
mean log-mel spectrum of a mix, compared by cosine.

Trained for {run.steps} steps of {run.batch_size} pairs of mixes, {run.minutes:.0f} minutes
on {run.device}; the weights are those of step {run.best_step}, the best on validation. {settings_words(run)}
{_objective(objective, TrainRequest(arm=arm, scale=scale), training)}

Differs from the source, as far as that is known:

{_differences(objective, arm, scale, run)}

Data: {run.n_train_pieces} training and {run.n_test_pieces} test pieces of {run.corpus}, no work in both.
{run.corpus_citation} Licence: {run.corpus_licence}
"""


def _rows(evaluation: Mapping[str, object]) -> str:
    """One row for every number of candidates, rising."""
    trained, *others = (evaluation.get(weights) for weights in ("trained", "untrained", "sound"))
    rows = []
    for name in trained if isinstance(trained, Mapping) else ():
        score, *beside = (_score(weights, name) for weights in (trained, *others))
        if score is not None:
            texts = [score_text(other) if other else "–" for other in beside]
            cells = str(score.pool_size), score_text(score), percent(score.chance), *texts
            rows.append((score.pool_size, f"| {' | '.join(cells)} |"))
    return "\n".join(row for _, row in sorted(rows))


def _score(weights: object, name: str) -> RetrievalScore | None:
    """What was measured of some weights, by its name in an evaluation."""
    return read_score({"trained": {POOL: weights.get(name)}}, pool=POOL) if isinstance(weights, Mapping) else None


def _settings(objective: "StemObjective", training: JsonObject) -> dict[str, float]:
    usual = {name: setting.usual for name, setting in objective.settings.items()}
    return {**usual, **training.get("settings", {})}


def _objective(objective: "StemObjective", request: TrainRequest, training: JsonObject) -> str:
    """The loss with its settings, lengths of crops, and noise."""
    settings = _settings(objective, training)
    least_s, most_s = objective.lengths_s(request)
    crops = f"crops of {least_s:g} s" if least_s == most_s else f"crops of {least_s:g} to {most_s:g} s"
    noise = settings[NOISE_SHARE]
    added = "without noise" if noise == 0 else f"with noise at {noise:g} times the source's probabilities"
    return (
        f"Cross-entropy of the choice among a batch, one way, with a target of {settings[TARGET]:g} for the own positive; "
        f"{crops}, the same for anchor and positive, {added}."
    )


def _differences(objective: "StemObjective", arm: str, scale: str, run: Run) -> str:
    """A list: sizes, data, optimiser, evaluation."""
    paper, ours = (family.count(config).get("total", 0) for family, config in (find_arm(arm, which) for which in (PAPER, scale)))
    lines = [] if scale == PAPER else [f"{ours:,} parameters instead of {paper:,}"]
    lines += [
        f"{run.n_train_pieces} recordings of {run.corpus} instead of {THEIR_DATA}",
        *objective.differences(scale),
        "wrong answers of an evaluation are never of the anchor's own work; how theirs were drawn is not said",
    ]
    return "\n".join(f"- {line};" for line in lines[:-1]) + f"\n- {lines[-1]}."
