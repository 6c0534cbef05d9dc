"""Reading a long clip as a job: how it is submitted, and what the worker does. Heavy libraries are imported where needed."""

from dataclasses import asdict, dataclass, fields
from pathlib import PurePath

from analysis.datasets.audio import Waveform
from analysis.errors import ConfigError
from analysis.jobs.kinds.kind import JobKind, Names, Page, Request
from analysis.jobs.queue import JobQueue
from analysis.run import RunContext


@dataclass(frozen=True)
class ClipRequest:
    """What a job reads.

    Attributes:
        checkpoint: name or folder.
        clip: key of the recording in the store.
        twin: whether the untrained twin is to read it, too.
        overlap: of its windows, a name of `analysis.clips.clock.OVERLAPS`.
    """

    checkpoint: str
    clip: str
    twin: bool
    overlap: str = "none"

    @classmethod
    def of(cls, document: Request) -> "ClipRequest":
        """The request of a job.

        Raises:
            ConfigError: a field is missing, unknown or of another kind.
        """
        checkpoint, clip, twin = (document.get(name) for name in ("checkpoint", "clip", "twin"))
        overlap, known = document.get("overlap", "none"), {field.name for field in fields(cls)}
        is_whole = known - {"overlap"} <= document.keys() <= known and isinstance(overlap, str)
        if not is_whole or not isinstance(checkpoint, str) or not isinstance(clip, str) or not isinstance(twin, bool):
            expected = "checkpoint (a name), clip (the key of a recording in the store), twin (true or false), overlap (a name)"
            raise ConfigError(f"The request of a clip holds {expected}; got {dict(document)}.")
        return cls(checkpoint, clip, twin, str(overlap))


def submit_clip(queue: JobQueue, checkpoint: str, waveform: Waveform, *, twin: bool = True, overlap: str = "none") -> str:
    """Store a decoded recording, queue its reading on the device it will run on, and return the job's id.

    Args:
        queue: of the server.
        checkpoint: name or folder.
        waveform: the recording.
        twin: whether the untrained twin is to read it, too.
        overlap: of the windows.

    Raises:
        CheckpointError: the checkpoint cannot be used.
        StoreError: the store does not take the recording.
        JobError: the server is going down.
    """
    from analysis.clips.recordings import keep_recording
    from analysis.jobs.kinds.clip_memory import needs_bytes
    from analysis.store import open_store
    from analysis.studies.base.study import find_checkpoint
    from analysis.training.loop import pick_device

    device = str(pick_device())
    needed = needs_bytes(find_checkpoint(checkpoint), waveform.duration_s, device, overlap)  # refused before anything is kept
    request = asdict(ClipRequest(checkpoint, keep_recording(open_store(), waveform), twin, overlap))
    return queue.submit(KIND.name, request, needs_bytes=needed, device=device)


def memory(request: Request, device: str) -> int:
    """Bytes that reading a stored recording takes on a device, see `clip_memory`; 0 for one that left the store.

    Raises:
        CheckpointError, ConfigError: the checkpoint or the request cannot be used.
    """
    from analysis.clips.recordings import read_recording
    from analysis.jobs.kinds.clip_memory import needs_bytes
    from analysis.store import open_store
    from analysis.studies.base.study import find_checkpoint

    asked = ClipRequest.of(request)
    checkpoint, recording = find_checkpoint(asked.checkpoint), read_recording(open_store(), asked.clip)
    return 0 if recording is None else needs_bytes(checkpoint, recording.duration_s, device, asked.overlap)


def subject(request: Request, names: Names) -> str:
    """The checkpoint that reads, and the recording."""
    asked = ClipRequest.of(request)
    return f"{PurePath(asked.checkpoint).name} on {names.recording(asked.clip) or 'a recording'}"


def clip(request: Request, context: RunContext) -> dict[str, list[str]]:
    """Read a recording that is in the store, as a `ClipRequest` says.

    What the model did is stored, then what the untrained twin did if it is to read, too; the document holds their keys in that
    order. What is stored already is not computed again.

    Raises:
        CheckpointError: the checkpoint cannot be used.
        ShapeError: the model hears another sample rate.
        StoreError: the recording is not in the store any more, or the store does not take the result.
        Cancelled: the user asked to stop; a model that had read all of it is kept.
    """
    from analysis.clips.read import read_clip
    from analysis.clips.recordings import read_recording
    from analysis.clips.store import put_reading, read_reading, reading_key
    from analysis.store import StoreError, open_store
    from analysis.studies.base.study import find_checkpoint
    from analysis.training.loop import pick_device

    asked = ClipRequest.of(request)
    store, checkpoint, device = open_store(), find_checkpoint(asked.checkpoint), pick_device()
    if (recording := read_recording(store, asked.clip)) is None:
        raise StoreError("The recording left the store before it was read. Open it again, or raise OTOSCOPE_STORE_BYTES.")
    sides = ("trained", "untrained twin") if asked.twin else ("trained",)
    keys: list[str] = []
    for number, side in enumerate(sides):

        def report(done: int, total: int, number: int = number, side: str = side) -> None:
            context.progress(number * total + done, len(sides) * total, f"{checkpoint.name}, {side}: reading windows")

        twin = number == 1
        keys.append(reading_key(checkpoint, asked.clip, twin=twin, device=device.type, overlap=asked.overlap))
        if read_reading(store, keys[-1]) is None:
            model = (checkpoint.untrained_twin() if twin else checkpoint.model()).to(device)
            put_reading(store, keys[-1], read_clip(model, recording, asked.overlap, report, context.cancel.check))
    return {"store_keys": keys}


KIND = JobKind(
    "clip", f"{__name__}:clip", lambda _request: "Clip", subject, lambda job: Page("clip", {"job": job.id}), memory,
    partial_results=False,
)  # fmt: skip
