"""What README.md says in Python runs."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from analysis import paths


def test_the_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (paths.repository() / "README.md").read_text("utf-8"), re.DOTALL)
    soundfile.write(tmp_path / "clip.wav", np.random.default_rng(0).normal(0, 0.1, 5 * 44_100), 44_100)
    (tmp_path / "checkpoints").symlink_to(paths.repository() / "checkpoints", target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(code, names)  # the text is ours
    assert names["times_s"].shape == names["share"].shape
    assert names["cosine"].shape == (len(names["cell_s"]),) * 2
    np.testing.assert_allclose(names["pattern"].sum(axis=1), 1, rtol=1e-4)
