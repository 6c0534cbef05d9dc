"""Examine checkpoints again with the present code and write their cards: `python docs/make_cards.py [options] FOLDER ...`.

With `--text` the scores stay as they are and the cards alone are written anew. `--elsewhere TITLE=FILE` keeps what the
`result.json` of a study of tokens or beats says of the checkpoints on recordings that cannot be shipped, under that title; what
was kept of that study under it before goes.
"""

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from analysis.datasets.corpora import open_corpus
from analysis.files import Json, replace_file
from analysis.models.checkpoint import Checkpoint, open_checkpoint
from analysis.results import Result
from analysis.studies.base.registry import find_study
from analysis.studies.beats.rows import LIBRARY, GainRow, MaterialRow, ScoreRow
from analysis.studies.tokens.rows import TokenBestRow
from analysis.training.comparison import score_headline
from analysis.training.elsewhere import BEATS, ELSEWHERE, NOTES, TOKENS, Elsewhere, Ends, read_elsewhere
from analysis.training.examination import evaluate_trained, write_whole_card
from analysis.training.objective import find_objective

OF_WHAT = ("checkpoints", "corpus")


def main() -> None:
    """New scores and a new card in every folder; the weights stay as they are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--text", action="store_true", help="keep the scores")
    parser.add_argument("--elsewhere", action="append", default=[], metavar="TITLE=FILE", help="results on other recordings")
    options = parser.parse_args()
    results = [(title, _result(Path(file))) for title, _, file in (text.partition("=") for text in options.elsewhere)]
    for folder in options.folders:
        checkpoint = open_checkpoint(folder)
        evaluation = _evaluation(checkpoint, text=options.text)
        for title, result in results:
            was = read_elsewhere(evaluation)
            kept = [record for record in was if (record.recordings, record.study) != (title, result.study)]
            records = [*kept, *elsewhere(title, result, checkpoint)]
            evaluation = {**evaluation, ELSEWHERE: [record.record() for record in records]}
        _write(folder, checkpoint, evaluation)


def _evaluation(checkpoint: Checkpoint, *, text: bool) -> Json:
    """What is there, or new scores beside what was measured elsewhere."""
    if text:
        return dict(checkpoint.evaluation)
    objective = find_objective(checkpoint.family)
    corpus = open_corpus(objective.corpus_of("full"))
    kept = {ELSEWHERE: of} if (of := checkpoint.evaluation.get(ELSEWHERE)) else {}
    return {**evaluate_trained(objective, checkpoint.model(), checkpoint.untrained_twin(), corpus), **kept}


def _write(folder: Path, checkpoint: Checkpoint, evaluation: Json) -> None:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8")) | {"evaluation": evaluation}
    card = write_whole_card(find_objective(checkpoint.family), checkpoint.arm, checkpoint.scale, checkpoint.training, evaluation)
    for name, text in (("config.json", json.dumps(config, indent=2)), ("card.md", card)):
        replace_file(folder / name, text.encode())
    print(f"{folder.name}: {score_headline(replace(checkpoint, evaluation=evaluation))}", file=sys.stderr)  # noqa: T201


def elsewhere(title: str, result: Result, checkpoint: Checkpoint) -> Sequence[Elsewhere]:
    """What a result says of a checkpoint, task by task; other weights and single splits are refused, and what has no interval."""
    if result.provenance["checkpoint_sha256"].get(checkpoint.name) != checkpoint.sha256:
        raise SystemExit(f"{title} was not measured with the weights of {checkpoint.name}.")
    if result.request["split"] != "all":
        raise SystemExit(f"{title} is of the split {result.request['split']}; expected all.")
    if result.study == BEATS:
        return [_beats(title, result, checkpoint.name)]
    rows = [row for row in result.rows(TokenBestRow) if row.checkpoint == checkpoint.name]
    return [_token(title, settings_of(result), row) for row in rows]


def settings_of(result: Result) -> str:
    """Settings that are not the usual ones, but for those that say of what the result is."""
    usual = {field.name: field.default for field in dataclasses.fields(find_study(result.study).request)}
    own = {name: value for name, value in result.request.items() if name not in (*OF_WHAT, "split") and value != usual[name]}
    return ", ".join(f"{name}={value}" for name, value in own.items())


def _token(title: str, settings: str, row: TokenBestRow) -> Elsewhere:
    score, twin = _ends(row.value, row.ci_low, row.ci_high), _ends(row.twin, row.twin_low, row.twin_high)
    over_twin = _ends(row.above_twin, row.above_twin_low, row.above_twin_high)
    if score is None or twin is None or over_twin is None or row.null is None:
        raise SystemExit(f"{row.task} of {title} has no interval, no twin or no null.")
    sound = _ends(row.input_value, row.input_low, row.input_high)
    over_sound = _ends(row.above_input, row.above_input_low, row.above_input_high)
    where = row.task, row.measure, row.layer, row.twin_layer, row.input
    return Elsewhere(TOKENS, title, settings, *where, score, twin, over_twin, sound, over_sound, row.null, row.n, row.n_works)


def _beats(title: str, result: Result, name: str) -> Elsewhere:
    """F of beats that are found without a probe, beside librosa's."""
    (material,) = result.rows(MaterialRow)
    scores = {(row.checkpoint, row.weights): row for row in result.rows(ScoreRow) if row.measure == "F"}
    gains = {row.against: row for row in result.rows(GainRow) if (row.checkpoint, row.measure) == (name, "F")}
    of = scores[name, "trained"], scores[name, "untrained"], gains["untrained"], scores["", LIBRARY], gains[LIBRARY]
    score, twin, over_twin, sound, over_sound = (_ends(row.value, row.ci_low, row.ci_high) for row in of)
    if score is None or twin is None or over_twin is None:
        raise SystemExit(f"{title} has one work alone: no interval.")
    where = "beats, zero-shot", "F", "", "", LIBRARY
    return Elsewhere(
        BEATS, title, settings_of(result), *where, score, twin, over_twin, sound, over_sound, of[0].null, of[0].n, material.works
    )


def _ends(value: float | None, low: float | None, high: float | None) -> Ends | None:
    return None if value is None or low is None or high is None else Ends(value, low, high)


def _result(path: Path) -> Result:
    """A result of one of these studies; the rows alone are wanted, not the arrays."""
    document = json.loads(path.read_text("utf-8"))
    if document["study"] not in NOTES:
        raise SystemExit(f"{path} is of the study {document['study']}; expected {' or '.join(NOTES)}.")
    return Result.from_document(document | {"arrays": {}}, {})


if __name__ == "__main__":
    main()
