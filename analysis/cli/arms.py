"""The command that lists every arm beside what is published of it and what is trained here."""

import argparse
from typing import NamedTuple

from analysis import paths
from analysis.cli.output import emit


class Other(NamedTuple):
    """An architecture of another family than that of the arms, whatever its scale."""

    name: str
    summary: str
    family: str


def arms(options: argparse.Namespace) -> None:
    """Every arm: family, mechanism, parameters at paper scale, the published S and ours; then what must be known of some, and
    the architectures of other families.
    """
    from analysis.models.checkpoint import Checkpoint, list_checkpoints
    from analysis.studies.arms_listed import cited, document, listed_arms, sentences

    here = [item for item in list_checkpoints(paths.checkpoint_roots()) if isinstance(item, Checkpoint)]
    listed = listed_arms(here)
    proper = [row for row in listed if not row.arm.control_of]
    cells = [("arm", "family", "mechanism", "parameters", "published S", "ours", "origin")]
    cells += [
        (row.arm.name + ("*" if row.remarks else ""), row.family, row.mechanism, f"{row.parameters:,}", row.published, row.ours,
         row.arm.origin)
        for row in proper
    ]  # fmt: skip
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(texts, widths, strict=True)).rstrip() for texts in cells]
    summaries = [f"{row.arm.name:{widths[0]}}  {row.arm.summary}" for row in proper]
    controls = [
        f"{of.arm.name:{widths[0]}}  {', '.join(names)}"
        for of in proper
        if (names := [row.arm.name for row in listed if row.arm.control_of == of.arm.name])
    ]
    others = _others()
    listed_others = [f"{other.name:{widths[0]}}  {other.summary}" for other in others]
    below = [cited(proper), "", *sentences(proper), "", *summaries, "", "Controls, with the parameters of their arms:", *controls]
    emit(
        options,
        [*document(listed), *(other._asdict() for other in others)],
        [*lines, *below, "", "Of other families:", *listed_others],
    )


def _others() -> list[Other]:
    from analysis.models.arms import ARMS
    from analysis.models.families import family_names, find_family

    others: list[Other] = []
    for family in map(find_family, family_names()):
        names = dict.fromkeys(name.rpartition("-")[0] or name for name in family.presets())
        others += [Other(name, family.title, family.name) for name in names if name not in ARMS]
    return others
