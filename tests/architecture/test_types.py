"""Data has types: how often a dictionary is asked for a name, and how often anything may stand, is held where it is.

A file that is not named here holds none of either. Where a file needs fewer, its number here goes down with it.
"""

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Why a file may do it, and how often.
SUBSCRIPTS: dict[str, dict[str, int]] = {
    "JSON, TOML or a pickle-free archive comes in here, and is checked where it is read": {
        "analysis/cli/library.py": 3,
        "analysis/clips/companions.py": 1,
        "analysis/clips/probes.py": 2,
        "analysis/clips/questions/answer.py": 10,
        "analysis/clips/store.py": 6,
        "analysis/clips/training_distance.py": 1,
        "analysis/datasets/examined.py": 2,
        "analysis/figures/inspection.py": 3,
        "analysis/fingerprints.py": 2,
        "analysis/jobs/kinds/battery.py": 1,
        "analysis/jobs/worker.py": 1,
        "analysis/models/config.py": 1,
        "analysis/models/dual_family.py": 2,
        "analysis/results.py": 3,
        "analysis/sandbox/answers.py": 2,
        "analysis/sandbox/sandbox.py": 1,
        "analysis/store/entry.py": 3,
        "analysis/studies/listings.py": 1,
        "analysis/studies/recipes.py": 2,
        "analysis/studies/replication/study.py": 1,
        "analysis/studies/shipped.py": 1,
        "analysis/training/card.py": 2,
        "analysis/training/prediction_scores.py": 4,
        "analysis/training/scores.py": 3,
        "app/components/battery_answers.py": 2,
        "app/components/checkpoint_card.py": 1,
    },
    "PyTorch's optimisers and function modes say so, and so do the rows of a history, which a CSV file holds": {
        "analysis/models/initial.py": 1,
        "analysis/training/loop.py": 5,
        "analysis/training/muon.py": 8,
        "analysis/training/resume.py": 7,
    },
    "Plotly takes and gives figures as dictionaries": {
        "app/charts/architecture.py": 4,
        "app/charts/draft.py": 4,
        "app/charts/matrix.py": 1,
        "app/charts/points.py": 1,
        "app/charts/summary.py": 1,
    },
    "Streamlit, a browser or a web server says so": {
        "app/access.py": 1,
        "app/kit/desk/packing.py": 1,
        "app/kit/desk/sent_back.py": 9,
        "app/kit/desk/show.py": 3,
        "app/guard.py": 4,
        "app/kit/row_choice.py": 2,
        "app/views/clip.py": 1,
    },
    "arrays of a result, of the store or of a pass have the names under which they are kept": {
        "analysis/studies/bands/filters.py": 2,
        "analysis/studies/controls/study.py": 1,
        "analysis/studies/pools/redrawn.py": 1,
        "analysis/studies/retrieval/study.py": 1,
        "analysis/studies/stress/bench.py": 2,
        "app/kit/altered_sound.py": 2,
        "app/studies/ablation.py": 2,
        "app/studies/controls.py": 1,
        "app/studies/embedding/sound.py": 2,
        "app/studies/replication/hard_queries.py": 1,
        "app/studies/transposition.py": 1,
    },
    "what a result says of where it comes from, and what was asked, is JSON; the classes of requests would bring PyTorch": {
        "analysis/jobs/kinds/study.py": 1,
        "analysis/studies/base/study.py": 4,
        "analysis/studies/similarity/figures.py": 1,
        "app/studies/similarity.py": 2,
    },
    "parameters are counted by part, and every family has a total": {
        "analysis/clips/cost.py": 1,
    },
    "facets of a value are found by their names": {
        "analysis/studies/invariance/words.py": 2,
        "analysis/studies/probes/rows.py": 1,
        "analysis/studies/retrieval/published.py": 1,
    },
    "an entry of a table of constants or of counts by part": {
        "analysis/datasets/corpus.py": 1,
        "analysis/measures/projections.py": 2,
        "analysis/models/dual_encoder_flow.py": 3,
        "analysis/studies/stress/changes.py": 2,
        "app/components/battery_form.py": 1,
        "app/components/checkpoint_table.py": 1,
        "app/studies/embedding/answer.py": 1,
    },
}
ANYTHING: dict[str, dict[str, int]] = {
    "whatever JSON may hold: its reader checks it": {
        "analysis/datasets/annotation_files.py": 2,
        "analysis/datasets/examined.py": 1,
        "analysis/files.py": 2,
        "analysis/jobs/executors/inline.py": 1,
        "analysis/jobs/job.py": 1,
        "analysis/models/config.py": 1,
        "app/kit/desk/packing.py": 1,
    },
    "whatever PyTorch gives a hook or an optimiser": {
        "analysis/models/tower.py": 1,
        "analysis/training/resume.py": 1,
    },
    "only a family knows its models and configurations, only a descriptor what it reads": {
        "analysis/descriptors/descriptor.py": 1,
        "analysis/models/checkpoint.py": 2,
        "analysis/models/dual_family.py": 1,
        "analysis/models/families.py": 1,
        "analysis/training/objective.py": 4,
        "analysis/readings/reader.py": 1,
    },
    "only a study knows its requests and the functions of its modules": {
        "analysis/studies/base/record.py": 2,
        "analysis/studies/base/requests.py": 4,
        "analysis/studies/base/settings.py": 1,
    },
    "annotations, facets and settings of any class": {
        "analysis/measures/registry.py": 1,
        "analysis/numbers.py": 1,
        "analysis/rows.py": 1,
    },
    "Matplotlib and Plotly give their parts no types": {
        "analysis/figures/saving.py": 1,
        "app/charts/theme.py": 2,
        "app/studies/embedding/selection.py": 1,
    },
    "whatever a browser, a session or a web server holds": {
        "app/guard.py": 1,
        "app/kit/clicks.py": 1,
        "app/state.py": 2,
    },
}


