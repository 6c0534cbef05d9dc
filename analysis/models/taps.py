"""Taps: places of a model where activations can be read, or replaced, while it computes.

A hook works only for whoever set it: in another thread or task that uses the same model at the same time it does nothing, so
several can look into one model and each gets what it would have got alone.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from contextvars import ContextVar

from torch import Tensor, nn

from analysis.errors import ConfigError, ShapeError
from analysis.models.tower import LAYERS, HookPoint, Inputs, Model, all_taps

Hooks = Iterable[tuple[nn.Module, Callable[..., object]]]

_entered: ContextVar[frozenset[object]] = ContextVar("hooks of this thread or task", default=frozenset())
_registering = threading.Lock()  # torch numbers hooks without one: two threads could get the same number


def list_taps(model: Model) -> tuple[str, ...]:
    """Names of the taps that all towers have: of each the input of block 1, the output of every layer, and the embedding."""
    return tuple(tap.name for tap in all_taps(model) if tap.kind in LAYERS)


def list_descriptor_taps(model: Model) -> tuple[str, ...]:
    """Taps of the descriptors it is given, such as "audio.a4" `(batch, frames, 8)` and "midi.d4" `(batch, notes, 4)`, or none."""
    return tuple(tap.name for tap in all_taps(model) if tap.kind == "descriptor")


def list_injection_taps(model: Model) -> tuple[str, ...]:
    """Taps of what mechanisms have of their own, such as "audio.a4.attention" or "midi.d4.film", or none."""
    return tuple(tap.name for tap in all_taps(model) if tap.kind not in (*LAYERS, "descriptor"))


def descriptor_tap(side: str, descriptor: str) -> str:
    """The tap of a descriptor.

    >>> descriptor_tap("audio", "A4")
    'audio.a4'
    """
    return f"{side}.{descriptor.lower()}"


@contextmanager
def capture(model: Model, names: Iterable[str]) -> Iterator[dict[str, Tensor]]:
    """Collect activations while the model computes, by tap, in the order in which they are computed.

    They are detached from the graph and stay usable afterwards. A tap that is passed twice holds what passed last; one that is
    not passed is missing. Of interventions at the same tap, those entered before are visible and those entered later are not.

    Args:
        model: may be in use elsewhere at the same time.
        names: of `analysis.models.tower.all_taps(model)`.

    Raises:
        ConfigError: there is no such tap.
    """
    seen: dict[str, Tensor] = {}

    def keep(name: str, activation: Tensor) -> None:
        seen.pop(name, None)
        seen[name] = activation.detach()

    with ExitStack() as stack:
        for name in dict.fromkeys(names):
            stack.enter_context(_at(model, name, lambda activation, name=name: keep(name, activation)))
        yield seen


@contextmanager
def intervene(model: Model, name: str, function: Callable[[Tensor], Tensor]) -> Iterator[None]:
    """Let the model go on with `function(activation)` at a tap.

    Args:
        model: may be in use elsewhere at the same time.
        name: of `analysis.models.tower.all_taps(model)`.
        function: given a copy, which it may change; returns a tensor of the same shape, dtype and device.

    Raises:
        ConfigError: there is no such tap.
        ShapeError: (while the model computes) the function returned something else than such a tensor.
    """
    with _at(model, name, lambda activation: _checked(name, activation, function(activation.clone()))):
        yield


@contextmanager
def own_hooks(*, before: Hooks = (), after: Hooks = ()) -> Iterator[None]:
    """Torch's forward hooks, before or after modules, for this thread or task alone; they are gone at the end, come what may."""
    mine = object()

    def only_here(hook: Callable[..., object]) -> Callable[..., object]:
        return lambda *given: hook(*given) if mine in _entered.get() else None

    with ExitStack() as stack:
        stack.callback(_entered.reset, _entered.set(_entered.get() | {mine}))
        with _registering:
            for module, hook in before:
                stack.callback(module.register_forward_pre_hook(only_here(hook)).remove)
            for module, hook in after:
                stack.callback(module.register_forward_hook(only_here(hook)).remove)
        yield


def _at(model: Model, name: str, use: Callable[[Tensor], Tensor | None]) -> AbstractContextManager[None]:
    """Hooks that give the activation at a tap to `use` and go on with what it returns, if that is not None."""
    points = _points(model)
    if name not in points:
        raise ConfigError(f"There is no tap {name!r}: expected one of {', '.join(points)}.")
    module, is_input = points[name]

    def before(_module: nn.Module, given: Inputs) -> Inputs | None:
        changed = use(given[0])
        return None if changed is None else (changed, *given[1:])

    def after(_module: nn.Module, _given: Inputs, output: Tensor) -> Tensor | None:
        return use(output)

    return own_hooks(before=[(module, before)]) if is_input else own_hooks(after=[(module, after)])


def _points(model: Model) -> dict[str, HookPoint]:
    """Where every tap is, tower by tower."""
    return {name: point for tower in model.towers.values() for name, point in tower.hook_points().items()}


def _checked(name: str, before: Tensor, after: object) -> Tensor:
    if isinstance(after, Tensor) and (after.shape, after.dtype, after.device) == (before.shape, before.dtype, before.device):
        return after
    got = f"{tuple(after.shape)} {after.dtype} on {after.device}" if isinstance(after, Tensor) else type(after).__name__
    expected = f"{tuple(before.shape)} {before.dtype} on {before.device}"
    raise ShapeError(f"The intervention at {name} must return a tensor {expected}; got {got}.")
