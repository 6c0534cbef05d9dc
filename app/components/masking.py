"""A window of a recording with masked patches: what a predictor says of them, and where it looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
import streamlit as st

from analysis.clips.wav import wav_bytes
from analysis.errors import ConfigError
from app import caching, state
from app.charts import patches
from app.kit import actions, clicks, controls, figures, layout

if TYPE_CHECKING:
    from analysis.clips.clock import Clock
    from analysis.clips.masking import MaskedWindow, Masking, PatchAttention
    from analysis.models.checkpoint import Checkpoint
    from analysis.models.pupujepa.network import PupuJepa
    from app.components.clip.recordings import Clip

PAGE, ERRORS = "masking", "masking_errors"
PERCENT, USUAL_PERCENT, MOST_DRAWS = (20, 40, 60, 80, 90), 80, 20
BELOW = " Below 0 %: the mean target of the other masked patches says more than the predictor."
THEIRS = "Over the test works, beside the mean target of each band over all windows: "
USUAL_REGIONS = "1-2 s, 200-2000 Hz"
HOW_TO_READ = """
The model is shown the patches that are not grey and says what its teacher would make of the masked ones. **Error** is
2 − 2 cos between what is said and the standardised target: 0 where it is right, 2 where it has nothing to do with it, 4 at most.
The **mean target** is the best that can be said without looking: the mean of the other masked patches of the band. Model and
untrained twin each have targets of their own, so that only the shares of error that they explain can be compared.

How it misleads:

