"""The command line. `--json` prints one JSON document on stdout and nothing else; progress goes to stderr."""

import argparse
import importlib.metadata
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tqdm import tqdm

from analysis import __version__, paths
from analysis.errors import OtoscopeError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 done, 2 the request is wrong."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options) or 0
    except OtoscopeError as error:
        print(f"otoscope: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="otoscope", description="Look inside models that listen to music.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name: str, run: Callable[..., int | None], help_text: str, *, as_json: bool = False) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=help_text, description=help_text)
        sub.set_defaults(run=run)
        if as_json:
            sub.add_argument("--json", action="store_true", help="print one JSON document")
        return sub

    app = command("app", _app, "start the dashboard on 127.0.0.1")
    app.add_argument("--port", type=int, help="default 8501")
    app.add_argument("--checkpoints", action="append", default=[], metavar="DIR", help="a further folder of checkpoints")
    corpus = command("corpus", _corpus, "render the demo corpus; resumable")
    corpus.add_argument("--profile", choices=("small", "full"), default="small")
    corpus.add_argument("--conditions", choices=("recorded", "clean", "shifted"), default="recorded")
    command("arms", _arms, "every architecture that can be built", as_json=True)
    describe = command("describe", _describe, "counted parameters, tokens and attention cost of an arm", as_json=True)
    describe.add_argument("arm")
    describe.add_argument("--scale", default="paper")
    command("checkpoints", _checkpoints, "what is in the checkpoint folders", as_json=True)
    train = command("train", _train, "train an arm")
    train.add_argument("arm")
    train.add_argument("--scale", default="small")
    train.add_argument("--seed", type=int, default=0)
    train.add_argument("--corpus", default="full", help="small, full, or a folder of audio and MIDI with the same stems")
    train.add_argument("--steps", type=int, default=1000)
    train.add_argument("--schedule", default="cosine", help="cosine, cosine-tail or trapezoidal")
    train.add_argument("--out", type=Path)
    train.add_argument("--resume", action="store_true")
    inspect = command("inspect", _inspect, "attention, self-similarity and A4 of one recording as PNG, NPZ and JSON")
    inspect.add_argument("clip", type=Path)
    inspect.add_argument("--checkpoint", required=True, help="a name or a folder")
    inspect.add_argument("--layer", type=int, default=1)
    inspect.add_argument("--out", type=Path, required=True)
    command("doctor", _doctor, "what works on this machine, and what to install", as_json=True)
    return parser


def _progress(label: str) -> Callable[[int, int, str], None]:
    bar = tqdm(desc=label, file=sys.stderr, unit="")

    def update(done: int, total: int, what: str) -> None:
        bar.total = total
        bar.set_postfix_str(what, refresh=False)
        bar.update(done - bar.n)

    return update


def _app(options: argparse.Namespace) -> int:
    environment = dict(os.environ)
    extra = [environment.get(paths.CHECKPOINTS_VARIABLE, ""), *options.checkpoints]
    environment[paths.CHECKPOINTS_VARIABLE] = os.pathsep.join(part for part in extra if part)
    port = [f"--server.port={options.port}"] if options.port else []
    command = [sys.executable, "-m", "streamlit", "run", "app/main.py", *port]
    try:
        return subprocess.call(command, cwd=paths.repository(), env=environment)
    except KeyboardInterrupt:
        return 0


def _corpus(options: argparse.Namespace) -> None:
    from analysis.datasets.corpus import load_demo_corpus

    corpus = load_demo_corpus(options.profile, options.conditions, progress=_progress("render"))
    hours = sum(piece.duration_s for piece in corpus.pieces) / 3600
    print(f"{corpus.name}: {len(corpus.pieces)} pieces, {hours:.1f} h, in {corpus.pieces[0].audio_path.parent}")


def _arms(options: argparse.Namespace) -> None:
    from analysis.models.arms import ARMS

    rows = [asdict(arm) for arm in ARMS.values()]
    _print(options, rows, [f"{row['name']:8} {row['summary']}" for row in rows])


def _describe(options: argparse.Namespace) -> None:
    from analysis.models.counting import describe

    described = describe(options.arm, options.scale)
    saving = described["reverse_attention_saving"]
    lines = [f"{name:20} {n:>12,}" for name, n in described["parameters"].items()]
    lines += [
        f"{described['samples']:,} samples, {described['cnn_tokens']:,} CNN tokens, {described['a4_frames']} A4 frames",
        f"reverse attention saves {saving['scores_only']:.0f}× of the scores, {saving['with_cross_attention']:.0f}× with its "
        f"cross-attention, {saving['linear_layers']:.1f}× of the linear layers",
    ]
    _print(options, described, lines)


