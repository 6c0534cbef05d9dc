"""Messages over a pair of pipes: whole or not at all."""

import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.jobs.channel import Channel


@pytest.fixture
def pair() -> Iterator[tuple[Channel, Channel]]:
    ours_in, theirs_out = os.pipe()
    theirs_in, ours_out = os.pipe()
    ours, theirs = Channel(ours_in, ours_out), Channel(theirs_in, theirs_out)
    yield ours, theirs
    for channel in (ours, theirs):
        try:
            channel.close()
        except OSError:
            continue


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)


@given(st.lists(st.dictionaries(st.text(), json_values, max_size=3), max_size=4))
def test_messages_arrive_as_they_were_sent(messages: list[dict[str, Any]]) -> None:
    read, write = os.pipe()
    channel = Channel(read, write)
    for message in messages:
        channel.send(message)
    assert [channel.receive(0) for _ in messages] == messages
    assert channel.receive(0) is None
    channel.close()


def test_senders_in_many_threads_do_not_mix(pair: tuple[Channel, Channel]) -> None:
    ours, theirs = pair
    threads = [threading.Thread(target=theirs.send, args=({"n": n, "text": "x" * 100_000},)) for n in range(8)]
    for thread in threads:
        thread.start()
    received = [ours.receive(120) for _ in threads]
    assert sorted(message["n"] for message in received if message) == list(range(8))


def test_a_line_that_is_cut_off_is_no_message(pair: tuple[Channel, Channel]) -> None:
    ours, theirs = pair
    theirs.send({"a": 1})
    os.write(theirs._write_fd, b'{"b": 2}')
    theirs.close()
    assert ours.receive(1) == {"a": 1}
    with pytest.raises(EOFError, match="has gone"):
        ours.receive(1)
    with pytest.raises(EOFError, match="has gone"):
        ours.send({})


@pytest.mark.parametrize("line", [b"hello\n", b"[1]\n", b"\xff\n"])
def test_another_language_is_the_end(pair: tuple[Channel, Channel], line: bytes) -> None:
    ours, theirs = pair
    os.write(theirs._write_fd, line)
    with pytest.raises(EOFError, match="Expected a"):
        ours.receive(1)
