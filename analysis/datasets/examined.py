"""Recordings and their MIDI files before they become pieces: what can be used, and what is to be said of it.

What was found out is remembered in the cache folder until a file or the code changes: a large folder takes minutes.
"""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

from analysis import paths
from analysis.datasets.audio import probe, refuse_soundless
from analysis.datasets.midi import read_midi
from analysis.datasets.piece import summarise
from analysis.errors import AudioError, MidiError
from analysis.files import replace_file
from analysis.fingerprints import UnreadError
from analysis.run import Progress
from analysis.sources import code_of

MEMO = "examined.json"
MOST_REMEMBERED = 50_000
MOST_LISTED = 20
DIFFERING_SHARE, DIFFERING_S = 0.1, 2.0  # a recording and its MIDI differ in length if by more than both


@dataclass(frozen=True)
class Finding:
    """One recording with its MIDI file, if it has one: lengths in seconds (None where there is no file), what is unusual, and why
    one of them cannot be used.
    """

    duration_s: float = 0.0
    midi_s: float | None = 0.0
    unusual: tuple[str, ...] = ()
    bad_audio: str = ""
    bad_midi: str = ""
    soundless: str = ""

    @property
    def problem(self) -> str:
        """Why one of the files cannot be used; empty where both can."""
        return self.bad_audio or self.soundless or self.bad_midi


def examine_pair(audio: Path, midi: Path | None) -> Finding:
    """Look at both files; the recording is decoded until something is heard, the MIDI file is read if there is one.

    What cannot be used is told in the finding and not raised.
    """
    try:
        info = probe(audio)
    except AudioError as error:
        return Finding(bad_audio=str(error))
    try:
        refuse_soundless(audio)
    except AudioError as error:
        return Finding(info.duration_s, soundless=str(error))
    if midi is None:
        return Finding(info.duration_s, None, tuple(info.notices))
    try:
        read = read_midi(midi)
    except MidiError as error:
        return Finding(info.duration_s, bad_midi=str(error))
    of_midi = (f"({notice.rstrip('.')})" for notice in read.notices)
    return Finding(info.duration_s, read.notes.end_s, (*info.notices, *of_midi))


def examine_all(
    pairs: Mapping[Path, Path | None], *, progress: Progress | None = None, most_new: int | None = None
) -> dict[Path, Finding]:
    """What `examine_pair` finds of every recording and its MIDI file.

    Args:
        pairs: recording → MIDI file, None where it has none.
        progress: told (recordings examined, recordings in all, name); it may raise to stop.
        most_new: where more than so many have not been examined before, nothing is; None for no limit.

    Raises:
        UnreadError: more than `most_new` would have to be examined.
    """
    keys = {audio: _key(audio, midi) for audio, midi in pairs.items()}
    known = _remembered()
    new = [audio for audio, key in keys.items() if not key or key not in known]
    if most_new is not None and len(new) > most_new:
        raise UnreadError(f"{len(new)} recordings have not been examined yet.")
    findings = {audio: _from_row(known[key]) for audio, key in keys.items() if key in known}
    for number, audio in enumerate(new):
        if progress:
            progress(number, len(new), f"examining {audio.name}")
        findings[audio] = examine_pair(audio, pairs[audio])
    _remember({keys[audio]: findings[audio] for audio in new if keys[audio]})
    return {audio: findings[audio] for audio in pairs}


def finding_sentences(findings: Mapping[Path, Finding], names: Mapping[Path, str]) -> tuple[str, ...]:
    """What is to be said of findings, in sentences that name the recordings."""
    bad_audio = [f"{names[path]} ({finding.bad_audio})" for path, finding in findings.items() if finding.bad_audio]
    soundless = [f"{names[path]} ({finding.soundless})" for path, finding in findings.items() if finding.soundless]
    bad_midi = [f"{names[path]} ({finding.bad_midi})" for path, finding in findings.items() if finding.bad_midi]
    unusual = [f"{names[path]} {text}" for path, finding in findings.items() if usable(finding) for text in finding.unusual]
    differing = [
        f"{names[path]} ({finding.duration_s:.1f} s, its MIDI {finding.midi_s:.1f} s)"
        for path, finding in findings.items()
        if usable(finding)
        and finding.midi_s is not None
        and abs(finding.duration_s - finding.midi_s) > max(DIFFERING_S, DIFFERING_SHARE * finding.duration_s)
    ]
    return (
        *summarise("Audio files that cannot be read", bad_audio, MOST_LISTED),
        *summarise("Recordings left out because of what is heard in them", soundless, MOST_LISTED),
        *summarise("Recordings left out because their MIDI cannot be read", bad_midi, MOST_LISTED),
        *summarise("Recordings used although something is unusual", (text.rstrip(".") for text in unusual), MOST_LISTED),
        *summarise("Recordings of another length than their MIDI, used nevertheless", differing, MOST_LISTED),
    )


def usable(finding: Finding) -> bool:
    """Whether both files can be used."""
    return not finding.problem


def _key(audio: Path, midi: Path | None) -> str:
    """What a finding is remembered under; empty for a file that is gone."""
    try:
        stamps = [(str(path.absolute()), path.stat().st_size, path.stat().st_mtime_ns) for path in (audio, midi) if path]
    except OSError:
        return ""
    return hashlib.sha256(json.dumps(stamps).encode()).hexdigest()


def _remembered() -> dict[str, list[object]]:
    """What other runs of the same code found; a damaged or foreign file counts as none."""
    with suppress(OSError, ValueError, TypeError, KeyError, RecursionError):
        saved = json.loads((paths.cache() / MEMO).read_bytes())
        if saved["code"] == code_of(__name__):
            return {key: row for key, row in saved["findings"].items() if len(row) == len(fields(Finding))}
    return {}


def _from_row(row: list[Any]) -> Finding:  # from a file, which may hold anything
    duration_s, midi_s, unusual, *problems = row
    return Finding(float(duration_s), None if midi_s is None else float(midi_s), tuple(map(str, unusual)), *map(str, problems))


def _remember(new: Mapping[str, Finding]) -> None:
    if not new:
        return
    rows = {**_remembered(), **{key: list(astuple(finding)) for key, finding in new.items()}}
    rows = dict(list(rows.items())[-MOST_REMEMBERED:])
    path = paths.cache() / MEMO
    with suppress(OSError):  # then it is examined again the next time
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, json.dumps({"code": code_of(__name__), "findings": rows}).encode())