def names_asked_for(text: str) -> int:
    """Subscripts that are a text, such as `row["piece"]`."""
    subscripts = (node.slice for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Subscript))
    return sum(isinstance(index, ast.Constant) and isinstance(index.value, str) for index in subscripts)


def anything(text: str) -> int:
    """Uses of `Any`, its import aside."""
    if "Any" not in text:
        return 0
    return sum(isinstance(node, ast.Name) and node.id == "Any" for node in ast.walk(ast.parse(text)))


@pytest.mark.parametrize(("count", "allowed"), [(names_asked_for, SUBSCRIPTS), (anything, ANYTHING)])
def test_no_file_holds_more_than_it_has_a_reason_for(count: Callable[[str], int], allowed: dict[str, dict[str, int]]) -> None:
    most = {name: number for files in allowed.values() for name, number in files.items()}
    more = []
    for path in (path for package in ("analysis", "app") for path in sorted((ROOT / package).rglob("*.py"))):
        name = path.relative_to(ROOT).as_posix()
        if (number := count(path.read_text("utf-8"))) > most.get(name, 0):
            more.append(f"{name}: {number}, expected at most {most.get(name, 0)}")
    assert not more, "\n".join(["Give the data a class, or name the file here with a reason:", *more])
    gone = [name for name in most if not (ROOT / name).is_file()]
    assert not gone, f"There is no {', '.join(gone)}: leave out what is named here."


@pytest.mark.parametrize(
    ("text", "expected"),
    [("row['piece']", 1), ("f(a)['b']['c']", 2), ("rows[0]", 0), ("rows[name]", 0), ("d.get('a')", 0), ("f\"{row['a']}\"", 1)],
)
def test_a_name_that_is_asked_for_is_counted(text: str, expected: int) -> None:
    assert names_asked_for(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("def f(x: Any) -> dict[str, Any]: ...", 2), ("from typing import Any", 0), ("x: object = any(y)", 0)],
)
def test_anything_is_counted(text: str, expected: int) -> None:
    assert anything(text) == expected
