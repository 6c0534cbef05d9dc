"""What every test shares: a seeded generator, no network, no trace, one way for Hypothesis to behave."""

import gc
import importlib
import ipaddress
import os
import socket
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

os.environ.setdefault("MPLBACKEND", "Agg")
if "PYTEST_XDIST_WORKER" in os.environ:  # one of several processes: more threads than one would only wait for each other
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from tests import annotations

annotations.install()  # before anything of the library is imported

FIXTURES = "tests.tiny"  # of every test
settings.register_profile("otoscope", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("otoscope-ci", settings.get_profile("otoscope"), derandomize=True, print_blob=True)
settings.load_profile("otoscope-ci" if os.environ.get("CI") else "otoscope")


def pytest_configure(config: pytest.Config) -> None:
    """A process that only hands out tests to others reads nothing of the library, for which they would wait."""
    if "PYTEST_XDIST_WORKER" in os.environ or not config.getoption("numprocesses", None):
        config.pluginmanager.register(importlib.import_module(FIXTURES), FIXTURES)


def pytest_collection_finish() -> None:
    """What has been imported stays: the collector of garbage need not go through all of it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator that starts at the same place in every test."""
    return np.random.default_rng(20_260_101)


@pytest.fixture(scope="session", autouse=True)
def no_trace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing that a test leaves behind goes into the user's own cache folder, and nothing is taken from there."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("OTOSCOPE_", "STREAMLIT_"))]:
            patch.delenv(name)  # what the user has chosen
        patch.setenv("OTOSCOPE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session", autouse=True)
def no_wait_for_the_disk() -> Iterator[None]:
    """A store waits for the disk several times for every entry, which changes nothing that a test sees that does not count it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def searched_once() -> Iterator[None]:
    """For every page that is tested Streamlit looks for components in all installed packages, and always finds the same."""
    with pytest.MonkeyPatch.context() as patch:
        if "streamlit" in sys.modules:
            from streamlit.components.v2 import manifest_scanner

            patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture(autouse=True)
def as_many_threads() -> Iterator[None]:
    """Nothing leaves torch with another number of threads: more than there are cores for wait for each other, at full load."""
    torch = sys.modules.get("torch")
    before = torch.get_num_threads() if torch else None
    yield
    assert before is None or before == sys.modules["torch"].get_num_threads()


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Torch computes on one thread, so that what is repeated is repeated bit for bit wherever it runs."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def is_loopback(host: str | bytes | None) -> bool:
    """Whether a host name or address means this very machine."""
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(name.split("%")[0]).is_loopback
    except ValueError:
        return False


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Refuse every connection that would leave this machine, and every look-up of a name that is not ours."""
    connect, connect_ex, look_up = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def check(host: Any) -> None:
        if not is_loopback(host):
            raise RuntimeError(f"A test tried to reach {host!r}; tests may only talk to loopback.")

    def guarded(original: Any) -> Any:
        def call(self: socket.socket, address: Any) -> Any:
            if self.family in (socket.AF_INET, socket.AF_INET6):
                check(address[0])
            return original(self, address)

        return call

    def guarded_look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        check(host)
        return look_up(host, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded(connect))
        patch.setattr(socket.socket, "connect_ex", guarded(connect_ex))
        patch.setattr(socket, "getaddrinfo", guarded_look_up)
        yield
