"""Every kind of job leads to a function, and training passes its request on."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from analysis.datasets import corpora
from analysis.errors import Cancelled, ConfigError
from analysis.jobs.kinds import train as train_kind
from analysis.jobs.kinds.registry import kinds, load
from analysis.run import RunContext
from analysis.training import train_checkpoint


@pytest.mark.parametrize("kind", kinds())
def test_every_kind_leads_to_a_function(kind: str) -> None:
    assert callable(load(kinds()[kind].function))


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"arm": "D0", "out": "x", "speed": 2}, "Unknown settings speed: expected corpus, out, resume, arm"),
        ({"arm": "D0"}, "Expected an arm and a folder `out`"),
        ({"out": "x"}, "Expected an arm and a folder `out`"),
        ({"arm": "D0", "out": "x", "steps": -1}, "steps is -1; expected 0 or more"),
    ],
)
def test_training_refuses_a_wrong_request(request_: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        train_kind.train(request_, RunContext())


def test_training_reports_and_stops(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    context, seen, measured = RunContext(), [], []
    context.progress = lambda *report: seen.append(report)
    context.metrics = lambda step, values: measured.append((step, values))

    def fake(request: Any, corpus: Any, out: Path, *, resume: bool, progress: Any, metrics: Any) -> Any:
        assert (request.arm, request.steps, corpus.name, out, resume) == ("D0", 7, "full", tmp_path / "x", True)
        for step in range(1, 8):
            progress(step, 7, "loss 1.00")
            metrics(step, {"loss": 1.0})
            if step == stop_at:
                context.cancel.request()
        return SimpleNamespace(path=out)

    monkeypatch.setattr(train_checkpoint, "train_checkpoint", fake)
    monkeypatch.setattr(corpora, "open_corpus", lambda name, *, progress: SimpleNamespace(name=name, notices=()))
    request, stop_at = {"arm": "D0", "steps": 7, "out": str(tmp_path / "x"), "resume": True}, 0
    assert train_kind.train(request, context) == {"checkpoint": str(tmp_path / "x")}
    assert seen[-1] == (7, 7, "loss 1.00")
    assert measured == [(step, {"loss": 1.0}) for step in range(1, 8)]
    stop_at = 3
    with pytest.raises(Cancelled):
        train_kind.train(request, context)
    assert seen[-1] == (4, 7, "loss 1.00")
