"""What all study pages share: settings in the address, what a figure offers, and the way from a number to its sound."""

import json
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from analysis import paths
from analysis.studies.base.record import Cost
from app.kit import actions, study_facts, study_form

RETRIEVAL = str(paths.repository() / "app" / "views" / "retrieval.py")


def opened(**query: Any) -> AppTest:
    app = AppTest.from_file(RETRIEVAL, default_timeout=300)
    for name, value in query.items():
        app.query_params[name] = value
    return app.run()


@pytest.mark.usefixtures("queue")
def test_settings_of_the_address_are_asked_and_those_that_differ_stay_in_it(checkpoints: list[Any], monkeypatch: Any) -> None:
    asked: list[Any] = []
    monkeypatch.setattr("app.answers.found_result", asked.append)
    monkeypatch.setattr("app.caching.unrendered", lambda _: [])
    app = opened(checkpoints=["one"], corpus="small", set=["seed=7", "split=all", "n_queries=many"])
    assert not app.exception
    study, request = asked[0].study, asked[0].request  # later ones are of other corpora
    assert (study, len(asked[0].checkpoints), request.checkpoints, request.corpus) == ("retrieval", 1, ("one",), "small")
    assert (request.seed, request.split, request.n_queries) == (7, "all", 500)  # what cannot be read is the usual
    assert app.info[0].value == 'The link names "n\\_queries=many", which is not here; showing the settings split=all, seed=7.'
    asked.clear()
    app.number_input(key="set_retrieval_seed").set_value(42).run()
    assert asked[0].request.seed == 42
    assert app.query_params["set"] == "split=all"
    assert not any("The link names" in one.value for one in app.info)  # the address was written anew
    assert len(checkpoints) == 2


@pytest.mark.parametrize(
    ("n", "to_render_s", "usual", "said"),
    [
        (1, 0.0, True, "On a CPU, a checkpoint and its untrained twin take about 2 minutes; the page stays usable"),
        (
            4,
            0.0,
            False,
            "On a CPU, 4 checkpoints and their untrained twins take about 2 minutes with the usual settings, yours may",
        ),
        (2, 9000.0, True, "The missing recordings are rendered first (about 1 minute). On a CPU, 2 checkpoints"),
    ],
)
def test_the_effort_is_said_before_it_is_made(n: int, to_render_s: float, usual: bool, said: str) -> None:
    assert said in study_form.effort(n, 120.0, to_render_s, usual=usual)


def test_cost_grows_with_checkpoints_and_folders_count_as_full() -> None:
    cost = Cost(small_s=10, full_s=100, small_share=1, full_share=1)
    assert [cost.seconds("small", 2), cost.seconds("full", 2), cost.seconds("/recordings", 1)] == [20, 200, 100]


def test_the_python_lines_ask_the_same(result_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from analysis.studies.base import study
    from analysis.studies.base.requests import build_request

    asked: list[Any] = []
    monkeypatch.setattr(study, "run_study", lambda name, request, **_: asked.append((name, request)))
    exec(actions.python(result_of("one", "two")).replace("'corpus': 'small'", "'corpus': 'full'"), {})
    assert asked == [("retrieval", build_request("retrieval", ["one", "two"], {"split": "test", "pool_size": 16}))]


@pytest.mark.parametrize(
    ("customdata", "keys"),
    [
        ([3, 0, 3, None], [(3,), (0,)]), (["D0", 1.5], [("D0",), (1.5,)]), ([np.int32(7)], [(7,)]), ([["D0", 3]], [("D0", 3)]),
        ([{"0": "D0", "1": 3}], [("D0", 3)]), ([[], {}, ""], []),
    ],
)  # fmt: skip
def test_a_point_leads_to_its_key_be_it_a_list_or_a_number_alone(customdata: list[Any], keys: list[tuple[Any, ...]]) -> None:
    points = [{"x": 1, "customdata": one} for one in customdata]
    assert actions.chosen({"selection": {"points": points}}) == keys
    assert actions.chosen(None) == actions.chosen({}) == []


def test_downloads_hold_every_number(result_of: Any) -> None:
    result = result_of("one")
    assert json.loads(actions.as_json(result)) == result.to_document()
    lines = actions.as_csv(result.values).splitlines()
    assert lines[0] == "name,checkpoint,weights,pool,what,value,ci_low,ci_high,n,null,unit,estimator,direction"
    assert len(lines) == 1 + len(result.values)


def test_facts_name_hashes_and_the_code(result_of: Any) -> None:
    facts = study_facts.facts(result_of("one", "two"))
    assert facts["checkpoints"] == "one (abababababab), two (abababababab)"
    assert facts["computed in"] == "61 s"
    assert study_facts.names_of(result_of("one", "two")) == ["one", "two"]
