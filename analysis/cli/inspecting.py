"""`otoscope inspect`: every lane of a recording, or of many of them, as pictures, arrays and layers."""

from __future__ import annotations

import argparse
import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.cli.output import emit, made_folder, progress_bar, say
from analysis.errors import AudioError, ConfigError, OtoscopeError, shown
from analysis.files import Json, is_file, is_folder, printable, replace_file, replaced, spreadsheet_safe

if TYPE_CHECKING:
    import numpy as np

    from analysis.clips.clip_lanes import Listening
    from analysis.clips.companions import Companions
    from analysis.clips.hearing import Listeners, Look, Progress
    from analysis.clips.lanes import Lane
    from analysis.clips.recording_files import RecordingFiles

TWIN = "twin"


@dataclass(frozen=True)
class Line:
    """A line of summary.csv: a recording, and how widely the layer and the head that are looked at spread their attention.

    Attributes:
        file: name of the recording.
        folder: in which its pictures are; "" where there are none.
        sha256: of its bytes.
        duration_s: in seconds.
        layer, head: that are looked at.
        effective_tokens, entropy_bits, distance_s: as of `analysis.clips.attention_span.AttentionSpan`; None without attention.
        untrained_effective_tokens, untrained_entropy_bits, untrained_distance_s: the same of the untrained twin.
        error: why it was skipped; "" where it was not.
    """

    file: str
    folder: str = ""
    sha256: str = ""
    duration_s: float | None = None
    layer: int | None = None
    head: int | None = None
    effective_tokens: float | None = None
    untrained_effective_tokens: float | None = None
    entropy_bits: float | None = None
    untrained_entropy_bits: float | None = None
    distance_s: float | None = None
    untrained_distance_s: float | None = None
    error: str = ""


@dataclass(frozen=True)
class Inspection:
    """What was written of a recording: its description, its line of the summary, and its files."""

    described: Json
    line: Line
    files: list[str]


def inspect(options: argparse.Namespace) -> None:
    """Pictures, arrays and layers of one recording; of a folder, or of several, a folder each, and a table of all."""
    from analysis.clips.hearing import Look
    from analysis.clips.recording_files import RecordingFiles, recordings_in

    look = Look(options.layer, options.head, options.at, options.overlap)
    if len(options.clip) == 1 and not is_folder(options.clip[0]):
        recording = RecordingFiles(options.clip[0], "", options.midi, tuple(options.annotations))
        _refuse_missing(recording.audio)
        bar = progress_bar("inspect")
        done = inspect_into(options.out, recording, _listeners(options), look, lambda n, total: bar(n, total, "windows"))
        emit(options, {**done.described, "files": done.files}, done.files)
        return
    for option, given in (("--midi", options.midi), ("--annotations", options.annotations)):
        if given:
            raise ConfigError(f"{option} belongs to one recording; of a folder, files of the same name are taken. Leave it out.")
    _inspect_all(options, recordings_in(options.clip), look)


def _listeners(options: argparse.Namespace) -> Listeners:
    from analysis.clips.hearing import open_listeners
    from analysis.studies.base.study import find_checkpoint

    twin = options.beside == TWIN
    beside = None if twin or options.beside is None else find_checkpoint(options.beside)
    return open_listeners(find_checkpoint(options.checkpoint), beside, twin_beside=twin)


def _inspect_all(options: argparse.Namespace, recordings: Sequence[RecordingFiles], look: Look) -> None:
    """One after the other; what is broken is said and skipped, and the table is written after each."""
    listeners, bar = _listeners(options), progress_bar("inspect")
    done: list[Inspection] = []
    lines: list[Line] = []
    for number, recording in enumerate(recordings):
        name = printable(recording.audio.name)

        def heard(window: int, total: int, number: int = number, name: str = name) -> None:
            bar(number, len(recordings), f"{name}, window {window} of {total}")

        bar(number, len(recordings), name)
        try:
            _refuse_missing(recording.audio)
            done.append(inspect_into(options.out / recording.name, recording, listeners, look, heard, lenient=True))
            lines.append(done[-1].line)
        except OtoscopeError as error:
            say(f"{name} is skipped: {error}")
            lines.append(Line(name, error=printable(error)))
        if done:
            write_summary(lines, options.out)
    bar(len(recordings), len(recordings), "")
    if not done:
        raise ConfigError(f"None of the {len(recordings)} recordings could be inspected; the sentences above say why.")
    failed = [{"file": line.file, "error": line.error} for line in lines if line.error]
    made = [{**inspection.described, "files": inspection.files} for inspection in done]
    folders = [str(options.out / inspection.line.folder) for inspection in done]
    emit(options, {"recordings": made, "failed": failed}, [*folders, str(options.out / _summary_name())])


def _refuse_missing(path: Path) -> None:
    if not is_file(path):
        raise AudioError(f"There is no file {shown(str(path))[1:-1]}. Give the path of a recording.")


