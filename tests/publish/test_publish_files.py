"""Outputs appear whole or not at all; and what two runs must have in common."""

from __future__ import annotations

from pathlib import Path

import pytest
from sample_record import one_board, sample

from rig.errors import ResultsFault
from rig.publish import publish
from rig.records import load

OUTPUTS = ["results.json", "junit.xml", "metrics.prom", "report.html"]


def test_a_run_leaves_all_its_outputs_and_nothing_else(tmp_path: Path) -> None:
    record = sample()
    written = publish(record, tmp_path)
    assert [file.name for file in written] == OUTPUTS
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(OUTPUTS)
    assert load(tmp_path) == record


def test_publishing_again_gives_the_same_bytes(tmp_path: Path) -> None:
    first = {file.name: file.read_bytes() for file in publish(one_board(sample()), tmp_path)}
    second = {file.name: file.read_bytes() for file in publish(load(tmp_path), tmp_path)}
    assert first == second


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_full_disk_leaves_what_stood_there(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("of the run before", encoding="utf-8")
    (tmp_path / f".{name}.partial").symlink_to("/dev/full")
    with pytest.raises(ResultsFault, match="No space left") as caught:
        publish(one_board(sample()), tmp_path)
    assert name in caught.value.message
    assert caught.value.hint
    assert (tmp_path / name).read_text(encoding="utf-8") == "of the run before"
    assert not [file.name for file in tmp_path.iterdir() if "partial" in file.name]


def test_a_directory_that_is_gone_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ResultsFault, match=r"cannot write results\.json: No such file"):
        publish(one_board(sample()), tmp_path / "gone")
