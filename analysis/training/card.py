"""The card of a checkpoint: what it is, what it was trained on and what it reaches, every number taken from its configuration."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analysis.descriptors.a4 import n_frames
from analysis.models.arms import ARMS, build_config
from analysis.numbers import percent
from analysis.training.comparison import Pool, in_words, read_score, recall_words, score_headline

SOURCE = "arXiv 2604.10283"


@dataclass(frozen=True)
class Described:
    """Name, arm, training and evaluation: what a card is written from."""

    name: str
    arm: str
    training: Mapping[str, Any]
    evaluation: Mapping[str, Any]


def write_card(arm: str, scale: str, training: Mapping[str, Any], evaluation: Mapping[str, Any]) -> str:
    """The card as Markdown."""
    return f"""# {arm} ({scale})

{ARMS[arm].summary[0].upper()}{ARMS[arm].summary[1:]}. The architecture is that of {SOURCE}; these weights and numbers are ours.

{score_headline(Described(arm, arm, training, evaluation))}

| pool | S | R@1 audio to MIDI | R@1 MIDI to audio | untrained twin, S |
|---|---|---|---|---|
{_rows(evaluation)}

S = min(R@10 audio to MIDI, R@10 MIDI to audio), measured on the fp16 weights of this folder; in brackets 95 % intervals,
bootstrap over works. Negatives of the canonical pool may overlap the match in time, those of the second never do.

{_small(evaluation)}Trained for {training["steps"]} steps of {training["batch_size"]} windows, {training["minutes"]:.0f} minutes
on {training["device"]}; the weights are those of step {training["best_step"]}, the best on validation. {_settings(training)}

{_scale_note(arm, scale)}

Data: {training["n_train_pieces"]} training and {training["n_test_pieces"]} test pieces of {training["corpus"]}, no work in both.
{training["corpus_citation"]} Licence: {training["corpus_licence"]}
"""


def _settings(training: Mapping[str, Any]) -> str:
    """Every other setting that decides the run; what was not recorded is left out."""
    precision = "bf16" if training["bf16"] else "fp32"
    words = [f"seed {training['seed']}", f"schedule {training['schedule']}", f"{precision} forward passes"]
    named = {"warmup": "warm-up of {} steps", "weight_decay": "weight decay {:g}", "freeze": "{} frozen"}
    words += [text.format(training[name]) for name, text in named.items() if training.get(name)]
    recipe = f"Recipe {training['recipe']}: " if training.get("recipe") else ""
    return f"{recipe}{', '.join(words)}."


def _scale_note(arm: str, scale: str) -> str:
    """In what a scale differs from the published one, as far as it decides what may be concluded."""
    tokens = {one: build_config(arm, one).n_audio_tokens for one in (scale, "paper")}
    frames = n_frames(build_config(arm, scale).n_samples)
    if scale == "paper":
        return f"Sizes are those of the source: {tokens[scale]:,} CNN tokens and {frames} A4 frames per window."
    met = f"At this scale {tokens[scale]} CNN tokens meet {frames} A4 frames; in the source {tokens['paper']:,} do"
    said = [f"{met}.", "Attention patterns have no dropout in training."]
    if (entry := ARMS[arm].audio) is not None and entry.injection == "reverse":
        said.insert(
            1, "Reverse attention has no bottleneck here: what the source says of one cannot be tested with this checkpoint."
        )
    return " ".join(said)


def _rows(evaluation: Mapping[str, Any]) -> str:
    rows = []
    pools: tuple[tuple[Pool, str], ...] = (("canonical", "canonical"), ("no_overlap", "no overlap in time"))
    for pool, title in pools:
        score, twin = read_score(evaluation, "trained", pool), read_score(evaluation, "untrained", pool)
        recall = [recall_words(evaluation, "trained", pool, way, 1) for way in ("audio_to_midi", "midi_to_audio")]
        cells = [title, in_words(score) if score else "–", *recall, in_words(twin) if twin else "–"]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def _small(evaluation: Mapping[str, Any]) -> str:
    """What anyone can check in seconds."""
    small = evaluation.get("small_pool")
    if not small:
        return ""
    score, twin = read_score(small), read_score(small, "untrained")
    if score is None or twin is None:
        return ""
    return (
        f"Quick to check: S = {in_words(score)} on {score.n_queries} queries among {score.pool_size} windows of "
        f"{', '.join(small['pieces'])} (chance {percent(score.chance)}, untrained twin {in_words(twin)}).\n\n"
    )
