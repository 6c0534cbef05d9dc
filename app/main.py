"""Entry point: `streamlit run app/main.py`.

Streamlit imports this file as a module that holds a server, `app`, and runs it as a script for every page.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st
from starlette.middleware import Middleware

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:  # Streamlit puts only this file's folder there
    sys.path.insert(0, str(ROOT))

from app import access, guard, state, warm_up  # noqa: E402 - the folder must be known first
from app.kit import layout  # noqa: E402 - the folder must be known first

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator
    from streamlit.navigation.page import StreamlitPage

VIEWS, STYLE = (Path(__file__).parent / name for name in ("views", "selected.css"))
# Drawn here, since the picture of a page's icon would be fetched from elsewhere: an ear canal, seen through the cone.
ICON = (
    '<svg viewBox="0 0 32 32"><circle cx="16" cy="16" r="14" fill="#0072B2"/><circle cx="16" cy="16" r="8.5" fill="#FFFFFF"/>'
    '<circle cx="16" cy="16" r="4" fill="#D55E00"/></svg>'
)

HOME = "checkpoints"
PAGES = {
    "Overview": {"summary": "dashboard"},
    "Library": {"checkpoints": "inventory_2"},
    "Listen": {
        "clip": "hearing",
        "masking": "layers_clear",
        "phasors": "cyclone",
        "retrieval": "manage_search",
        "stems": "queue_music",
        "beats": "timer",
    },
    "Compare": {
        "similarity": "grid_on",
        "probes": "query_stats",
        "replication": "repeat",
        "screening": "leaderboard",
        "embedding": "scatter_plot",
        "onsets": "music_note",
        "structure": "blur_linear",
        "tokens": "token",
    },
    "Stress": {
        "ablation": "content_cut",
        "bands": "graphic_eq",
        "controls": "science",
        "transposition": "swap_vert",
        "invariance": "shield",
    },
    "Report": {"battery": "assignment"},
}
OTHERS, OTHERS_ICON = "More studies", "science"


def pages_by_group() -> dict[str, dict[str, str]]:
    """Names of all pages with their icons; a study that is not among them has a page all the same."""
    from analysis.studies.base.registry import study_names

    known = {name for views in PAGES.values() for name in views}
    others = {name: OTHERS_ICON for name in study_names() if name not in known}
    return PAGES | ({OTHERS: others} if others else {})


def main() -> None:
    """Set up the page and run the one that is chosen."""
    warm_up.stand_back()
    from app.kit import jobs_drawer  # what it caches needs the server to be there

    st.set_page_config(page_title="Otoscope", page_icon=ICON, layout="wide")
    st.html(STYLE)
    access.require_access()
    pages = {name: _page(name, icon) for views in pages_by_group().values() for name, icon in views.items()}
    page = st.navigation(list(pages.values()), position="hidden")
    state.keep("pages", pages)
    state.keep("page", page.title.lower())
    with st.sidebar:
        slot = st.empty()
        before = _ways(slot)
        access.notice()
    jobs_drawer.draw()
    page.run()
    if {name: state.carried(name) for name in pages} != before:  # the ways say what has been chosen in this run
        _ways(slot)
    warm_up.settle()


def _page(name: str, icon: str) -> StreamlitPage:
    view = VIEWS / f"{name}.py"
    return st.Page(view if view.is_file() else _any_study(name), title=name.capitalize(), icon=f":material/{icon}:",
                   default=name == HOME, url_path=name)  # fmt: skip


def _any_study(name: str) -> Callable[[], None]:
    def show() -> None:
        from app.studies import any_study

        any_study.show(name)

    return show


def _ways(slot: DeltaGenerator) -> dict[str, state.Said]:
    """The ways to all pages, each with what is chosen in its address: to open a page is one entry of the history."""
    carried: dict[str, state.Said] = {}
    with slot.container(gap="small"):
        for group, views in pages_by_group().items():
            with st.container(gap="xxsmall"):
                st.caption(group)
                for name, icon in views.items():
                    carried[name] = state.carried(name)
                    layout.way(name.capitalize(), name, f":material/{icon}:", carried[name])
    return carried


@contextlib.asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """While the server runs; then workers are ended, for which a signal leaves no time later."""
    warm_up.begin()
    yield
    from analysis.jobs import queue

    await asyncio.to_thread(queue.close)


if __name__ == "__main__":  # not in the processes that render clips
    main()
elif __name__ == "main":  # the server
    guard.stay_at_home()
    app = st.App(__file__, middleware=[Middleware(guard.Guard, is_open=access.is_open)], lifespan=lifespan)
