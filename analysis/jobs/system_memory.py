"""How much memory this machine, this container and a process have. Amounts in bytes; `None` where it cannot be told."""

import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path("/")
# Limit, use and reclaimable part of a control group, version 2 and version 1.
VERSION_2 = ("memory.max", "memory.current", "inactive_file")
VERSION_1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")


def available_bytes(root: Path = ROOT) -> int | None:
    """What may still be allocated: free memory of the machine, or the room left by its control groups, if that is less."""
    if sys.platform == "darwin":
        return _darwin_available(_sysctl("hw.memsize", "kern.memorystatus_level"))
    machine = _entry(root / "proc/meminfo", "MemAvailable:")
    if machine is None:
        return None
    rooms = [max(0, limit - used + reclaimable) for limit, used, reclaimable in _groups(root)]
    return min([1024 * machine, *rooms])


def total_bytes(root: Path = ROOT) -> int | None:
    """What could be allocated if nothing else ran."""
    if sys.platform == "darwin":
        words = _sysctl("hw.memsize").split()
        return int(words[0]) if words else None
    machine = _entry(root / "proc/meminfo", "MemTotal:")
    return None if machine is None else min([1024 * machine, *(limit for limit, _, _ in _groups(root))])


def resident_bytes(pid: int) -> int | None:
    """What a process holds in memory now."""
    if sys.platform == "darwin":
        words = _output("ps", "-o", "rss=", "-p", str(pid)).split()
        return 1024 * int(words[0]) if words else None
    kibibytes = _entry(Path(f"/proc/{pid}/status"), "VmRSS:")
    return None if kibibytes is None else 1024 * kibibytes


def peak_bytes(pid: int) -> int | None:
    """The most that another process held, since `reset_own_peak` was called in it; Linux only."""
    kibibytes = _entry(Path(f"/proc/{pid}/status"), "VmHWM:")
    return None if kibibytes is None else 1024 * kibibytes


def reset_own_peak() -> None:
    """Begin a new peak; without effect where the system cannot."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def own_peak_bytes() -> int:
    """The most that this process held; since `reset_own_peak` where the system can tell, else since its start.

    `ru_maxrss` comes second because Linux passes it on to programs that a large process starts.
    """
    kibibytes = _entry(Path("/proc/self/status"), "VmHWM:")
    if kibibytes is not None:
        return 1024 * kibibytes
    return max_rss_to_bytes(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, sys.platform)


def max_rss_to_bytes(max_rss: int, platform: str) -> int:
    """`ru_maxrss` in bytes: macOS counts bytes, everyone else kibibytes.

    >>> max_rss_to_bytes(2048, "linux"), max_rss_to_bytes(2048, "darwin")
    (2097152, 2048)
    """
    return max_rss if platform == "darwin" else 1024 * max_rss


def _entry(file: Path, name: str) -> int | None:
    try:
        lines = file.read_text().splitlines()
    except (OSError, ValueError):
        return None
    for line in lines:
        words = line.split()
        if len(words) >= 2 and words[0] == name:
            return int(words[1])
    return None


def _groups(root: Path) -> Iterator[tuple[int, int, int]]:
    """(limit, used, reclaimable) of every control group around this process that limits memory.

    Inside a container the path may be the host's; then only the mount itself, which is the container's group, exists.
    """
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        base = root / "sys/fs/cgroup" / ("memory" if controllers else "")
        folder = base / path.strip("/")
        for group in [folder, *folder.parents][: len(folder.parts) - len(base.parts) + 1]:
            yield from _group(group, VERSION_1 if controllers else VERSION_2)


def _group(folder: Path, names: tuple[str, str, str]) -> Iterator[tuple[int, int, int]]:
    try:
        limit, used = ((folder / name).read_text().strip() for name in names[:2])
    except OSError:
        return
    if limit != "max":
        yield int(limit), int(used), _entry(folder / "memory.stat", names[2]) or 0


def _darwin_available(answer: str) -> int | None:
    words = answer.split()
    return int(words[0]) * int(words[1]) // 100 if len(words) == 2 else None


def _sysctl(*names: str) -> str:
    return _output("sysctl", "-n", *names)


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
