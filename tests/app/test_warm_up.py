"""What has been imported is left out when garbage is looked for, and what comes later is not."""

import gc
import sys
import weakref
from collections.abc import Iterator
from types import ModuleType

import pytest

from app import warm_up


class Knot:
    """It holds itself, so that only the collector can end it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def imported(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process in which modules have come, and nothing was left out yet."""
    monkeypatch.setattr(warm_up, "_settled", [0])
    gc.unfreeze()
    yield
    gc.unfreeze()


def test_garbage_is_ended_and_what_is_in_use_is_passed_over(imported: None) -> None:
    gone, kept = weakref.ref(Knot()), Knot()
    warm_up.settle()
    assert gone() is None
    assert gc.get_freeze_count() > 1000
    assert all(one is not kept for one in gc.get_objects())


def test_garbage_that_comes_later_is_found(imported: None) -> None:
    warm_up.settle()
    later = weakref.ref(Knot())
    gc.collect()
    assert later() is None


def test_nothing_is_done_again_until_modules_come(imported: None, monkeypatch: pytest.MonkeyPatch) -> None:
    warm_up.settle()
    gc.unfreeze()
    warm_up.settle()
    assert gc.get_freeze_count() == 0
    monkeypatch.setitem(sys.modules, "one_more", ModuleType("one_more"))
    warm_up.settle()
    assert gc.get_freeze_count() > 1000
