"""Activations at taps are those of the model, interventions reach what follows, and no client sees another's."""

import contextvars
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from analysis.errors import ConfigError, ShapeError
from analysis.models.dual_encoder import DualEncoder, build_arm
from analysis.models.midi_encoder import MidiBatch, collate_notes
from analysis.models.patterns import read_attention
from analysis.models.taps import capture, intervene, list_taps, own_hooks

ROUNDS = 20
AUDIO = ("audio.in", "audio.block.1", "audio.block.2", "audio.block.3", "audio.block.4", "audio.embedding")
MIDI = tuple(name.replace("audio", "midi") for name in AUDIO)


@pytest.fixture(scope="module", autouse=True)
def one_thread_per_client() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module", params=["D0", "d4-a4r"])
def model(request: pytest.FixtureRequest) -> DualEncoder:
    return build_arm(request.param, "small", seed=3).eval()


@pytest.fixture(scope="module")
def waveforms() -> Tensor:
    """Two windows that are not alike."""
    noise = np.random.default_rng(5).normal(0, 0.1, (2, 96_000)).astype(np.float32)
    return torch.from_numpy(noise)


@pytest.fixture(scope="module")
def notes() -> MidiBatch:
    """Windows of 5 and of 9 notes: one is padded."""
    rng = np.random.default_rng(6)
    return collate_notes([(rng.integers(30, 90, n), rng.integers(1, 128, n), rng.uniform(0.1, 2, n)) for n in (5, 9)])


def hooks_of(model: nn.Module) -> list[Any]:
    return [hook for module in model.modules() for hook in (*module._forward_hooks.values(), *module._forward_pre_hooks.values())]


@torch.no_grad()
def captured(model: DualEncoder, names: tuple[str, ...], waveforms: Tensor, notes: MidiBatch) -> dict[str, Tensor]:
    with capture(model, names) as seen:
        model.embed_audio(waveforms)
        model.embed_midi(notes)
    return seen


def test_a_capture_holds_the_hidden_states_and_the_embeddings(model: DualEncoder, waveforms: Tensor, notes: MidiBatch) -> None:
    assert list_taps(model) == AUDIO + MIDI
    seen = captured(model, (*reversed(MIDI), *AUDIO), waveforms, notes)
    assert tuple(seen) == AUDIO + MIDI
    with torch.no_grad():
        expected = [*model.audio.hidden_states(waveforms), model.embed_audio(waveforms)]
        expected += [*model.midi.hidden_states(notes), model.embed_midi(notes)]
    assert all(torch.equal(activation, other) for activation, other in zip(seen.values(), expected, strict=True))


def test_only_what_is_asked_for_and_passed_is_captured_and_gradients_stay_outside(model: DualEncoder, waveforms: Tensor) -> None:
    with capture(model, ["midi.block.2", "audio.block.2", "audio.block.2"]) as seen:
        assert seen == {}
        embedding = model.embed_audio(waveforms)
    assert list(seen) == ["audio.block.2"]
    assert embedding.requires_grad
    assert not seen["audio.block.2"].requires_grad


def test_the_last_pass_is_kept(model: DualEncoder, waveforms: Tensor) -> None:
    with torch.no_grad(), capture(model, ["audio.in", "audio.embedding"]) as seen:
        model.embed_audio(waveforms[:1])
        last = model.embed_audio(waveforms[1:])
    assert list(seen) == ["audio.in", "audio.embedding"]
    assert torch.equal(seen["audio.embedding"], last)


@pytest.mark.parametrize("name", [*AUDIO[:-1], *MIDI[:-1]])
def test_an_intervention_changes_what_follows_and_nothing_before(
    name: str, model: DualEncoder, waveforms: Tensor, notes: MidiBatch
) -> None:
    side = AUDIO if name in AUDIO else MIDI
    place = side.index(name)
    plain = captured(model, side, waveforms, notes)
    with intervene(model, name, lambda activation: 0.5 * activation):
        changed = captured(model, side, waveforms, notes)
    assert torch.equal(changed[name], 0.5 * plain[name])
    for number, tap in enumerate(side):
        assert torch.equal(changed[tap], plain[tap]) is (number < place), tap
    again = captured(model, side, waveforms, notes)
    assert all(torch.equal(again[tap], plain[tap]) for tap in side)


