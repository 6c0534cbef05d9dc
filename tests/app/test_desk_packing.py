"""What the browser is sent of the desk: every number of every lane, where the head says that it is; and its program."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.clips.lanes import Annotation, CurveLane, ImageLane, Lane, MarkLane, NoteLane, PeakLevel, Series, WaveLane
from analysis.clips.tiles import Piece
from analysis.errors import ConfigError
from app.components.desk.bundle import MODULES, program, style, text
from app.components.desk.packing import pack

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
    MarkLane(id="m", title="Beats", marks=[Annotation(1.0, None, "1"), Annotation(2.0, 3.0, "verse")]),
]  # fmt: skip


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
    assert marks["sets"][""]["marks"][1] == {"startS": 2.0, "endS": 3.0, "text": "verse"}


def test_arrays_begin_where_the_browser_can_read_them() -> None:
    head, _ = unpack(pack(LANES, 8.0))
    places = [int(at) for at in re.findall(r'"at": (\d+)', json.dumps(head))]
    assert len(places) == 9
    assert all(at % 8 == 0 for at in places)


def test_a_lane_of_no_kind_is_refused() -> None:
    class Odd(Lane):
        kind = "odd"

    with pytest.raises(ConfigError, match="cannot draw a lane of kind 'odd'"):
        pack([Odd(id="o", title="Odd")], 1.0)


def test_the_program_is_all_modules_joined_and_no_name_stands_twice() -> None:
    whole = program()
    assert not re.search(r"^import ", whole, re.MULTILINE)
    assert whole.count("export default") == 1
    names = re.findall(r"^(?:function|class|const) (\w+)", whole, re.MULTILINE)
    assert len(names) == len(set(names))
    folder = Path(__file__).resolve().parents[2] / "app/components/desk/frontend"
    assert {file.stem for file in folder.glob("*.js")} == set(MODULES)
    assert ".desk" in style()
    assert all(len(text(f"{name}.js").splitlines()) <= 300 for name in MODULES)
    assert "://" not in whole + style()  # nothing is loaded from elsewhere


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_modules_of_the_browser_do_what_their_own_tests_say() -> None:
    folder = Path(__file__).resolve().parents[1] / "desk"
    done = subprocess.run(
        ["node", "--test", *map(str, sorted(folder.glob("*.test.mjs")))], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert "# fail 0" in done.stdout
