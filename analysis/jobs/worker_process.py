"""A worker seen from the process that owns it: start, talk, notice its end, end it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from analysis import paths
from analysis.files import Json
from analysis.jobs.channel import BLOCK_BYTES, Channel
from analysis.jobs.system_memory import peak_bytes, resident_bytes

OUTPUT_BYTES = 16_384
TERMINATE_S = 1.0


class WorkerEndedError(Exception):
    """The worker process has ended; `how` says with which signal or exit code."""

    def __init__(self, how: str) -> None:
        super().__init__(f"The worker process ended ({how}).")
        self.how = how


class WorkerSilentError(WorkerEndedError):
    """The worker process said nothing for too long, and was ended."""

    def __init__(self) -> None:
        super().__init__("silent")


class WorkerProcess:
    """One worker in a session of its own, so that what it starts can be ended with it. Used by one thread."""

    def __init__(self, python_path: tuple[Path, ...] = ()) -> None:
        theirs_in, ours_out = os.pipe()
        ours_in, theirs_out = os.pipe()
        folders = [*map(str, python_path), str(paths.repository()), os.environ.get("PYTHONPATH", "")]
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "analysis.jobs.worker", str(theirs_in), str(theirs_out)],
                env=os.environ | {"PYTHONPATH": os.pathsep.join(folder for folder in folders if folder)},
                pass_fds=(theirs_in, theirs_out),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                bufsize=0,
                start_new_session=True,
            )
        except OSError:
            os.close(ours_in)
            os.close(ours_out)
            raise
        finally:
            os.close(theirs_in)
            os.close(theirs_out)
        self._channel = Channel(ours_in, ours_out)
        self._printed = bytearray()
        self._closed = False
        if self._process.stdout is not None:
            os.set_blocking(self._process.stdout.fileno(), False)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can be given work."""
        return not self._closed and self._process.poll() is None

    @property
    def output(self) -> str:
        """The end of what it printed."""
        return self._printed.decode(errors="replace")

    def send(self, message: Mapping[str, object]) -> None:
        """Tell it something.

        Raises:
            WorkerEndedError: it has ended.
        """
        try:
            self._channel.send(message)
        except EOFError:
            raise self._ended() from None

    def receive(self, timeout_s: float) -> Json | None:  # JSON, see `channel`
        """What it says next, `None` if it says nothing in time.

        Raises:
            WorkerEndedError: it has ended, and everything it had said has been received.
        """
        self._read_output()
        try:
            message = self._channel.receive(timeout_s)
            if message is None and self._process.poll() is not None:
                # What it started may hold the pipe open, so there is no end to read; what is in the pipe still counts.
                message = self._channel.receive(0)
                if message is None:
                    raise self._ended()
        except EOFError:
            raise self._ended() from None
        return message

    def resident_bytes(self) -> int | None:
        """Memory it holds now."""
        return resident_bytes(self.pid)

    def peak_bytes(self) -> int | None:
        """The most memory it held during this job, where the system can tell."""
        return peak_bytes(self.pid)

    def close(self, *, at_once: bool = False) -> None:
        """End it and everything it started, politely for a second or at once, and leave nothing open."""
        if self._closed:
            return
        self._closed = True
        if not at_once:
            self._signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(TERMINATE_S)
        self._signal(signal.SIGKILL)
        self._process.wait()
        self._read_output()
        self._channel.close()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _ended(self) -> WorkerEndedError:
        """Its end in words; a worker that has only closed its pipes is ended."""
        deadline = time.monotonic() + TERMINATE_S
        while self._process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        code = self._process.poll()
        self.close()
        if code is None:
            return WorkerEndedError("it stopped answering")
        return WorkerEndedError(f"signal {-code}" if code < 0 else f"exit code {code}")

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def _read_output(self) -> None:
        if self._process.stdout is None:
            return
        with suppress(BlockingIOError):
            while block := os.read(self._process.stdout.fileno(), BLOCK_BYTES):
                self._printed += block
                del self._printed[:-OUTPUT_BYTES]
