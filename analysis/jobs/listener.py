"""What is told about a job goes to the board, where everyone sees it."""

from collections.abc import Mapping

from analysis.jobs.board import Board
from analysis.jobs.executors.executor import Listener
from analysis.jobs.progress import Pace

MAX_NOTICES = 20


def board_listener(board: Board, job_id: str) -> Listener:
    """A listener that notes on the board how one job goes: its progress with the time left, its latest notices, its metrics."""
    pace = Pace()

    def progress(done: int, total: int, what: str) -> None:
        board.update(job_id, progress=pace.update(done, total, what))

    def notice(text: str) -> None:
        board.update(job_id, notices=(*board.get(job_id).notices, text)[-MAX_NOTICES:])

    def metrics(step: int, values: Mapping[str, float]) -> None:
        board.measure(job_id, step, values)

    return Listener(progress, notice, metrics)
