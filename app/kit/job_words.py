"""Jobs in the words of a person; everything comes back as plain text."""

from pathlib import Path

from analysis.jobs.job import Job, JobError
from analysis.jobs.kinds import study
from analysis.jobs.kinds.kind import Names, Page
from analysis.jobs.kinds.registry import find_kind
from app import answers
from app.kit import controls

STATES = {"queued": "waiting", "running": "running", "done": "done", "failed": "failed", "cancelled": "cancelled"}


def kind(job: Job) -> str:
    """What is being done: the page's name for a study, "Training" for training; of a kind that is not known here its name."""
    try:
        return find_kind(job.kind).title(job.request)
    except JobError:
        return job.kind.replace("_", " ").capitalize()


def title(name: str) -> str:
    """What a study is called; of one that is not known here its name."""
    return study.title({"study": name})


def subject(job: Job) -> str:
    """What it is done to; empty for a kind that is not known here."""
    try:
        return find_kind(job.kind).subject(job.request, Names(corpus_name, recording_name))
    except JobError:
        return ""


def page(job: Job) -> Page | None:
    """Where the result of a job is shown, and with what in the address; None where no page shows it."""
    try:
        return find_kind(job.kind).page(job)
    except JobError:
        return None


def recording_name(key: str) -> str | None:
    """What a stored recording is called; None where the store does not hold it."""
    recording = answers.recording(key)
    return None if recording is None else recording.name


def corpus_name(corpus: object) -> str:
    """What a corpus is called, a demo corpus with its kind; of a folder the last part of its path."""
    known, name = controls.corpora(), Path(str(corpus)).name
    profile, _, kind = str(corpus).partition("-")
    return known.get(str(corpus)) or (f"{known[profile]}, {kind}" if kind and profile in known else name)


def share(job: Job) -> float | None:
    """Completed share of the present part, between 0 and 1; None where nothing has been counted."""
    if job.progress is None or job.progress.total <= 0:
        return None
    return min(1.0, max(0.0, job.progress.done / job.progress.total))


def how_far(job: Job, *, brief: bool = False) -> str:
    """What it is at (left out where it is to be brief), how far that is, and how long the rest of it will take."""
    if job.state == "queued":
        return job.message or "Waiting for the job before it."
    if job.progress is None:
        return "Starting …"
    done, total, what = job.progress.done, job.progress.total, job.progress.what
    count = f"{done:,} of {total:,}" if total > 0 else ""
    left = "" if job.progress.eta_s is None else f"{about(job.progress.eta_s)} left in this part"
    return " · ".join(part for part in ("" if brief else what, count, left) if part) or "Running …"


def ended(job: Job) -> str:
    """How a finished job ended."""
    took = "" if job.seconds is None else f" after {about(job.seconds).removeprefix('about ')}"
    words = {"done": f"Done{took}.", "cancelled": f"Cancelled{took}."}
    return words.get(job.state, job.message or "Failed.")


def about(seconds: float) -> str:
    """A duration as a person guesses it.

    >>> [about(one) for one in (0, 7, 33, 60, 117, 1000, 3500, 9000)]
    ['a few seconds', 'a few seconds', 'about 35 seconds', 'about 1 minute', 'about 2 minutes', 'about 17 minutes',
     'about 58 minutes', 'about 2 h 30 min']
    """
    if seconds < 10:
        return "a few seconds"
    if seconds < 55:
        return f"about {5 * round(seconds / 5)} seconds"
    minutes = max(1, round(seconds / 60))
    if minutes < 60:
        return f"about {minutes} minute{'s' if minutes > 1 else ''}"
    hours, rest = divmod(5 * round(minutes / 5), 60)
    return f"about {hours} h {rest} min" if rest else f"about {hours} h"


def between(soonest_s: float, latest_s: float) -> str:
    """A range of durations as a person guesses it.

    >>> between(3, 8), between(13, 54), between(8, 64)
    ('a few seconds', 'about 15 seconds to 55 seconds', 'a few seconds to 1 minute')
    """
    soonest, latest = about(soonest_s), about(latest_s)
    return soonest if soonest == latest else f"{soonest} to {latest.removeprefix('about ')}"
