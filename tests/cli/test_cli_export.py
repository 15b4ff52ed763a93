"""`rig export`, and what GitHub Actions gets to see."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from rig_process import Finished
from sample_record import one_board, sample

from rig.cli._export import tell_github
from rig.records import save


@pytest.fixture
def place(tmp_path: Path) -> Path:
    run = tmp_path / "reports" / "runs" / sample().run.id
    run.mkdir(parents=True)
    save(one_board(sample()), run / "results.json")
    (run.parent / "latest").symlink_to(run.name)
    return tmp_path


def test_a_run_in_another_format(here: Callable[..., Finished], place: Path) -> None:
    done = here("export", "ctrf", cwd=place)
    assert done.code == 0 and json.loads(done.out)["reportFormat"] == "CTRF"
    assert here("export", "bmf", "latest", "--out", "x.json", cwd=place).out == ""
    assert json.loads((place / "x.json").read_text())
    for words, code in (
        (("export", "nothing"), 2),
        (("export", "bmf", "nowhere"), 2),
        (("export", "bmf", "latest", "--out", "no/such/x.json"), 3),
    ):
        done = here(*words, cwd=place)
        assert done.code == code and done.out == "" and done.err, words


def test_github_gets_annotations_and_a_summary_only_in_github(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    summary = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    tell_github(sample(), error=False)
    assert capsys.readouterr().out == "" and not summary.exists()
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    summary.write_text("before\n")
    tell_github(sample(), error=False)
    assert capsys.readouterr().out.startswith("::error title=")
    assert summary.read_text().startswith("before\n## micro-ROS SHM rig: fault")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "no" / "such"))
    tell_github(sample(), error=True)
    shown = capsys.readouterr()
    assert shown.out == "" and "::error" in shown.err and "no step summary" in shown.err
