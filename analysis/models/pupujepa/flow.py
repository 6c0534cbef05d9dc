"""A PupuJEPA as counted parts, and as a flow of them."""

from analysis.errors import ConfigError
from analysis.models.architecture import VECTOR, Flow, Part
from analysis.models.pupujepa.config import PAPER, PupuConfig
from analysis.models.pupujepa.network import outline
from analysis.models.pupujepa.tower import PATCH

EMBEDDING, TEACHER, STUDENT, PREDICTOR = "patch embedding", "teacher", "student", "predictor"
PARTS = {EMBEDDING: "patch_embed.", TEACHER: "teacher.", STUDENT: "student.", PREDICTOR: "predictor."}
SIDE = "audio"
TOTAL = "total"
NOMINAL_M = 5  # million parameters, as the authors call this size
PLAIN, GATED = 12, 16  # d² per block with a plain and with a gated feed-forward layer


def count(config: PupuConfig) -> dict[str, int]:
    """Parameters by part and in total; the teacher's, which are no others than the student's average, are counted again.

    Raises:
        ConfigError: a parameter belongs to no part.

    >>> count(PAPER)["teacher"], count(PAPER)["student"]
    (7120512, 7120512)
    """
    counts = dict.fromkeys(PARTS, 0)
    for name, parameter in outline(config).named_parameters():
        part = next((part for part, beginning in PARTS.items() if name.startswith(beginning)), None)
        if part is None:
            raise ConfigError(f"The parameter {name} belongs to no part of {', '.join(PARTS)}. Add it to one.")
        counts[part] += parameter.numel()
    return {**counts, TOTAL: sum(counts.values())}


def flow_of(config: PupuConfig) -> Flow:
    """The model that a configuration describes, from the waveform to the mean of all patches, and to predictions."""
    counts, (moments, bands), n = count(config), config.grid, config.n_tokens
    width = config.d_model
    steps = ("in training, of visible patches alone", "in training, of masked patches alone")
    spectrum = (f"Hann window of {config.n_fft:,} samples", f"hop {config.hop_length:,}", "logarithm, shifted and scaled")
    size = f"{config.patch_frames} frames × {config.patch_mels} mel bands"
    blocks = (f"{config.n_layers} blocks", f"{config.n_heads} heads", f"d {width:,}", "rotary positions", "pre-norm, SwiGLU")
    predicting = (f"{config.predictor_n_layers} blocks", f"{config.predictor_n_heads} heads", f"d {config.predictor_d_model:,}")
    parts = (
        Part(
            "waveform", "input", SIDE, config.n_samples, "sample", 1, 0, (f"{config.window_s:g} s at {config.sample_rate:,} Hz",)
        ),
        Part("log-mel", "network", SIDE, config.n_frames, "mel frame", config.n_mels, 0, spectrum, ("waveform",)),
        Part(EMBEDDING, "network", SIDE, n, PATCH, width, counts[EMBEDDING],
             (size, f"grid of {moments} × {bands}"), ("log-mel",)),
        Part(STUDENT, "network", SIDE, n, PATCH, width, counts[STUDENT], (*blocks, steps[0]),
             (EMBEDDING,)),
        Part(PREDICTOR, "network", SIDE, n, PATCH, width, counts[PREDICTOR], (*predicting, steps[1]),
             (STUDENT,)),
        Part(TEACHER, "network", SIDE, n, PATCH, width, counts[TEACHER], (*blocks, "average of the student over steps"),
             (EMBEDDING,)),
        Part("mean", "pooling", SIDE, 1, VECTOR, width, 0, ("over all patches",), (TEACHER,)),
        Part("embedding", "embedding", SIDE, 1, VECTOR, width, 0, ("of the teacher",), ("mean",)),
    )  # fmt: skip
    return Flow(parts, _notes(config))


def _notes(config: PupuConfig) -> tuple[str, ...]:
    """How the count compares with what the authors call this size, and what rotary positions of one band are."""
    notes = []
    if (config.d_model, config.n_layers, config.mlp_ratio) == (PAPER.d_model, PAPER.n_layers, PAPER.mlp_ratio):
        plain = PLAIN * config.n_layers * config.d_model**2 / 1e6
        notes.append(
            f"An encoder of {count(config)[TEACHER]:,} parameters; the authors say {NOMINAL_M} million, as {plain:.1f} million "
            f"in {PLAIN} d² a block with plain feed-forward layers would be, but their code has gated ones, with {GATED} d²."
        )
    if config.grid[1] == 1:
        notes.append("A control of ours in one dimension: a patch has all bands of its moment, and frequency turns nothing.")
    return tuple(notes)
