"""What a result says where others have published a number: ours, by arm, condition and measure as they are published."""

from collections.abc import Mapping

from analysis.results import Result
from analysis.studies.registry import studies

Place = tuple[str, str, str]  # arm, condition, measure


def counterparts(result: Result, arms: Mapping[str, str]) -> dict[Place, str]:
    """Our number with its interval for every published one that the result has something to set beside.

    Args:
        result: of any study; one about which nothing is published gives an empty dictionary.
        arms: checkpoint → arm. Of several checkpoints of an arm the first one counts; unknown checkpoints are left out.
    """
    found: dict[Place, str] = {}
    rows = (row for table in ("runs", "scores") for row in result.tables.get(table, ()) if "arm" in row)
    arms = {**arms, **{row["checkpoint"]: row["arm"] for row in rows}}  # a control counts as the arm that it controls
    known = {study.name: study for study in studies()}
    told = known[result.study].ours(result) if result.study in known else ()
    for checkpoint, condition, measure, text in told:
        if checkpoint in arms:
            found.setdefault((arms[checkpoint], condition, measure), text)
    return found
