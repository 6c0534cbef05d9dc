"""Names are the words of CONTRIBUTING's glossary: nothing is called by a word that does not say what it is."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
THE_NOUN = "the noun: checkpoint, segment, row, text, offset"
INSTEAD = {
    **dict.fromkeys(("one", "found", "place", "its"), THE_NOUN),
    **dict.fromkeys(("told", "said", "in_words"), "text, sentence, text_of"),
    **dict.fromkeys(("tell_nobody", "told_of", "told_apart", "first_told"), "what is done: report, explain"),
    **dict.fromkeys(("desk", "Desk"), "study_run, StudyRun"),
    **dict.fromkeys(("exam", "exams", "Exam", "set_exam"), "probe_task, ProbeTask, split_task"),
    **dict.fromkeys(("ask", "asks", "Asked", "giver", "givers"), "label_tasks, study_request, shuffled_rows"),
    **dict.fromkeys(("examine", "Examined"), "evaluate_saved, examine_pair, Evaluated"),
    **dict.fromkeys(("hear", "Heard", "attended"), "player, altered_audio, AlteredAudio, show_attention"),
    **dict.fromkeys(("misses", "rarely_found", "suffering"), "hard_queries"),
    **dict.fromkeys(("label_of", "layer_of", "layer_words", "layer_name"), "layer_title"),
    **dict.fromkeys(("stress_kit", "stress_scores"), "pool_scores"),
    "bootstrap_by_piece": "WorkDraws",
}

DEFINED = re.compile(r"^\s*(?:def|class) (\w+)", re.MULTILINE)


def words_of(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Variables, parameters, attributes, keywords, functions, classes and what is imported, each with its line."""
    for node in ast.walk(tree):
        match node:
            case ast.Name():
                yield node.lineno, node.id
            case ast.Attribute():
                yield node.end_lineno or node.lineno, node.attr
            case ast.arg() | ast.keyword() if node.arg is not None:
                yield node.lineno, node.arg
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.lineno, node.name
            case ast.ExceptHandler() | ast.MatchAs() if node.name is not None:
                yield node.lineno, node.name
            case ast.alias():
                yield from ((node.lineno, word) for word in (node.asname or node.name).split("."))


def misnamed(text: str) -> list[tuple[int, str]]:
    """Lines with the words on them that the glossary replaces; an underscore at the beginning changes nothing."""
    lines = {(line, word) for line, word in words_of(ast.parse(text)) if word.lstrip("_") in INSTEAD}
    return sorted(lines)


def modules() -> list[Path]:
    """Every module of the library and the dashboard, and every program beside them."""
    return sorted(
        path for folder in ("analysis", "app", "docs", "benchmarks", "scripts") for path in (ROOT / folder).rglob("*.py")
    )


def test_names_say_what_they_are() -> None:
    wrong = [f"{path.relative_to(ROOT)}: module {path.stem}" for path in modules() if path.stem in INSTEAD]
    for path in modules():
        for line, word in misnamed(path.read_text("utf-8")):
            wrong.append(f"{path.relative_to(ROOT)}:{line}: {word}; use {INSTEAD[word.lstrip('_')]}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("def f(one): return one", ["one", "one"]),
        ("x = [f'{its}' for its in rows]", ["its", "its"]),
        ("class Desk: pass", ["Desk"]),
        ("def _told(): pass", ["_told"]),
        ("reader.place += 1", ["place"]),
        ("f(found=1)", ["found"]),
        ("import app.hear", ["hear"]),
        ("from app import hear as player", []),
        ("text = 'one that was found'", []),
    ],
)
def test_a_word_is_seen_wherever_it_names_something(text: str, words: list[str]) -> None:
    assert [word for _, word in words_of(ast.parse(text)) if word.lstrip("_") in INSTEAD] == words


def test_what_the_glossary_names_is_there() -> None:
    """Its words in backticks are classes, functions or modules."""
    glossary = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("## Glossary")[2]
    named = set(re.findall(r"`(\w+)`", glossary))
    assert named
    there = {path.stem for path in modules()}
    for path in modules():
        there |= set(DEFINED.findall(path.read_text("utf-8")))
    assert not named - there, f"The glossary names {', '.join(sorted(named - there))}, which is nowhere."
