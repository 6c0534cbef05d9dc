"""The list of arms: 24 screened configurations, what is published of each, ours where it is here, and what must be known."""

import json

import pytest

from analysis.cli import main
from analysis.studies.arms_listed import cited, document, listed_arms, sentences
from analysis.studies.screened import screened
from tests.studies.test_screened import checkpoint

CONSTANT = {"film-a4", "film-dual", "moe-a4", "moe-dual", "moe-a4-v2", "moe-a4-v3", "moe-a4-v4"}


def test_every_published_configuration_is_listed_with_its_score_family_and_source() -> None:
    listed = {one.arm.name: one for one in listed_arms([checkpoint("mine", "A8", 0.3)])}
    for configuration in screened():
        one = listed[configuration.arm]
        assert (one.published, one.family) == (f"{configuration.s:.1f} %", configuration.mechanism)
    assert listed["d4-a4r"].published == "79.8 % (Cosine-30)"
    assert listed["d4-a4x"].published == "–"
    assert listed["A8"].ours == "30.0 % [25.0, 35.0]"
    assert listed["A9"].ours == "–"
    assert listed["t3-wt"].parameters == listed["t3-wt-zero"].parameters == 77_235_968
    records = {record["name"]: record for record in document(list(listed.values()))}
    assert records["film-a4"]["published"]["source"].startswith("Fernández Méndez et al.")  # pyright: ignore[reportIndexIssue]
    assert "arXiv 2604.10283" in cited(list(listed.values()))


def test_those_that_are_told_a_constant_are_named_and_no_others() -> None:
    listed = [one for one in listed_arms([]) if not one.arm.control_of]
    told = [sentence for sentence in sentences(listed) if "0 by construction: a constant" in sentence]
    assert {name for sentence in told for name in sentence.split(":")[0].removeprefix("* ").split(", ")} == CONSTANT
    assert [one.arm.name for one in listed if "This arm is ours, not in the source." in one.remarks] == ["d4-a4x"]
    assert any(sentence.startswith("* d4a4cm: Each side is given the descriptor of the other") for sentence in sentences(listed))


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["arms"]) == 0
    printed = capsys.readouterr().out
    lines = {line.split()[0].rstrip("*"): line for line in printed.splitlines()[1:27]}
    assert "74,194,432  60.2 %" in lines["D0"]
    assert "60.2 %" in lines["moe-a4-v2"]
    assert "film-a4*" in printed
    assert "d4a4-zero, d4a4-random, d4a4-shuffled, d4a4-reordered" in printed
    assert main(["arms", "--json"]) == 0
    records = {record["name"]: record for record in json.loads(capsys.readouterr().out)}
    assert records["moe-dual"]["parameters"] == 79_850_512
    assert records["moe-dual"]["family"] == "mixture of experts"
    assert records["d4a4-random"]["origin"] == "control"
    assert records["d4a4-reordered"]["origin"] == records["A7-zero"]["origin"] == "ours"


def test_architectures_of_other_families_have_their_parameters_at_paper_scale(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["arms", "--json"]) == 0
    records = {record["name"]: record for record in json.loads(capsys.readouterr().out)}
    assert (records["phalar"]["parameters"], records["phalar"]["here"]) == (2_293_104, "phalar-small")
    assert (records["pupujepa1d"]["summary"], records["pupujepa1d"]["here"]) == ("PupuJEPA", "pupujepa1d-small")
    assert main(["arms"]) == 0
    listed = capsys.readouterr().out.partition("Of other families:\n")[2].splitlines()
    assert [line.split()[0] for line in listed] == ["architecture", "cocola", "phalar", "pupujepa", "pupujepa1d", "vit1d"]
    assert listed[1].split()[-1] == "–"  # nothing of it is trained here


@pytest.mark.parametrize("arm", ["film-a4", "MOE-A4-V2"])
def test_describe_says_it_once(arm: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["describe", arm, "--scale", "small"]) == 0
    assert capsys.readouterr().out.count("0 by construction: a constant, which tells nothing of A4.") == 1
