"""What is clicked while a page is drawn for the first time, or before the browser has heard of its address, is not lost."""

from typing import Any

from streamlit.testing.v1 import AppTest

ADDRESS_BEFORE = {"corpus": ["full"]}


def script() -> None:
    import streamlit as st

    from app import state
    from app.kit import controls

    state.keep("page", "retrieval")
    state.arrive()
    controls.pick_word("pool", "Pool", ("canonical", "no overlap", "hard"))
    if state.recall("stopping"):
        state.keep("stopping", False)
        st.rerun()  # as where something is clicked meanwhile
    controls.pick_word("side", "Side", ("audio", "midi"))
    state.settle()


def opened(*, stopped: bool = False) -> Any:
    app = AppTest.from_function(script)
    app.query_params.update(ADDRESS_BEFORE)
    app.session_state["shown_stopping"] = stopped
    return app.run()


def written(app: Any) -> dict[str, list[str]]:
    return {name: [values] if isinstance(values, str) else list(values) for name, values in app.query_params.items()}


def choose(app: Any, pool: str) -> None:
    app.get("button_group")[0].set_value(pool)
    app.run()
    assert not app.exception


def test_what_is_so_by_default_is_no_act_although_the_first_run_was_stopped() -> None:
    app = opened(stopped=True)
    assert written(app) == ADDRESS_BEFORE
    choose(app, "no overlap")
    assert written(app)["pool"] == ["no overlap"]


def test_what_is_clicked_before_the_browser_hears_of_its_address_is_kept() -> None:
    app = opened()
    choose(app, "no overlap")
    app.query_params.clear()
    app.query_params.update(ADDRESS_BEFORE)  # the browser tells what it knows
    choose(app, "hard")
    assert app.get("button_group")[0].value == "hard"
    assert written(app) == {**ADDRESS_BEFORE, "pool": ["hard"], "side": ["audio"]}


def test_the_way_back_shows_what_the_address_says() -> None:
    app = opened()
    choose(app, "no overlap")
    app.query_params.clear()
    app.query_params.update(ADDRESS_BEFORE)
    app.run()
    assert app.get("button_group")[0].value == "canonical"
    assert written(app) == ADDRESS_BEFORE
