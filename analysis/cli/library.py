"""Commands about what there is: app, corpus, describe, checkpoints, import, cache, doctor."""

import argparse
import importlib.metadata
import os
import shutil
import socket
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from urllib.parse import urlsplit

from analysis import paths
from analysis.cli.output import copy_once, emit, made_folder, progress_bar, say
from analysis.errors import ConfigError, OtoscopeError, shown
from analysis.models.families import Config, Family

LOOPBACK = ("127.0.0.1", "localhost", "::1")
EVERYWHERE = ("0.0.0.0", "::", "")
LARGEST_PORT = 65_535


def app(options: argparse.Namespace) -> int:
    """Start the dashboard in a process of its own."""
    environment = dict(os.environ)
    extra = [environment.get(paths.CHECKPOINTS_VARIABLE, ""), *options.checkpoints]
    environment[paths.CHECKPOINTS_VARIABLE] = os.pathsep.join(part for part in extra if part)
    if options.insecure:
        environment[paths.INSECURE_VARIABLE] = "1"
    login = paths.repository() / ".streamlit" / "secrets.toml"
    if options.port is not None and not 1 <= options.port <= LARGEST_PORT:
        raise ConfigError(f"--port {shown(options.port)} is no port; expected a whole number from 1 to {LARGEST_PORT}.")
    if options.host not in LOOPBACK and not options.insecure and not login.is_file():
        raise ConfigError(
            f"Binding to {options.host} would let others in without a login. Set up OIDC in .streamlit/secrets.toml "
            "(README, Sharing), or give --insecure if everybody who reaches that address may use it."
        )
    port = [f"--server.port={options.port}"] if options.port else []
    environment[paths.NAMES_VARIABLE] = ",".join(known := _names(options.host, options.name, login))
    names = [f"--server.allowedHosts={name}" for name in (["*"] if options.host in EVERYWHERE else known)]
    command = [sys.executable, "-m", "streamlit", "run", "app/main.py", f"--server.address={options.host}", *port, *names]
    try:
        return subprocess.call(command, cwd=paths.repository(), env=environment)
    except KeyboardInterrupt:
        return 0


def _names(host: str, named: Sequence[str], login: Path) -> list[str]:
    """What browsers may call the server: this computer, the address it is bound to, the address that the login leads back to, and
    whatever was named. Another site that lets its name point here is told by its name.
    """
    hosts = [*LOOPBACK, *named]
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        hosts.append(urlsplit(tomllib.loads(login.read_text("utf-8"))["auth"]["redirect_uri"]).hostname or "")
    hosts += [socket.gethostname(), f"{socket.gethostname()}.local"] if host in EVERYWHERE else [host]
    return list(dict.fromkeys(name.lower() for name in hosts if name))


def corpus(options: argparse.Namespace) -> None:
    """Render the demo corpus, and copy it where it is asked for."""
    from analysis.datasets.corpus import load_demo_corpus
    from analysis.datasets.piece_table import write_piece_table

    rendered = load_demo_corpus(options.profile, options.conditions, progress=progress_bar("render"))
    folder = rendered.pieces[0].audio_path.parent
    if options.out:
        folder = made_folder(options.out)
        report = progress_bar("copy")
        for number, piece in enumerate(rendered.pieces, 1):
            copy_once(piece.audio_path, folder / f"{piece.piece_id}.wav")
            copy_once(piece.midi_file, folder / f"{piece.piece_id}.mid")
            report(number, len(rendered.pieces), piece.piece_id)
        write_piece_table(folder, rendered.pieces)
    hours = sum(piece.duration_s for piece in rendered.pieces) / 3600
    document = {"name": rendered.name, "pieces": len(rendered.pieces), "hours": hours, "folder": str(folder)}
    emit(options, document, [f"{rendered.name}: {len(rendered.pieces)} pieces, {hours:.1f} h, in {folder}"])


