"""Which recording: a demo clip, one of the last ones, files that are dropped, or what the microphone hears."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

import streamlit as st

from analysis.clips.companions import Companions, Layer
from analysis.datasets.annotation_files import read_annotations
from analysis.datasets.uploads import MAX_SECONDS
from analysis.errors import OtoscopeError, TooLongError
from analysis.units import seconds_to_words
from app import caching, state
from app.components.clip import agreement, recordings
from app.components.clip.recordings import Clip
from app.kit import controls, layout
from app.kit.controls import SAMPLE_RATE

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

UPLOAD = "Upload or record"
AUDIO = ("wav", "flac", "mp3", "ogg", "oga", "opus", "aif", "aiff", "m4a")
MIDI = ("mid", "midi")
ANNOTATIONS = ("csv", "tsv", "txt", "lab", "jams", "json")


def choose() -> str:
    """The title of a demo clip, the key of a recording, or `UPLOAD`."""
    _arrived()
    last = recordings.recent()
    options = [*controls.demo_clips(), *last, UPLOAD]
    return controls.pick_choice("clip", "Clip", options, options[0], lambda option: last.get(option, option))


def open_clip(chosen: str) -> Clip | None:
    """The chosen recording; as long as there is none that can be read, the one shown before; None until there is one."""
    demos, clip = controls.demo_clips(), None
    try:
        if chosen == UPLOAD:
            _upload()
        else:
            clip = recordings.demo(demos[chosen]) if chosen in demos else _stored(chosen)
    except (OtoscopeError, OSError) as error:
        layout.error(str(error))
    if clip is not None:
        unfit = [] if chosen in demos else agreement.warnings(clip)
        _warn([*clip.waveform.notices, *(state.recall("notices") or {}).get(clip.key, []), *unfit])
        last: Clip | None = state.recall("clip")
        if last is not None and last.key != clip.key and not state.is_arriving():
            state.put("at", None)  # a place in another recording
        state.keep("clip", clip)
        return clip
    before: Clip | None = state.recall("clip")
    if before is not None:
        st.caption(f"Until there is a recording that can be read, the page shows {layout.plain(before.waveform.name)}.")
    return before


def _arrived() -> None:
    """What was uploaded in the last run is chosen in this one."""
    if (key := state.recall("arrived")) is not None:
        state.keep("arrived", None)
        state.preset("pick_clip", key)


def _stored(key: str) -> Clip | None:
    waveform = recordings.stored(key)
    if waveform is None:
        layout.error("The store does not hold this recording any more. Upload it again, or raise OTOSCOPE_STORE_BYTES.")
        return None
    return Clip(waveform, key, recordings.companions(key))


def _upload() -> None:
    """Files that are dropped, or the microphone; the page shows the first recording as soon as it is read."""
    files = st.file_uploader(
        "Recordings, and MIDI or annotations of one of them", type=[*AUDIO, *MIDI, *ANNOTATIONS], accept_multiple_files=True
    )
    spoken = st.audio_input("Or record", sample_rate=SAMPLE_RATE)
    sounds = [*(file for file in files if _ends(file.name, AUDIO)), *([spoken] if spoken is not None else [])]
    keys = [key for file in sounds if (key := _read(file)) is not None]
    beside = [file for file in files if not _ends(file.name, AUDIO)]
    if keys:
        _choose(keys[0], Companions(), beside)
    elif beside and not sounds:
        st.info("MIDI and annotations belong to a recording. Drop the recording too, or choose it and add them there.")


def _read(file: UploadedFile) -> str | None:
    """The key of a recording that was sent; None, and why, where it cannot be read. Of a long one a part can be read."""
    source = file.getvalue()
    try:
        return recordings.keep(caching.upload(source, SAMPLE_RATE, file.name))
    except OtoscopeError as error:
        layout.error(str(error))
        if not isinstance(error, TooLongError):
            return None
    with st.form(f"part {file.file_id}"):
        label = f"Read at most {seconds_to_words(MAX_SECONDS)} of it, from (s)"
        from_s = st.number_input(label, min_value=0.0, value=0.0, step=10.0)
        if not st.form_submit_button("Read this part"):
            return None
    try:
        return recordings.keep(caching.upload(source, SAMPLE_RATE, file.name, float(from_s)))
    except OtoscopeError as error:
        layout.error(str(error))
        return None


def add_companions(clip: Clip) -> None:
    """MIDI or annotations for a recording that is shown already."""
    with st.popover("Add notes or annotations", icon=":material/playlist_add:"):
        files = st.file_uploader(
            "MIDI, Sonic Visualiser CSV, .lab or JAMS", type=[*MIDI, *ANNOTATIONS], accept_multiple_files=True, key="companions"
        )
        if files and st.button("Add", type="primary"):
            try:
                recordings.keep(clip.waveform)
                _choose(clip.key, clip.companions, files)
            except OtoscopeError as error:
                layout.error(str(error))


def _choose(key: str, before: Companions, files: Sequence[UploadedFile]) -> None:
    """Show a recording with what belongs to it, in the next run."""
    notes, layers, texts = before.notes, list(before.layers), list[str]()
    for file in files:
        try:
            if _ends(file.name, MIDI):
                notes, notices = caching.upload_notes(file.getvalue(), file.name)
                texts += notices
            else:
                layers += [Layer(title, marks) for title, marks in read_annotations(file.getvalue(), file.name).items()]
        except OtoscopeError as error:
            texts.append(str(error))
    recordings.add(key, Companions(notes, tuple(layers)))
    state.put("clip", key)
    state.keep("notices", {**(state.recall("notices") or {}), key: texts})
    state.keep("arrived", key)
    st.rerun()


def _ends(name: str, endings: Sequence[str]) -> bool:
    return PurePath(name).suffix.lower().removeprefix(".") in endings


def _warn(notices: Sequence[str]) -> None:
    for notice in notices:
        st.warning(layout.plain(notice), icon=":material/warning:")
