"""`otoscope phasors`: how far the features of a recording are off the law as its sound moves, and how similarity falls."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.cli.output import emit, progress_bar, say
from analysis.errors import AudioError, ConfigError, shown
from analysis.files import Json, is_file

if TYPE_CHECKING:
    from analysis.clips.phasor_rows import ComponentRow
    from analysis.datasets.audio import Waveform
    from analysis.models.checkpoint import Checkpoint
    from analysis.models.phalar.encoder import Phalar

HEADER = ("k", "Hz", "circle", "twin circle", "sound circle", "real", "twin real", "unrelated", "× at 0")


def phasors(options: argparse.Namespace) -> None:
    """The numbers of the page of phasors, of one window of a recording."""
    from analysis.clips import phasor_words as words
    from analysis.clips.phasor_plan import first_starts_s, plan_of
    from analysis.clips.phasor_rows import component_rows, score_rows
    from analysis.clips.phasors import has_phasors, move_window
    from analysis.studies.base.study import find_checkpoint

    checkpoint = find_checkpoint(options.checkpoint)
    model = checkpoint.outline()
    if not has_phasors(model):
        raise ConfigError(f"{checkpoint.name} {words.no_phase(checkpoint.of_family.title)} Choose a PHALAR.")
    config, paths = model.config, [options.clip, *([] if options.against is None else [options.against])]
    waveforms, notices = _loaded(paths, config.sample_rate)
    for notice in notices:
        say(notice)
    length = min(len(waveform.samples) for waveform in waveforms)
    moves, stays = waveforms[0].samples[:length], waveforms[-1].samples[:length]
    start_s = float(first_starts_s(config, length)[1]) if options.start is None else options.start
    plan, model, bar = plan_of(config, length, start_s), checkpoint.model(), progress_bar("phasors")
    twin = checkpoint.untrained_twin()
    moved = move_window(model, twin, moves, stays, plan, lambda done, total: bar(done, total, "windows"))
    rows = component_rows(moved)
    sentences = [words.turned_sentence(moved, rows), words.law_sentence(moved), words.reason_sentence(rows)]
    sentences += [words.rounds_sentence(moved), words.score_sentence(moved, moved.plan.n_few - 1)]
    document = _provenance(checkpoint, model, waveforms) | {
        "notices": notices, "read_s": length / config.sample_rate,
        "headline": sentences[0], "window_from_s": start_s, "period_s": moved.plan.period_s, "sentences": sentences[1:],
        "components": [row.record() for row in rows], "scores": [row.record() for row in score_rows(moved)],
    }  # fmt: skip
    emit(options, document, [*sentences, "", *_table(rows)])


def _loaded(paths: Sequence[Path], sample_rate: int) -> tuple[list[Waveform], list[str]]:
    """Recordings, and what is unusual about them: of one that is longer than the other the end is not read."""
    from analysis.datasets.audio import load_waveform

    for path in paths:
        _refuse_missing(path)
    waveforms = [load_waveform(path, sample_rate) for path in paths]
    notices = [notice for waveform in waveforms for notice in waveform.notices]
    shorter = min(waveforms, key=lambda waveform: len(waveform.samples))
    longer = [waveform for waveform in waveforms if len(waveform.samples) > len(shorter.samples)]
    lasts = f"{shorter.name} {shorter.duration_s:.6g} s"
    ends = [
        f"{long.name} lasts {long.duration_s:.6g} s, {lasts}: what comes after that in {long.name} is not read."
        for long in longer
    ]
    return waveforms, [*notices, *ends]


def _provenance(checkpoint: Checkpoint, model: Phalar, waveforms: Sequence[Waveform]) -> Json:
    """What was read by what; the names are those of `otoscope inspect`."""
    from analysis.results import versions

    moves, stays = waveforms[0], waveforms[-1]
    return {
        "clip": moves.name, "clip_sha256": moves.sha256, "against": stays.name, "against_sha256": stays.sha256,
        "sample_rate": moves.sample_rate, "duration_s": moves.duration_s,
        "checkpoint": checkpoint.name, "checkpoint_sha256": checkpoint.sha256, "arm": checkpoint.arm,
        "untrained_twin_seed": checkpoint.seed, "device": str(next(model.parameters()).device), "versions": versions(),
    }  # fmt: skip


def _refuse_missing(path: Path) -> None:
    if not is_file(path):
        raise AudioError(f"There is no file {shown(str(path))[1:-1]}. Give the path of a recording.")


def _table(rows: Sequence[ComponentRow]) -> list[str]:
    """Degrees off the law by component, as aligned columns; a dash where there is no number."""
    from analysis.clips.phasor_words import degrees

    lines: list[tuple[str, ...]] = [HEADER]
    for row in rows:
        angles = (row.circle, row.untrained_circle, row.sound_circle, row.real, row.untrained, row.unrelated)
        cells = ["–" if angle is None else degrees(angle) for angle in angles]
        amplitude = "–" if row.amplitude is None else f"{row.amplitude:.2f}"
        lines.append((str(row.component), f"{row.hz:.2f}", *cells, amplitude))
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADER))]
    return ["  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
