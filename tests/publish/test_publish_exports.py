"""Formats of other tools: what they require is there, and nothing gets lost or is said twice."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from robot.api import ExecutionResult
from sample_record import FAULT, one_board, sample

from rig.publish import FORMATS, github_annotations, github_summary
from rig.records import NOT_ASKED, RunRecord, Verdict

NASTY = 'a <b> & "c" | `d` @all \x1b[31m\n::error::x'


def made(name: str, record: RunRecord | None = None) -> str:
    return FORMATS[name][1](record if record is not None else sample())


@pytest.mark.parametrize("name", list(FORMATS))
def test_every_format_takes_any_record(name: str) -> None:
    text = made(name)
    assert text.endswith("\n") and text == made(name)
    claim = replace(sample().claims[0], reason=NASTY, statement=NASTY, evidence=(), verdict=Verdict.REFUTED)
    fault = replace(FAULT, message=NASTY, board=NASTY)
    odd = replace(sample(), claims=(claim,), measurements=(), boards=(), faults=(fault,))
    assert "\x1b" not in made(name, odd)
    assert made(name, replace(odd, claims=(), faults=())) or name == "github-annotations"


def test_ctrf_has_a_test_for_each_claim_and_sums_that_agree() -> None:
    document = json.loads(made("ctrf"))
    results = document["results"]
    asked = [claim for claim in sample().claims if claim.reason != NOT_ASKED]
    assert (document["reportFormat"], len(results["tests"])) == ("CTRF", len(asked))
    statuses = [test["status"] for test in results["tests"]]
    summary = results["summary"]
    assert summary["tests"] == len(statuses)
    for status in ("passed", "failed", "skipped", "pending", "other"):
        assert summary[status] == statuses.count(status)
    assert summary["stop"] - summary["start"] == summary["duration"]
    assert len({test["id"] for test in results["tests"]}) == len(statuses)
    failed = next(test for test in results["tests"] if test["status"] == "failed")
    assert failed["rawStatus"] == "refuted" and failed["labels"]["middleware"] == "reference 0.1.0"
    known = replace(sample(), claims=tuple(replace(c, accepted=True, expected="known") for c in sample().claims))
    assert json.loads(made("ctrf", known))["results"]["summary"]["failed"] == 0


def test_bmf_has_every_figure_once_with_its_interval() -> None:
    document = json.loads(made("bmf"))
    figures = [m for m in sample().measurements if m.samples]
    assert sum(len(measures) for measures in document.values()) == len(figures)
    name = "native / latency / shm / shm / host / 4 B, 1 reader, spin 10 ms"
    value = document[name]["publish_to_callback_seconds"]
    assert value["lower_value"] <= value["value"] <= value["upper_value"]
    assert all(len(name) <= 1024 and all(len(m) <= 64 for m in measures) for name, measures in document.items())


def test_benchmarks_are_divided_by_which_way_is_better() -> None:
    smaller, bigger = (json.loads(made(f"benchmark-{way}")) for way in ("smaller", "bigger"))
    assert all({"name", "unit", "value"} <= row.keys() for row in (*smaller, *bigger))
    names = [row["name"] for row in (*smaller, *bigger)]
    assert len(names) == len(set(names))
    assert {row["name"].partition(":")[0] for row in bigger} == {
        "largest_message_bytes",
        "largest_varied_bytes",
        "samples_delivered",
    }
    assert any(row.get("range") for row in smaller)


def test_robots_own_reader_takes_the_output() -> None:
    result = ExecutionResult(made("robot"))
    claims = [claim for claim in sample().claims if claim.reason != NOT_ASKED]
    counts = result.statistics.total
    assert (counts.passed, counts.skipped) == tuple(
        sum(1 for claim in claims if claim.verdict is verdict) for verdict in (Verdict.CONFIRMED, Verdict.NOT_RUN)
    )
    assert counts.total == len(claims)
    assert [suite.name for suite in result.suite.suites] == [board.name for board in sample().boards]


def test_the_summary_for_github_tells_the_refuted_first() -> None:
    text = github_summary(one_board(sample(), "nucleo-f446re"))
    rows = [line for line in text.splitlines() if line.startswith("| :")]
    assert rows[0].startswith("| :x: refuted | message-size |") and rows[1].startswith("| :x: refuted | burst-order |")
    assert "2 refuted" in text


def test_annotations_are_one_line_each_and_known_verdicts_are_none() -> None:
    lines = github_annotations(sample()).splitlines()
    assert sum(line.startswith("::error title=") for line in lines) == 2
    assert any(line.startswith("::warning title=board fault on microbit::") for line in lines)
    claim = replace(sample().claims[0], verdict=Verdict.REFUTED, reason=NASTY, id="a: b, c")
    (line,) = github_annotations(replace(sample(), claims=(claim,), faults=())).splitlines()
    assert line.startswith("::error title=a%3A b%2C c on mps2-an385 is refuted::a <b>") and "%0A::error" in line
    accepted = replace(claim, accepted=True, expected="known")
    assert github_annotations(replace(sample(), claims=(accepted,), faults=())) == ""
    many = tuple(replace(claim, id=f"c{i}") for i in range(30))
    shown = github_annotations(replace(sample(), claims=many, faults=())).splitlines()
    assert len(shown) == 10, "GitHub shows no more"
