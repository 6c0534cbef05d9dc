"""Commands that compute: train, sweep, study, battery."""

import argparse
import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from analysis.cli.output import emit, made_folder, progress_bar, say
from analysis.errors import ConfigError, shown
from analysis.files import replaced, spreadsheet_safe
from analysis.numbers import format_value
from analysis.results import Result
from analysis.studies.base.settings import AnyRequest

FREEZES = {"cnn": "cnn and positions", "nothing": ""}


def train(options: argparse.Namespace) -> None:
    """Train an arm and examine it; Ctrl-C keeps what the last validation saved."""
    from analysis.jobs.executors.inline import run_inline
    from analysis.models.arms import spelled
    from analysis.models.checkpoint import open_checkpoint
    from analysis.training.comparison import score_headline

    options.arm = spelled(options.arm)
    out = options.out or Path("runs") / f"{options.arm}-{options.scale}-{options.seed}"
    request = {**training_settings(options), "corpus": options.corpus, "out": str(out), "resume": options.resume}
    run_inline("train", request, progress_bar("train"), notice=say)
    saved = open_checkpoint(out)
    document = {"path": str(saved.path), "sha256": saved.sha256, "training": saved.training, "evaluation": saved.evaluation}
    emit(options, document, [f"{saved.path}: {score_headline(saved)}"])


def sweep(options: argparse.Namespace) -> None:
    """Train arms × seeds and compare them; Ctrl-C keeps what is finished, and the same command goes on from there."""
    from analysis.jobs.executors.inline import run_inline
    from analysis.jobs.kinds.sweep import Swept
    from analysis.models.arms import spelled
    from analysis.training.sweep_table import SweepRow, table_lines

    arms, seeds = list(map(spelled, options.arms)), read_seeds(options.seeds)
    options.arm, options.seed = arms[0], seeds[0]  # of the settings that all trainings share
    settings = {name: value for name, value in training_settings(options).items() if name not in ("arm", "seed")}
    request = {**settings, "arms": arms, "seeds": seeds, "corpus": options.corpus, "out": str(options.out)}
    document = run_inline("sweep", request, progress_bar("sweep"), notice=say)
    swept = Swept(**document)
    rows = [SweepRow(**{**record, "seeds": tuple(record.get("seeds", ()))}) for record in swept.rows]
    emit(options, document, [swept.headline, "", *table_lines(rows), "", *swept.checkpoints])


def read_seeds(text: str) -> list[int]:
    """Whole numbers separated by commas.

    Raises:
        ConfigError: one is none, or below 0.

    >>> read_seeds("0,1, 2")
    [0, 1, 2]
    """
    try:
        seeds = [int(part) for part in text.split(",")]
    except ValueError:
        seeds = [-1]
    if min(seeds) < 0:
        raise ConfigError(f"--seeds {shown(text)} are no seeds; expected whole numbers from 0, such as 0,1,2.")
    return seeds


