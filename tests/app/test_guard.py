"""What stands before the server: names, sites, frames, and the memory that uploads take."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit as st
from streamlit import net_util

from app import guard

MIB = 2**20


def request(path: str = "/", method: str = "GET", kind: str = "http", **headers: str) -> dict[str, Any]:
    named = {"host": "127.0.0.1:8501"} | {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [(name.encode(), value.encode()) for name, value in named.items() if value]
    return {"type": kind, "path": path, "method": method, "headers": lines}


def done(work: Coroutine[Any, Any, Any]) -> Any:
    """What comes of it, in a thread of its own: in this one the loop of a browser may be running."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def answer(scope: dict[str, Any], is_open: bool = True, guarded: guard.Guard | None = None) -> Any:
    """What comes back: a status, "closed", or "passed on" with the headers that were added."""
    sent: list[Any] = []

    async def server(_: Any, __: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message: Any) -> None:
        sent.append(message)

    done((guarded or guard.Guard(server, lambda: is_open))(scope, None, send))  # pyright: ignore[reportArgumentType]
    return "closed" if sent[0]["type"] == "websocket.close" else sent[0]["status"]


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Streamlit's, as they are shipped."""
    found = {
        "server.allowedHosts": ["127.0.0.1", "localhost", "::1"],
        "server.corsAllowedOrigins": [],
        "server.enableCORS": True,
        "server.maxUploadSize": 50,
    }
    monkeypatch.setattr(st, "get_option", found.__getitem__)
    monkeypatch.delenv("OTOSCOPE_NAMES", raising=False)
    return found


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """Files that the server keeps, by session; every session is there but those called gone."""
    files: dict[str, dict[str, Any]] = {}
    manager = SimpleNamespace(file_storage=files)
    runtime = SimpleNamespace(uploaded_file_mgr=manager, is_active_session=lambda one: not one.startswith("gone"))
    monkeypatch.setattr("streamlit.runtime.get_instance", lambda: runtime)
    monkeypatch.setattr(guard, "_admitted", set())
    return files


@pytest.mark.parametrize("host", ["evil.example:8501", "localhost.evil.example", "127.0.0.1.evil.org", "", "evil@localhost:x"])
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_a_name_of_another_site_is_refused(host: str, kind: str) -> None:
    scope = request(kind=kind, host=host, origin=f"http://{host}")
    assert answer(scope) == ("closed" if kind == "websocket" else 403)


@pytest.mark.parametrize("host", ["127.0.0.1:8501", "localhost:1", "LOCALHOST.", "[::1]:8501", "192.168.1.7:8501"])
def test_names_and_addresses_of_this_computer_are_known(host: str) -> None:
    assert answer(request(host=host)) == 200


def test_names_from_the_command_line_come_before_streamlits(monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any]) -> None:
    settings["server.allowedHosts"] = ["*"]
    monkeypatch.setenv("OTOSCOPE_NAMES", "localhost,lab.example.org")
    assert answer(request(host="lab.example.org")) == 200
    assert answer(request(host="evil.example")) == 403


@pytest.mark.parametrize(
    "origin", ["http://localhost:1", "http://127.0.0.1:8502", "http://localhost:8501", "null", "https://evil.example", "http://"]
)
def test_pages_of_other_sites_and_ports_open_nothing(origin: str) -> None:
    assert answer(request("/_stcore/stream", kind="websocket", origin=origin)) == "closed"
    assert answer(request("/_stcore/upload_file/s/f", "PUT", origin=origin)) == 403


def test_its_own_page_and_listed_sites_may(settings: dict[str, Any]) -> None:
    assert answer(request(kind="websocket", origin="http://127.0.0.1:8501")) == 200
    assert answer(request(kind="websocket")) == 200
    settings["server.corsAllowedOrigins"] = ["https://ears.example.org"]
    assert answer(request(kind="websocket", origin="https://ears.example.org")) == 200
    assert answer(request(kind="websocket", origin="https://other.example.org")) == "closed"


def test_figures_of_the_server_are_nobodys_business() -> None:
    assert answer(request("/_stcore/metrics")) == 404
    assert answer(request("/base/_stcore/metrics")) == 404


def test_who_was_not_let_in_uploads_nothing(kept: dict[str, Any]) -> None:
    upload = request("/_stcore/upload_file/stranger/f", "PUT", content_length="100")
    assert answer(upload, is_open=False) == 403
    assert answer(upload, is_open=True) == 200
    guard._admitted.add("stranger")
    assert answer(upload, is_open=False) == 200


def test_a_session_keeps_no_more_than_its_limit(kept: dict[str, Any]) -> None:
    kept["one"] = {str(i): SimpleNamespace(data=bytes(1)) for i in range(3)}
    fits = guard.MOST_OF_A_SESSION // (50 * MIB)
    kept["one"] = {str(i): SimpleNamespace(data=range(50 * MIB)) for i in range(fits)}
    assert answer(request("/_stcore/upload_file/one/f", "PUT", content_length=str(50 * MIB))) == 413
    assert answer(request("/_stcore/upload_file/one/f", "PUT")) == 413  # may be as large as one can be
    assert answer(request("/_stcore/upload_file/two/f", "PUT", content_length=str(50 * MIB))) == 200


def test_all_sessions_keep_no_more_than_their_limit(kept: dict[str, Any]) -> None:
    for i in range(guard.MOST_OF_ALL // guard.MOST_OF_A_SESSION):
        kept[str(i)] = {"f": SimpleNamespace(data=range(guard.MOST_OF_A_SESSION))}
    assert answer(request("/_stcore/upload_file/new/f", "PUT", content_length="1")) == 503


def test_what_is_on_its_way_counts(kept: dict[str, Any]) -> None:
    async def endless(*_: Any) -> None:
        await asyncio.sleep(3600)

    async def storm() -> list[int]:
        statuses: list[int] = []
        guarded = guard.Guard(endless, lambda: True)

        async def send(message: Any) -> None:
            if "status" in message:
                statuses.append(message["status"])

        upload = request("/_stcore/upload_file/one/f", "PUT", content_length=str(50 * MIB))
        running = [asyncio.create_task(guarded(upload, None, send)) for _ in range(20)]  # pyright: ignore[reportArgumentType]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for one in running:
            one.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        assert guarded.uploads == {}
        return statuses

    assert done(storm()) == [413] * (20 - guard.MOST_OF_A_SESSION // (50 * MIB))


def test_sessions_that_are_gone_are_forgotten(kept: dict[str, Any]) -> None:
    guard._admitted.update({"gone 1", "gone 2", "here"})
    answer(request("/_stcore/upload_file/here/f", "PUT", content_length="1"))
    assert guard._admitted == {"here"}


def test_nobody_elsewhere_is_asked_for_our_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(net_util, "get_external_ip", net_util.get_external_ip)
    monkeypatch.setattr(net_util, "_make_blocking_http_get", lambda *_, **__: pytest.fail("somebody was asked"))
    guard.stay_at_home()
    assert net_util.get_external_ip() is None