def test_an_intervention_at_the_input_of_the_notes_keeps_the_mask(
    model: DualEncoder, waveforms: Tensor, notes: MidiBatch
) -> None:
    with intervene(model, "midi.in", lambda activation: activation.clone()):
        same = captured(model, ("midi.embedding",), waveforms, notes)
    assert torch.equal(same["midi.embedding"], captured(model, ("midi.embedding",), waveforms, notes)["midi.embedding"])


def test_order_of_entry_decides_what_is_seen_at_one_tap(model: DualEncoder, waveforms: Tensor) -> None:
    tap = "audio.block.1"
    with torch.no_grad(), capture(model, [tap]) as earlier, intervene(model, tap, torch.zeros_like):
        with intervene(model, tap, lambda activation: activation + 1), capture(model, [tap]) as later:
            model.embed_audio(waveforms)
    assert torch.equal(later[tap], torch.ones_like(later[tap]))
    assert earlier[tap].std() > 0.1


def test_a_function_may_change_its_argument_without_touching_what_was_captured(model: DualEncoder, waveforms: Tensor) -> None:
    tap = "audio.block.2"
    with torch.no_grad(), capture(model, [tap]) as seen, intervene(model, tap, lambda activation: activation.zero_()):
        model.embed_audio(waveforms)
    assert seen[tap].std() > 0.1


def test_gradients_flow_through_an_intervention(model: DualEncoder, waveforms: Tensor) -> None:
    scale = torch.ones((), requires_grad=True)
    with intervene(model, "audio.block.3", lambda activation: scale * activation):
        model.embed_audio(waveforms).sum().backward()
    assert scale.grad is not None
    assert scale.grad.abs() > 0


@pytest.mark.parametrize("enter", [lambda m, name: capture(m, ["audio.in", name]), lambda m, name: intervene(m, name, torch.sin)])
def test_an_unknown_tap_is_refused_and_leaves_no_hook(enter: Callable[..., Any], model: DualEncoder) -> None:
    with pytest.raises(ConfigError, match="There is no tap 'audio.block.5': expected one of audio.in, .*midi.embedding"):
        with enter(model, "audio.block.5"):
            pytest.fail("entered")
    assert hooks_of(model) == []


@pytest.mark.parametrize(
    ("function", "got"),
    [
        (lambda x: x[:, 1:], r"got \(2, 187, 192\) torch.float32 on cpu"),
        (lambda x: x.double(), r"got \(2, 188, 192\) torch.float64"),
        (lambda x: None, "got NoneType"),
    ],
)
def test_an_intervention_must_keep_the_shape(function: Any, got: str, waveforms: Tensor) -> None:
    model = build_arm("D0", "small").eval()
    expected = r"The intervention at audio.block.1 must return a tensor \(2, 188, 192\) torch.float32 on cpu; "
    with pytest.raises(ShapeError, match=expected + got), intervene(model, "audio.block.1", function):
        model.embed_audio(waveforms)
    assert hooks_of(model) == []


def test_hooks_are_removed_come_what_may(model: DualEncoder, waveforms: Tensor) -> None:
    def interrupt() -> None:
        assert len(hooks_of(model)) == 7
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), capture(model, AUDIO), intervene(model, "midi.in", torch.sin):
        interrupt()
    with pytest.raises(ValueError, match="reads windows of 96000 samples"), capture(model, AUDIO):
        model.embed_audio(waveforms[:, :100])

    def fail(_: Tensor) -> Tensor:
        raise RuntimeError("inside")

    with pytest.raises(RuntimeError, match="inside"), intervene(model, "audio.in", fail):
        model.embed_audio(waveforms)
    assert hooks_of(model) == []


def in_threads(*clients: Callable[[], Any]) -> list[Any]:
    """Run all at the same time; their results in order."""
    results: list[Any] = [None] * len(clients)

    def run(number: int) -> None:
        try:
            results[number] = clients[number]()
        except BaseException as error:
            results[number] = error
            raise

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(clients))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    return results


