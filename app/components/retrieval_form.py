"""What is asked on the page of retrieval, how long that takes, and the job that answers it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from analysis.errors import OtoscopeError
from analysis.jobs import queue as jobs
from analysis.jobs.job import Job, JobError
from app import caching, controls, layout, state
from app.components import job_progress, job_words
from app.layout import plain

STUDY = "scoreboard"
POOLS = ("canonical", "no overlap")
# The canonical pool, and smaller ones for corpora that cannot fill it.
SIZES: tuple[dict[str, int], ...] = (
    {"n_queries": 500, "pool_size": 256, "n_same_piece": 64, "n_same_composer": 32},
    {"n_queries": 60, "pool_size": 64, "n_same_piece": 16, "n_same_composer": 8},
    {"n_queries": 16, "pool_size": 16, "n_same_piece": 5, "n_same_composer": 3},
)
SPARE = 0.9  # of the windows counted by length; windows without notes and repeated ones are left out later
DEMO = ("small", "full")
WINDOW_S, WINDOWS_PER_PIECE = 4.0, 100
SECONDS_PER_WINDOW = 0.025
SECONDS_PER_MODEL = 4.0  # bootstraps and opening
RENDERING_SPEED = 150.0  # seconds of audio rendered in one second


@dataclass(frozen=True)
class Choice:
    """What the controls say: checkpoints, corpus and pool; `sizes` of the pools, None where the corpus is too small."""

    checkpoints: tuple[Any, ...]
    corpus: str
    pool: str
    sizes: dict[str, int] | None

    @property
    def names(self) -> list[str]:
        """Names of the checkpoints."""
        return [str(one.name) for one in self.checkpoints]

    @property
    def settings(self) -> dict[str, Any]:
        """Settings of the study."""
        return {"corpus": self.corpus, **(self.sizes or {})}

    @property
    def request(self) -> Any:
        """The request of the study."""
        from analysis.studies.study import build_request

        return build_request(STUDY, self.names, self.settings)


def choose(good: Sequence[Any]) -> Choice | None:
    """The bar of controls; None, with the reason said, where it asks for nothing that can be computed."""
    _adopt([str(one.name) for one in good])
    first, second, third = st.columns([5, 3, 3], vertical_alignment="top")
    with first:
        checkpoints = controls.pick_checkpoints(good)
    with second:
        corpus = controls.pick_corpus()
    with third:
        pool = controls.pick_word("pool", "Pool", POOLS)
    if not checkpoints:
        layout.empty("No checkpoint is chosen.", "Choose one or more above.")
        return None
    try:  # the demo corpora fill the canonical pool, and are not listed before that is needed: it takes seconds
        sizes = dict(SIZES[0]) if corpus in DEMO else fitting_sizes(windows_by_work(corpus))
    except (OtoscopeError, OSError) as error:
        layout.error(str(error))
        return None
    return Choice(tuple(checkpoints), corpus, pool, sizes)


def windows_by_work(corpus: str) -> Counter[str]:
    """About how many windows the study takes from each work of the test part, told from the lengths of the recordings.

    Raises:
        CorpusError: there is no such corpus, or it cannot be used.
    """
    works: Counter[str] = Counter()
    for piece in caching.pieces(corpus).values():
        if piece.split == "test":
            works[piece.group] += min(WINDOWS_PER_PIECE, max(0, int(piece.duration_s - WINDOW_S) + 1))
    return works


def fitting_sizes(works: Counter[str]) -> dict[str, int] | None:
    """The largest pools that windows per work can fill; None where they fill none.

    >>> fitting_sizes(Counter(a=300, b=300, c=300))["pool_size"], fitting_sizes(Counter(a=30, b=30))["pool_size"]
    (256, 16)
    >>> fitting_sizes(Counter(a=1000)) is None
    True
    """
    total, largest = works.total(), max(works.values(), default=0)
    for sizes in SIZES:
        needed = max(sizes["n_queries"], sizes["pool_size"])
        if SPARE * total >= needed and SPARE * (total - largest) >= sizes["pool_size"] - 1 - sizes["n_same_piece"]:
            return dict(sizes)
    return None


def _adopt(names: Sequence[str]) -> None:
    """Take over what a job asks that came with the address or from the drawer."""
    job_id = state.get_text("job")
    if not job_id or job_id == state.recall("adopted"):
        return
    state.keep("adopted", job_id)
    try:
        request = jobs.queue().get(job_id).request
    except JobError:
        return
    if request.get("study") != STUDY:
        return
    if chosen := [name for name in request.get("checkpoints", ()) if name in names]:
        state.put_list("checkpoints", chosen)
        state.preset(controls.CHECKPOINTS_WIDGET, chosen)
    if (corpus := dict(request.get("settings") or {}).get("corpus")) in controls.corpora():
        state.put("corpus", corpus)
        state.preset(controls.CORPUS_WIDGET, corpus)


def ask(choice: Choice) -> None:
    """Where there is no result yet: the job that computes it, or what it takes and a button."""
    job, lost = _job_of(choice)
    if job is not None and not job.finished:
        job_progress.follow(job)
        return
    works = windows_by_work(choice.corpus)
    if choice.sizes is None:
        corpus = plain(job_words.corpus_name(choice.corpus))
        layout.empty(
            f"The test part of {corpus} has about {works.total()} windows of {len(works)} works, too few to search among.",
            "Add recordings of other works, or choose another corpus.",
        )
        return
    label = "Compute"
    if job is not None and job.state == "failed":
        layout.error(job_words.ended(job))
        label = "Try again"
    elif job is not None and job.state == "cancelled":
        st.warning("The computation was cancelled; what was finished is kept.", icon=":material/cancel:")
    elif job is not None:
        st.warning("The result was computed, but the store does not hold it.", icon=":material/warning:")
    elif lost:
        st.caption(plain(lost))
    to_render_s = sum(piece.duration_s for piece in caching.unrendered(choice.corpus))
    st.markdown(plain(effort(works, choice.sizes, len(choice.checkpoints), to_render_s)))
    if st.button(label, icon=":material/play_arrow:", type="primary"):
        _start(choice)


def effort(works: Counter[str], sizes: dict[str, int], n_checkpoints: int, to_render_s: float) -> str:
    """What will be computed and how long it takes on a CPU, when nothing of it is stored."""
    seconds = 2 * n_checkpoints * (works.total() * SECONDS_PER_WINDOW + SECONDS_PER_MODEL) + to_render_s / RENDERING_SPEED
    several = f"{n_checkpoints} checkpoints and their untrained twins"
    whose = several if n_checkpoints > 1 else "the checkpoint and its untrained twin"
    size, canonical = sizes["pool_size"], SIZES[0]["pool_size"]
    first = "The missing recordings are rendered, then about" if to_render_s else "About"
    small = "" if size == canonical else f" The corpus is too small for the canonical pool of {canonical}."
    return (
        f"Nothing is stored for this choice yet. {first} {works.total():,} windows of {len(works)} works are embedded by "
        f"{whose}, and each query is searched among {size} candidates.{small} On a CPU this takes {job_words.about(seconds)}; "
        "the page stays usable, and the address leads back here."
    )


def _start(choice: Choice) -> None:
    from analysis.jobs.studies import submit_study

    try:
        job_id = submit_study(jobs.queue(), STUDY, choice.names, choice.settings)
    except OtoscopeError as error:
        layout.error(str(error))
        return
    state.put("job", job_id)
    state.keep("adopted", job_id)
    st.rerun()


def _job_of(choice: Choice) -> tuple[Job | None, str]:
    """The job of the address if it asks for this choice, else an unfinished one that does; and why the address has none."""
    lost = ""
    if job_id := state.get_text("job"):
        try:
            if asks_for(job := jobs.queue().get(job_id), choice.request):
                return job, ""
        except JobError as error:
            lost = str(error)
    found = next((job for job in jobs.queue().list() if not job.finished and asks_for(job, choice.request)), None)
    if found is not None or not lost:
        state.put("job", None if found is None else found.id)
    return found, "" if found else lost


def asks_for(job: Job, request: Any) -> bool:
    """Whether a job computes the result of a request."""
    from analysis.studies.study import build_request

    asked = job.request
    if job.kind != "study" or asked.get("study") != STUDY:
        return False
    try:
        return build_request(STUDY, asked.get("checkpoints", ()), dict(asked.get("settings") or {})) == request
    except (OtoscopeError, TypeError):
        return False
