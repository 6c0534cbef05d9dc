"""The last few things that were read, kept for whoever reads next."""

import threading
from collections.abc import Callable, Hashable, Iterator
from typing import TypeVar, cast

Key = tuple[Hashable, ...]
T = TypeVar("T")


class Latest:
    """The last few things that were read, whoever reads at the same time; by hand, because of a cached function nothing could
    tell its progress to the page, and because what is not there yet has to be looked for again.
    """

    def __init__(self, most: int) -> None:
        self._most, self._kept, self._changing = most, dict[Key, object](), threading.Lock()

    def __iter__(self) -> Iterator[Key]:
        with self._changing:
            return iter(list(self._kept))

    def clear(self) -> None:
        """Forget everything."""
        with self._changing:
            self._kept.clear()

    def read(self, key: Key, compute: Callable[[], T]) -> T:
        """What was read under that key, else what is computed now; None is not kept. A key always means things of one kind."""
        with self._changing:
            known = self._kept.pop(key, None)
            if known is not None:
                self._kept[key] = known  # what was read longest ago goes first
        if known is not None:
            return cast(T, known)
        computed = compute()
        if computed is not None:
            with self._changing:
                while len(self._kept) >= self._most:
                    del self._kept[next(iter(self._kept))]
                self._kept[key] = computed
        return computed
