"""Names, notices and errors that come from files are shown as they are: no bold, no link, no picture, no script."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from streamlit.testing.v1 import AppTest

from analysis.datasets.audio import Waveform
from analysis.errors import AudioError, CheckpointError
from analysis.models.arms import build_config
from app import answers, caching
from app.charts import scores
from app.components.clip.picker import UPLOAD
from app.kit import layout

APP = Path(__file__).resolve().parents[2] / "app"
KINDS = ("markdown", "caption", "title", "header", "subheader", "error", "warning", "info", "success")


def texts(app: AppTest) -> list[str]:
    """Everything that is drawn as Markdown."""
    shown = [str(one.value) for kind in KINDS for one in getattr(app, kind)]
    return [*shown, *(one.label for one in [*app.expander, *app.button, *app.selectbox, *app.multiselect])]


@pytest.fixture
def library(monkeypatch, checkpoint, evil, result_of, queue) -> list[Any]:
    """One checkpoint of that name, which has a score on every page."""
    one = checkpoint(evil)
    one.config = build_config("D0", "small").to_dict()
    pool = {"S": 0.5, "S_ci": [0.4, 0.6], "chance": 0.04, "n_queries": 500, "n_works": 24, "pool_size": 256}
    one.evaluation = {weights: {"canonical": pool, "no_overlap": pool} for weights in ("trained", "untrained")}
    one.training = {"corpus": evil, "n_train_pieces": 7, "corpus_licence": evil, "device": evil}
    monkeypatch.setattr(caching, "checkpoints", lambda: [one])
    monkeypatch.setattr(caching, "demo_clips", list)
    monkeypatch.setattr(caching, "pieces", lambda corpus: {})
    return [one]


def opened(view: str, **parameters: str) -> AppTest:
    app = AppTest.from_file(str(APP / "views" / view), default_timeout=300)
    app.query_params.update(parameters)
    app.run()
    assert not app.exception
    return app


def figures(app: AppTest) -> str:
    return "".join(chart.proto.spec for chart in app.get("plotly_chart"))


def test_checkpoints(library, evil, obeyed):
    app = opened("checkpoints.py")
    shown = "\n".join(texts(app))
    assert shown.count("alert(1)") >= 4
    assert not obeyed(shown)
    assert "alert" in figures(app)
    assert "<script" not in figures(app)
    assert app.dataframe[0].value["name"].tolist() == [evil]


def test_retrieval(library, monkeypatch, evil, obeyed, result_of):
    name = evil.split("/", 1)[0]  # the name of a folder has no slash
    library[0].name = name
    result = result_of(name)
    result.tables["windows"][3]["piece"] = evil  # pyright: ignore[reportIndexIssue]
    monkeypatch.setattr(answers, "stored_result", lambda _: answers.Answered(result))
    app = opened("retrieval.py")
    shown = "\n".join(texts(app))
    assert "alert(1)" in app.header[0].value
    assert shown.count("alert(1)") >= 3
    assert not obeyed(shown)
    assert "<script" not in figures(app)


def test_a_clip_and_its_notices(library, monkeypatch, evil, obeyed):
    samples = np.random.default_rng(0).normal(0, 0.1, 48_000).astype(np.float32)
    file = io.BytesIO()
    soundfile.write(file, samples, 24_000, format="WAV")
    notice = f"{evil} has 6 channels; their mean was taken."

    def upload(source: bytes, sample_rate: int, name: str, from_s: float | None = None) -> Waveform:
        if source == b"bad":
            raise AudioError(f"{name} is no audio.")
        return Waveform(samples, sample_rate, name, "0" * 64, (notice,))

    monkeypatch.setattr(caching, "upload", upload)
    monkeypatch.setattr(caching, "checkpoints", list)
    app = opened("clip.py", clip=UPLOAD)
    app.file_uploader[0].set_value([(f"{evil}.wav", file.getvalue(), "audio/wav")])
    app.run()
    assert "alert(1)" in app.header[0].value
    assert "has 6 channels" in app.warning[0].value
    assert not obeyed("\n".join(texts(app)))
    app.selectbox[0].set_value(UPLOAD).run()
    app.file_uploader[0].set_value([(f"{evil}.wav", b"bad", "audio/wav")])
    app.run()
    assert "is no audio." in app.error[0].value
    assert any("the page shows" in caption.value for caption in app.caption)
    assert not obeyed("\n".join(texts(app)))


def test_what_cannot_be_listed(monkeypatch, evil, obeyed, queue):
    def refuse():
        raise CheckpointError(f"{evil} cannot be read.")

    monkeypatch.setattr(caching, "checkpoints", refuse)
    app = opened("checkpoints.py")
    assert "alert(1)" in app.error[0].value
    assert not obeyed("\n".join(texts(app)))


MARKS = ["- x", "+ x", "1. x", "2) x", "---", "# x", "> x", "| x |", "~~x~~", "`x`", "$x$", ":smile:", ":material/home:", "a@b"]


@pytest.mark.parametrize("text", [*MARKS, ":red[x]", "[a](b)", "<b>", "http://x", "www.x.org"])
def test_every_way_into_markdown_is_closed(text):
    """The first mark is escaped, or no longer next to what it would act on."""
    shown = layout.plain(text)
    assert shown != text
    assert shown.replace("\\", "").replace("\N{WORD JOINER}", "") == text


def test_a_plain_sentence_stays_as_it_is():
    for text in ("−3.2 and 3.9 dB", "12:30:15", "S = 0.5: good", "3.9 per cent of 5", "2024 was it."):
        assert layout.plain(text) == text


def test_a_number_below_zero_has_a_minus_sign_and_a_name_its_hyphen():
    assert layout.plain("-3.2 and (-0.1), d4-4 of 2024-01-02 -x") == "−3.2 and (−0.1), d4-4 of 2024-01-02 -x"


def test_a_shortened_name_is_escaped_after_it_was_cut():
    assert scores.shortened("<" * 30) == "&lt;" * 23 + "…"
