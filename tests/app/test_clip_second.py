"""Another recording beside the first on the clip page: its lanes, its colours, its place in the address."""

import io
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from analysis.clips.recordings import keep_recording, recording_key
from analysis.store import open_store
from app import caching
from app.components.clip import hearing
from app.components.clip.recordings import Clip
from tests.app.clip_pages import Desk, a_clip, with_clip

KINDS = ("waveform", "log_mel", "constant_q", "received", "attention", "similarity", "novelty", "descriptor_a4")


@pytest.fixture
def desk(monkeypatch) -> Desk:
    return Desk(monkeypatch)


@pytest.fixture
def demo(monkeypatch, make_checkpoint, rng, tmp_path, desk) -> Clip:
    clip = a_clip(rng, seconds=9.0)
    with_clip(monkeypatch, tmp_path, make_checkpoint("D0"), clip)
    return clip


def kept(clip: Clip) -> str:
    return keep_recording(open_store(), clip.waveform)


def louder(clip: Clip, seconds: float = 9.0) -> Clip:
    """The same moments, other samples, as long or cut off."""
    samples = np.tanh(5 * clip.waveform.samples[: round(seconds * 24_000)])
    waveform = replace(clip.waveform, samples=samples, name="louder.wav", sha256="1" * 64)
    return Clip(waveform, recording_key(waveform))


def test_a_second_recording_is_drawn_kind_by_kind_in_the_colours_of_the_first(demo, desk, rng, queue, open_page) -> None:
    key = kept(a_clip(rng, "other.wav", seconds=5.0))
    app = open_page("views/clip.py", beside=f"recording:{key}", layer="1", head="2")
    assert not app.exception
    assert desk.lanes == [lane for kind in KINDS for lane in (kind, f"{kind}_second")]
    ours, theirs = desk.lane("attention"), desk.lane("attention_second")
    assert (ours["side"], theirs["side"]) == ("Demo.wav", "other.wav")
    assert (ours["durationS"], theirs["durationS"]) == (9.0, 5.0)
    assert ours["sets"]["1.2"]["high"] == theirs["sets"]["1.2"]["high"]
    assert (ours["heard"], theirs["heard"]) == (True, False)  # which of the two the desk plays on a click
    assert (ours["windows"], theirs["windows"]) == (None, [[0.0, 4.0, None], [4.0, 8.0, 5.0]])  # each its own
    received = [desk.lane(name)["sets"]["1.2"] for name in ("received", "received_second")]
    assert received[0]["high"] == received[1]["high"]
    assert [len(each["series"]) for each in received] == [2, 2]  # each beside the untrained twin
    assert any("other.wav lasts 5.0 s, Demo.wav 9.0 s: after 5.0 s only" in each.value for each in app.caption)
    assert any("No difference is drawn" in each.value for each in app.caption)
    assert not desk.last.order
    assert app.query_params["beside"] == f"recording:{key}"


def test_a_version_with_the_same_moments_is_held_against_the_first(demo, desk, queue, open_page) -> None:
    app = open_page("views/clip.py", beside=f"recording:{kept(louder(demo))}")
    assert not app.exception
    differences = ["log_mel_difference_second", "received_difference_second"]
    assert {"similarity_difference_second", *differences} <= set(desk.lanes)
    assert desk.last.order == [f"-{lane}" for lane in differences]
    every = "self-similarity is drawn, “Hidden lanes” has the differences of spectrogram and attention received."
    assert any(every in each.value for each in app.caption)
    app.query_params["lanes"] = "waveform,log_mel_difference_second:200"
    app.run()
    assert desk.last.order == ["waveform", "log_mel_difference_second:200", "-received_difference_second"]
    assert not any(" lasts " in each.value for each in app.caption)


def test_of_sounds_that_no_model_has_read_only_the_spectrogram_is_said_to_differ(
    monkeypatch, demo, desk, queue, open_page
) -> None:
    monkeypatch.setattr(caching, "checkpoints", list)
    app = open_page("views/clip.py", beside=f"recording:{kept(louder(demo))}")
    assert not app.exception
    assert "log_mel_difference_second" in desk.lanes
    assert not {"received_difference_second", "similarity_difference_second"} & set(desk.lanes)
    assert any("moments: “Hidden lanes” has the difference of spectrogram." in each.value for each in app.caption)


def test_a_version_that_was_cut_off_is_held_against_the_first_as_far_as_it_reaches(demo, desk, queue, open_page) -> None:
    app = open_page("views/clip.py", beside=f"recording:{kept(louder(demo, 5.0))}", layer="2")
    assert not app.exception
    for name in ("log_mel_difference_second", "received_difference_second", "similarity_difference_second"):
        assert desk.lane(name)["durationS"] == 5.0
    (piece,) = desk.lane("similarity_difference_second")["sets"]["2"]["levels"][0]["pieces"]
    assert 4.5 < piece["endS"] <= 5.1
    assert any("Their sounds begin at the same moments" in each.value for each in app.caption)
    assert any("louder.wav lasts 5.0 s, Demo.wav 9.0 s" in each.value for each in app.caption)


