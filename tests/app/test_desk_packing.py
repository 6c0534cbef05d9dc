"""What the browser is sent of the desk: every number of every lane, where the head says that it is; and its program."""

import io
import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from analysis.clips.lanes import (
    Annotation,
    CurveLane,
    HeadWall,
    ImageLane,
    Lane,
    MarkLane,
    NoteLane,
    PeakLevel,
    Series,
    WaveLane,
    WindowSpan,
)  # fmt: skip
from analysis.clips.tiles import Piece
from analysis.errors import ConfigError, ShapeError
from app.kit.desk import show
from app.kit.desk.bundle import MODULES, STRIP, program, style, text
from app.kit.desk.packing import pack
from app.kit.desk.sounds import Sounds, Variant, join

KINDS = {"u8": np.uint8, "i8": np.int8, "i16": np.int16, "f32": np.float32, "f64": np.float64}
LEVELS = np.arange(6, dtype=np.uint8).reshape(2, 3)
CURVE = Series("trained", "audio", np.array([0.5, 1.5]), np.array([1.0, 3.5]))
NOTE = {"onsets_s": np.array([0.25]), "offsets_s": np.array([0.75]), "pitches": np.array([64], np.uint8)}
LANES: list[Lane] = [
    WaveLane(id="w", title="Waveform", levels=[PeakLevel(0.1, np.array([-127, -3], np.int8), np.array([127, 3], np.int8))]),
    ImageLane(
        id="a", title="Attention", by="head", low=0.0, high=0.5, colours="viridis", y_time="window",
        sets={(1, 0): [(Piece(0.0, 4.0, LEVELS), Piece(4.0, 8.0, LEVELS + 1))]},
    ),
    CurveLane(id="r", title="Received", by="head", low=0.0, sets={(1, 0): [CURVE]}),
    NoteLane(id="n", title="Notes", low=60, high=72, **NOTE),
    MarkLane(id="m", title="Beats", marks=[Annotation(1.0, None, "1"), Annotation(2.0, 3.0, "verse", "section")]),
]  # fmt: skip


HEADS: dict[str, Any] = {
    "layers": [1, 2], "layer_names": ["Layer 1", "Layer 2"], "heads": [1, 2, 3],
    "thumbnails": np.arange(24, dtype=np.uint8).reshape(2, 3, 2, 2), "low": 0.0, "high": 0.5,
    "entropy_bits": np.arange(6.0).reshape(2, 3), "distance_s": np.arange(6.0).reshape(2, 3) / 2,
}  # fmt: skip


