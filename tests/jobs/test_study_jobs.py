"""Studies and training as jobs: what they are asked, what they return, and what is left when they are stopped."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from analysis import paths
from analysis.datasets.pools import PoolSizes
from analysis.errors import Cancelled, CheckpointError, ConfigError, CorpusError
from analysis.jobs.executors.local import LocalExecutor
from analysis.jobs.job import Job
from analysis.jobs.kinds import study as studies
from analysis.jobs.kinds import train as tasks
from analysis.jobs.kinds.study import submit_study
from analysis.jobs.log import JobLog
from analysis.jobs.queue import JobQueue
from analysis.jobs.settings import JobSettings
from analysis.jobs.system_memory import resident_bytes
from analysis.models.arms import build_config
from analysis.models.checkpoint import save_checkpoint
from analysis.models.dual_encoder import build_arm
from analysis.run import RunContext
from analysis.store import StoreError, open_store
from analysis.studies import memory as study_memory
from analysis.studies.base.record import Study
from analysis.studies.base.registry import find_study
from analysis.studies.base.requests import build_request
from analysis.studies.base.study import find_checkpoint, read_result, stored_result
from analysis.studies.memory import count_pieces, needs_bytes, weights_bytes, window_bytes
from analysis.training import evaluation, objective
from analysis.training.evaluation import Evaluation, PoolScore
from analysis.training.loop import RESUME
from analysis.training.objectives import dual

TIMEOUT_S = 120.0
SETTINGS = {"split": "all", "windows_per_piece": 4, "n_queries": 8, "pool_size": 6, "n_same_piece": 2, "n_same_composer": 1}
ROOM = 40 * 2**20
Eventually = Callable[[Callable[[], Any]], None]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache folder of this file's own, for this process and its workers."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(paths.CACHE_VARIABLE, str(folder))
        patch.setenv("OMP_NUM_THREADS", "1")
        yield folder


@pytest.fixture(scope="module")
def server(cache: Path) -> Iterator[JobQueue]:
    """The real kinds of job; one worker for the whole file."""
    settings = JobSettings(memory_floor_bytes=0, memory_tolerance_bytes=ROOM, memory_grace_s=60, cancel_grace_s=TIMEOUT_S)
    jobs = JobQueue(log=JobLog(cache / "logs" / "jobs.jsonl"), executor=LocalExecutor(settings))
    yield jobs
    jobs.shutdown()


@pytest.fixture(scope="module")
def settings(tiny_corpus: str) -> dict[str, Any]:
    return {**SETTINGS, "corpus": tiny_corpus}


def finished(server: JobQueue, job_id: str) -> Job:
    job = server.wait(job_id, TIMEOUT_S)
    assert (job.state, job.message) == ("done", "")
    return job


def test_a_study_is_done_once_and_its_key_leads_to_the_result(
    server: JobQueue, tiny_checkpoint: str, settings: dict[str, Any]
) -> None:
    request = build_request("retrieval", [tiny_checkpoint], settings)
    assert stored_result("retrieval", request, open_store()) is None
    job = finished(server, submit_study(server, "retrieval", [tiny_checkpoint], settings))
    assert job.request == {
        "study": "retrieval", "checkpoints": [tiny_checkpoint], "settings": {**settings, "seed": 42}, "fresh": False,
    }  # fmt: skip
    result = read_result(open_store(), job.document["store_key"])
    assert result is not None
    assert result == stored_result("retrieval", request, open_store())
    document = {"study": "retrieval", "headline": result.headline, "seconds": result.provenance["seconds"]}
    assert job.document == {**document, "store_key": job.document["store_key"]}
    again = finished(server, submit_study(server, "retrieval", [tiny_checkpoint], settings))
    assert (again.id != job.id, again.document, again.progress) == (True, job.document, None)


def test_a_fresh_study_is_computed_again(server: JobQueue, tiny_checkpoint: str, settings: dict[str, Any]) -> None:
    fresh = finished(server, submit_study(server, "retrieval", [tiny_checkpoint], settings, fresh=True))
    assert fresh.progress is not None
    assert fresh.request["fresh"] is True


def test_the_same_study_joins_however_it_is_asked(
    server: JobQueue, tiny_checkpoint: str, settings: dict[str, Any], eventually: Eventually
) -> None:
    blocker = submit_study(server, "retrieval", [tiny_checkpoint], {**settings, "seed": 1})
    first = submit_study(server, "retrieval", [tiny_checkpoint], {**settings, "seed": 2})
    assert submit_study(server, "retrieval", [tiny_checkpoint], {**settings, "seed": "2", "n_same_composer": 1}) == first
    for job_id in (first, blocker):
        server.cancel(job_id)
    eventually(lambda: server.get(blocker).finished)


def test_a_cancelled_study_stops_between_batches_and_gives_its_memory_back(
    server: JobQueue,
    cache: Path,
    eventually: Eventually,
    tmp_path: Path,
    make_corpus: Callable[..., str],
    tiny_checkpoint: str,
    settings: dict[str, Any],
) -> None:
    """No batch begins after the one that runs; and a worker that kept the memory for a minute would have been replaced."""
    finished(server, submit_study(server, "retrieval", [tiny_checkpoint], settings))
    config, batch = build_config("D0", "small"), 16
    described = {"training": {"seed": 4}, "evaluation": {}, "history": [], "card": ""}
    save_checkpoint(tmp_path / "small", build_arm("D0", "small", 4), arm="D0", scale="small", **described)
    worker = server.workers()["cpu"]
    before = resident_bytes(worker) or 0
    wanted = {**SETTINGS, "corpus": make_corpus(tmp_path / "long", pieces=4, seconds=40), "windows_per_piece": 37}
    job_id = submit_study(server, "retrieval", [str(tmp_path / "small")], wanted)
    eventually(lambda: (progress := server.get(job_id).progress) and "embedding" in progress.what and progress.done > 0)
    server.cancel(job_id)
    begun = (server.get(job_id).progress or pytest.fail("no progress")).done
    job = server.wait(job_id, TIMEOUT_S)
    assert job.state == "cancelled"
    assert job.progress is not None
    assert job.message == f"Cancelled after {job.progress.done} of {job.progress.total}; what was finished is kept."
    # One batch runs; another may have ended while the news of it and the wish to stop were on their way.
    assert 0 < begun <= job.progress.done <= begun + 2 * batch < job.progress.total
    record = json.loads((cache / "logs" / "jobs.jsonl").read_text().splitlines()[-1])
    assert "error" not in record
    assert record["peak_bytes"] > before + ROOM > before + batch * window_bytes(config) / 2
    finished(server, submit_study(server, "retrieval", [tiny_checkpoint], settings))
    assert server.workers()["cpu"] == worker
    assert (resident_bytes(worker) or 0) <= before + ROOM


def test_a_result_that_the_store_refuses_fails_the_job_and_its_headline_is_told(
    cache: Path, tiny_checkpoint: str, settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(paths.CACHE_VARIABLE, str(tmp_path))
    monkeypatch.setenv("OTOSCOPE_STORE_BYTES", "4000")
    told: list[str] = []
    request = {"study": "retrieval", "checkpoints": [tiny_checkpoint], "settings": settings}
    expected = (
        r"computed, but cannot be stored.* takes [\d,]+ bytes and the store holds at most 4,000\. Raise OTOSCOPE_STORE_BYTES"
    )
    with pytest.raises(StoreError, match=expected):
        studies.study(request, RunContext(notice=told.append))
    assert [text.startswith("Computed, but not stored: S = ") for text in told] == [True]


@pytest.mark.parametrize(
    ("request_", "got"),
    [
        ({"checkpoints": ["a"]}, "{'checkpoints'"),
        ({"study": "retrieval"}, "{'study'"),
        ({"study": 3, "checkpoints": []}, "'study': 3"),
        ({"study": "retrieval", "checkpoints": "a"}, "'checkpoints': 'a'"),
        ({"study": "retrieval", "checkpoints": [3]}, r"'checkpoints': \[3\]"),
        ({"study": "retrieval", "checkpoints": [], "settings": 4}, "'settings': 4"),
        ({"study": "retrieval", "checkpoints": [], "fresh": 1}, "'fresh': 1"),
        ({"study": "retrieval", "checkpoints": [], "quick": True}, "'quick': True"),
    ],
)
def test_a_wrong_request_is_refused(request_: dict[str, Any], got: str) -> None:
    with pytest.raises(ConfigError, match=f"The request of a study holds study .a name.* got .*{got}"):
        studies.study(request_, RunContext())


def test_what_cannot_be_done_is_not_queued(server: JobQueue, tiny_checkpoint: str, settings: dict[str, Any]) -> None:
    before = len(server.list())
    with pytest.raises(ConfigError, match="There is no study 'scores'"):
        submit_study(server, "scores", [tiny_checkpoint], settings)
    with pytest.raises(ConfigError, match="retrieval has no setting 'size'"):
        submit_study(server, "retrieval", [tiny_checkpoint], {"size": 3})
    with pytest.raises(CheckpointError, match="There is no checkpoint 'nowhere'"):
        submit_study(server, "retrieval", ["nowhere"], settings)
    assert len(server.list()) == before


def test_a_study_for_which_there_is_no_memory_is_refused(
    cache: Path, tmp_path: Path, tiny_checkpoint: str, settings: dict[str, Any]
) -> None:
    jobs = JobQueue(
        log=JobLog(tmp_path / "jobs.jsonl"),
        executor=LocalExecutor(JobSettings(available=lambda: 100_000_000, total=lambda: 200_000_000)),
    )
    try:
        job = jobs.wait(submit_study(jobs, "retrieval", [tiny_checkpoint], settings), TIMEOUT_S)
        assert job.state == "failed"
        assert re.match(r"This needs 6\d\d MB of memory and 100 MB is available \(cpu\)\.", job.message)
        assert jobs.workers() == {}
    finally:
        jobs.shutdown()


def test_the_memory_a_study_needs(tiny_checkpoint: str, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    request, checkpoint = build_request("retrieval", [tiny_checkpoint], settings), find_checkpoint(tiny_checkpoint)
    file_bytes = (checkpoint.path / "model.safetensors").stat().st_size
    assert weights_bytes(checkpoint) == 4 * file_bytes  # fp16 to fp32, twice
    assert window_bytes(checkpoint.model_config) == 4 * (96_000 + 3 * 4 * 600)
    embeddings = 2 * 2 * 4 * (3 * 4) * 8
    extra = 8 * (2 * (3 * 4) * 8 + 6 * 8 * 6)
    batch = study_memory.batch_size(checkpoint.n_tokens, torch.device("cpu")) * 4 * 103_200
    models = 4 * file_bytes + batch
    assert needs_bytes("retrieval", request, "cpu") == study_memory.LIBRARIES_BYTES + models + embeddings + extra
    assert needs_bytes("retrieval", request, "cuda:0") == 4 * file_bytes + 64 * 4 * 103_200
    monkeypatch.setattr(Study, "extra_bytes", lambda *_: 0)
    assert needs_bytes("retrieval", request, "mps") > needs_bytes("retrieval", request, "cuda")
    twice = replace(request, checkpoints=request.checkpoints * 2)
    assert needs_bytes("retrieval", twice, "cpu") == needs_bytes("retrieval", request, "cpu")  # one after the other


def test_memory_goes_by_the_pairs_that_are_asked_for(tiny_checkpoint: str, tiny_corpus: str) -> None:
    def needed(**settings: Any) -> int:
        return needs_bytes("embedding", build_request("embedding", [tiny_checkpoint], {"corpus": tiny_corpus, **settings}), "cpu")

    n = 20 * count_pieces(tiny_corpus)
    assert needed(pairs=n) == needed() == needed(pairs=n, windows_per_piece=1)
    assert needed(pairs=2_000) - needed() == 2 * 2 * 4 * (2_000 - n) * 8 + 8 * 6 * (2_000**2 - n**2)


def test_bands_hold_every_layer_of_all_windows_or_the_gradients_of_a_few(tiny_checkpoint: str, tiny_corpus: str) -> None:
    def extra(**settings: Any) -> int:
        request = build_request("bands", [tiny_checkpoint], {"corpus": tiny_corpus, **settings})
        return find_study("bands").extra_bytes(request, request.windows_per_piece * count_pieces(tiny_corpus), 8)

    columns = (2 * 2 + 3) * 8 + 6 * 8 * 21  # two states of one block, one of them once more; A4 and 20 shifted copies
    reading = 4 * 96 * 188 * columns  # of 195 windows
    gradients = 8 * 4 * (96_000 + 3 * (4 * 600 + 8 * 30) + 30 * (16 * 8 + 3 * 8))
    assert extra(attribution_windows=0) == reading
    assert extra() == max(reading, gradients) == reading
    assert extra(windows_per_piece=1) == gradients
    assert extra(reading_windows=1) == gradients


def test_altered_sound_is_held_a_block_at_a_time(tiny_checkpoint: str, tiny_corpus: str) -> None:
    request = build_request("invariance", [tiny_checkpoint], {"corpus": tiny_corpus})
    few, many = (find_study("invariance").extra_bytes(request, n, 8) for n in (256, 25_600))
    assert (many - few) / (25_600 - 256) < 4 * 96_000 / 10  # what grows with the windows is far less than their sound
    assert find_study("invariance").extra_bytes(request, 10, 8) < few


def test_the_largest_layer_of_every_scale() -> None:
    small, paper = build_config("D0", "small"), build_config("D0", "paper")
    assert window_bytes(small) == 4 * (96_000 + 3 * 32 * 12_000)
    assert window_bytes(paper) == 4 * (96_000 + 2_400 * (8 * 1024 + 2 * 4096))


def test_pieces_are_counted_without_opening_them(tiny_corpus: str) -> None:
    assert [count_pieces(name) for name in ("full", "full-clean", "small", tiny_corpus, "nowhere")] == [110, 110, 24, 3, 0]


def train_request(corpus: str, out: Path, **changes: Any) -> dict[str, Any]:
    sizes = {"steps": 4, "batch_size": 2, "warmup": 0, "validate_every": 2, "validation_queries": 8, "validation_pool": 8}
    return {"arm": "D0", "corpus": corpus, "out": str(out), **sizes, **changes}


@pytest.fixture
def judged_by_a_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scores of a corpus that is too small for pools."""

    def judge(model: Any, segments: Any, sizes: Any, **_: Any) -> Evaluation:
        score = float(model.audio_head[0].weight.detach().abs().mean())
        scores = PoolScore(score, (0.0, 1.0), 0.1, 8, 1, 8, {"R@1": score}, {"R@1": score})
        return Evaluation(scores, scores)

    for module in (evaluation, dual):
        monkeypatch.setattr(module, "evaluate", judge)
    for module in (evaluation, objective):
        monkeypatch.setattr(module, "fit_pool", lambda *_, **__: PoolSizes(8, 8, 2, 1))


