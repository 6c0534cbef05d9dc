"""What a page drew of a result, and whether all of it is there."""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from streamlit.testing.v1 import AppTest

from analysis import paths
from analysis.results import Result
from analysis.studies.base.registry import find_study, study_names

# A result may hold nothing of these: arms without a published counterpart, pieces without a composer.
MAY_BE_EMPTY = {"ours", "note", "composer", "published"}


@dataclass(frozen=True)
class Case:
    """A result and the address at which its page shows it."""

    result: Result
    address: Mapping[str, list[str]]

    @classmethod
    def of(cls, result: Result) -> "Case":
        """Every setting that is not the usual one stands in the address."""
        usual = find_study(result.study).request(checkpoints=())
        checkpoints = [Path(name).name for name in result.request["checkpoints"]]
        settings = [
            f"{name}={value}" for name, value in result.request.items()
            if name not in ("checkpoints", "corpus") and value != getattr(usual, name)
        ]  # fmt: skip
        return cls(result, {"checkpoints": checkpoints, "corpus": [result.request["corpus"]], "set": settings})

    def open(self) -> AppTest:
        """The page at that address."""
        study = self.result.study
        assert study in study_names()
        app = AppTest.from_file(str(paths.repository() / "app" / "views" / f"{study}.py"), default_timeout=300)
        app.query_params.update({name: values for name, values in self.address.items() if values})
        return app.run()


def missing(app: AppTest) -> list[str]:
    """What a page should have drawn and did not, in words."""
    wrong = [f"exception: {one.message}" for one in app.exception] + [f"error: {one.value}" for one in app.error]
    figures = app.get("plotly_chart")
    wrong += [] if figures else ["no figure"]
    wrong += [f"figure {number} shows no number" for number, one in enumerate(figures) if not has_numbers(one.proto.spec)]
    for number, frame in enumerate(app.dataframe):
        table = frame.value
        wrong += [f"table {number} has no row"] if not len(table) else []
        empty = [str(name) for name in table.columns if bool(table[name].isna().all()) or not any(map(str, table[name]))]
        wrong += [f"table {number}: {name} is empty" for name in empty if name not in MAY_BE_EMPTY]
    return wrong


def has_numbers(spec: str) -> bool:
    """Whether a figure has a trace with a finite number in it."""
    return any(np.isfinite(numbers).any() for trace in json.loads(spec)["data"] for numbers in _numbers(trace))


def _numbers(trace: Mapping[str, Any]) -> Iterator[np.ndarray]:
    for name in ("x", "y", "z"):
        data = trace.get(name)
        if isinstance(data, Mapping) and "bdata" in data:  # how plotly sends arrays
            data = np.frombuffer(base64.b64decode(data["bdata"]), np.dtype(data["dtype"])).tolist()
        flat = np.ravel(np.array(data if data is not None else [], dtype=object))
        yield np.array([one for one in flat if isinstance(one, int | float)], dtype=np.float64)
