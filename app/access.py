"""Who may see the dashboard: whoever sits at this computer; from elsewhere, people who are logged in and on the list."""

import ipaddress
import os
from collections.abc import Collection
from dataclasses import dataclass

import streamlit as st

from analysis import paths
from app import guard
from app.kit.layout import plain

ALLOWED_VARIABLE = "OTOSCOPE_ALLOWED"
UNVERIFIED_VARIABLE = "OTOSCOPE_UNVERIFIED"
_UNVERIFIED = (
    "Whoever confirmed your login does not say that your e-mail address is verified, so anybody could have given it. Verify it "
    f"there, then log in again. Whoever runs this dashboard may set {UNVERIFIED_VARIABLE}=1 where that is never said."
)
NOTICE = "Anyone who can reach this address sees and uses this dashboard: OTOSCOPE\\_INSECURE is set."


@dataclass(frozen=True)
class Allowed:
    """The page may be shown; `notice` must be shown with it, if there is one."""

    notice: str = ""


def decide(
    address: str | None, insecure: bool, auth_configured: bool, user_email: str | None, allowed: Collection[str]
) -> Allowed | str:
    """Whether a page may be shown, else the sentence that says what to do.

    Args:
        address: what the server is bound to; None is every address.
        insecure: whoever runs the server said that it needs no login.
        auth_configured: people can log in.
        user_email: of the person who is logged in; None for nobody.
        allowed: e-mail addresses; A to Z and a to z are alike, and no other letters.

    A login that was set up is asked for on this computer too: a proxy or a tunnel may bring others there.
    """
    listed = {_folded(name.strip(" \t\r\n")) for name in allowed} - {""}
    if is_loopback(address) and not auth_configured and not listed:
        return Allowed()
    if insecure:
        return Allowed(NOTICE)
    if not auth_configured and is_loopback(address):
        return (
            f"{ALLOWED_VARIABLE} says who may come in, but nobody can log in. Configure a login ([auth] in "
            f".streamlit/secrets.toml), or unset {ALLOWED_VARIABLE} if this computer is yours alone."
        )
    if not auth_configured:
        return (
            f"This dashboard is bound to {address or 'every address'}, which other computers reach, and nobody has to log in. "
            "Start it with --server.address=127.0.0.1; or configure a login ([auth] in .streamlit/secrets.toml) and name who may "
            f"come in ({ALLOWED_VARIABLE}, e-mail addresses with commas between). Where something else keeps strangers out, set "
            f"{paths.INSECURE_VARIABLE}=1."
        )
    if not user_email:
        return "This dashboard is for people on its list. Log in to see it."
    if _folded(user_email) in listed:
        return Allowed()
    return f"{user_email} is not on the list of this dashboard. Ask whoever runs it to add the address to {ALLOWED_VARIABLE}."


def is_loopback(address: str | None) -> bool:
    """Whether only this computer can reach what is bound to an address.

    >>> [is_loopback(one) for one in ("127.0.0.1", "localhost", "::1", "0.0.0.0", "unix:///run/o.sock", None)]
    [True, True, True, False, False, False]
    """
    name = (address or "").strip().strip("[]")
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _folded(email: str) -> str:
    """With A to Z in lower case; letters that merely look like others stay what they are."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in email)


def require_access() -> None:
    """Show why the page is not shown and stop here, unless it may be shown; every page calls this before anything else."""
    verdict = _verdict(_email())
    if isinstance(verdict, Allowed):
        guard.admit()
        return
    logged_in = _logged_in()
    st.title("Otoscope", anchor=False)
    st.warning(plain(_UNVERIFIED if logged_in and not _email() else verdict), icon=":material/lock:")
    if _auth_configured():
        label, act = ("Log out", st.logout) if logged_in else ("Log in", st.login)
        st.button(label, on_click=act, icon=":material/login:")
    st.stop()


def is_open() -> bool:
    """Whether nobody has to log in."""
    return isinstance(_verdict(None), Allowed)


def notice() -> None:
    """What everybody should know who was let in without a login."""
    verdict = _verdict(None)
    if isinstance(verdict, Allowed) and verdict.notice:
        st.caption(f":material/lock_open: {verdict.notice}")


def _verdict(email: str | None) -> Allowed | str:
    is_insecure = os.environ.get(paths.INSECURE_VARIABLE) == "1"
    return decide(st.get_option("server.address"), is_insecure, _auth_configured(), email, _allowed())


def _auth_configured() -> bool:
    return st.secrets.load_if_toml_exists() and "auth" in st.secrets


def _logged_in() -> bool:
    return _auth_configured() and st.user.get("is_logged_in", False) is True


def _email() -> str | None:
    """Of whoever is logged in; an address that the provider does not say to be verified counts as none."""
    if not _logged_in():
        return None
    unsaid = "email_verified" not in st.user and os.environ.get(UNVERIFIED_VARIABLE) == "1"
    verified = st.user.get("email_verified")
    if not unsaid and verified is not True and str(verified).lower() != "true":
        return None
    email = st.user.get("email")
    return str(email) if email else None


def _allowed() -> list[str]:
    configured = os.environ.get(ALLOWED_VARIABLE, "").split(",")
    if not st.secrets.load_if_toml_exists() or "otoscope" not in st.secrets:
        return configured
    listed = st.secrets["otoscope"].get("allowed", [])
    return [*configured, *(listed.split(",") if isinstance(listed, str) else map(str, listed))]
