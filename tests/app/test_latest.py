"""What was read last is kept, and what was read longest ago goes first."""

from app.latest import Latest


def test_what_was_read_longest_ago_goes_first() -> None:
    latest, made = Latest(2), []

    def read(name: str) -> str:
        return latest.read((name,), lambda: made.append(name) or name)

    assert [read(name) for name in ("a", "b", "a", "c", "a", "b")] == ["a", "b", "a", "c", "a", "b"]
    assert made == ["a", "b", "c", "b"]


def test_what_is_not_there_yet_is_looked_for_again() -> None:
    latest = Latest(1)
    assert latest.read(("a",), lambda: None) is None
    assert latest.read(("a",), lambda: 1) == 1
