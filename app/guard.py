"""What stands before the dashboard's server: it refuses other names, other sites, uploads of strangers and too many of them."""

import ipaddress
import os
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import streamlit as st
from streamlit import net_util
from streamlit.runtime.scriptrunner import get_script_run_ctx

from analysis import paths
from analysis.memory import bytes_to_words

MOST_OF_A_SESSION = 256 * 2**20  # bytes of uploads that one session may keep
MOST_OF_ALL = 1024 * 2**20  # bytes of uploads of all sessions together
UPLOADS = "/_stcore/upload_file/"
METRICS = "/_stcore/metrics"
NO_FRAME = [(b"x-frame-options", b"SAMEORIGIN"), (b"content-security-policy", b"frame-ancestors 'self'")]

Message = MutableMapping[str, Any]  # Any: what ASGI says of a request or an answer; `Request` reads it
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_admitted: set[str] = set()


@dataclass(frozen=True)
class Request:
    """What the guard looks at.

    Attributes:
        kind: "http" or "websocket".
        method: of HTTP; "" of a web socket.
        path: that is asked for.
        headers: by their names in lower case; of one that comes several times the first.
    """

    kind: str
    method: str
    path: str
    headers: Mapping[bytes, str]

    @classmethod
    def of(cls, scope: Message) -> "Request | None":
        """A request; None for what the server says to itself."""
        if (kind := scope["type"]) not in ("http", "websocket"):
            return None
        headers = {name: value.decode("latin-1") for name, value in list(scope["headers"])[::-1]}
        return cls(kind, scope.get("method", ""), scope.get("path", ""), headers)

    @property
    def changes(self) -> bool:
        """Whether it may do more than read."""
        return self.kind == "websocket" or self.method not in ("GET", "HEAD", "OPTIONS")

    @property
    def uploads(self) -> bool:
        """Whether it brings a file."""
        return self.kind == "http" and self.changes and self.method != "DELETE" and UPLOADS in self.path


def admit() -> None:
    """Let the session whose page is being drawn upload files; whoever has not passed the door cannot."""
    if (context := get_script_run_ctx()) is not None:
        _admitted.add(context.session_id)


def is_known_host(host: str, allowed: Iterable[str]) -> bool:
    """Whether a Host header names this server, by a listed name or by an address; with an empty list or `*` every name does.

    A site that lets its own name point here (DNS rebinding) is told by that name.

    >>> [is_known_host(one, ["localhost", "*.lab.org"]) for one in ("LOCALHOST:8501", "[::1]:1", "a.lab.org", "evil.org")]
    [True, True, True, False]
    """
    names = [allowed_name.strip().lower().rstrip(".") for allowed_name in allowed]
    name = _name(f"//{host}")
    if (
        not names
        or "*" in names
        or any(
            name == allowed_name or (allowed_name[:2] == "*." and name.endswith(allowed_name[1:]))
            for allowed_name in names
            if allowed_name
        )
    ):
        return True
    try:
        return bool(ipaddress.ip_address(name))
    except ValueError:
        return False


def is_own_origin(origin: str | None, host: str, others: Iterable[str] = ()) -> bool:
    """Whether a request comes from a page of this very server (name and port), from a listed site, or from no page at all.

    >>> [is_own_origin(one, "localhost:8501") for one in ("http://localhost:8501", None, "http://localhost:1", "null")]
    [True, True, False, False]
    """
    return (
        origin is None or urlsplit(origin).netloc.lower() == host.lower() or origin.lower() in {other.lower() for other in others}
    )


def _name(address: str) -> str:
    try:
        parts = urlsplit(address)
        _ = parts.port  # raises where it is no port
        return (parts.hostname or "").rstrip(".") if "@" not in address and not parts.path else ""
    except ValueError:
        return ""


@dataclass
class Guard:
    """ASGI middleware before Streamlit's server.

    `is_open` tells whether nobody has to log in; `uploads` are the bytes that are on their way, by session; what has arrived is
    asked of Streamlit.
    """

    app: Callable[[Message, Receive, Send], Awaitable[None]]
    is_open: Callable[[], bool] = lambda: False
    uploads: dict[str, int] = field(default_factory=dict)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Refuse, or pass on."""
        request = Request.of(scope)
        if request is None:
            await self.app(scope, receive, send)
        elif refusal := _refusal(request):
            await _refuse(request, send, 403, refusal)
        elif request.kind == "http" and request.path.endswith(METRICS):
            await _refuse(request, send, 404, "There is nothing here.")
        elif request.uploads:
            await self._upload(request, scope, receive, send)
        else:
            await self.app(scope, receive, _unframed(send))

    async def _upload(self, request: Request, scope: Message, receive: Receive, send: Send) -> None:
        """Take an upload of a session that was let in, as long as it and all sessions together stay below their limits."""
        session = request.path.split(UPLOADS, 1)[1].split("/")[0]
        if session not in _admitted and not self.is_open():
            await _refuse(request, send, 403, "This session has not been let in.")
            return
        largest = int(st.get_option("server.maxUploadSize")) * 2**20
        length = request.headers.get(b"content-length", "")
        size = min(int(length), largest) if length.isdecimal() and len(length) < 20 else largest
        own, total = _kept(session)
        if own + self.uploads.get(session, 0) + size > MOST_OF_A_SESSION:
            text = f"One session may upload {bytes_to_words(MOST_OF_A_SESSION)}. Remove a file, then upload this one again."
            await _refuse(request, send, 413, text)
        elif total + sum(self.uploads.values()) + size > MOST_OF_ALL:
            await _refuse(request, send, 503, "The memory for uploads is full. Try again in some minutes.")
        else:
            self.uploads[session] = self.uploads.get(session, 0) + size
            try:
                await self.app(scope, receive, send)
            finally:
                self.uploads[session] -= size
                if not self.uploads[session]:
                    del self.uploads[session]


def stay_at_home() -> None:
    """Never ask a service elsewhere under which address this computer is seen, which Streamlit would for its start-up message
    and for each request of a foreign page.
    """
    net_util.get_external_ip = lambda: None


def _refusal(request: Request) -> str:
    """Why a request is not for this server; empty if it is."""
    host = request.headers.get(b"host", "")
    named = os.environ.get(paths.NAMES_VARIABLE)
    if not is_known_host(host, named.split(",") if named else st.get_option("server.allowedHosts")):
        return (
            "This dashboard is not known under this name. Open it as http://localhost with its port, "
            "or start it with otoscope app --name and the name."
        )
    if request.changes and st.get_option("server.enableCORS"):
        if not is_own_origin(request.headers.get(b"origin"), host, st.get_option("server.corsAllowedOrigins")):
            return "This request comes from a page of another site."
    return ""


def _kept(session: str) -> tuple[int, int]:
    """Bytes of uploads that the server keeps for one session, and for all; whoever left is forgotten."""
    from streamlit.runtime import get_instance

    runtime = get_instance()
    stored = getattr(runtime.uploaded_file_mgr, "file_storage", {})
    sizes = {session_id: sum(len(file.data) for file in list(files.values())) for session_id, files in list(stored.items())}
    _admitted.intersection_update(
        {session_id for session_id in list(_admitted) if runtime.is_active_session(session_id)} | {session}
    )
    return sizes.get(session, 0), sum(sizes.values())


async def _refuse(request: Request, send: Send, status: int, sentence: str) -> None:
    if request.kind == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    head = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": sentence.encode()})


def _unframed(send: Send) -> Send:
    """Pages cannot be shown inside those of another site, which could make people press what they do not see."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *NO_FRAME]
        await send(message)

    return sending
