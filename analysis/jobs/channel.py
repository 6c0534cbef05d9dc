"""Messages between two processes: one JSON document a line, over a pair of file descriptors that nobody else uses."""

import json
import os
import select
import threading
from collections.abc import Mapping

from analysis.files import Json

BLOCK_BYTES = 65_536


class Channel:
    """Two ends of two pipes. Any thread may send; one thread receives."""

    def __init__(self, read_fd: int, write_fd: int) -> None:
        self._read_fd, self._write_fd = read_fd, write_fd
        self._sending = threading.Lock()
        self._buffer = bytearray()
        self._poll = select.poll()
        self._poll.register(read_fd, select.POLLIN)

    def send(self, message: Mapping[str, object]) -> None:
        """Write one message.

        Raises:
            EOFError: the other side is gone.
        """
        rest = memoryview(json.dumps(message, allow_nan=False).encode() + b"\n")
        try:
            with self._sending:
                while rest:
                    rest = rest[os.write(self._write_fd, rest) :]
        except OSError as error:
            raise EOFError("The other side has gone.") from error

    def receive(self, timeout_s: float | None = None) -> Json | None:  # JSON of the other side
        """The next message, or `None` if none came in time; a line that the end cuts off is no message.

        Raises:
            EOFError: the other side is gone, or speaks another language.
        """
        while (end := self._buffer.find(b"\n")) < 0:
            if not self._poll.poll(None if timeout_s is None else 1000 * timeout_s):
                return None
            block = os.read(self._read_fd, BLOCK_BYTES)
            if not block:
                raise EOFError("The other side has gone.")
            self._buffer += block
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        try:
            message = json.loads(line)
        except ValueError as error:
            raise EOFError(f"Expected a line of JSON, got {line[:80]!r}.") from error
        if not isinstance(message, dict):
            raise EOFError(f"Expected a JSON object, got {line[:80]!r}.")
        return message

    def close(self) -> None:
        """Close both descriptors."""
        os.close(self._read_fd)
        os.close(self._write_fd)
