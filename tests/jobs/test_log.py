"""The log: a line per job, bounded, and never a reason to fail."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from analysis.errors import Cancelled, ConfigError
from analysis.jobs.job import Job
from analysis.jobs.log import JobLog, Outcome, outcome_of
from analysis.jobs.queue import JobQueue


def job(number: int = 0) -> Job:
    return Job(f"{number:012d}", "echo", '{"a":1}', "cpu", 0, "running", 0.0)


def test_a_finished_job_is_one_line(jobs: JobQueue, log_path: Path) -> None:
    ids = [jobs.submit("echo", {"n": n}) for n in range(3)]
    jobs.wait(ids[-1], 30)
    records = [json.loads(line) for line in log_path.read_text().splitlines()]
    assert [record["id"] for record in records] == ids
    assert set(records[0]) == {"time", "id", "kind", "request", "device", "state", "seconds", "peak_bytes"}
    assert (records[1]["kind"], records[1]["request"], records[1]["state"]) == ("echo", {"n": 1}, "done")
    assert records[0]["seconds"] >= 0
    assert 5_000_000 < records[0]["peak_bytes"] < 300_000_000
    assert stat.S_IMODE(log_path.stat().st_mode) == 0o600


def test_the_peak_is_the_jobs_own(eventually: Any, jobs: JobQueue, log_path: Path) -> None:
    hoard = jobs.submit("hoard", {"bytes": 150_000_000, "keep": False})
    eventually(lambda: jobs.get(hoard).progress)
    jobs.cancel(hoard)
    jobs.wait(jobs.submit("echo", {}), 30)
    large, small = (json.loads(line)["peak_bytes"] for line in log_path.read_text().splitlines())
    assert large > 150_000_000 > 2 * small


def test_a_full_log_makes_room_for_a_new_one(tmp_path: Path) -> None:
    log = JobLog(tmp_path / "logs" / "jobs.jsonl", max_bytes=1000)
    for number in range(100):
        log.write(job(number), Outcome("done"), 0.5)
    names = sorted(path.name for path in (tmp_path / "logs").iterdir())
    assert names == ["jobs.1.jsonl", "jobs.2.jsonl", "jobs.3.jsonl", "jobs.jsonl"]
    assert all(path.stat().st_size < 1300 for path in (tmp_path / "logs").iterdir())
    lines = [line for name in [*names[2::-1], names[3]] for line in (tmp_path / "logs" / name).read_text().splitlines()]
    kept = [json.loads(line)["id"] for line in lines]
    assert kept == [f"{number:012d}" for number in range(100 - len(kept), 100)]


def test_the_default_size_is_ten_megabytes(tmp_path: Path) -> None:
    log = JobLog(tmp_path / "jobs.jsonl")
    (tmp_path / "jobs.jsonl").write_bytes(b"x" * 9_999_999)
    log.write(job(), Outcome("done"), 0.5)
    assert not (tmp_path / "jobs.1.jsonl").exists()
    log.write(job(), Outcome("done"), 0.5)
    assert (tmp_path / "jobs.1.jsonl").exists()


def test_the_log_lives_in_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OTOSCOPE_CACHE", str(tmp_path))
    assert JobLog().path == tmp_path / "logs" / "jobs.jsonl"


def test_the_home_folder_is_not_spelled_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert "The details are in ~/cache/jobs.jsonl, job abc." in JobLog(tmp_path / "cache" / "jobs.jsonl").fault("abc")


def test_a_log_that_cannot_be_written_fails_nothing(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file where the folder should be")
    JobLog(tmp_path / "logs" / "jobs.jsonl").write(job(), Outcome("done"), 0.5)


def test_outcomes_of_exceptions() -> None:
    assert outcome_of(Cancelled("x"), 5) == Outcome("cancelled", peak_bytes=5)
    refused = outcome_of(ConfigError("Expected 1, got 2."), 5)
    assert (refused.state, refused.message) == ("failed", "Expected 1, got 2.")
    assert refused.error == "ConfigError: Expected 1, got 2."
    assert "2.1 GB" in outcome_of(MemoryError(), 2_100_000_000).message
    unexpected = outcome_of(KeyError("secret"), None)
    assert (unexpected.state, unexpected.message) == ("failed", "")
    assert "secret" in unexpected.traceback
    assert len(outcome_of(KeyError("s" * 10**6), None).error) <= 20_000