def unpack(data: bytes) -> tuple[dict[str, Any], Any]:
    """The head, and the array of a reference."""
    assert data[:4] == b"OTD1"
    length = int.from_bytes(data[4:8], "little")
    begin = -(-(8 + length) // 8) * 8
    return json.loads(data[8 : 8 + length]), lambda ref: np.frombuffer(data, KINDS[ref["type"]], ref["n"], begin + ref["at"])


def test_every_number_of_every_lane_is_where_the_head_says() -> None:
    head, numbers = unpack(pack(LANES, 8.0))
    wave, attention, received, notes, marks = head["lanes"]
    assert numbers(wave["sets"][""]["levels"][0]["low"]).tolist() == [-127, -3]
    (level,) = attention["sets"]["1.0"]["levels"]
    assert level["rows"] == 2
    assert [numbers(piece["data"]).tolist() for piece in level["pieces"]] == [[0, 1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 6]]
    assert attention["yTime"] == "window"
    drawn = received["sets"]["1.0"]
    assert (drawn["high"], numbers(drawn["series"][0]["values"]).tolist()) == (3.5, [1.0, 3.5])
    assert numbers(notes["sets"][""]["pitches"]).tolist() == [64]
    assert marks["sets"][""]["marks"][1] == {"startS": 2.0, "endS": 3.0, "text": "verse", "kind": "section"}


def test_arrays_begin_where_the_browser_can_read_them() -> None:
    head, _ = unpack(pack(LANES, 8.0))
    places = [int(at) for at in re.findall(r'"at": (\d+)', json.dumps(head))]
    assert len(places) == 9
    assert all(at % 8 == 0 for at in places)


def test_what_is_the_same_is_sent_once() -> None:
    twin = Series("untrained twin", "twin", CURVE.times_s, CURVE.values * 2)
    alone, both = (
        pack([CurveLane(id="r", title="Received", low=0.0, sets={(): series})], 8.0) for series in ([CURVE], [CURVE, twin])
    )
    head, numbers = unpack(both)
    ours, its = head["lanes"][0]["sets"][""]["series"]
    assert ours["times"] == its["times"]
    assert numbers(its["values"]).tolist() == [2.0, 7.0]
    assert len(both) - len(alone) < 8 + len(json.dumps(its)) + 8


def test_a_curve_that_stays_small_fills_its_lane_and_one_of_zeros_has_a_range() -> None:
    for values, high in (([0.01, 0.03], 0.03), ([0.0, 0.0], 1.0)):
        series = [Series("trained", "audio", np.array([0.5, 1.5]), np.array(values))]
        head, _ = unpack(pack([CurveLane(id="n", title="Novelty", low=0.0, sets={(): series})], 8.0))
        assert head["lanes"][0]["sets"][""]["high"] == pytest.approx(high)
        assert "low" not in head["lanes"][0]["sets"][""]
    head, _ = unpack(pack([CurveLane(id="d", title="Difference", low=0.0, sets={(): [CURVE]}, lows={(): -2.0})], 8.0))
    assert head["lanes"][0]["sets"][""]["low"] == -2.0


def test_a_wall_is_sent_head_by_head_and_without_a_finder_has_no_scores() -> None:
    head, numbers = unpack(pack([], 8.0, HeadWall(**HEADS)))
    wall = head["wall"]
    assert (wall["layers"], wall["heads"], wall["rows"], wall["columns"]) == ([1, 2], [1, 2, 3], 2, 2)
    assert numbers(wall["levels"]).reshape(2, 3, 2, 2)[1, 2].tolist() == [[20, 21], [22, 23]]
    assert (numbers(wall["entropy"])[5], numbers(wall["distance"])[5]) == (5.0, 2.5)
    assert "scores" not in wall
    scored = HeadWall(**HEADS, scores=np.full((2, 3), 0.5), nulls=np.full((2, 3), 0.25), score_name="locked to onsets")
    head, numbers = unpack(pack([], 8.0, scored))
    assert (numbers(head["wall"]["scores"])[3], numbers(head["wall"]["nulls"])[3]) == (0.5, 0.25)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"entropy_bits": np.zeros((3, 2))}, r"entropy_bits of a wall are of \(3, 2\) layers and heads; expected \(2, 3\)"),
        ({"layer_names": ["Layer 1"]}, "wall of 2 layers has 1 names"),
        ({"thumbnails": np.zeros((2, 3, 49, 2), np.uint8)}, "expected at most 48 each way"),
    ],
)
def test_a_wall_whose_numbers_do_not_belong_together_is_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        HeadWall(**HEADS | changed)


def test_rows_that_are_no_moment_are_sent_apart_with_their_names() -> None:
    piece, token = Piece(0.0, 4.0, LEVELS), Piece(0.0, 4.0, LEVELS[:1] + 9)
    common: dict[str, Any] = {"id": "a", "title": "Attention", "low": 0.0, "high": 1.0, "colours": "viridis"}
    lane = ImageLane(**common, sets={(): [(piece,)]}, special_names=["class token"], special={(): [(token,)]})
    head, numbers = unpack(pack([lane], 4.0))
    (sent,) = head["lanes"]
    (level,) = sent["sets"][""]["special"]
    assert (sent["specialNames"], level["rows"], numbers(level["pieces"][0]["data"]).tolist()) == (
        ["class token"],
        1,
        [9, 10, 11],
    )
    with pytest.raises(ShapeError, match=r"names 2 special rows, but \[1\] were given"):
        ImageLane(**common, sets={(): [(piece,)]}, special_names=["class token", "other"], special={(): [(token,)]})


