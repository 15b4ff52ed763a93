"""The files for CI: they parse, and what they call is there. Runners are not to be had here."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from rig.cli._main import rig_command
from rig.publish import FORMATS

CI = Path(__file__).resolve().parents[2] / "examples" / "ci"


def calls(text: str) -> list[list[str]]:
    """The words of every call of rig, as a shell divides them; what a variable holds is left out."""
    found = re.findall(r"\.venv/bin/rig ([^\n;|&]+)", text)
    return [[word for word in shlex.split(each) if not word.startswith("$")] for each in found]


@pytest.mark.parametrize("file", ["github-actions.yml", "gitlab-ci.yml", "Containerfile"])
def test_what_they_call_is_there(file: str) -> None:
    found = calls((CI / file).read_text(encoding="utf-8"))
    assert found
    for name, *words in found:
        command = rig_command.get_command(click.Context(rig_command), name)
        assert command is not None, name
        if isinstance(command, click.Group):  # rig feedback RUN is rig feedback make RUN
            command = command.commands.get(words[0]) or command.commands["make"]
        options = {option for p in command.params if isinstance(p, click.Option) for option in p.opts}
        assert {word for word in words if word.startswith("--")} <= options, (name, words)
        if name == "export":
            assert words[0] in FORMATS


def test_the_workflow_and_the_pipeline_keep_what_a_run_leaves() -> None:
    workflow: Any = yaml.safe_load((CI / "github-actions.yml").read_text(encoding="utf-8"))
    steps = workflow["jobs"]["run"]["steps"]
    assert workflow["permissions"] == {"contents": "read"}
    uses = [step["uses"].partition("@")[0] for step in steps if "uses" in step]
    assert uses == ["actions/checkout", "actions/cache", "actions/cache", "actions/upload-artifact"]
    assert "reports/runs" in steps[-1]["with"]["path"] and "cancelled" in steps[-1]["if"]
    job = yaml.safe_load((CI / "gitlab-ci.yml").read_text(encoding="utf-8"))["shared-memory"]
    assert job["artifacts"]["reports"]["junit"].endswith("junit.xml") and job["artifacts"]["when"] == "always"
    assert any("history.sqlite" in path for cache in job["cache"] for path in cache["paths"])


def test_the_image_copies_what_there_is() -> None:
    text = (CI / "Containerfile").read_text(encoding="utf-8")
    for line in re.findall(r"^COPY (.+)$", text, re.MULTILINE):
        for source in line.split()[:-1]:
            assert (CI.parents[1] / source).exists(), source


def test_the_page_on_results_names_every_format() -> None:
    page = (CI.parents[1] / "docs" / "results.md").read_text(encoding="utf-8")
    assert [name for name in FORMATS if f"`{name}`" not in page] == []
