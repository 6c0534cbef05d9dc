"""Write `checkpoints/README.md` from the checkpoints and the results that come with them.

`python docs/make_checkpoints_readme.py [--real FILE]`

With `--real FILE` (the result.json of retrieval on recordings that cannot be shipped) a table of them is kept, too; without, the
one that is there.
"""

import argparse
import gzip
import json
import sys
import textwrap
from pathlib import Path
from typing import Any

from analysis import paths
from analysis.descriptors.a4 import n_frames
from analysis.files import replace_file
from analysis.measures.statistics import holm
from analysis.models.arms import ARMS, build_config
from analysis.models.checkpoint import Checkpoint, open_checkpoint
from analysis.numbers import percent
from analysis.studies.shipped import SHIPPED, SHIPPED_CONTROLS, SHIPPED_FAMILIES, shipped_folder
from analysis.training.card import Run
from analysis.training.comparison import score_headline
from analysis.training.scores import read_score, score_text

ALPHA = 0.05
INTRODUCTION = """# Checkpoints

One folder each: `model.safetensors` (fp16), `config.json` (model, training, evaluation), `history.csv`, `card.md` (what it is,
what it was trained on, what it reaches).

## Dual encoders

These were trained alike, on the same windows in the same order, by `python scripts/train_all.py`, which for each of them runs

    otoscope train ARM --corpus full --steps {steps} --seed {seed} --out checkpoints/ARM-small

{table}

They are small versions ({smallest:.1f} to {largest:.1f} million parameters) of the architectures of arXiv 2604.10283, trained on
the demo corpus; what they reach says nothing about the numbers of the paper. At this scale {tokens} CNN tokens meet {frames} A4
frames, where the paper has {paper_tokens:,} and {frames}: reverse attention saves nothing here and has no bottleneck, so that
`a4r-small` and `d4-a4r-small` cannot test what the paper says of one. S is the smaller of R@10 audio to MIDI and R@10 MIDI to
audio among 256 candidates, of which 64 are of the same work and 32 of the same composer; in brackets 95 % intervals, bootstrap
over works.

## What the descriptors add

Differences in S (percentage points), {n} queries of {n_works} works, 95 % bootstrap over works, paired permutation by work, as
printed by `otoscope study retrieval {shipped}`:

{differences}

p is as printed; the last column is corrected for the {n_pairs} comparisons (Holm). {verdict} One training seed each: spread over
seeds is not in these intervals.

## Is it the information or the parameters?

The controls of d4a4 have its parameters, but in place of the descriptors they are given zeros, noise (with the mean and deviation
of every feature in the training set) or other windows' descriptors. S on the same pool, as printed by
`otoscope study controls {shipped} {controls}`:

{controlled}

{control_verdict}
"""

OTHERS = """Small versions of models that hear sound alone, trained on the demo corpus for minutes: demonstrations of what the
pages show, not replications. The cards say what they reach on other recordings, and what they do not.
"""
REAL = "\n## On real recordings"
WIDTH = 130


