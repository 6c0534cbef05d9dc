"""Who may see the dashboard: whoever sits at this computer; from elsewhere, people who are logged in and on the list."""

import ipaddress
import os
from collections.abc import Collection
from dataclasses import dataclass

import streamlit as st

from analysis import paths
from app.layout import plain

ALLOWED_VARIABLE = "OTOSCOPE_ALLOWED"
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
        allowed: e-mail addresses, upper and lower case alike.
    """
    if is_loopback(address):
        return Allowed()
    if insecure:
        return Allowed(NOTICE)
    if not auth_configured:
        return (
            f"This dashboard is bound to {address or 'every address'}, which other computers reach, and nobody has to log in. "
            "Start it with --server.address=127.0.0.1; or configure a login ([auth] in .streamlit/secrets.toml) and name who may "
            f"come in ({ALLOWED_VARIABLE}, e-mail addresses with commas between). Where something else keeps strangers out, set "
            f"{paths.INSECURE_VARIABLE}=1."
        )
    if not user_email:
        return "This dashboard is for people on its list. Log in to see it."
    if user_email.strip().casefold() in {one.strip().casefold() for one in allowed if one.strip()}:
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


def require_access() -> None:
    """Show why the page is not shown and stop here, unless it may be shown; every page calls this before anything else."""
    email = _email()
    verdict = decide(
        st.get_option("server.address"), os.environ.get(paths.INSECURE_VARIABLE) == "1", _auth_configured(), email, _allowed()
    )
    if isinstance(verdict, Allowed):
        return
    st.title("Otoscope", anchor=False)
    st.warning(plain(verdict), icon=":material/lock:")
    if _auth_configured():
        label, act = ("Log out", st.logout) if email else ("Log in", st.login)
        st.button(label, on_click=act, icon=":material/login:")
    st.stop()


def notice() -> None:
    """What everybody should know who was let in without a login."""
    if not is_loopback(st.get_option("server.address")) and os.environ.get(paths.INSECURE_VARIABLE) == "1":
        st.caption(f":material/lock_open: {NOTICE}")


def _auth_configured() -> bool:
    return st.secrets.load_if_toml_exists() and "auth" in st.secrets


def _email() -> str | None:
    """Of whoever is logged in; an address that the provider says is not verified counts as none."""
    if not _auth_configured() or not st.user.get("is_logged_in", False) or st.user.get("email_verified") is False:
        return None
    email = st.user.get("email")
    return str(email) if email else None


def _allowed() -> list[str]:
    configured = os.environ.get(ALLOWED_VARIABLE, "").split(",")
    if not st.secrets.load_if_toml_exists() or "otoscope" not in st.secrets:
        return configured
    listed = st.secrets["otoscope"].get("allowed", [])
    return [*configured, *(listed.split(",") if isinstance(listed, str) else map(str, listed))]
