"""The command that lists every arm beside what is published of it and what is trained here."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from analysis import paths
from analysis.cli.output import emit

if TYPE_CHECKING:
    from analysis.models.checkpoint import Checkpoint


class Other(NamedTuple):
    """An architecture of another family than that of the arms: its parameters at paper scale, and what of it is trained here."""

    name: str
    summary: str
    family: str
    parameters: int
    here: str


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
    summaries = [f"{row.arm.name:{widths[0]}}  {row.arm.summary}" for row in proper]
    controls = [
        f"{of.arm.name:{widths[0]}}  {', '.join(names)}"
        for of in proper
        if (names := [row.arm.name for row in listed if row.arm.control_of == of.arm.name])
    ]
    others = _others(here)
    table = [("architecture", "family", "parameters", "trained here")]
    table += [(other.name, other.summary, f"{other.parameters:,}", other.here or "–") for other in others]
    below = [cited(proper), "", *sentences(proper), "", *summaries, "", "Controls, with the parameters of their arms:", *controls]
    emit(
        options,
        [*document(listed), *(other._asdict() for other in others)],
        [*_laid_out(cells), *below, "", "Of other families:", *_laid_out(table)],
    )


def _laid_out(cells: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(texts, widths, strict=True)).rstrip() for texts in cells]


def _others(here: "Sequence[Checkpoint]") -> list[Other]:
    from analysis.models.families import family_names, find_family

    others: list[Other] = []
    for family in map(find_family, family_names()):
        largest: dict[str, str] = {}  # of every name the first preset, which is that of the paper
        for preset in family.presets() if not family.has_arms else ():
            largest.setdefault(preset.rpartition("-")[0] or preset, preset)
        for name, preset in largest.items():
            trained = ", ".join(item.name for item in here if item.family == family.name and item.arm == name)
            total = sum(parameter.numel() for parameter in family.outline(family.preset(preset)).parameters())
            others.append(Other(name, family.title, family.name, total, trained))
    return others
