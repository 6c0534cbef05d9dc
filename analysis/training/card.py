"""The card of a checkpoint: what it is, what it was trained on and what it reaches, every number taken from its configuration."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields

from analysis.descriptors.a4 import n_frames
from analysis.files import JsonObject
from analysis.models.arms import ARMS, build_config
from analysis.models.remarks import remarks
from analysis.numbers import percent
from analysis.training.comparison import score_headline
from analysis.training.evaluation import SMALL
from analysis.training.scores import Pool, read_score, recall_words, score_text

SOURCE = "arXiv 2604.10283"


@dataclass(frozen=True)
class Described:
    """Name, arm, training and evaluation: what a card is written from."""

    name: str
    arm: str
    training: Mapping[str, object]
    evaluation: Mapping[str, object]


@dataclass(frozen=True)
class Run:
    """What a card tells of a run, named as in the configuration; what was not recorded in early runs has a default.

    Attributes:
        minutes: of training.
        corpus: its name.
        corpus_citation: whom to cite for it.
        corpus_licence: under which it may be used.
    """

    steps: int
    batch_size: int
    best_step: int
    minutes: float
    device: str
    seed: int
    schedule: str
    bf16: bool
    corpus: str
    corpus_citation: str
    corpus_licence: str
    n_train_pieces: int
    n_test_pieces: int
    recipe: str = ""
    warmup: int = 0
    weight_decay: float = 0.0
    freeze: str = ""

    @classmethod
    def of(cls, training: JsonObject) -> "Run":  # a configuration that this library wrote
        """The part of a configuration that a card tells.

        Raises:
            KeyError: something is missing that no run leaves out.
        """
        return cls(
            **{field.name: training[field.name] for field in fields(cls) if field.default is MISSING or field.name in training}
        )


def write_card(arm: str, scale: str, training: Mapping[str, object], evaluation: Mapping[str, object]) -> str:
    """The card as Markdown."""
    run = Run.of(training)
    return f"""# {arm} ({scale})

{ARMS[arm].summary[0].upper()}{ARMS[arm].summary[1:]}. The architecture is that of {SOURCE}; these weights and numbers are ours.

{score_headline(Described(arm, arm, training, evaluation))}

| pool | S | R@1 audio to MIDI | R@1 MIDI to audio | untrained twin, S |
|---|---|---|---|---|
{_rows(evaluation)}

S = min(R@10 audio to MIDI, R@10 MIDI to audio), measured on the fp16 weights of this folder; in brackets 95 % intervals,
bootstrap over works. Negatives of the canonical pool may overlap the match in time, those of the second never do.

{_small(evaluation)}Trained for {run.steps} steps of {run.batch_size} windows, {run.minutes:.0f} minutes
on {run.device}; the weights are those of step {run.best_step}, the best on validation. {settings_words(run)}

{_notes(arm, scale)}

Data: {run.n_train_pieces} training and {run.n_test_pieces} test pieces of {run.corpus}, no work in both.
{run.corpus_citation} Licence: {run.corpus_licence}
"""


def settings_words(run: Run) -> str:
    """Every other setting that decides the run; what was not recorded is left out."""
    words = [f"seed {run.seed}", f"schedule {run.schedule}", f"{'bf16' if run.bf16 else 'fp32'} forward passes"]
    if run.warmup:
        words.append(f"warm-up of {run.warmup} steps")
    if run.weight_decay:
        words.append(f"weight decay {run.weight_decay:g}")
    if run.freeze:
        words.append(f"{run.freeze} frozen")
    recipe = f"Recipe {run.recipe}: " if run.recipe else ""
    return f"{recipe}{', '.join(words)}."


def _notes(arm: str, scale: str) -> str:
    """In what the scale differs from the published one, then what must be known of the arm, a paragraph each."""
    return "\n\n".join([_scale_note(arm, scale), *([" ".join(sentences)] if (sentences := remarks(ARMS[arm])) else [])])


def _scale_note(arm: str, scale: str) -> str:
    """In what a scale differs from the published one, as far as it decides what may be concluded."""
    tokens = {of_scale: build_config(arm, of_scale).n_audio_tokens for of_scale in (scale, "paper")}
    frames = n_frames(build_config(arm, scale).n_samples)
    if scale == "paper":
        return f"Sizes are those of the source: {tokens[scale]:,} CNN tokens and {frames} A4 frames per window."
    met = f"At this scale {tokens[scale]} CNN tokens meet {frames} A4 frames; in the source {tokens['paper']:,} do"
    sentences = [f"{met}.", "Attention patterns have no dropout in training."]
    if (entry := ARMS[arm].audio) is not None and entry.injection == "reverse":
        sentences.insert(
            1, "Reverse attention has no bottleneck here: what the source says of one cannot be tested with this checkpoint."
        )
    return " ".join(sentences)


def _rows(evaluation: Mapping[str, object]) -> str:
    rows = []
    pools: tuple[tuple[Pool, str], ...] = (("canonical", "canonical"), ("no_overlap", "no overlap in time"))
    for pool, title in pools:
        score, twin = read_score(evaluation, "trained", pool), read_score(evaluation, "untrained", pool)
        recall = [recall_words(evaluation, "trained", pool, way, 1) for way in ("audio_to_midi", "midi_to_audio")]
        cells = [title, score_text(score) if score else "–", *recall, score_text(twin) if twin else "–"]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def _small(evaluation: Mapping[str, object]) -> str:
    """What anyone can check in seconds."""
    small = evaluation.get(SMALL)
    if not isinstance(small, Mapping):
        return ""
    score, twin = read_score(small), read_score(small, "untrained")
    if score is None or twin is None:
        return ""
    return (
        f"Quick to check: S = {score_text(score)} on {score.n_queries} queries among {score.pool_size} windows of "
        f"{', '.join(small['pieces'])} (chance {percent(score.chance)}, untrained twin {score_text(twin)}).\n\n"
    )
