"""What a head does: which heads follow the music, what moves without one, where a difference is carried, what is due to what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import streamlit as st

from analysis.clips.companions import keep_companions
from analysis.errors import OtoscopeError
from analysis.jobs import queue as jobs
from analysis.store import open_store
from app import caching, state
from app.components.clip import corpus_heads, hearing, probing
from app.kit import job_progress, layout, strips, tables
from app.kit.plain import plain

if TYPE_CHECKING:
    from analysis.clips.questions.answer import Answer
    from analysis.clips.questions.question import Question
    from analysis.jobs.job import Job
    from app.components.clip.lanes import Shown
    from app.components.clip.reading import Question as ReadBy

REPLACED_BY = ("mean", "other windows", "zero", "another clip")  # as analysis.clips.heads.ablation, whose import takes long
ANOTHER = REPLACED_BY[-1]
CHANGES: Mapping[str, tuple[float, str]] = {
    "transposition": (1.0, "Semitones"), "one note": (1.0, "Semitones"), "tempo": (1.1, "Times as fast"),
    "timbre": (40.0, "General MIDI program"),
}  # fmt: skip
PAIR = ("original", "altered")
TITLES = {
    "find": "Which heads follow the music?", "remove": "What moves without this head?",
    "patch": "Where is a difference carried?", "attribute": "Which bands and moments?", "roll": "What reaches each layer?",
}  # fmt: skip
ABOUT = {
    "find": "Heads are chosen in one half of the windows, of a corpus in half of its works, and tested in the other, against "
    "events that are moved in a circle.",
    "remove": "What the head adds is replaced in up to 24 whole windows; other heads at random are the control.",
    "patch": "The window at the playhead is rendered from its notes, once as written and once changed; activations of the first "
    "are put into the second, span by span. 0 % leaves it as it was, 100 % undoes the change.",
    "attribute": "Bands and moments of the window at the playhead are taken away on a path to silence (integrated gradients).",
    "roll": "Attention patterns multiplied from layer to layer, with half of every token kept by the residual path (rollout).",
}


@dataclass(frozen=True)
class Asking:
    """A question about what is shown, and where its answer is kept."""

    shown: Shown
    question: Question
    key: str


def answers(shown: Shown, seconds: float) -> dict[str, Answer]:
    """The answers that are known about what is shown, by kind of question."""
    asked = {kind: asking for kind in TITLES if (asking := _asking(shown, kind, seconds)) is not None}
    known = {kind: _over_corpus(asking) if _corpus_of(asking) else _stored(asking) for kind, asking in asked.items()}
    return {kind: answer for kind, answer in known.items() if answer is not None}


def _corpus_of(asking: Asking) -> str:
    """The corpus over which it is asked; "" for this recording alone."""
    return corpus_heads.chosen() if asking.question.kind == "find" else ""


def _over_corpus(asking: Asking) -> Answer | None:
    asked = asking.shown.question
    return None if asked is None else corpus_heads.stored(asked, _corpus_of(asking))


def draw(shown: Shown, seconds: float) -> None:
    """One tab for every kind of question.

    Args:
        shown: what is looked at.
        seconds: where the playhead is.
    """
    st.subheader("What does a head do?", anchor=False)
    st.caption(
        "Attention says where values were read from, not what they changed. Answers are about this recording alone, unless a "
        "corpus is named."
    )
    *tabs, last = st.tabs([*TITLES.values(), "Hear a part"])
    for kind, tab in zip(TITLES, tabs, strict=True):
        with tab:
            st.caption(ABOUT[kind])
            SETTINGS[kind](shown)
            _draw(_asking(shown, kind, seconds))
    with last:
        hearing.draw(shown.clip, shown.other_clip)


def _draw(asking: Asking | None) -> None:
    """The answer, or the job that finds it, or a button."""
    if asking is None or asking.shown.question is None:
        return
    corpus = _corpus_of(asking)
    if (answer := _over_corpus(asking) if corpus else _stored(asking)) is not None:
        _show(answer)
        return
    if corpus:
        corpus_heads.draw(asking.shown.question, corpus)
        return
    job = _job_of(asking)
    if job is not None and not job.finished:
        job_progress.follow(job)
        return
    job_progress.explain_end(job, "It was cancelled.", "The answer was found, but the store does not hold it.")
    if st.button("Answer this", icon=":material/play_arrow:", key=f"answer_{asking.question.kind}"):
        _start(asking)


def _show(answer: Answer) -> None:
    from pandas import DataFrame

    st.markdown(f"**{plain(answer.headline)}**")
    for notice in answer.notices:
        st.caption(plain(notice))
    if answer.sounds:
        sounds = zip(PAIR, answer.sounds.items(), strict=True)
        versions = [strips.Version(name, title, samples) for name, (title, samples) in sounds]
        strips.draw("strip_pair", versions, answer.sample_rate, "The window as written, and changed")
    if answer.rows:
        table = DataFrame([list(row) for row in answer.rows], columns=list(answer.columns))
        numbers = {name: st.column_config.NumberColumn(format="%.3g") for name in table.select_dtypes("number").columns}
        tables.draw(table, numbers)
    if answer.grid is not None:
        st.caption("The grid is a lane of the desk, beside the untrained twin's in the same colours.")
    if answer.scores:
        st.caption("Bars on the wall of heads: the share of shifts in which no head follows as much; the mark is at 95 %.")


def _no_settings(shown: Shown) -> None:
    del shown


def _followed(shown: Shown) -> None:
    from analysis.measures.head_templates import KINDS

    del shown
    first, other = st.columns(2)
    with first:
        st.selectbox("On the wall", KINDS, key="find_kind")
    with other:
        corpus_heads.pick()


def _replaced_by(shown: Shown) -> None:
    if shown.head == 0:
        st.caption("Choose a head above; the mean of all cannot be taken out.")
    lacking = _other_question(shown) is None
    more = {ANOTHER: f"{ANOTHER}, which needs a second recording"} if lacking else {}
    how = st.segmented_control(
        "Replaced by", REPLACED_BY, default=REPLACED_BY[0], key="remove_how", required=True,
        format_func=lambda way: str(more.get(way, way)),
    )  # fmt: skip
    if how == ANOTHER and lacking:
        st.caption("To take what the head adds in another clip, choose a second recording under “Compare with” above.")


def _other_question(shown: Shown) -> ReadBy | None:
    """The second recording at the rate at which the model hears; None where none is open."""
    return None if shown.second is None else shown.second.question


def _changed(shown: Shown) -> None:
    if shown.clip.companions.notes is None:
        st.caption("A pair is made from notes. Add the MIDI file of this recording below.")
    first, second = st.columns(2)
    with first:
        change = st.selectbox("Change", list(CHANGES), key="patch_change")
    with second:
        usual, unit = CHANGES[change]
        step = 0.1 if change == "tempo" else 1.0
        st.number_input(unit, value=usual, step=step, key=f"patch_dose_{change}")


SETTINGS: Mapping[str, Callable[[Shown], None]] = {
    "find": _followed, "remove": _replaced_by, "patch": _changed, "attribute": _no_settings, "roll": _no_settings,
}  # fmt: skip


def followed() -> str:
    """The kind of event whose followers are marked on the wall of heads."""
    return str(state.widget_value("find_kind") or "onset-locked")


def _asking(shown: Shown, kind: str, seconds: float) -> Asking | None:
    """The question with the settings that were chosen; None where it cannot be asked."""
    from analysis.clips.questions.registry import answer_key

    if shown.question is None or shown.readings is None or not shown.readings.trained.numbers:
        return None
    if (kind == "remove" and not _can_remove(shown)) or (kind == "patch" and shown.clip.companions.notes is None):
        return None
    question = _question(shown, kind, seconds)
    return Asking(shown, question, answer_key(question, shown.question.checkpoint, shown.question.key, shown.clip.belongs))


def _can_remove(shown: Shown) -> bool:
    """Whether a head was chosen, and there is what takes its place."""
    return shown.head > 0 and (state.widget_value("remove_how") != ANOTHER or _other_question(shown) is not None)


def _question(shown: Shown, kind: str, seconds: float) -> Question:
    from analysis.clips.heads.ablation import REPLACEMENTS, Replacement
    from analysis.clips.questions.question import Question

    if shown.readings is None or kind == "find":
        return Question(kind)
    if kind == "remove":
        ways: dict[str, Replacement] = {way: way for way in REPLACEMENTS}
        how = ways.get(str(state.widget_value("remove_how")), REPLACEMENTS[0])
        known = "" if shown.question is None else probing.known_key(shown.question)
        other = _other_question(shown) if how == ANOTHER else None
        return Question(kind, layer=shown.layer, head=shown.head, how=how, probes=known, other="" if other is None else other.key)
    clock = replace(shown.readings.trained.clock, hop=shown.readings.trained.clock.window)  # questions know no overlap
    at_s = round(float(clock.starts_s[clock.window_at(seconds)]) + clock.window_s / 2, 3)  # the middle: no rounding leaves it
    if kind in ("attribute", "roll"):
        return Question(kind, at_s)
    change = str(state.widget_value("patch_change") or next(iter(CHANGES)))
    dose = state.widget_value(f"patch_dose_{change}")
    return Question(kind, at_s, change=change, dose=float(CHANGES[change][0] if dose is None else dose))


def _stored(asking: Asking) -> Answer | None:
    from analysis.clips.questions.answer import read_answer

    return caching.once(("answer", asking.key), lambda: read_answer(open_store(), asking.key))


def _start(asking: Asking) -> None:
    from analysis.jobs.kinds.clip_question import submit_question

    question, clip = asking.shown.question, asking.shown.clip
    if question is None:
        return
    try:
        kept = "" if clip.companions.empty else keep_companions(open_store(), clip.key, clip.companions)
        belongs = (kept, clip.key if kept else "")
        second = _other_question(asking.shown) if asking.question.other else None
        other = None if second is None else second.waveform
        submit_question(jobs.queue(), question.name, question.waveform, belongs, asking.question, other)
    except OtoscopeError as error:
        layout.error(str(error))
        return
    st.rerun()


def _job_of(asking: Asking) -> Job | None:
    """The last job that was started for this question."""
    from dataclasses import asdict

    question = asking.shown.question
    if question is None:
        return None
    wanted = question.name, question.key, asking.shown.clip.belongs, asdict(asking.question)
    asked = [job for job in jobs.queue().list() if job.kind == "clip_question" and _request_of(job) == wanted]
    return asked[-1] if asked else None


def _request_of(job: Job) -> tuple[str, str, str, dict[str, object]]:
    from analysis.jobs.kinds.clip_question import QuestionRequest

    request = QuestionRequest.of(job.request)
    return request.checkpoint, request.clip, request.companions, request.question
