"""Exit codes and outcome words have one place; what people read says the same."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import rig
from rig.cli._main import rig_command
from rig.errors import BLAMES, ExitCode, Outcome, RigError, UsageError

ROOT = Path(__file__).resolve().parents[2]


def test_the_readme_lists_every_exit_code_with_its_meaning() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8").partition("Exit codes of `rig run`:")[2]
    rows = re.findall(r"^\| (\d+) \| (.*) \|$", text.partition("\n## ")[0], flags=re.MULTILINE)
    assert rows == [(f"{code:d}", code.meaning) for code in ExitCode]


def test_the_help_lists_every_exit_code() -> None:
    shown = " ".join(CliRunner().invoke(rig_command, ["--help"]).output.split())
    for code in ExitCode:
        assert f"{code:d} {code.short}" in shown


def test_every_outcome_ends_with_a_code_of_its_own() -> None:
    assert {outcome.exit_code for outcome in Outcome} == set(ExitCode) - {ExitCode.USAGE}
    assert (UsageError.exit_code, RigError.exit_code) == (ExitCode.USAGE, ExitCode.FAULT)


def test_everybody_who_can_be_at_fault_is_listed() -> None:
    def kinds(kind: type[RigError]) -> set[str]:
        return {kind.blame}.union(*(kinds(each) for each in kind.__subclasses__() if each.__module__ == "rig.errors"))

    assert kinds(RigError) == set(BLAMES)


def test_the_version_stands_in_one_place() -> None:
    assert rig.__version__ not in (ROOT / "pyproject.toml").read_text(encoding="utf-8").partition("[tool.ruff")[0]
    assert 'version = { attr = "rig.__version__" }' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert CliRunner().invoke(rig_command, ["--version"]).output == f"rig, version {rig.__version__}\n"


@pytest.mark.parametrize("command", [("claims",), ("claims", "--json"), ("explain", "latency")])
def test_a_reader_that_goes_away_is_no_refutation(project_root: Path, command: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "rig.cli", *command],
        cwd=project_root,
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)
    assert done.returncode == 141
    assert done.stderr == b""
