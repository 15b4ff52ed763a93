"""The search on the native firmware: the clean one breaks nothing, and a defect is found, shrunk and told."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rig.model import Create, End, InCallback, Kind, Open, Promise, Publish, Qos, Reply, Spin, Topic
from rig.model import Delete as Gone
from rig.model import Sequence as Calls
from rig.search import Runner, Search

WRITER, READER = End(0, Kind.WRITER, 1), End(0, Kind.READER, 1)
KEPT = Qos(transient_local=True)
TOPICS = (Topic("rt/a", "T"), Topic("add", "Request", "Response"))


def calls(*operations: object, buffers: int = 4) -> Calls:
    return Calls(buffers, 64, TOPICS, (Open(0), *operations))  # type: ignore[arg-type]


def test_the_clean_firmware_breaks_no_promise(runner_with: Callable[[str], Runner]) -> None:
    report = Search(runner_with(""), seed=1).run(seconds=60, sequences=200)
    assert report.sequences == 200
    assert report.findings == []
    assert report.passing == []
    assert report.unfinished == 0
    assert not report.unsupported


def test_what_came_is_told_call_by_call(runner_with: Callable[[str], Runner]) -> None:
    runner = runner_with("")
    sequence = calls(Create(WRITER), Create(READER), Publish(WRITER, 8, 2), Spin())
    outcome = runner.run_one(sequence, narrate=True)
    assert outcome.breach is None
    assert outcome.finished
    published = [words for index, words in outcome.came if index == 3]
    heard = [words for index, words in outcome.came if index == 4]
    assert [words.split(" of ")[0] for words in published] == ["publish", "publish"]
    assert [words.split(",")[0] for words in heard if words.startswith("callback")] == [
        "callback of reader 0x001 of session 0: sample 1",
        "callback of reader 0x001 of session 0: sample 2",
    ]


@pytest.mark.parametrize(
    "sequence",
    [
        calls(Create(WRITER), Create(READER), InCallback(1, (Publish(WRITER, 4),)), Publish(WRITER, 4), Spin(), Spin()),
        calls(Create(WRITER), Create(READER, count=2), InCallback(1, (Gone(READER),)), Publish(WRITER, 4), Spin()),
        calls(
            Create(End(0, Kind.REPLIER, 1), 1),
            Create(End(0, Kind.REQUESTER, 1), 1),
            Publish(End(0, Kind.REQUESTER, 1), 8, 2),
            Spin(0, 3),
            Reply(2),
        ),
        calls(Create(WRITER, 0, KEPT), Publish(WRITER, 4), Create(READER, 0, KEPT)),
    ],
)
def test_what_an_application_does_is_right_on_the_reference(
    runner_with: Callable[[str], Runner], sequence: Calls
) -> None:
    outcome = runner_with("").run_one(sequence, narrate=True)
    assert outcome.breach is None, outcome.came
    assert outcome.finished


@pytest.mark.parametrize(
    ("defect", "promises"),
    [
        ("reverse_order", {Promise.IN_ORDER}),
        ("ignore_qos", {Promise.ONLY_MATCHING}),
        ("truncate_length", {Promise.WHOLE}),
        ("zombie_reader", {Promise.GONE}),
        ("wrong_request_id", {Promise.ANSWERED}),
    ],
)
def test_a_defect_is_found_and_told_in_few_calls(
    runner_with: Callable[[str], Runner], defect: str, promises: set[Promise]
) -> None:
    report = Search(runner_with(defect), seed=1).run(seconds=30, sequences=400)
    found = [finding for finding in report.findings if finding.breach.promise in promises]
    assert found, [finding.breach for finding in report.findings]
    assert len(found[0].calls.operations) + 1 <= 8, str(found[0].calls)
    assert found[0].repeats > 0  # some defects strike every seventh time