def main() -> None:
    """Tables and what follows from them, all from files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--real", type=Path, metavar="FILE", help="result.json of recordings that are not shipped")
    options = parser.parse_args()
    target = paths.repository() / "checkpoints" / "README.md"
    text = write(json.loads(options.real.read_text("utf-8")) if options.real else None)
    _, heading, kept = target.read_text("utf-8").partition(REAL)
    replace_file(target, (text if options.real else text + heading + kept).encode())
    print(target, file=sys.stderr)  # noqa: T201


def write(real: dict[str, Any] | None = None) -> str:
    """The whole text."""
    checkpoints = [open_checkpoint(paths.repository() / "checkpoints" / name) for name in (*SHIPPED, *SHIPPED_CONTROLS)]
    sizes = [sum(parameter.numel() for parameter in checkpoint.model().parameters()) / 1e6 for checkpoint in checkpoints]
    pairs = [row for row in shipped("retrieval")["tables"]["pairs"] if row["pool"] == "canonical"]
    rows = [row for row in shipped("controls", len(checkpoints))["tables"].get("differences", ()) if row["weights"] == "trained"]
    rows = [row for row in rows if row["kind"] == "real − control" and row["first"] == "d4a4-small"]
    corrected, corrected_rows = (holm([row["p"] for row in some]) for some in (pairs, rows))
    score = read_score(checkpoints[0].evaluation)
    assert score is not None  # noqa: S101 - every shipped checkpoint is scored
    sizes_of = checkpoints[0].model_config
    text = INTRODUCTION.format(
        steps=checkpoints[0].training["steps"], seed=checkpoints[0].training["seed"], table=_table(checkpoints),
        smallest=min(sizes), largest=max(sizes),
        tokens=sizes_of.n_audio_tokens, frames=n_frames(sizes_of.n_samples),
        paper_tokens=build_config("D0", "paper").n_audio_tokens, n=score.n_queries, n_works=score.n_works,
        shipped=" ".join(SHIPPED), controls=" ".join(SHIPPED_CONTROLS), n_pairs=len(pairs),
        differences=_differences(pairs, corrected, "difference"), verdict=_verdict(pairs, corrected, "difference"),
        controlled=_differences(rows, corrected_rows, "value"), control_verdict=_control_verdict(rows, corrected_rows),
    )  # fmt: skip
    return text + _trainings() + _families() + (_real(real) if real else "")


def shipped(study: str, n_checkpoints: int = len(SHIPPED)) -> dict[str, Any]:
    """A result that comes with the checkpoints."""
    documents = [json.loads(gzip.decompress(path.read_bytes())) for path in shipped_folder().glob(f"{study}-*.json.gz")]
    return next(document for document in documents if len(document["request"]["checkpoints"]) == n_checkpoints)


def _families() -> str:
    """Models of the other families: what each reaches beside its untrained twin, and the command that trained it."""
    checkpoints = [open_checkpoint(paths.repository() / "checkpoints" / name) for name in SHIPPED_FAMILIES]
    sections = [_family(checkpoint) for checkpoint in checkpoints]
    return "\n".join(["\n## Other families\n", OTHERS, *sections])


def _family(checkpoint: Checkpoint) -> str:
    training = Run.of(checkpoint.training)
    command = f"otoscope train {checkpoint.arm} --corpus full --steps {training.steps} --warmup {training.warmup}"
    command += f" --batch-size {training.batch_size} --seed {training.seed} --out checkpoints/{checkpoint.name}"
    return f"**`{checkpoint.name}`**: {score_headline(checkpoint)}\n\n    {command}\n"


def _trainings() -> str:
    """What the shipped numbers of further trainings say."""
    documents = [json.loads(gzip.decompress(path.read_bytes())) for path in shipped_folder().glob("replication-*.json.gz")]
    most = max(documents, key=lambda document: len(document["request"]["checkpoints"]))
    arms = [row for row in most["tables"]["arms"] if row["weights"] == "trained"]
    seeds = [f"{row['arm']} {', '.join(map(str, row['training_seeds']))}" for row in arms]
    paragraphs = (
        f"Seeds that were trained alike: {'; '.join(seeds)}. Only the weights of seed 0 are here; the numbers of all are on the "
        "page Replication.",
        f"{most['tables']['sentences'][0]['text']}",
    )
    filled = (textwrap.fill(paragraph, WIDTH) for paragraph in paragraphs)
    return "\n\n".join(["\n## Would another training give the same?", *filled]) + "\n"


def _table(checkpoints: list[Checkpoint]) -> str:
    rows = ["| folder | arm | S | untrained twin |", "|---|---|---|---|"]
    for checkpoint in checkpoints:
        score, twin = read_score(checkpoint.evaluation), read_score(checkpoint.evaluation, "untrained")
        cells = [f"`{checkpoint.name}`", ARMS[checkpoint.arm].summary, *(score_text(of) if of else "–" for of in (score, twin))]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def _names(row: dict[str, Any]) -> str:
    return " − ".join(row[name].removesuffix("-small") for name in ("first", "second"))


def _ends(row: dict[str, Any]) -> str:
    return f"[{100 * row['ci_low']:.1f}, {100 * row['ci_high']:.1f}]"


def _differences(rows: list[dict[str, Any]], corrected: list[float], value: str) -> str:
    lines = ["| difference | S | 95 % interval | p | p, Holm |", "|---|---|---|---|---|"]
    for row, p in zip(rows, corrected, strict=True):
        lines.append(f"| {_names(row)} | {100 * row[value]:+.1f} | {_ends(row)} | {row['p']:.3f} | {p:.3f} |")
    return "\n".join(lines)


def _verdict(rows: list[dict[str, Any]], corrected: list[float], value: str) -> str:
    """What survives the correction, and whether any descriptor is above the baseline."""
    clear = [(row, p) for row, p in zip(rows, corrected, strict=True) if p < ALPHA]
    base = "D0-small"
    gains = [row[value] if row["second"] == base else -row[value] for row, _ in clear if base in (row["first"], row["second"])]
    above = any(gain > 0 for gain in gains)
    sentence = "Some descriptors improve on the baseline" if above else "No descriptor is shown to improve on the baseline"
    listed = "; ".join(f"{_names(row)} {100 * row[value]:+.1f} points ({p:.3f})" for row, p in clear)
    remains = f"After the correction these differences remain: {listed}." if clear else "After the correction none remains."
    return f"{sentence} here. {remains}"


def _control_verdict(rows: list[dict[str, Any]], corrected: list[float]) -> str:
    clear = [row for row, p in zip(rows, corrected, strict=True) if p < ALPHA and row["value"] > 0]
    if not clear:
        sentence = "None is shown to be below the arm (Holm over the controls)"
        return f"{sentence}: that the information in A4 and D4 adds anything is not shown here."
    listed = ", ".join(row["second"].removeprefix("d4a4-").removesuffix("-small") for row in clear)
    every = "every control" if len(clear) == len(rows) else f"some of the controls only ({listed})"
    return f"d4a4 is above {every} (Holm over the controls)."


def _real(document: dict[str, Any]) -> str:
    """S on recordings that are not shipped."""
    names, request = list(SHIPPED), document["request"]
    values = {value["name"]: value for value in document["values"]}
    rows = ["| arm | S | untrained twin |", "|---|---|---|"]
    for name in names:
        cells = [_interval(values[f"{name}, {weights}, canonical: S"]) for weights in ("trained", "untrained")]
        rows.append(f"| {name.removesuffix('-small')} | {' | '.join(cells)} |")
    chance = percent(values[f"{names[0]}, trained, canonical: S"]["null"])
    return f"""{REAL}

S on recordings of a Disklavier (MAPS), which none of them has heard, by `otoscope study retrieval {" ".join(names)} --set
corpus=FOLDER --set split={request["split"]} --set windows_per_piece={request["windows_per_piece"]}`: {request["n_queries"]}
queries, chance {chance}. These recordings are not ours to ship, so that nothing here depends on them.

{chr(10).join(rows)}
"""


def _interval(value: dict[str, Any]) -> str:
    return f"{percent(value['value'])} [{100 * value['ci_low']:.1f}, {100 * value['ci_high']:.1f}]"


if __name__ == "__main__":
    main()
