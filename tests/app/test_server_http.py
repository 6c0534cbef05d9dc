"""The running server itself refuses uploads that are too large, and uploads that another site makes a browser send."""

import http.client
import re
import select
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import urlsplit

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

MIB = 2**20
LIMIT_BYTES = 50 * MIB  # as in .streamlit/config.toml, see test_server_settings.py
COOKIE = "_streamlit_xsrf"
BOUNDARY = "0123456789abcdef"
HEAD = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="x.wav"\r\nContent-Type: audio/wav\r\n\r\n'.encode()
)
SMALL = HEAD + bytes(100) + f"\r\n--{BOUNDARY}--\r\n".encode()
NOTHING: Mapping[str, str] = MappingProxyType({})


def answered(connection: http.client.HTTPConnection) -> int:
    """The status that the server answers."""
    with connection.getresponse() as response:
        response.read()
        return response.status


@dataclass(frozen=True)
class Visit:
    """A page that is open: where, in which session, and with which token."""

    host: str
    port: int
    session: str
    token: str

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.host, self.port, timeout=60)

    def path(self, file: str) -> str:
        return f"/_stcore/upload_file/{self.session}/{file}"

    def headers(self, changes: Mapping[str, str] = NOTHING) -> dict[str, str]:
        """Those of an upload through the page; an empty one is left out."""
        own = {"Cookie": f"{COOKIE}={self.token}", "X-Xsrftoken": self.token, **changes}
        return {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"} | {k: v for k, v in own.items() if v}

    def status(self, method: str, file: str, body: bytes = SMALL, changes: Mapping[str, str] = NOTHING) -> int:
        with closing(self.connection()) as connection:
            connection.request(method, self.path(file), body, self.headers(changes))
            return answered(connection)

    def begin(self, file: str, **length: str) -> http.client.HTTPConnection:
        """An upload of which the head alone has been sent."""
        connection = self.connection()
        connection.putrequest("PUT", self.path(file))
        for name, value in (self.headers() | {name.replace("_", "-"): value for name, value in length.items()}).items():
            connection.putheader(name, value)
        connection.endheaders()
        return connection


@pytest.fixture(scope="module")
def visit(address: str) -> Iterator[Visit]:
    """The server as it is shipped, and one open page."""
    parts = urlsplit(address)
    host, port = str(parts.hostname), int(parts.port or 0)
    with closing(http.client.HTTPConnection(host, port, timeout=60)) as first:
        first.request("GET", "/_stcore/health")
        with first.getresponse() as response:
            cookie = re.search(rf"{COOKIE}=([^;]+)", response.getheader("Set-Cookie") or "")
    token = cookie[1] if cookie else ""
    stream = f"ws://{host}:{port}/_stcore/stream"
    # Without an end to its queue it goes on reading what nobody asks for, up to the answer to its farewell.
    with connect(stream, subprotocols=["streamlit", "x"], max_size=None, max_queue=None) as socket:  # pyright: ignore[reportArgumentType]
        socket.send(BackMsg(rerun_script={"query_string": ""}).SerializeToString())  # pyright: ignore[reportArgumentType]
        message = ForwardMsg()
        while not message.HasField("new_session"):
            message.ParseFromString(bytes(socket.recv(timeout=120)))  # pyright: ignore[reportArgumentType]
        yield Visit(host, port, message.new_session.initialize.session_id, token)


def test_an_upload_through_the_page_is_taken(visit: Visit) -> None:
    assert visit.token
    assert visit.status("PUT", "small") == 204


@pytest.mark.parametrize(
    "changes",
    [
        {"X-Xsrftoken": ""},
        {"Cookie": ""},
        {"X-Xsrftoken": "", "Cookie": ""},
        {"X-Xsrftoken": "2|00000000|00000000000000000000000000000000|1700000000"},
        {"X-Xsrftoken": "x"},
    ],
    ids=["no header", "no cookie", "neither", "another token", "no token"],
)
def test_without_the_token_nothing_is_taken_or_removed(changes: dict[str, str], visit: Visit) -> None:
    assert visit.status("PUT", "foreign", changes=changes) == 403
    assert visit.status("DELETE", "foreign", b"", changes) == 403


def test_no_other_way_in(visit: Visit) -> None:
    assert visit.status("POST", "small") == 405


@pytest.mark.parametrize(("length", "status"), [(LIMIT_BYTES + 1, 413), (10**15, 413), (-1, 400)])
def test_a_length_beyond_the_limit_is_refused_before_the_body_comes(length: int, status: int, visit: Visit) -> None:
    with closing(visit.begin("large", Content_Length=str(length))) as connection:
        assert answered(connection) == status


def test_a_body_without_a_length_is_refused_once_it_is_beyond_the_limit(visit: Visit) -> None:
    sent, block = 0, bytes(MIB)
    with closing(visit.begin("endless", Transfer_Encoding="chunked")) as connection:
        for chunk in (HEAD, *[block] * 100):
            connection.send(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            sent += len(chunk)
            patience_s = 0.2 if sent > LIMIT_BYTES else 0.0
            if select.select([connection.sock], [], [], patience_s)[0]:
                break
        assert LIMIT_BYTES < sent < 100 * MIB
        assert answered(connection) == 413


def refused(visit: Visit, host: str, origin: str) -> bool:
    """Whether the server closes a WebSocket with these headers before it opens."""
    try:
        with closing(socket.create_connection((visit.host, visit.port), timeout=60)) as raw:
            head = f"GET /_stcore/stream HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nConnection: Upgrade\r\n"
            head += "Upgrade: websocket\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n\r\n"
            raw.sendall(head.encode())
            return b" 101 " not in raw.recv(100)
    except OSError:
        return True


def test_a_site_that_lets_its_name_point_here_opens_nothing(visit: Visit) -> None:
    assert refused(visit, f"evil.example:{visit.port}", f"http://evil.example:{visit.port}")
    assert not refused(visit, f"127.0.0.1:{visit.port}", f"http://127.0.0.1:{visit.port}")
    assert not refused(visit, f"localhost:{visit.port}", f"http://localhost:{visit.port}")


def test_a_page_on_another_port_opens_nothing(visit: Visit) -> None:
    assert refused(visit, f"localhost:{visit.port}", "http://localhost:1")
    assert refused(visit, f"localhost:{visit.port}", f"http://127.0.0.1:{visit.port}")


@pytest.mark.parametrize("path", ["/", "/_stcore/host-config"])
def test_no_other_site_frames_a_page(path: str, visit: Visit) -> None:
    with closing(visit.connection()) as connection:
        connection.request("GET", path)
        with connection.getresponse() as response:
            body = response.read()
            assert response.getheader("X-Frame-Options") == "SAMEORIGIN"
            assert response.getheader("Content-Security-Policy") == "frame-ancestors 'self'"
    assert path == "/" or b'"allowedOrigins":[]' in body


def test_figures_of_the_server_are_not_told(visit: Visit) -> None:
    with closing(visit.connection()) as connection:
        connection.request("GET", "/_stcore/metrics")
        assert answered(connection) == 404