def test_recordings_that_are_at_hand_can_be_chosen_and_the_first_cannot(demo, desk, rng, queue, open_page) -> None:
    key = kept(a_clip(rng, "other.wav"))
    app = open_page("views/clip.py", clip=key)
    with_which = next(box for box in app.selectbox if box.label == "Compare with")
    assert with_which.options == ["nothing", "untrained twin", "Recording: Demo"]
    with_which.set_value("recording:Demo").run()
    assert not app.exception
    assert desk.lane("waveform_second")["side"] == "Demo.wav"


def test_a_second_recording_that_left_the_store_is_said(demo, desk, queue, open_page) -> None:
    app = open_page("views/clip.py", beside=f"recording:{'0' * 64}")
    assert "which is not here" in app.info[0].value
    assert not any(lane.endswith("_second") for lane in desk.lanes)


def heard(desk: Desk) -> tuple[list[str], np.ndarray]:
    """Names of what the desk plays, and its channels."""
    sounds = desk.last.sounds
    assert sounds is not None
    assert [variant.second for variant in sounds.variants] == [False] * (len(sounds.variants) - 1) + [True]
    return [variant.name for variant in sounds.variants], soundfile.read(io.BytesIO(sounds.wav))[0].T


def test_both_recordings_are_heard_and_a_part_of_the_first_beside_the_second(demo, desk, rng, queue, open_page) -> None:
    other = a_clip(rng, "other.wav", seconds=5.0)
    app = open_page("views/clip.py", beside=f"recording:{kept(other)}", layer="1", head="2")
    names, channels = heard(desk)
    assert names == ["Demo.wav", "other.wav"]
    assert desk.last.sounds is not None
    gain = 10 ** (desk.last.sounds.variants[1].gain_db / 20)
    np.testing.assert_allclose(channels[1, : 5 * 24_000], gain * other.waveform.samples, atol=1e-4)
    assert not channels[1, 5 * 24_000 :].any()
    assert any("Key 1 plays Demo.wav, key 2 other.wav" in each.value for each in app.caption)
    box = next(box for box in app.selectbox if box.label == "Hear")
    box.set_value(box.options[3]).run()
    assert not app.exception
    assert heard(desk)[0] == ["original", "kept", "removed", "random", "other.wav"]
    assert any("key 5 plays other.wav" in each.value for each in app.caption)


def test_what_is_silent_is_no_part_and_the_recordings_are_heard_as_they_are(demo, desk, rng, queue, open_page) -> None:
    demo.waveform.samples[: 2 * 24_000] = 0
    key = kept(a_clip(rng, "other.wav"))
    app = open_page("views/clip.py", beside=f"recording:{key}", layer="1", head="2", hear="the selection", at="t0_l0.5-1.5")
    assert heard(desk)[0] == ["Demo.wav", "other.wav"]
    assert any("no sound in this part" in each.value for each in app.error)


def test_long_recordings_are_heard_once_everything_is_drawn(monkeypatch, demo, desk, rng, queue, open_page) -> None:
    monkeypatch.setattr(hearing, "MOST_S", 4.0)
    app = open_page("views/clip.py", beside=f"recording:{kept(a_clip(rng, 'other.wav'))}", layer="1", head="2")
    assert not app.exception
    assert desk.sent[0].sounds is None
    assert heard(desk)[0] == ["Demo.wav", "other.wav"]


def test_sound_that_others_push_out_in_between_is_made_once_a_run(monkeypatch, demo, desk, rng, queue, open_page) -> None:
    made, make, heard_at_once = [], hearing._make, caching.heard

    def pushed_out(key, compute):
        caching._heard().clear()
        return heard_at_once(key, compute)

    monkeypatch.setattr(hearing, "MOST_S", 4.0)
    monkeypatch.setattr(hearing, "_make", lambda *asked: made.append(asked) or make(*asked))
    monkeypatch.setattr(caching, "heard", pushed_out)
    app = open_page("views/clip.py", beside=f"recording:{kept(a_clip(rng, 'other.wav'))}", layer="1", head="2")
    assert not app.exception
    assert len(made) == 1
    assert desk.last.sounds is None  # the recording alone is heard
    monkeypatch.setattr(caching, "heard", heard_at_once)
    app.run()
    assert not app.exception
    assert len(made) == 2
    assert heard(desk)[0] == ["Demo.wav", "other.wav"]


def test_what_is_heard_takes_no_room_from_what_is_drawn(demo, desk, rng, queue, open_page) -> None:
    open_page("views/clip.py", beside=f"recording:{kept(a_clip(rng, 'other.wav'))}", layer="1", head="2")
    assert len(list(caching._heard())) == 1
    assert {key[0] for key in caching._drawn()} == {"tiles"}
    for number in range(caching.MOST_HEARD + 2):
        caching.heard((number,), lambda: b"wav")
    assert len(list(caching._heard())) == caching.MOST_HEARD < caching.MOST_DRAWN
    assert {key[0] for key in caching._drawn()} == {"tiles"}