def describe(options: argparse.Namespace) -> None:
    """Parameters by component, tokens, the three costs of reverse attention, and the flow of parts; of an arm or a preset of
    another family what it is made of.
    """
    from analysis.models.architecture import flow_lines
    from analysis.models.arms import ARMS, build_config, spelled
    from analysis.models.counting import describe as described_arm
    from analysis.models.dual_encoder_flow import flow_of
    from analysis.models.families import find_arm, find_preset

    options.arm = spelled(options.arm)
    if options.arm not in ARMS:
        if (preset := find_preset(options.arm)) is not None:
            _describe_preset(options, options.arm, *preset)
        else:
            _describe_preset(options, f"{options.arm}-{options.scale}", *find_arm(options.arm, options.scale))
        return
    described = described_arm(options.arm, options.scale)
    flow = flow_of(build_config(options.arm, options.scale))
    saving = described.reverse_attention_saving
    lines = [f"{name:20} {n:>12,}" for name, n in described.parameters.items()]
    lines += [
        f"{described.samples:,} samples, {described.cnn_tokens:,} CNN tokens, {described.a4_frames} A4 frames",
        f"{described.transformer_tokens:,} transformer tokens, {described.attention_scores:,} attention scores",
        f"Attention over CNN tokens costs {saving.scores_only:.1f}× the scores of attention over A4 frames, "
        f"{saving.with_cross_attention:.1f}× counting the cross-attention that leads there; "
        f"the layers linear in the tokens cost {saving.linear_layers:.1f}×.",
        *(remark for remark in described.remarks if remark not in flow.notes),
        "",
        *flow_lines(flow),
    ]
    emit(options, {**asdict(described), "architecture": {"parts": flow.rows(), "notes": list(flow.notes)}}, lines)


def _describe_preset(options: argparse.Namespace, preset: str, family: Family, config: Config) -> None:
    from analysis.models.architecture import flow_lines

    counts = dict(family.count(config))
    flow = None if family.flow is None else family.flow(config)
    card = {} if family.card is None else dict(family.card(config))
    lines = [f"{family.title} {preset}", *(f"{title}: {words}" for title, words in card.items())]
    lines += [f"trained by: {family.recipe or 'nothing here'}", *(f"{name:20} {n:>12,}" for name, n in counts.items())]
    lines += [] if flow is None else ["", *flow_lines(flow)]
    drawn = None if flow is None else {"parts": flow.rows(), "notes": list(flow.notes)}
    document = {"family": family.name, "preset": preset, "model": family.to_dict(config), "card": card}
    emit(options, {**document, "parameters": counts, "architecture": drawn}, lines)


def checkpoints(options: argparse.Namespace) -> None:
    """Every checkpoint with its score, every folder that cannot be opened with the reason, and then how those stand that can."""
    from analysis.models.arms import control_of
    from analysis.models.checkpoint import Checkpoint, list_checkpoints
    from analysis.training.comparison import compare_details, compare_headline, score_headline
    from analysis.training.scores import read_score

    rows: list[dict[str, object]] = []
    sentences: list[tuple[str, str]] = []
    good: list[Checkpoint] = []
    for item in list_checkpoints(paths.checkpoint_roots()):
        if not isinstance(item, Checkpoint):
            rows.append({"name": item.path.name, "path": str(item.path), "error": item.reason})
            sentences.append((item.path.name, item.reason))
            continue
        good.append(item)
        headline = score_headline(item)
        of = {"family": item.family, "arm": item.arm, "scale": item.scale}
        row: dict[str, object] = {"name": item.name, "path": str(item.path), **of, "sha256": item.sha256}
        if score := read_score(item.evaluation):
            row |= {"S": score.value, "S_ci": [score.low, score.high], "n_queries": score.n_queries, "chance": score.chance}
        if twin := read_score(item.evaluation, "untrained"):
            row |= {"untrained_S": twin.value, "untrained_S_ci": [twin.low, twin.high]}
        rows.append({**row, "headline": headline})
        control = f"control of {arm}, not ranked: " if (arm := control_of(item.arm)) else ""
        sentences.append((item.name, f"{control}{headline}"))
    width = max((len(name) for name, _ in sentences), default=0)
    lines = [f"{name:{width}}  {sentence}" for name, sentence in sentences]
    lines += ["", compare_headline(good), compare_details(good)] if len(good) > 1 else []
    emit(options, rows, lines or ["No checkpoint found. Train one: otoscope train D0"])


