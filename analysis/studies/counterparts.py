"""What a result says where others have published a number: ours, by arm, condition and measure as they are published."""

from collections.abc import Mapping

from analysis.results import Result
from analysis.studies.base.registry import studies

Place = tuple[str, str, str]  # arm, condition, measure


def counterparts(result: Result, arms: Mapping[str, str]) -> dict[Place, str]:
    """Our number with its interval for every published one that the result has something to set beside.

    Args:
        result: of any study; one about which nothing is published gives an empty dictionary.
        arms: checkpoint → arm. Of several checkpoints of an arm the first one counts; unknown checkpoints are left out.
    """
    study = next((study for study in studies() if study.name == result.study), None)
    if study is None:
        return {}
    ours: dict[Place, str] = {}
    arms = {**arms, **study.arms(result)}
    for checkpoint, condition, measure, text in study.ours(result):
        if checkpoint in arms:
            ours.setdefault((arms[checkpoint], condition, measure), text)
    return ours