def test_a_lane_says_whose_it_is() -> None:
    head, _ = unpack(pack([replace(LANES[2], side="audio", side_colour="#56B4E9", note="Mind this."), LANES[0]], 8.0))
    received, wave = head["lanes"]
    assert [received[name] for name in ("side", "sideColour", "note", "ofModel")] == ["audio", "#56B4E9", "Mind this.", True]
    assert [wave[name] for name in ("side", "note", "ofModel")] == ["", "", False]


def test_variants_are_the_channels_of_one_file_and_none_is_clipped() -> None:
    loud, soft = np.array([2.0, -1.0, 0.0]), np.array([0.5, 0.5, 1.0])
    sounds = join([(Variant("original"), loud), (Variant("kept", 4.8), soft)], 8_000)
    heard, rate = soundfile.read(io.BytesIO(sounds.wav))
    assert (rate, [variant.name for variant in sounds.variants]) == (8_000, ["original", "kept"])
    assert heard.T == pytest.approx(np.array([loud, soft]) / 2, abs=1e-4)
    with pytest.raises(ShapeError, match="expected one length"):
        join([(Variant("original"), loud), (Variant("kept"), soft[:2])], 8_000)
    with pytest.raises(ShapeError, match="expected 1 to 8"):
        join([], 8_000)


def test_the_browser_is_told_of_windows_variants_and_where_to_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: dict[str, bytes] = {}

    def address(data: bytes, _: str, coordinates: str) -> str:
        sent[coordinates] = data
        return f"/{coordinates}"

    monkeypatch.setattr(show, "media_address", address)
    cell = show.Cell("attention", 1.0, 3.0)
    sounds = Sounds(b"joined", [Variant("original", 1.5, "as it is")])
    windows = [WindowSpan(0.0, 4.0), WindowSpan(8.0, 12.0, 9.0)]
    begin = show.Position(2.5, (1.0, 2.0), cell)
    told = show._data("desk", show.Sent("clip", b"alone", b"tiles", 9.0, show.Layers(), ["mel:200"], sounds, windows, begin, 3))
    assert sent == {"desk-tiles": b"tiles", "desk-sound": b"joined"}
    assert told["windows"] == [[0.0, 4.0, None], [8.0, 12.0, 9.0]]
    variant = {"name": "original", "gainDb": 1.5, "about": "as it is", "shortDb": 0.0, "second": False}
    assert told["sounds"] == {"variants": [variant]}
    cell_sent = {"lane": "attention", "queryS": 1.0, "keyS": 3.0}
    assert told["place"] == {"seconds": 2.5, "loop": [1.0, 2.0], "view": None, "cell": cell_sent}
    assert (told["order"], told["arrival"], json.loads(json.dumps(told)) == told) == (["mel:200"], 3, True)
    plain = show._data("desk", show.Sent("clip", b"alone", b"tiles", 9.0, show.Layers()))
    assert sent["desk-sound"] == b"alone"
    assert not {"sounds", "place"} & set(plain)


def test_a_lane_of_no_kind_is_refused() -> None:
    class Odd(Lane):
        kind = "odd"

    with pytest.raises(ConfigError, match="cannot draw a lane of kind 'odd'"):
        pack([Odd(id="o", title="Odd")], 1.0)


def test_the_program_is_all_modules_joined_and_no_name_stands_twice() -> None:
    for modules in (MODULES, STRIP):
        whole = program(modules)
        assert not re.search(r"^import ", whole, re.MULTILINE)
        assert whole.count("export default") == 1
        names = re.findall(r"^(?:async )?(?:function|class|const) (\w+)", whole, re.MULTILINE)
        assert len(names) == len(set(names))
        assert "://" not in whole + style()  # nothing is loaded from elsewhere
    folder = Path(__file__).resolve().parents[2] / "app/kit/desk/frontend"
    assert {file.stem for file in folder.glob("*.js")} == {*MODULES, *STRIP}
    assert ".desk" in style()
    assert all(len(text(f"{name}.js").splitlines()) <= 300 for name in (*MODULES, *STRIP))


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_modules_of_the_browser_do_what_their_own_tests_say() -> None:
    folder = Path(__file__).resolve().parents[1] / "desk"
    done = subprocess.run(
        ["node", "--test", *map(str, sorted(folder.glob("*.test.mjs")))], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert "# fail 0" in done.stdout