def test_two_clients_of_one_model_get_what_each_would_get_alone(model: DualEncoder, waveforms: Tensor, notes: MidiBatch) -> None:
    """Both are inside their hooks before either computes, and neither leaves before both have computed."""
    taps = (
        ("audio.block.1", "audio.block.4", "midi.embedding"),
        ("audio.in", "audio.block.4", "audio.embedding", "midi.block.2"),
    )
    changes: tuple[tuple[str, Callable[[Tensor], Tensor]], ...] = (("audio.block.1", lambda x: 2 * x), ("midi.in", torch.sin))

    def client(number: int, meet: Callable[[], Any]) -> dict[str, Tensor]:
        (tap, function), window = changes[number], waveforms[number : number + 1]
        with torch.no_grad(), intervene(model, tap, function), capture(model, taps[number]) as seen:
            meet()
            model.embed_audio(window)
            model.embed_midi(notes)
            meet()
        return seen

    alone = [client(number, lambda: None) for number in range(2)]
    barrier = threading.Barrier(2, timeout=300)
    for _ in range(ROUNDS):
        together = in_threads(lambda: client(0, barrier.wait), lambda: client(1, barrier.wait))
        for mine, expected in zip(together, alone, strict=True):
            assert list(mine) == list(expected)
            for tap, activation in expected.items():  # near, as another thread may round otherwise
                torch.testing.assert_close(mine[tap], activation)
    assert hooks_of(model) == []


def test_who_sets_no_hook_is_not_touched_by_those_of_others(model: DualEncoder, waveforms: Tensor) -> None:
    with torch.no_grad():
        plain = model.embed_audio(waveforms)

    def bystander() -> Tensor:
        with torch.no_grad():
            return model.embed_audio(waveforms)

    with intervene(model, "audio.block.1", torch.zeros_like), capture(model, AUDIO) as seen:
        (theirs,) = in_threads(bystander)
    torch.testing.assert_close(theirs, plain)  # near, as another thread may round otherwise
    assert seen == {}


def test_a_thread_that_is_given_the_context_counts_as_the_client(model: DualEncoder, waveforms: Tensor) -> None:
    with torch.no_grad(), capture(model, ["audio.embedding"]) as seen:
        context = contextvars.copy_context()
        (embedding,) = in_threads(lambda: context.run(model.embed_audio, waveforms))
    assert torch.equal(seen["audio.embedding"], embedding.detach())


def test_two_threads_never_register_at_the_same_time(model: DualEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Torch numbers hooks without a lock; with one number for two hooks, the first is lost."""
    inside: list[int] = []
    register = nn.Module.register_forward_pre_hook

    def slowly(module: nn.Module, hook: Any) -> Any:
        inside.append(1)
        time.sleep(0.002)
        assert len(inside) == 1
        handle = register(module, hook)
        inside.pop()
        return handle

    monkeypatch.setattr(nn.Module, "register_forward_pre_hook", slowly)

    def client() -> str:
        for _ in range(ROUNDS):
            with own_hooks(before=[(model.audio.blocks[0], lambda *_: None)]):
                pass
        return "done"

    assert in_threads(client, client) == ["done", "done"]
    assert hooks_of(model) == []


def test_attention_read_by_two_threads_is_that_of_each(model: DualEncoder, waveforms: Tensor) -> None:
    alone = [read_attention(model.audio, waveforms[number : number + 1])[1] for number in range(2)]
    for _ in range(ROUNDS // 2):
        together = in_threads(*(lambda n=n: read_attention(model.audio, waveforms[n : n + 1])[1] for n in range(2)))
        for mine, expected in zip(together, alone, strict=True):
            assert list(mine) == list(expected)
            for layer, given in expected.items():
                torch.testing.assert_close(mine[layer].query, given.query)  # near, as another thread may round otherwise
                torch.testing.assert_close(mine[layer].source, given.source)
    assert hooks_of(model) == []