@pytest.mark.usefixtures("judged_by_a_weight", "one_thread")
def test_cancelled_training_keeps_the_last_validation_and_goes_on_from_there(tiny_corpus: str, tmp_path: Path) -> None:
    numbers: list[Any] = []
    again: list[Any] = []
    whole_run = RunContext(metrics=lambda step, values: numbers.append((step, values)))
    whole = tasks.train(train_request(tiny_corpus, tmp_path / "whole"), whole_run)
    context, out, steps = RunContext(), tmp_path / "stopped", []

    def stop_after_three(done: int, total: int, what: str) -> None:
        if done == 3 and what.startswith("loss"):
            context.cancel.request()

    context.progress = stop_after_three
    with pytest.raises(Cancelled):
        tasks.train(train_request(tiny_corpus, out), context)
    assert [path.name for path in out.iterdir()] == [RESUME]
    assert torch.load(out / RESUME, weights_only=True)["step"] == 2

    def take(done: int, total: int, what: str) -> None:
        if what.startswith("loss"):
            steps.append(done)

    going_on = RunContext(progress=take, metrics=lambda step, values: again.append((step, values)))
    resumed = tasks.train(train_request(tiny_corpus, out, resume=True), going_on)
    assert steps == [3, 4]
    assert [(step, list(values)) for step, values in numbers] == [
        (1, ["loss"]), (2, ["loss", "validation_S"]), (3, ["loss"]), (4, ["loss", "validation_S"]),
    ]  # fmt: skip
    assert again == numbers
    assert not (out / RESUME).exists()
    first, second = (find_checkpoint(one["checkpoint"]) for one in (whole, resumed))
    assert (first.sha256, [row["loss"] for row in first.history()]) == (second.sha256, [row["loss"] for row in second.history()])


def test_training_reads_the_corpora_that_studies_read(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="There is no corpus 'nowhere': expected small, full, .*small-clean"):
        tasks.train(train_request("nowhere", tmp_path / "x"), RunContext())
    (tmp_path / "maestro-v3.0.0.csv").write_text("year\n2004\n")
    with pytest.raises(CorpusError, match=r"maestro-v3\.0\.0\.csv"):
        tasks.train(train_request(str(tmp_path), tmp_path / "x"), RunContext())