def inspect_into(
    out: Path, recording: RecordingFiles, listeners: Listeners, look: Look, progress: Progress, *, lenient: bool = False
) -> Inspection:
    """Hear a recording and write into a folder: arrays.npz, a PNG, an SVG and layers of every lane, and inspection.json at last.

    Args:
        out: the folder, which is made where it is missing.
        recording: the recording and what belongs to it.
        listeners: who hears it.
        look: what of it is looked at.
        progress: given (windows read, windows to read).
        lenient: whether notes and annotations that cannot be read are said and left out.

    Raises:
        OtoscopeError: something cannot be read, or is not there to look at.
    """
    from analysis.clips.clip_lanes import Sound, desk_lanes
    from analysis.clips.hearing import listen
    from analysis.clips.inspection import inspected
    from analysis.datasets.audio import load_waveform
    from analysis.figures import draw_inspection

    companions, odd = _companions(recording, lenient)
    waveform = load_waveform(recording.audio, listeners.sample_rate)
    notices = (*waveform.notices, *odd)
    for notice in notices:
        say(notice)
    heard = listen(listeners, waveform, look, progress)
    arrays, described = inspected(listeners.checkpoint, heard, look, companions)
    log_mel, constant_q = ((arrays[f"{name}_times_s"], arrays[name]) for name in ("log_mel", "constant_q"))
    lanes = desk_lanes(Sound(waveform, log_mel, companions, constant_q), heard, look.at_s)
    made_folder(out)
    save_arrays(arrays, out / "arrays.npz")
    drawn = draw_inspection(lanes, arrays, described, out)
    layers = {lane.id: _write_layers(lane, heard.layer, heard.head, out) for lane in lanes}
    lane_records = [
        {
            "id": lane.id, "kind": lane.kind, "title": lane.title, "unit": lane.unit, "side": lane.side,
            "pictures": [path.name for path in drawn[lane.id]], "layers": [path.name for path in layers[lane.id]],
        }
        for lane in lanes
    ]  # fmt: skip
    described |= {"notices": list(notices), "lanes": lane_records}
    replace_file(out / "inspection.json", json.dumps(described, indent=2, allow_nan=False).encode())
    files = [
        out / "inspection.json",
        out / "arrays.npz",
        *(path for paths in (*drawn.values(), *layers.values()) for path in paths),
    ]
    return Inspection(described, _line(recording, heard), [str(path) for path in files])


def _write_layers(lane: Lane, layer: int, head: int, out: Path) -> list[Path]:
    from analysis.clips.sonic_visualiser import layers_of

    written = layers_of(lane, layer, head)
    for stem, data in written.items():
        replace_file(out / f"{stem}.csv", data)
    return [out / f"{stem}.csv" for stem in written]


def _companions(recording: RecordingFiles, lenient: bool) -> tuple[Companions, tuple[str, ...]]:
    """Notes and annotations, and what is odd in them."""
    from analysis.clips.companions import Companions, companions_of

    if not lenient:
        return companions_of(recording.midi, recording.annotations)
    notes, layers, notices = None, [], []
    for midi, paths in [(recording.midi, ()), *((None, (path,)) for path in recording.annotations)]:
        try:
            read, odd = companions_of(midi, paths)
        except OtoscopeError as error:
            notices.append(f"{error} It is left out.")
            continue
        notes, layers, notices = notes or read.notes, [*layers, *read.layers], [*notices, *odd]
    return Companions(notes, tuple(layers)), tuple(notices)


def save_arrays(arrays: dict[str, np.ndarray], path: Path) -> None:
    """Write an NPZ file in one step."""
    import numpy as np

    with replaced(path) as partial, partial.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def _line(recording: RecordingFiles, heard: Listening) -> Line:
    wave, layer, head = heard.waveform, heard.layer, heard.head
    line = Line(printable(recording.audio.name), recording.name, wave.sha256, wave.duration_s, layer, head)
    if not heard.trained.layers:
        return line
    span = heard.trained.spread(layer, head)
    line = replace(line, effective_tokens=span.effective, entropy_bits=span.entropy_bits, distance_s=span.distance_s)
    if heard.twin is None:
        return line
    twin = heard.twin.spread(layer, head)
    return replace(
        line, untrained_effective_tokens=twin.effective, untrained_entropy_bits=twin.entropy_bits,
        untrained_distance_s=twin.distance_s,
    )  # fmt: skip


def write_summary(lines: Sequence[Line], out: Path) -> Path:
    """Write summary.csv in one step, a line per recording; no cell of it is a formula."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow([column.name for column in fields(Line)])
    table.writerows(list(spreadsheet_safe(asdict(line)).values()) for line in lines)
    path = made_folder(out) / _summary_name()
    replace_file(path, text.getvalue().encode())
    return path


def _summary_name() -> str:
    from analysis.clips.recording_files import SUMMARY

    return SUMMARY
