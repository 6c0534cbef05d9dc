"""Every command with its options."""

import argparse
from collections.abc import Callable
from pathlib import Path

from analysis import __version__
from analysis.cli import inspecting, library, work
from analysis.cli.arms import arms
from analysis.cli.phasors import phasors
from analysis.cli.summary import summary
from analysis.studies.base.registry import study_names

Command = Callable[[argparse.Namespace], int | None]


def build_parser() -> argparse.ArgumentParser:
    """The parser; `run` of what it returns is the command."""
    parser = argparse.ArgumentParser(prog="otoscope", description="Look inside models that listen to music.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, run: Command, help_text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=help_text, description=f"{help_text[0].upper()}{help_text[1:]}.")
        sub.set_defaults(run=run, json=False)
        if run is not library.app:
            sub.add_argument("--json", action="store_true", help="print one JSON document and nothing else on stdout")
        return sub

    _app(command("app", library.app, "start the dashboard on 127.0.0.1"))
    corpus = command("corpus", library.corpus, "render the demo corpus; what is there already is kept")
    corpus.add_argument("--profile", choices=("small", "full"), default="small", help="24 or 110 pieces (default small)")
    corpus.add_argument("--conditions", choices=("recorded", "clean", "shifted"), default="recorded")
    corpus.add_argument("--out", type=Path, metavar="DIR", help="also copy audio and MIDI there as pairs of one name")
    command("arms", arms, "every arm that can be built, beside what is published of it and what is here")
    describe = command("describe", library.describe, "counted parameters, tokens and attention cost of an arm")
    describe.add_argument("arm")
    describe.add_argument("--scale", default="paper", help="paper or small (default paper)")
    command("checkpoints", library.checkpoints, "what is in the checkpoint folders")
    _import(command("import", library.import_weights, "convert a PyTorch state_dict into a checkpoint, without running its code"))
    cache = command("cache", library.cache, "how much is stored, and empty it")
    cache.add_argument("--clear", action="store_true", help="delete stored results and activations; rendered audio stays")
    _train(command("train", work.train, "train an arm and examine it"))
    _sweep(command("sweep", work.sweep, "train arms with several seeds, what is finished not again, and compare them"))
    _study(command("study", work.study, "ask one question of checkpoints, with its controls"))
    _summary(command("summary", summary, "what checkpoints do at a glance, from what is stored; nothing is computed"))
    _battery(command("battery", work.battery, "every study on the same checkpoints, with a report"))
    _inspect(
        command("inspect", inspecting.inspect, "every lane of recordings as PNG, SVG, NPZ, JSON and layers of Sonic Visualiser")
    )
    _phasors(command("phasors", phasors, "how complex features turn as the sound of a recording moves, beside the law"))
    command("doctor", library.doctor, "what works on this machine, and what to install")
    return parser


def _app(app: argparse.ArgumentParser) -> None:
    app.add_argument("--port", type=int, help="default 8501")
    app.add_argument("--host", default="127.0.0.1", help="another address demands a login, or --insecure (default 127.0.0.1)")
    app.add_argument(
        "--name", action="append", default=[], help="a further name under which browsers reach it, as behind a proxy"
    )
    app.add_argument("--insecure", action="store_true", help="let everybody in who reaches the address")
    app.add_argument("--checkpoints", action="append", default=[], metavar="DIR", help="a further folder of checkpoints")


def _import(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("file", type=Path, nargs="?", help="a .pt or safetensors file that holds tensors by name")
    sub.add_argument("--arm", help="the architecture that the tensors are of")
    sub.add_argument("--remove", metavar="NAME", help="delete an imported checkpoint instead")
    sub.add_argument("--scale", default="paper", help="paper or small (default paper)")
    sub.add_argument("--name", help="of the new checkpoint (default: that of the file)")


def _train(train: argparse.ArgumentParser) -> None:
    train.add_argument("arm", help="one of `otoscope arms`; the values in brackets below are those of dual encoders")
    train.add_argument("--seed", type=int, default=0, help="of weights, batches and dropout (default 0)")
    _training(train)
    train.add_argument("--out", type=Path, metavar="DIR", help="default runs/ARM-SCALE-SEED")
    train.add_argument("--resume", action="store_true", help="go on from the last validation of an interrupted run")


def _sweep(sweep: argparse.ArgumentParser) -> None:
    sweep.add_argument(
        "arms", nargs="+", metavar="ARM", help="one of `otoscope arms`; differences are from D0, else from the first"
    )
    sweep.add_argument("--seeds", default="0", metavar="N,N,…", help="with which every arm is trained (default 0)")
    _training(sweep)
    where = "a folder of each training, sweep.json and sweep.csv go there (default runs)"
    sweep.add_argument("--out", type=Path, metavar="DIR", default=Path("runs"), help=where)


def _training(train: argparse.ArgumentParser) -> None:
    """What decides a training besides its arm and its seed."""
    train.add_argument("--scale", default="small", help="paper or small (default small)")
    corpora = "small, full, or a folder: Maestro, Slakh, MoisesDB, or audio and MIDI of the same names (default full)"
    train.add_argument("--corpus", default="full", help=corpora)
    train.add_argument("--steps", type=int, default=700, help="batches (default 700)")
    recipes = "small (ours), paper (the published text) or authors (their runs); default small or paper, after the scale"
    train.add_argument("--recipe", default="", help=f"what the settings below are taken from: {recipes}")
    train.add_argument("--batch-size", type=int, metavar="N", help="windows per batch (64; paper and authors 16)")
    train.add_argument("--warmup", type=int, metavar="N", help="steps (100 or a tenth of all; paper 500, authors 200)")
    train.add_argument("--weight-decay", type=float, metavar="X", help="of AdamW (0.0001; paper 0.01)")
    train.add_argument("--betas", metavar="B1,B2", help="of AdamW (0.9,0.999)")
    train.add_argument("--clip-norm", type=float, metavar="X", help="largest norm of the gradient (1)")
    train.add_argument("--precision", choices=("bf16", "fp32"), help="of forward passes (bf16; paper and authors fp32)")
    train.add_argument("--freeze", choices=("nothing", "cnn"), help="cnn: CNN and audio positions stay as drawn (authors)")
    train.add_argument("--schedule", help="cosine, cosine-tail or trapezoidal (cosine)")
    train.add_argument("--floor", type=float, metavar="X", help="cosine-tail: factor at which the tail begins (0.1)")
    train.add_argument("--tail-end", type=float, metavar="X", help="cosine-tail: factor of the last step (0.02)")
    train.add_argument("--reference-steps", type=int, metavar="N", help="cosine-tail: whose cosine it leaves (half of --steps)")
    train.add_argument("--hold", type=float, metavar="X", help="trapezoidal: share of the steps at the full rate (0.5)")
    train.add_argument("--end", choices=("cosine", "linear"), help="trapezoidal: how it falls to 0 (cosine)")
    train.add_argument("--pool-size", type=int, metavar="N", help="most candidates per query on validation, from 8 (256)")
    train.add_argument("--validation-queries", type=int, metavar="N", help="most queries on validation (200)")
    train.add_argument("--validation-windows", type=int, metavar="N", help="most windows per piece on validation (60)")
    own = "a number that the arm has of its own, such as temperature=0.2"
    train.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help=own)


def _study(study: argparse.ArgumentParser) -> None:
    study.add_argument("name", help=f"one of {', '.join(study_names())}")
    study.add_argument("checkpoints", nargs="+", metavar="CHECKPOINT", help="a name from `otoscope checkpoints`, or a folder")
    study.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting, such as corpus=small")
    study.add_argument("--fresh", action="store_true", help="compute again, even if the answer is stored")
    study.add_argument("--out", type=Path, metavar="DIR", help="write result.json, arrays.npz and the tables there")


def _summary(sub: argparse.ArgumentParser) -> None:
    named = "a name from `otoscope checkpoints`, or a folder (default: all of them)"
    sub.add_argument("checkpoints", nargs="*", metavar="CHECKPOINT", help=named)
    sub.add_argument("--corpus", default="full", help="small, full, or a folder (default full)")


def _battery(battery: argparse.ArgumentParser) -> None:
    battery.add_argument("checkpoints", nargs="+", metavar="CHECKPOINT", help="a name from `otoscope checkpoints`, or a folder")
    battery.add_argument("--corpus", default="small", help="small, full, or a folder (default small)")
    battery.add_argument("--only", metavar="STUDIES", help="some of the studies, separated by commas")
    battery.add_argument("--out", type=Path, required=True, metavar="DIR", help="report.html, and a folder per study")


def _inspect(inspect: argparse.ArgumentParser) -> None:
    clip = "a recording; of a folder, or of several, a subfolder each and summary.csv, with MIDI and annotations of the same name"
    inspect.add_argument("clip", type=Path, nargs="+", metavar="CLIP", help=clip)
    inspect.add_argument("--checkpoint", required=True, help="a name from `otoscope checkpoints`, or a folder")
    layer = "from 1 (default 1); 0 is the cross-attention between A4 and CNN frames, where the arm has one"
    inspect.add_argument("--layer", type=int, help=layer)
    inspect.add_argument("--head", type=int, default=0, help="from 1; 0 is the mean of all (default 0)")
    overlap = "of neighbouring windows: none, half or “three quarters” (default none)"
    inspect.add_argument("--overlap", default="none", help=overlap)
    inspect.add_argument("--at", type=float, default=0.0, metavar="SECONDS", help="whose window's attention is exact (default 0)")
    inspect.add_argument("--midi", type=Path, metavar="FILE", help="notes of the recording, drawn and saved too")
    annotations = "beats, chords, sections, …: Sonic Visualiser CSV, .lab or JAMS; may be given several times"
    inspect.add_argument("--annotations", type=Path, nargs="+", action="extend", default=[], metavar="FILE", help=annotations)
    inspect.add_argument("--beside", metavar="twin|CHECKPOINT", help="also the lanes of the untrained twin, or of a checkpoint")
    inspect.add_argument("--out", type=Path, required=True, metavar="DIR")


def _phasors(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("clip", type=Path, metavar="CLIP", help="a recording; it is what moves")
    sub.add_argument("--checkpoint", required=True, help="a PHALAR: a name from `otoscope checkpoints`, or a folder")
    against = "what does not move, such as the other stems of the recording (default: the recording itself)"
    sub.add_argument("--against", type=Path, metavar="FILE", help=against)
    usual = "where the window begins (default: as early as there is sound before it for every shift)"
    sub.add_argument("--from", dest="start", type=float, metavar="SECONDS", help=usual)
