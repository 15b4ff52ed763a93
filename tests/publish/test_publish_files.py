"""Outputs appear whole or not at all; and what two runs must have in common."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sample_record import one_board, sample

from rig.errors import ResultsFault
from rig.publish import compare, publish
from rig.records import Measurement, RunRecord, Verdict, load

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


def changed(record: RunRecord, metric: str, variant: str, samples: tuple[float, ...]) -> RunRecord:
    done = False
    rows: list[Measurement] = []
    for m in record.measurements:
        hit = not done and (m.metric, m.variant) == (metric, variant)
        done = done or hit
        rows.append(replace(m, samples=samples) if hit else m)
    assert done
    return replace(record, measurements=tuple(rows))


def test_a_run_is_equal_to_itself_and_to_its_file(tmp_path: Path) -> None:
    publish(one_board(sample()), tmp_path)
    assert compare(one_board(sample()), load(tmp_path)) == []


def test_one_instruction_more_is_a_difference() -> None:
    other = changed(sample(), "publish_to_callback", "shm", (242,) * 49 + (243,))
    (difference,) = compare(sample(), other)
    assert difference.board == "mps2-an385"
    assert "publish_to_callback (shm, 4 B, 1 reader)" in difference.what
    assert difference.first != difference.second


def test_a_difference_shows_the_figures_that_differ() -> None:
    """Also when the first samples of both are the same."""
    other = changed(sample(), "publish_to_callback", "shm", (242,) * 49 + (243,))
    (difference,) = compare(sample(), other)
    assert "243" in difference.second
    assert str(difference) == f"mps2-an385: {difference.what}: {difference.first} | {difference.second}"


def test_figures_that_need_not_repeat_are_not_compared() -> None:
    assert compare(sample(), changed(sample(), "publish_to_callback", "network", (1.0,))) == []


def test_a_figure_that_only_one_run_has_is_no_difference() -> None:
    less = replace(sample(), measurements=sample().measurements[5:])
    assert compare(sample(), less) == compare(less, sample()) == []


def test_another_verdict_or_firmware_is_a_difference() -> None:
    record = sample()
    claims = (replace(record.claims[0], verdict=Verdict.REFUTED), *record.claims[1:])
    (difference,) = compare(record, replace(record, claims=claims))
    assert (difference.what, difference.first, difference.second) == (
        "claim agentless-operation",
        "confirmed",
        "refuted",
    )
    board = record.boards[0]
    firmware = (replace(board.firmware[0], digest="sha256:" + "9" * 64), *board.firmware[1:])
    other = replace(record, boards=(replace(board, firmware=firmware), *record.boards[1:]))
    (difference,) = compare(record, other)
    assert difference.what == "firmware shm"


def test_a_claim_that_did_not_run_in_one_of_them_is_no_difference() -> None:
    record = sample()
    claims = tuple(replace(c, verdict=Verdict.NOT_RUN) for c in record.claims)
    assert compare(record, replace(record, claims=claims)) == []
