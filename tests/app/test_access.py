"""Who is let in, and that no page can be reached around the question."""

import ast
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from app import access, caching
from app.access import Allowed, decide

APP = Path(__file__).resolve().parents[2] / "app"
PAGES = sorted((APP / "views").glob("[!_]*.py"))
LIST = ("Ada@Example.org", " ben@example.org ", "")


@pytest.mark.parametrize(
    ("address", "insecure", "auth", "email", "allowed", "said"),
    [
        ("127.0.0.1", False, False, None, (), None),
        ("127.8.8.8", False, False, None, (), None),
        ("localhost", False, False, None, (), None),
        ("::1", False, False, None, (), None),
        ("localhost", False, True, None, LIST, "Log in to see it"),
        ("127.0.0.1", False, True, None, (), "Log in to see it"),
        ("::1", False, True, "eve@example.org", LIST, "eve@example.org is not on the list"),
        ("127.0.0.1", False, True, "ada@example.org", LIST, None),
        ("127.0.0.1", False, False, None, LIST, "nobody can log in"),
        ("127.0.0.1", False, False, None, ("", " "), None),
        ("0.0.0.0", True, False, None, (), None),
        ("0.0.0.0", False, False, None, (), "bound to 0.0.0.0"),
        ("0.0.0.0", False, False, "ada@example.org", LIST, "nobody has to log in"),
        (None, False, False, None, (), "bound to every address"),
        ("", False, False, None, (), "bound to every address"),
        ("::", False, False, None, (), "bound to ::"),
        ("192.168.1.7", False, False, None, (), "OTOSCOPE_INSECURE=1"),
        ("lab.example.org", False, False, None, (), "OTOSCOPE_ALLOWED"),
        ("localhost.example.org", False, False, None, (), "bound to localhost.example.org"),
        ("unix:///run/o.sock", False, False, None, (), "bound to unix:///run/o.sock"),
        ("0.0.0.0", False, True, None, LIST, "Log in to see it"),
        ("0.0.0.0", False, True, "", LIST, "Log in to see it"),
        ("0.0.0.0", False, True, "ada@example.org", LIST, None),
        ("0.0.0.0", False, True, "BEN@example.org", LIST, None),
        ("0.0.0.0", False, True, "eve@example.org", LIST, "eve@example.org is not on the list"),
        ("0.0.0.0", False, True, "ada@example.org.evil", LIST, "is not on the list"),
        ("0.0.0.0", False, True, "ada@example.org", (), "is not on the list"),
        ("0.0.0.0", False, True, "\N{KELVIN SIGN}@x.org", ("k@x.org",), "is not on the list"),
        ("0.0.0.0", False, True, "stra\N{LATIN SMALL LETTER SHARP S}e@x.org", ("strasse@x.org",), "is not on the list"),
        ("0.0.0.0", False, True, "\N{LATIN SMALL LIGATURE FFI}@x.org", ("ffi@x.org",), "is not on the list"),
        ("0.0.0.0", False, True, "\N{LATIN SMALL LETTER LONG S}@x.org", ("s@x.org",), "is not on the list"),
        ("0.0.0.0", False, True, "k@x.org", ("\N{KELVIN SIGN}@x.org",), "is not on the list"),
        (
            "0.0.0.0",
            False,
            True,
            "é@x.org",
            ("\N{LATIN CAPITAL LETTER E WITH ACUTE}@x.org",),
            "is not on the list",
        ),
    ],
)
def test_decisions(address, insecure, auth, email, allowed, said):
    verdict = decide(address, insecure, auth, email, allowed)
    assert isinstance(verdict, Allowed) if said is None else isinstance(verdict, str) and said in verdict


def test_whoever_is_let_in_without_a_login_is_told():
    assert decide("0.0.0.0", True, False, None, ()) == Allowed(access.NOTICE)
    assert decide("127.0.0.1", True, False, None, ()) == Allowed()
    assert decide("127.0.0.1", True, True, None, ()) == Allowed(access.NOTICE)


