"""Where the store is, and how large it may become, follow the environment."""

from pathlib import Path

import pytest

from analysis import paths
from analysis.errors import ConfigError
from analysis.store import DEFAULT_LIMIT_BYTES, Store, open_store


def test_open_store_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(paths.CACHE_VARIABLE, str(tmp_path))
    monkeypatch.delenv("OTOSCOPE_STORE_BYTES", raising=False)
    assert open_store().root == tmp_path / "store"
    assert open_store().limit_bytes == DEFAULT_LIMIT_BYTES == 5 * 10**9
    assert list(tmp_path.iterdir()) == []
    for text, expected in (("1", 1), ("20000000000", 2 * 10**10), ("", DEFAULT_LIMIT_BYTES)):
        monkeypatch.setenv("OTOSCOPE_STORE_BYTES", text)
        assert open_store().limit_bytes == expected


@pytest.mark.parametrize("text", ["5GB", "-1", "0", "1e9", "5_000", "1.5", " ", "٣", "1\n"])
def test_an_unreadable_limit_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("OTOSCOPE_STORE_BYTES", text)
    with pytest.raises(ConfigError, match="OTOSCOPE_STORE_BYTES is .*expected a whole number of bytes such as 5000000000"):
        open_store()


def test_the_limit_is_positive(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="limit of the store is 0 bytes; expected more than 0"):
        Store(tmp_path, 0)
