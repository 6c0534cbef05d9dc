"""What every place where jobs run offers to the queue, and whom it tells how a job goes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

from analysis.jobs.admission import Decision
from analysis.jobs.job import Job
from analysis.jobs.log import Outcome
from analysis.run import Metrics, Progress, ignore

MOST_GPUS = 100
HOST_DEVICES = ("cpu", "mps", *(f"cuda:{number}" for number in range(MOST_GPUS)))


@dataclass(frozen=True)
class Listener:
    """Told about one job while it runs, from the thread that runs it.

    Attributes:
        progress: (pieces done, pieces in all, what is being done).
        notice: a sentence that the user should read beside the result.
        metrics: (step, {name: number}), every number finite.
    """

    progress: Progress = ignore
    notice: Callable[[str], None] = ignore
    metrics: Metrics = ignore


class Verdict(NamedTuple):
    """Whether a job may start, and why it has to wait or is refused."""

    decision: Decision
    message: str = ""


@runtime_checkable
class Executor(Protocol):
    """A place where jobs run. Each target runs one job at a time; every method may be called from any thread.

    A job goes through `admit`, `run` and `release` in this order, and is held from the first to the last: a queue that does
    not run an admitted job after all releases it at once.
    """

    @property
    def name(self) -> str:
        """What it is called in configuration and conversation."""
        ...

    def targets(self) -> tuple[str, ...]:
        """Names of what a job can be submitted to: "cpu", "mps" or "cuda:N" on this machine.

        Where several are numbered, the name before the colon stands for the first.
        """
        ...

    def admit(self, job: Job) -> Verdict:
        """Hold a place for a job and have it started, or say why it has to wait or can never run."""
        ...

    def run(self, job: Job, function: str, listener: Listener) -> Outcome:
        """Run an admitted job to its end, whatever that is; what the job raises is an outcome.

        Args:
            job: that was admitted.
            function: "package.module:function", called with (request, `RunContext`).
            listener: told how it goes.

        Raises:
            JobError: it was not admitted.
        """
        ...

    def cancel(self, job_id: str) -> None:
        """Ask an admitted job to stop; of any other job nothing happens."""
        ...

    def release(self, job_id: str) -> None:
        """Give back what a job held, once its end is recorded; of a job that is not held nothing happens."""
        ...

    def workers(self) -> dict[str, int]:
        """Process ids of what stays ready for the next job, by target."""
        ...

    def close(self) -> None:
        """Stop what runs within a moment, end what stays ready, and run nothing any more."""
        ...