def training_settings(options: argparse.Namespace) -> dict[str, object]:
    """The fields of `TrainRequest`: those of the recipe, but for what an option says.

    Raises:
        ConfigError: the arm or the recipe is unknown, or an option is no number.
    """
    from analysis.models.families import find_arm
    from analysis.training.objective import find_objective
    from analysis.training.recipes import find_recipe

    objective = find_objective(find_arm(options.arm, options.scale)[0].name)
    recipe = find_recipe(options.recipe, options.scale, objective.recipes)
    settings: dict[str, object] = {
        "arm": options.arm, "scale": options.scale, "seed": options.seed, "steps": options.steps, "recipe": recipe.name,
    } | {
        name: getattr(recipe, name)
        for name in ("batch_size", "weight_decay", "beta1", "beta2", "clip_norm", "schedule", "bf16", "freeze", "learning_rates")
    }  # fmt: skip
    settings |= {"warmup": min(recipe.warmup, options.steps // 10) if recipe.name == "small" else recipe.warmup}
    names = ("batch_size", "warmup", "weight_decay", "clip_norm", "schedule", "floor", "tail_end", "reference_steps", "hold")
    settings |= {name: value for name in (*names, "end") if (value := getattr(options, name)) is not None}
    pools = {"pool_size": "validation_pool", "validation_queries": "validation_queries",
             "validation_windows": "validation_windows_per_piece"}  # fmt: skip
    settings |= {field: value for name, field in pools.items() if (value := getattr(options, name)) is not None}
    if options.betas is not None:
        beta1, beta2 = _two_numbers(options.betas)
        settings |= {"beta1": beta1, "beta2": beta2}
    if options.precision is not None:
        settings |= {"bf16": options.precision == "bf16"}
    if options.freeze is not None:
        settings |= {"freeze": FREEZES[options.freeze]}
    if options.set:
        settings |= {"settings": {name: _number(name, text) for name, text in read_settings(options.set).items()}}
    return settings


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise ConfigError(f"--set {name}={shown(text)} is no number; expected such as {name}=0.1.") from error


def _two_numbers(text: str) -> tuple[float, float]:
    try:
        first, second = (float(part) for part in text.split(","))
    except ValueError as error:
        raise ConfigError(f"--betas {shown(text)} are no two numbers; expected such as 0.9,0.999.") from error
    return first, second


def study(options: argparse.Namespace) -> None:
    """Answer one question from the store, or compute it."""
    from analysis.jobs.executors.inline import run_inline
    from analysis.jobs.kinds.study import Computed, StudyRequest
    from analysis.store import open_store
    from analysis.studies.base.requests import build_request
    from analysis.studies.cautions import sentences

    settings = read_settings(options.set)
    asked = build_request(options.name, options.checkpoints, settings)  # what is wrong is said before anything is opened
    result = None if options.fresh else _at_hand(options.name, asked)
    if result is None:
        request = StudyRequest(options.name, options.checkpoints, dict(settings), options.fresh)
        done = Computed(**run_inline("study", asdict(request), progress_bar(options.name), notice=say))
        entry = open_store().get(done.store_key)
        if entry is None:
            raise ConfigError("The answer left the store before it was read: its limit is too small. Raise OTOSCOPE_STORE_BYTES.")
        result = Result.from_document(entry.document, entry.arrays)
    if options.out:
        write_result(result, options.out)
    numbers = (f"{value.name:60} {format_value(value)}  (n = {value.n})" for value in result.values)
    lines = [result.headline, *sentences(result), "", *numbers]
    emit(options, result.to_document(), lines)


def _at_hand(name: str, request: AnyRequest) -> Result | None:
    """What pages would show without computing; None for nothing. What came with the checkpoints is said to have."""
    from analysis.store import open_store
    from analysis.studies.at_hand import exact_result
    from analysis.studies.base.study import find_checkpoint

    at_hand = exact_result(name, request, [find_checkpoint(checkpoint) for checkpoint in request.checkpoints], open_store())
    if at_hand is not None and at_hand.origin:
        say(f"This result {at_hand.origin}; --fresh computes it again.")
    return None if at_hand is None else at_hand.result


def battery(options: argparse.Namespace) -> None:
    """Every study, and a report of them; what is stored is not computed again."""
    from analysis.jobs.executors.inline import run_inline
    from analysis.jobs.kinds.battery import BatteryRequest, Computed
    from analysis.report import write_report
    from analysis.store import open_store
    from analysis.studies.base.registry import study_names
    from analysis.studies.base.study import find_checkpoint
    from analysis.studies.battery import Part, stored_of

    studies = options.only.split(",") if options.only else list(study_names())
    made_folder(options.out)
    request = BatteryRequest(options.checkpoints, options.corpus, studies)
    done = run_inline("battery", asdict(request), progress_bar("battery"), notice=say)
    store, parts = open_store(), []
    for made in Computed.all_of(done):
        result = stored_of(made.study, request.checkpoints, request.corpus, store) if made.store_key else None
        parts.append(Part(made.study, made.command, result, made.store_key, made.error, tuple(made.notices)))
        if result is not None:
            write_result(result, options.out / made.study)
    title = f"Examination of {', '.join(Path(name).name for name in options.checkpoints)} on {Path(options.corpus).name}"
    arms = {checkpoint.name: checkpoint.arm for checkpoint in map(find_checkpoint, options.checkpoints)}
    report = write_report(parts, options.out, arms, title=title)
    lines = [f"{part.study}: {part.result.headline if part.result else f'not made: {part.error}'}" for part in parts]
    emit(options, {"report": str(report), **done}, [*lines, str(report)])


def read_settings(texts: Sequence[str]) -> dict[str, str]:
    """KEY=VALUE texts as a dictionary.

    Raises:
        ConfigError: a text has no "=", or a key comes twice.

    >>> read_settings(["corpus=small", "seed=3"])
    {'corpus': 'small', 'seed': '3'}
    """
    settings: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise ConfigError(f"--set {shown(text)} is no setting; expected KEY=VALUE, such as corpus=small.")
        if key in settings:
            raise ConfigError(f"--set gives {shown(key)[1:-1]} twice; expected it once.")
        settings[key] = value
    return settings


def write_result(result: Result, folder: Path) -> None:
    """Write result.json, arrays.npz and one CSV per table, each file in one step."""
    import numpy as np
    import pandas as pd

    made_folder(folder)
    _replace(folder / "result.json", lambda path: path.write_text(json.dumps(result.to_document(), indent=2), encoding="utf-8"))
    values = [value.record() for value in result.values]
    for name, rows in {"values": values, **result.tables}.items():
        table = pd.DataFrame([spreadsheet_safe(row) for row in rows])
        _replace(folder / f"{name}.csv", lambda path, table=table: table.to_csv(path, index=False, lineterminator="\r\n"))

    def save_arrays(path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, array in result.arrays.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                    np.lib.format.write_array(file, np.asarray(array), allow_pickle=False)

    _replace(folder / "arrays.npz", save_arrays)
    if result.study == "embedding":
        from analysis.studies.embedding.table import write_points

        write_points(result, folder)


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    with replaced(path) as partial:
        write(partial)