@pytest.fixture
def open_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that other computers can reach."""
    original = st.get_option
    monkeypatch.setattr(st, "get_option", lambda name: "0.0.0.0" if name == "server.address" else original(name))
    monkeypatch.setattr(caching, "checkpoints", list)
    monkeypatch.setattr(caching, "demo_clips", list)
    monkeypatch.delenv("OTOSCOPE_INSECURE", raising=False)
    monkeypatch.delenv("OTOSCOPE_ALLOWED", raising=False)


def opened(script: Path, **secrets: Any) -> AppTest:
    app = AppTest.from_file(str(script), default_timeout=300)
    for name, value in secrets.items():
        app.secrets[name] = value
    app.run()
    assert not app.exception
    return app


@pytest.mark.parametrize("script", [APP / "main.py", *PAGES], ids=lambda path: path.stem)
def test_a_page_that_strangers_could_reach_shows_what_to_do_and_nothing_else(open_server, script):
    app = opened(script)
    assert [title.value for title in app.title] == ["Otoscope"]
    assert len(app.warning) == 1
    assert "This dashboard is bound to 0.0.0.0" in app.warning[0].value
    assert not [*app.caption, *app.info, *app.button, *app.selectbox, *app.dataframe, *app.expander, *app.sidebar.markdown]


def first_statement(script, name):
    """What a function does first, after its docstring."""
    body = ast.parse(script.read_text()).body
    function = next(node for node in body if isinstance(node, ast.FunctionDef) and node.name == name)
    return ast.unparse(function.body[1])


@pytest.mark.parametrize("script", PAGES, ids=lambda path: path.stem)
def test_every_page_asks_first(script):
    *_, last = ast.parse(script.read_text()).body
    assert isinstance(last, ast.If)
    assert ast.unparse(last.test) == "__name__ == '__main__'"
    (only,) = last.body
    if ast.unparse(only) == "study_page.show(PAGE)":
        assert first_statement(APP / "kit" / "study_page.py", "show") == "access.require_access()"
    else:
        assert ast.unparse(only) == "page()"
        assert first_statement(script, "page") == "access.require_access()"


def test_insecure_is_said_on_the_page(open_server, monkeypatch):
    monkeypatch.setenv("OTOSCOPE_INSECURE", "1")
    app = opened(APP / "main.py")
    assert app.title[0].value != "Otoscope"
    assert any("OTOSCOPE\\_INSECURE is set" in caption.value for caption in app.sidebar.caption)


AUTH = {"auth": {"client_id": "x", "cookie_secret": "y"}}


def test_who_is_not_logged_in_can_log_in(open_server):
    app = opened(APP / "main.py", **AUTH)
    assert app.warning[0].value == "This dashboard is for people on its list. Log in to see it."
    assert [button.label for button in app.button] == ["Log in"]


@pytest.mark.parametrize(
    ("listed", "secrets", "is_in"),
    [("ada@example.org", {}, True), ("", {"otoscope": {"allowed": ["ada@example.org"]}}, True), ("ben@example.org", {}, False)],
)
def test_the_list_decides(open_server, monkeypatch, listed, secrets, is_in):
    monkeypatch.setenv("OTOSCOPE_ALLOWED", listed)
    monkeypatch.setattr(access, "_email", lambda: "ada@example.org")
    monkeypatch.setattr(access, "_logged_in", lambda: True)
    app = opened(APP / "main.py", **AUTH, **secrets)
    assert (app.title[0].value != "Otoscope") == is_in
    if not is_in:
        assert [button.label for button in app.button] == ["Log out"]


def email_of(user, monkeypatch):
    """What counts as the address of a user of whom the provider says so much."""
    monkeypatch.setattr(access, "_auth_configured", lambda: True)
    monkeypatch.setattr(access.st, "user", user)
    return access._email()


WHO = {"is_logged_in": True, "email": "a@b.c"}


@pytest.mark.parametrize("said", [False, "false", "False", 0, 1, None, "", "no", "yes", [True]])
def test_an_address_that_is_not_verified_is_nobody(said, monkeypatch):
    for variable in ("0", "1"):
        monkeypatch.setenv("OTOSCOPE_UNVERIFIED", variable)
        assert email_of({**WHO, "email_verified": said}, monkeypatch) is None


@pytest.mark.parametrize("said", [True, "true", "True"])
def test_an_address_that_is_verified_counts(said, monkeypatch):
    assert email_of({**WHO, "email_verified": said}, monkeypatch) == "a@b.c"
    assert email_of({**WHO, "email_verified": said, "is_logged_in": False}, monkeypatch) is None
    assert email_of({"is_logged_in": True, "email_verified": said}, monkeypatch) is None
    assert email_of({}, monkeypatch) is None


def test_where_nothing_is_said_the_operator_decides(monkeypatch):
    monkeypatch.delenv("OTOSCOPE_UNVERIFIED", raising=False)
    assert email_of(WHO, monkeypatch) is None
    monkeypatch.setenv("OTOSCOPE_UNVERIFIED", "1")
    assert email_of(WHO, monkeypatch) == "a@b.c"


def test_who_is_logged_in_unverified_is_told_and_can_log_out(open_server, monkeypatch):
    monkeypatch.setattr(access, "_logged_in", lambda: True)
    monkeypatch.setattr(access, "_email", lambda: None)
    app = opened(APP / "main.py", **AUTH)
    assert "does not say that your e-mail address is verified" in app.warning[0].value
    assert [button.label for button in app.button] == ["Log out"]


def test_a_login_is_asked_for_on_this_computer_too(monkeypatch):
    monkeypatch.delenv("OTOSCOPE_ALLOWED", raising=False)
    app = opened(APP / "main.py", **AUTH)
    assert app.warning[0].value == "This dashboard is for people on its list. Log in to see it."
    assert [button.label for button in app.button] == ["Log in"]
