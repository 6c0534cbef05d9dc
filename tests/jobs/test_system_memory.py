"""Memory of the machine and of the control groups around a process, read from trees of files."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.jobs import system_memory
from analysis.jobs.system_memory import available_bytes, own_peak_bytes, reset_own_peak, resident_bytes, total_bytes

KIB = 1024
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine of 16 GiB, 8 GiB of them available, without control groups."""
    monkeypatch.setattr(system_memory.sys, "platform", "linux")
    write(tmp_path / "proc/meminfo", "MemTotal:  16777216 kB\nMemFree:  1000 kB\nMemAvailable:  8388608 kB\nHugePages_Total: 0\n")
    return tmp_path


def write(file: Path, text: str | int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{text}\n")


def group_v2(folder: Path, limit: str | int, used: int, inactive: int = 0) -> None:
    write(folder / "memory.max", limit)
    write(folder / "memory.current", used)
    write(folder / "memory.stat", f"anon 5\ninactive_file {inactive}")


def group_v1(folder: Path, limit: int, used: int, inactive: int = 0) -> None:
    write(folder / "memory.limit_in_bytes", limit)
    write(folder / "memory.usage_in_bytes", used)
    write(folder / "memory.stat", f"inactive_file 1\ntotal_inactive_file {inactive}")


def test_without_a_control_group_the_machine_counts(root: Path) -> None:
    assert available_bytes(root) == 8_388_608 * KIB
    assert total_bytes(root) == 16_777_216 * KIB


def test_the_tightest_group_of_version_2_counts(root: Path) -> None:
    write(root / "proc/self/cgroup", "0::/user/service")
    group_v2(root / "sys/fs/cgroup/user/service", "max", 100)
    group_v2(root / "sys/fs/cgroup/user", 4_000_000_000, 3_000_000_000, 500_000_000)
    assert available_bytes(root) == 1_500_000_000
    assert total_bytes(root) == 4_000_000_000


def test_version_1_and_its_enormous_number_for_no_limit(root: Path) -> None:
    write(root / "proc/self/cgroup", "9:cpu:/x\n4:memory,hugetlb:/job\n0::/")
    memory = root / "sys/fs/cgroup/memory"
    group_v1(memory, 9_223_372_036_854_771_712, 7)
    assert available_bytes(root) == 8_388_608 * KIB
    group_v1(memory / "job", 2_000_000_000, 1_800_000_000, 300_000_000)
    assert available_bytes(root) == 500_000_000
    assert total_bytes(root) == 2_000_000_000


def test_in_a_container_the_mount_itself_is_the_group(root: Path) -> None:
    write(root / "proc/self/cgroup", "0::/docker/0123")
    group_v2(root / "sys/fs/cgroup", 1_000_000_000, 1_200_000_000)
    assert available_bytes(root) == 0
    assert total_bytes(root) == 1_000_000_000


def test_another_controllers_group_does_not_count(root: Path) -> None:
    write(root / "proc/self/cgroup", "4:cpu:/job")
    group_v1(root / "sys/fs/cgroup/memory/job", 1, 1)
    group_v1(root / "sys/fs/cgroup/job", 1, 1)
    assert available_bytes(root) == 8_388_608 * KIB


def test_where_nothing_can_be_read_nothing_is_claimed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_memory.sys, "platform", "linux")
    assert available_bytes(tmp_path) is None
    assert total_bytes(tmp_path) is None


def test_on_macos_sysctl_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {"hw.memsize kern.memorystatus_level": "17179869184\n25\n", "hw.memsize": "17179869184\n"}
    monkeypatch.setattr(system_memory.sys, "platform", "darwin")
    monkeypatch.setattr(system_memory, "_sysctl", lambda *names: answers[" ".join(names)])
    assert available_bytes() == 4_294_967_296
    assert total_bytes() == 17_179_869_184
    monkeypatch.setattr(system_memory, "_sysctl", lambda *names: "")
    assert available_bytes() is None
    assert total_bytes() is None


@linux
def test_this_machine_has_some_of_its_memory_left() -> None:
    available, total = available_bytes(), total_bytes()
    assert available is not None
    assert total is not None
    assert 0 < available <= total


@linux
def test_resident_memory_follows_what_a_process_holds() -> None:
    before = resident_bytes(os.getpid())
    block = bytearray(os.urandom(4096) * 20_000)
    held = resident_bytes(os.getpid())
    assert before is not None
    assert held is not None
    assert held - before > 0.8 * len(block)
    assert resident_bytes(2**22 + 1) is None


@linux
def test_the_peak_is_that_of_the_job_and_not_of_the_process_before_it() -> None:
    """In a process that a large one starts, `ru_maxrss` would be at least that of the large one."""
    code = (
        "from analysis.jobs.system_memory import *\n"
        "first = own_peak_bytes(); block = bytearray(b'x' * 80_000_000); second = own_peak_bytes(); del block\n"
        "reset_own_peak(); print(first, second, own_peak_bytes())"
    )
    ballast = bytearray(os.urandom(4096) * 40_000)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, second, third = map(int, done.stdout.split())
    assert first < len(ballast)
    assert second - first > 60_000_000
    assert third < second - 60_000_000


def test_without_proc_the_peak_comes_from_getrusage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_memory, "_entry", lambda file, name: None)
    monkeypatch.setattr(system_memory.sys, "platform", "darwin")
    monkeypatch.setattr(system_memory.resource, "getrusage", lambda who: type("Usage", (), {"ru_maxrss": 7_000_000}))
    reset_own_peak()
    assert own_peak_bytes() == 7_000_000