- What is predicted are no sounds but what the teacher makes of them. A silence is predicted well, and so is what never changes.
- Few masked patches are an unusual task for a model that learned with 80 % masked.
- Attention says where the predictor looks, not what it takes from there. Its rest goes to places of other masked patches.
- This is one window. How well masked patches are predicted in general stands on the card of the checkpoint.
"""


@dataclass(frozen=True)
class MaskChoice:
    """What is masked in which window, and the layer of the predictor that is looked into."""

    masking: Masking
    window: int
    layer: int


def choose(model: PupuJepa, n_windows: int) -> MaskChoice:
    """The controls below checkpoint and recording.

    Raises:
        ConfigError: what is written is no region.
    """
    from analysis.clips.masking import MASKINGS, REGIONS, Masking, regions_of, shown_layers

    first, second = st.columns((5, 4), vertical_alignment="bottom")
    with first:
        strategy = controls.pick_word("masks", "Masks", MASKINGS)
    with second:
        layers = shown_layers(model)
        layer = controls.pick_one("layer", "Layer of the predictor", layers, layers[-1], str)
    left, *others = st.columns((3, 7) if strategy == REGIONS else (3, 4, 3), vertical_alignment="bottom")
    with left:
        window = controls.pick_number("window", "Window", 1, n_windows)
    if strategy == REGIONS:
        with others[0]:
            return MaskChoice(Masking(strategy, regions=regions_of(_text())), window, layer)
    with others[0]:
        ratio = controls.pick_one("ratio", "Masked (% of patches)", PERCENT, USUAL_PERCENT, str)
    with others[1]:
        draw_number = controls.pick_number("draw", "Seed", 0, MOST_DRAWS)
    return MaskChoice(Masking(strategy, ratio / 100, draw_number), window, layer)


def _text() -> str:
    widget = "pick_regions"
    state.start(widget, state.get_text("regions") or USUAL_REGIONS, [state.widget_value(widget)])
    text = str(st.text_input("Regions: seconds and Hz, several with a semicolon between", key=widget))
    state.put("regions", text)
    return text


def draw(checkpoint: Checkpoint, clip: Clip) -> None:
    """Controls, the answer, three pictures and the sound."""
    from analysis.clips.clock import clock_of
    from analysis.clips.masking import explained_sentence, input_of, mask_of

    model = cast("PupuJepa", caching.model(checkpoint))  # its view has looked
    answer = st.container()
    wave = clip.waveform.at_rate(model.config.sample_rate)
    clock = clock_of(wave, input_of(model), "none")
    try:
        choice = choose(model, clock.n_windows)
        mask = mask_of(model.config, choice.masking)
    except ConfigError as error:
        layout.error(str(error))
        return
    samples = clock.cut(wave)[choice.window - 1]
    key = (PAGE, *caching.identity(checkpoint), clip.key, choice.window, choice.masking)
    seen = caching.once(key, lambda: _predict(model, checkpoint, samples, mask))
    with answer:
        layout.headline(explained_sentence(seen), _more(seen, clock, choice.window), _of_works(checkpoint))
    st.audio(wav_bytes(samples, model.config.sample_rate), format="audio/wav")
    _draw_errors(model, samples, seen, choice, key)
    with st.expander("How to read this, and how it misleads", icon=":material/help:"):
        st.markdown(HOW_TO_READ)


def _of_works(checkpoint: Checkpoint) -> str:
    """What its evaluation says of many windows, where it does."""
    from analysis.training.prediction_scores import prediction_headline

    text = prediction_headline(checkpoint.evaluation)
    return THEIRS + text if text else ""


def _predict(model: PupuJepa, checkpoint: Checkpoint, samples: np.ndarray, mask: np.ndarray) -> MaskedWindow:
    import torch

    from analysis.clips.masking import predict_masked

    return predict_masked(model, checkpoint.untrained_twin(), torch.from_numpy(samples), mask)


def _more(seen: MaskedWindow, clock: Clock, window: int) -> str:
    """Which window it is, and the mean errors behind the answer."""
    span = clock.spans[window - 1]
    means = [float(np.nanmean(values)) for values in (seen.trained.error, seen.trained.constant)]
    twin = [float(np.nanmean(values)) for values in (seen.untrained.error, seen.untrained.constant)]
    return (
        f"From {span.start_s:.1f} to {span.end_s:.1f} s of the recording; mean error {means[0]:.2f}, of the mean target "
        f"{means[1]:.2f}; untrained twin {twin[0]:.2f}, of its mean target {twin[1]:.2f} (2 − 2 cos, no unit)."
        f"{BELOW if min(seen.trained.explained, seen.untrained.explained) < 0 else ''}"
    )


def _draw_errors(model: PupuJepa, samples: np.ndarray, seen: MaskedWindow, choice: MaskChoice, key: tuple[object, ...]) -> None:
    """What is masked, the errors, and where the predictor looks from the patch that was clicked last."""
    from analysis.clips.masking import worst_patch

    at = seen.edges_s, seen.mel_hz
    st.markdown("**What is masked**: the grey patches")
    figures.show(patches.masked_level(seen.level_db, seen.mask, *at), "masking_level", file="mask")
    st.markdown("**Error of what is predicted**, blank where the model is shown the patch; click another to look from there")
    where = st.container()
    patch = _clicked(seen) or worst_patch(seen.trained.error)
    title = "error, 2 − 2 cos (no unit)"
    drawing = patches.patch_numbers(seen.trained.error, *at, title=title, low=0, high=2, targets=seen.mask, chosen=patch)
    figures.show(drawing, ERRORS, file="error", select="points", where=where)
    looked = caching.once((*key, choice.layer, patch), lambda: _look(model, samples, seen, choice.layer, patch))
    st.markdown("**Where the predictor looks from there**, blank where patches are masked")
    high = max(float(np.nanmax(looked.visible)), 1e-6)
    title = "share of attention (no unit)"
    figures.show(patches.patch_numbers(looked.visible, *at, title=title, low=0, high=high, chosen=patch), "masking_attention",
                 file="attention")  # fmt: skip
    st.caption(_looked_sentence(looked, seen, patch, choice.layer))


def _clicked(seen: MaskedWindow) -> tuple[int, int] | None:
    """The masked patch that was clicked last; None where there is none, or it is masked no more."""
    click = clicks.newest(PAGE, {ERRORS: actions.chosen(state.widget_value(ERRORS))})
    key = None if click is None else click.key
    return next(((moment, band) for moment, band in np.argwhere(seen.mask).tolist() if (moment, band) == key), None)


def _look(model: PupuJepa, samples: np.ndarray, seen: MaskedWindow, layer: int, patch: tuple[int, int]) -> PatchAttention:
    import torch

    from analysis.clips.masking import look_back

    return look_back(model, torch.from_numpy(samples), seen.mask, layer, patch)


def _looked_sentence(looked: PatchAttention, seen: MaskedWindow, patch: tuple[int, int], layer: int) -> str:
    """How much goes to visible patches, beside what it would be if all were alike."""
    moment, band = patch
    low_hz, high_hz = seen.bands_hz[band]
    where = f"{seen.edges_s[moment]:.2f} to {seen.edges_s[moment + 1]:.2f} s, {low_hz:,.0f} to {high_hz:,.0f} Hz"
    visible = f"{100 * looked.of_visible:.1f} % of the attention goes to visible patches"
    return f"From {where}, layer {layer}, mean over heads: {visible}; {100 * looked.uniform:.1f} % if all were looked at alike."
