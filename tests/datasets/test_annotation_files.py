"""Annotations as people have them: layers of Sonic Visualiser, .lab files, JAMS, tables with names."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.clips.lanes import Annotation
from analysis.datasets.annotation_files import AnnotationError, read_annotations


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.5\n1.5\n", [Annotation(0.5), Annotation(1.5)]),
        ("0.5\t4.0\tnew point\n", [Annotation(0.5, 4.0, "new point")]),
        ("0.522,db\n1.38,b\n", [Annotation(0.522, None, "db"), Annotation(1.38, None, "b")]),
        ("0.0 2.5 C:maj\n2.5 4.0 G:min7\n", [Annotation(0.0, 2.5, "C:maj"), Annotation(2.5, 4.0, "G:min7")]),
        ("1.0,60,0.25,C4\n", [Annotation(1.0, 1.25, "C4")]),
        ("start,end,label\n3.0,4.0,verse\n1.0,2.0,intro\n", [Annotation(1.0, 2.0, "intro"), Annotation(3.0, 4.0, "verse")]),
        ("time,duration,label\n1.0,0.5,a\n", [Annotation(1.0, 1.5, "a")]),
        ("# made by hand\n\n2.0\tA\n", [Annotation(2.0, None, "A")]),
    ],
)
def test_every_way_of_writing_them_is_read(text: str, expected: list[Annotation]) -> None:
    assert read_annotations(text.encode(), "x.csv") == {"x": tuple(expected)}


def test_every_annotation_of_a_jams_file_is_a_layer() -> None:
    beats = {"namespace": "beat", "data": [{"time": 0.5, "duration": 0, "value": 1}, {"time": 1.0, "duration": 0, "value": 2}]}
    chords = {"namespace": "chord", "data": [{"time": 0.0, "duration": 2.0, "value": "C"}]}
    others = [
        {"namespace": "beat", "data": [{"time": 3, "duration": 0, "value": None}]},
        {"namespace": "pitch", "data": {"time": []}},
    ]
    layers = read_annotations(json.dumps({"annotations": [beats, chords, *others]}).encode(), "x.jams")
    assert layers["beat"] == (Annotation(0.5, None, "1"), Annotation(1.0, None, "2"))
    assert layers["chord"] == (Annotation(0.0, 2.0, "C"),)
    assert layers["beat 3"] == (Annotation(3.0),)


def test_names_of_columns_in_a_comment_say_what_is_an_end() -> None:
    notes = b"# onset,offset,note,velocity\n0.5\t1.25\t71.000000\t49.000000\n0.75\t1.0\t64.000000\t35.000000\n"
    assert read_annotations(notes, "notes.tsv")["notes"] == (Annotation(0.5, 1.25, "71"), Annotation(0.75, 1.0, "64"))
    remark = b"# made by hand, 2020\n0.5 1.0 verse\n"
    assert read_annotations(remark, "sections.lab")["sections"] == (Annotation(0.5, 1.0, "verse"),)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (b"", "x.csv holds no annotation; expected lines that begin with a time in seconds"),
        (b"verse 1\n", "Line 1 of x.csv is “verse, 1”; expected a time in seconds first"),
        (b"1.0,a\nsoon,b\n", "Line 2 of x.csv is “soon, b”"),
        (b"-1.0,a\n", "expected a time in seconds first"),
        (b"nan,a\n", "expected a time in seconds first"),
        (b"\xff\xfe\x00", "is not text in UTF-8"),
        (b"{", "begins like JAMS but is not JSON"),
        (b"{}", "has no list of annotations"),
        (b'{"annotations": [{"namespace": "beat", "data": [{"time": "x"}]}]}', "has an observation at 'x'"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(source: bytes, message: str) -> None:
    with pytest.raises(AnnotationError, match=message):
        read_annotations(source, "x.csv")


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_in_words(source: bytes) -> None:
    try:
        layers = read_annotations(source, "x.csv")
    except AnnotationError:
        return
    for marks in layers.values():
        starts = [mark.start_s for mark in marks]
        assert starts == sorted(starts)
        assert all(mark.end_s is None or mark.end_s > mark.start_s >= 0 for mark in marks)
