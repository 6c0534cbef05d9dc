"""A job as others see it: a frozen snapshot."""

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from analysis.errors import OtoscopeError
from analysis.files import Json
from analysis.jobs.progress import Progress

State = Literal["queued", "running", "done", "failed", "cancelled"]
ID_LENGTH = 12
MAX_REQUEST_BYTES = 32_768  # fits into a pipe, so that handing it over never blocks


class JobError(OtoscopeError):
    """A job cannot be started or found."""


@dataclass(frozen=True)
class Job:
    """One request and what became of it.

    Args:
        id: 12 characters, safe in a URL.
        kind: the name of one, see `analysis.jobs.kinds`.
        request_json: the request in canonical form; `request` parses it.
        device: "cpu", "mps" or "cuda:N".
        needs_bytes: memory it asked for, in bytes; 0 for unknown.
        state: queued, running, done, failed or cancelled.
        submitted_at: Unix time in seconds, as are `started_at` and `finished_at`.
        seconds: running time of a finished job.
        progress: completed pieces and the time left; what was last known, once it has finished.
        notices: sentences that the user should read beside the result.
        message: why it waits, failed or was cancelled; empty otherwise.
        document_json: what the function returned; `document` parses it.
    """

    id: str
    kind: str
    request_json: str
    device: str
    needs_bytes: int
    state: State
    submitted_at: float
    started_at: float | None = None
    finished_at: float | None = None
    seconds: float | None = None
    progress: Progress | None = None
    notices: tuple[str, ...] = ()
    message: str = ""
    document_json: str | None = None

    @property
    def request(self) -> Json:  # JSON, which the kind of the job parses
        """The request, a copy of its own at every call."""
        return json.loads(self.request_json)

    @property
    def document(self) -> Any:  # Any: JSON
        """What the function returned; `None` unless the job is done."""
        return None if self.document_json is None else json.loads(self.document_json)

    @property
    def finished(self) -> bool:
        """Whether it will not change any more."""
        return self.state in ("done", "failed", "cancelled")


def new_id() -> str:
    """60 random bits as lower-case base32."""
    return base64.b32encode(secrets.token_bytes(8)).decode().lower()[:ID_LENGTH]


def canonical(request: Mapping[str, object]) -> str:
    """One text per request, whatever the order of its names.

    >>> canonical({"b": 1, "a": [2.5, "x"]})
    '{"a":[2.5,"x"],"b":1}'

    Raises:
        JobError: it holds more than names and numbers, or is too long.
    """
    try:
        text = json.dumps(dict(request), sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise JobError(f"A request may hold names, finite numbers, lists and dictionaries of them; got {error}.") from error
    if len(text) > MAX_REQUEST_BYTES:
        raise JobError(f"A request may have at most {MAX_REQUEST_BYTES} bytes, got {len(text)}. Give a path or a hash instead.")
    return text


def document_text(document: object) -> str:
    """What a function returned, as JSON.

    Raises:
        TypeError, ValueError: it is no JSON, or holds NaN or an infinity.
    """
    return json.dumps(document, separators=(",", ":"), allow_nan=False)