def import_weights(options: argparse.Namespace) -> None:
    """Convert a state_dict in a limited process; pickled code is refused, not run. Or remove an import."""
    from analysis.models.importing import convert_state_dict, refuse_name, remove_import

    if options.remove is not None:
        if options.file is not None or options.arm is not None or options.name is not None:
            raise ConfigError("--remove stands alone; expected otoscope import --remove NAME.")
        remove_import(options.remove, paths.imported_checkpoints())
        emit(options, {"removed": options.remove}, [f"{options.remove} was removed."])
        return
    if options.file is None or options.arm is None:
        raise ConfigError("Expected a .pt file and --arm, or --remove NAME.")
    refuse_name(options.name or options.file.stem)
    out = paths.imported_checkpoints() / (options.name or options.file.stem)
    made = convert_state_dict(options.file, arm=options.arm, scale=options.scale, out=out)
    notices = made.training["converted_notices"]
    for notice in notices:
        say(notice)
    document = {"name": made.name, "path": str(made.path), "arm": made.arm, "scale": made.scale, "sha256": made.sha256}
    emit(options, {**document, "notices": notices}, [f"{made.path}: {made.arm} ({made.scale}), SHA-256 {made.sha256[:12]}"])


def cache(options: argparse.Namespace) -> None:
    """Say how full the store is, or empty it."""
    from analysis.memory import bytes_to_words
    from analysis.store import open_store

    store = open_store()
    freed = store.clear() if options.clear else 0
    entries, size = store.usage()
    document = {
        "folder": str(store.root),
        "entries": entries,
        "bytes": size,
        "limit_bytes": store.limit_bytes,
        "freed_bytes": freed,
    }
    lines = [f"{store.root}: {entries} entries, {bytes_to_words(size)} of {bytes_to_words(store.limit_bytes)}"]
    emit(options, document, [*lines, *([f"{bytes_to_words(freed)} freed"] if options.clear else [])])


def doctor(options: argparse.Namespace) -> None:
    """Device, codecs, sound fonts, folders and versions."""
    from analysis.datasets.audio import ffmpeg_path
    from analysis.datasets.rendering import SOUND_FONTS
    from analysis.memory import bytes_to_words
    from analysis.store import open_store
    from analysis.training.loop import pick_device

    ffmpeg = ffmpeg_path() or "not found: install ffmpeg to read m4a"
    facts: dict[str, object] = {"device": str(pick_device()), "ffmpeg (m4a)": ffmpeg}
    for font in SOUND_FONTS.values():
        try:
            facts[f"sound font {font.name}"] = str(font.path)
        except OtoscopeError as error:
            facts[f"sound font {font.name}"] = str(error)
    store = open_store()
    entries, size = store.usage()
    browsers = filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome")))
    facts |= {
        "store": f"{store.root}: {entries} entries, {bytes_to_words(size)} of {bytes_to_words(store.limit_bytes)}",
        "cache": str(paths.cache()),
        "checkpoints": [str(root) for root in paths.checkpoint_roots()],
        "browser (tests)": next(browsers, "not found: install Chromium for the browser tests"),
    }
    facts |= {name: importlib.metadata.version(name) for name in ("torch", "streamlit", "plotly", "librosa")}
    emit(options, facts, [f"{name:22} {value}" for name, value in facts.items()])
