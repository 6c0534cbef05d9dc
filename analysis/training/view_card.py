"""The card of a checkpoint that was trained with two views of recordings, every number taken from its configuration."""

from collections.abc import Mapping

from analysis.files import JsonObject
from analysis.models.families import find_arm
from analysis.training.card import Described, Run, settings_words
from analysis.training.comparison import score_headline
from analysis.training.scores import read_score, recall_words, score_text
from analysis.training.views import DIRECTIONS, GAP, SETTINGS, TEMPERATURE, VIEWS

SOURCE = "arXiv 2506.23873"
THEIR_PAIRS, THEIR_TRACKS = 999 * 512 * 128, "about 2 million, which are not public"
PAPER = "paper"


def write_view_card(arm: str, scale: str, training: JsonObject, evaluation: Mapping[str, object]) -> str:
    """The card as Markdown."""
    run = Run.of(training)
    family, config = find_arm(arm, scale)
    described = "\n".join(f"- {title}: {words}" for title, words in ({} if family.card is None else family.card(config)).items())
    return f"""# {arm} ({scale})

{family.title}, after {SOURCE}. These weights and numbers are ours, not the authors'.

{described}

{score_headline(Described(arm, arm, training, evaluation))}

| pool | S | R@1 view 1 to view 2 | R@1 view 2 to view 1 | untrained twin, S | sound itself, S |
|---|---|---|---|---|---|
{_row(evaluation)}

View 1 is a window, view 2 another of the same recording, with at most {_usual()[GAP]:g} s between them; wrong answers
are second views of other works. The sound itself is the mean log-mel spectrum of a window, compared by cosine.
S = min(R@10 view 1 to view 2, R@10 view 2 to view 1), measured on the fp16 weights of this folder; in brackets 95 % intervals,
bootstrap over works.

Trained for {run.steps} steps of {run.batch_size} pairs of windows, {run.minutes:.0f} minutes
on {run.device}; the weights are those of step {run.best_step}, the best on validation. {settings_words(run)}
{_objective(training)}

Differs from the source, as far as that is known:

{_differences(arm, scale, run)}

Data: the sound of {run.n_train_pieces} training and {run.n_test_pieces} test pieces of {run.corpus}, no work in both.
{run.corpus_citation} Licence: {run.corpus_licence}
"""


def _row(evaluation: Mapping[str, object]) -> str:
    score, twin, sound = (read_score(evaluation, weights, VIEWS) for weights in ("trained", "untrained", "sound"))
    recall = [recall_words(evaluation, "trained", VIEWS, direction, 1) for direction in DIRECTIONS]
    cells = [
        "other works",
        score_text(score) if score else "–",
        *recall,
        *(score_text(other) if other else "–" for other in (twin, sound)),
    ]
    return f"| {' | '.join(cells)} |"


def _objective(training: JsonObject) -> str:
    """The loss with its settings, and whether wrong answers were of other works."""
    settings = {**_usual(), **training.get("settings", {})}
    works, batch = training.get("n_train_works"), Run.of(training).batch_size
    apart = f"views at most {settings[GAP]:g} s apart"
    sentence = f"NT-Xent on the class token, temperature {settings[TEMPERATURE]:g}, {apart}, no other augmentation."
    if not isinstance(works, int):
        return sentence
    if works >= batch:
        return f"{sentence} All pairs of a batch are of different works."
    return f"{sentence} The {batch} pairs of a batch are of {works} works, so that some wrong answers are of the same work."


def _usual() -> dict[str, float]:
    """Settings that a run has where nothing else is said."""
    return {name: setting.usual for name, setting in SETTINGS.items()}


def _differences(arm: str, scale: str, run: Run) -> str:
    """A list: sizes, data, length, and what the source leaves open."""
    paper, ours = (family.count(config).get("total", 0) for family, config in (find_arm(arm, which) for which in (PAPER, scale)))
    pairs, decay = run.steps * run.batch_size, f"weight decay stays at {run.weight_decay:g}"
    share = f"{100 * pairs / THEIR_PAIRS:.2g} % of the {THEIR_PAIRS:,}"
    lines = [] if scale == PAPER else [f"{ours:,} parameters instead of {paper:,}"]
    lines += [
        f"{run.n_train_pieces} recordings of {run.corpus}; they later trained such a model with {THEIR_TRACKS}",
        f"{pairs:,} pairs of views, {share} of that later training",
        f"{decay} and the learning rate falls to 0; they later let them fall from 0.04 to 0.01, and to 1.5e-6",
        "temperature, distance of the views, learning rates, no projection head and no other augmentation are choices of ours",
    ]
    return "\n".join(f"- {line};" for line in lines[:-1]) + f"\n- {lines[-1]}."
