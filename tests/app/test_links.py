"""What a link names that is not here is said, for every parameter that pages read."""

from typing import Any

import pytest

from app import state
from app.kit import layout

pytestmark = pytest.mark.usefixtures("queue")


def said(app: Any) -> list[str]:
    return [one.value for one in app.info if one.value.startswith("The link")]


@pytest.mark.parametrize(
    ("address", "instead"),
    [
        ({"checkpoints": "banana"}, "showing the checkpoint one"),
        ({"corpus": "banana"}, "showing the corpus full"),
        ({"pool": "banana"}, "showing the pool canonical"),
        ({"set": "banana"}, "showing the usual settings"),
        ({"job": "banana"}, ""),
    ],
)
def test_every_parameter_of_a_study_is_said(store, result_of, open_page, address, instead) -> None:
    store["one",] = result_of("one")
    sentence = f'The link names "banana", which is not here{"; " * bool(instead)}{instead}.'
    assert said(open_page("views/retrieval.py", **address)) == [sentence]


def test_one_of_several_checkpoints_is_said(store, result_of, open_page) -> None:
    store["two",] = result_of("two")
    app = open_page("views/retrieval.py", checkpoints=["two", "banana", "cherry"])
    assert said(app) == ['The link names "banana", "cherry", which are not here; showing the checkpoint two.']


def test_a_link_that_is_true_says_nothing_and_neither_does_a_choice(store, result_of, open_page, ran) -> None:
    for name in ("one", "two"):
        store[name,] = result_of(name)
    app = open_page("views/retrieval.py", checkpoints="two", corpus="small", pool="no overlap", set=["seed=42", "split=test"])
    assert not said(app)
    app.multiselect[0].set_value(["one"])
    assert not said(ran(app))


def test_it_is_said_until_something_is_chosen(store, result_of, open_page, ran) -> None:
    for name in ("one", "two"):
        store[name,] = result_of(name)
    app = open_page("views/retrieval.py", checkpoints="two", corpus="banana")
    assert said(ran(app)) == said(app) != []
    app.multiselect[0].set_value(["one"])
    assert not said(ran(app))
    assert app.query_params["corpus"] == "full"


def test_a_name_that_no_page_has_is_said(store, open_page) -> None:
    assert said(open_page("views/retrieval.py", fruit="banana")) == ['The link says "fruit", which no page reads.']


def test_the_address_as_it_was_opened_is_left_alone_and_counts_when_it_is_gone_back_to(store, result_of, open_page, ran) -> None:
    store["one",] = result_of("one")
    app = open_page("views/retrieval.py", checkpoints="one")
    opened = dict(app.query_params)
    app.get("button_group")[0].set_value("no overlap")
    assert ran(app).query_params["pool"] == "no overlap"
    app.query_params.clear()
    app.query_params.update(opened)
    assert ran(app).get("button_group")[0].value == "canonical"
    assert dict(app.query_params) == opened


def test_what_is_not_here_is_data(evil, obeyed, store, open_page) -> None:
    assert not obeyed("".join(said(open_page("views/retrieval.py", corpus=evil))))


@pytest.mark.parametrize("name", state.NAMES)
def test_there_are_words_for_every_parameter(name) -> None:
    assert layout.not_here(name, ["banana"], ["x"]).startswith('The link names "banana", which is not here; showing the ')
