"""What a worker is told to run."""

from dataclasses import dataclass

from analysis.files import Json


@dataclass(frozen=True)
class Order:
    """A job on its way to a worker.

    Attributes:
        job: its id.
        target: "package.module:function".
        request: of the job.
        device: that it runs on.
        needs_bytes: memory it asked for; 0 for unknown.
        batch_size_limit: no batch may be larger; None for no limit.
    """

    job: str
    target: str
    request: Json  # JSON, which the kind of the job parses
    device: str
    needs_bytes: int
    batch_size_limit: int | None
