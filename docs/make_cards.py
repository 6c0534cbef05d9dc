"""Examine checkpoints again with the present code and write their cards: `python docs/make_cards.py [--text] FOLDER ...`.

With `--text` the scores stay as they are and the cards alone are written anew.
"""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

from analysis.datasets.corpora import open_corpus
from analysis.files import replace_file
from analysis.models.checkpoint import open_checkpoint
from analysis.training.comparison import score_headline
from analysis.training.objective import find_objective


def main() -> None:
    """New scores and a new card in every folder; the weights stay as they are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--text", action="store_true", help="keep the scores")
    options = parser.parse_args()
    corpus = None if options.text else open_corpus("full")
    for folder in options.folders:
        checkpoint = open_checkpoint(folder)
        objective, evaluation = find_objective(checkpoint.family), checkpoint.evaluation
        if corpus is not None:
            evaluation = objective.evaluate(checkpoint.model(), checkpoint.untrained_twin(), corpus)
        config = json.loads((folder / "config.json").read_text(encoding="utf-8")) | {"evaluation": evaluation}
        card = objective.card(checkpoint.arm, checkpoint.scale, checkpoint.training, evaluation)
        for name, text in (("config.json", json.dumps(config, indent=2)), ("card.md", card)):
            replace_file(folder / name, text.encode())
        print(f"{folder.name}: {score_headline(replace(checkpoint, evaluation=evaluation))}", file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    main()
