"""What a kind of job is: the function behind it, what it is called, where its result is shown, and what it takes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import PurePath
from typing import ClassVar, NamedTuple, TypeGuard, TypeVar

from analysis.errors import ConfigError
from analysis.jobs.job import Job

Request = Mapping[str, object]
N = TypeVar("N", bound="NamesRequest")


def is_names(value: object) -> TypeGuard[list[str]]:
    """Whether a field of a request is a list of names."""
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


@dataclass(frozen=True)
class NamesRequest:
    """A request whose fields are names, none of which may be missing; a subclass has a field for each.

    Attributes:
        holds: which request holds what, as an error says it.
    """

    holds: ClassVar[str]

    @classmethod
    def of(cls: type[N], document: Request) -> N:
        """The request of a job.

        Raises:
            ConfigError: a field is missing, unknown or of another kind.
        """
        known = [field.name for field in fields(cls)]
        if document.keys() != set(known) or not is_names(names := [document[name] for name in known]):
            raise ConfigError(f"{cls.holds}; got {dict(document)}.")
        return cls(*names)


class Page(NamedTuple):
    """A page by the name in its address, and what follows the name there."""

    name: str
    parameters: dict[str, str]


def last_part(corpus: str) -> str:
    """What a corpus is called where nobody knows better: the last part of its path."""
    return PurePath(corpus).name


def no_name(_key: str) -> str | None:
    """Nothing is known of a recording."""


@dataclass(frozen=True)
class Names:
    """How whoever shows jobs calls what their requests name.

    Attributes:
        corpus: the name of a corpus, given what the request says.
        recording: the name of a recording, given its key in the store; None where there is none.
    """

    corpus: Callable[[str], str] = last_part
    recording: Callable[[str], str | None] = no_name


def no_subject(_request: Request, _names: Names) -> str:
    """Nothing to be said."""
    return ""


def no_page(_job: Job) -> Page | None:
    """No page shows the result."""


def unknown_memory(_request: Request, _device: str) -> int:
    """It cannot be told: 0."""
    return 0


@dataclass(frozen=True)
class JobKind:
    """One kind of job.

    Attributes:
        name: as it stands in a job.
        function: "package.module:function", called with (request, `RunContext`) where the job runs; it returns JSON.
        title: what is being done, in words, given the request.
        subject: what it is done to, in words, given the request.
        page: where the result of a job that is done is shown; None where no page shows it.
        memory: bytes of the device (cpu and mps: of the host) that a request takes there; 0 for unknown. It may raise what a
            wrong request raises.
        partial_results: whether the finished pieces of a job that was cancelled are of use.
    """

    name: str
    function: str
    title: Callable[[Request], str]
    subject: Callable[[Request, Names], str] = no_subject
    page: Callable[[Job], Page | None] = no_page
    memory: Callable[[Request, str], int] = unknown_memory
    partial_results: bool = True