def _checkpoints(options: argparse.Namespace) -> None:
    from analysis.models.checkpoint import Checkpoint, list_checkpoints
    from analysis.studies.train_checkpoint import headline

    found = list_checkpoints(paths.checkpoint_roots())
    rows: list[dict[str, Any]] = []
    for item in found:
        if isinstance(item, Checkpoint):
            row: dict[str, Any] = {"name": item.name, "arm": item.arm, "scale": item.scale, "sha256": item.sha256}
            if score := item.evaluation.get("trained", {}).get("canonical"):
                row |= {"S": score["S"], "S_ci": score["S_ci"], "headline": headline(item.evaluation)}
            rows.append(row)
        else:
            rows.append({"name": item.path.name, "error": item.reason})
    lines = [f"{row['name']:16} {row.get('headline') or row.get('error') or 'not evaluated'}" for row in rows]
    _print(options, rows, lines or ["No checkpoint found. Train one: otoscope train D0"])


def _train(options: argparse.Namespace) -> None:
    from analysis.studies.train_checkpoint import headline, train_checkpoint
    from analysis.training.loop import TrainRequest

    sizes = {"steps": options.steps, "warmup": min(100, options.steps // 10), "schedule": options.schedule}
    request = TrainRequest(arm=options.arm, scale=options.scale, seed=options.seed, **sizes)
    out = options.out or Path("runs") / f"{options.arm}-{options.scale}-{options.seed}"
    saved = train_checkpoint(request, _open_corpus(options.corpus), out, resume=options.resume, progress=_progress("train"))
    print(f"{saved.path}: {headline(saved.evaluation)}")


def _open_corpus(name: str) -> Any:
    from analysis.datasets.corpus import load_demo_corpus
    from analysis.datasets.paired_folder import load_paired_folder

    if name in ("small", "full"):
        return load_demo_corpus(name, progress=_progress("render"))
    return load_paired_folder(Path(name), sample_rate=24_000)


def _inspect(options: argparse.Namespace) -> None:
    import numpy as np

    from analysis.datasets.audio import load_waveform
    from analysis.errors import AudioError
    from analysis.figures import draw_inspection
    from analysis.models.checkpoint import open_checkpoint
    from analysis.studies.inspection import inspect_clip

    if not options.clip.is_file():
        raise AudioError(f"There is no file {options.clip}. Give the path of a recording.")
    roots = paths.checkpoint_roots()
    folder = next((root / options.checkpoint for root in roots if (root / options.checkpoint).is_dir()), Path(options.checkpoint))
    checkpoint = open_checkpoint(folder)
    waveform = load_waveform(options.clip, checkpoint.model_config.sample_rate)
    arrays, described = inspect_clip(checkpoint, waveform, options.layer)
    options.out.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(options.out / "arrays.npz", allow_pickle=False, **arrays)
    (options.out / "inspection.json").write_text(json.dumps(described, indent=2))
    for path in draw_inspection(arrays, described, options.out):
        print(path)


def _doctor(options: argparse.Namespace) -> None:
    from analysis.datasets.audio import ffmpeg_path
    from analysis.datasets.rendering import SOUND_FONTS
    from analysis.training.loop import pick_device

    found: dict[str, Any] = {
        "device": str(pick_device()),
        "ffmpeg (m4a)": ffmpeg_path() or "not found: install ffmpeg to read m4a",
    }
    for font in SOUND_FONTS.values():
        try:
            found[f"sound font {font.name}"] = str(font.path)
        except OtoscopeError as error:
            found[f"sound font {font.name}"] = str(error)
    found |= {"cache": str(paths.cache()), "checkpoints": [str(root) for root in paths.checkpoint_roots()]}
    found |= {name: importlib.metadata.version(name) for name in ("torch", "streamlit", "plotly", "librosa")}
    _print(options, found, [f"{name:22} {value}" for name, value in found.items()])


def _print(options: argparse.Namespace, document: Any, lines: list[str]) -> None:
    print(json.dumps(document, indent=2) if options.json else "\n".join(lines))


if __name__ == "__main__":
    sys.exit(main())
