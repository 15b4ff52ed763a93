"""metrics.prom: what Prometheus accepts, each figure once, and no series that grows with the runs."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sample_record import FAULT, one_board, runs, sample

from rig.errors import EnvironmentFault, UsageError
from rig.publish import metric_name, metrics, serve
from rig.records import RunRecord, Verdict

Series = tuple[str, frozenset[tuple[str, str]]]


@cache
def good() -> dict[Series, float]:
    return series(sample())


def series(record: RunRecord) -> dict[Series, float]:
    samples = [s for family in text_string_to_metric_families(metrics(record)) for s in family.samples]
    found = {(s.name, frozenset(s.labels.items())): s.value for s in samples}
    assert len(found) == len(samples), "the same series twice"
    return found


def value(found: dict[Series, float], name: str, **labels: str) -> float:
    (one,) = [v for (n, own), v in found.items() if n == name and labels.items() <= dict(own).items()]
    return one


@pytest.mark.skipif(shutil.which("promtool") is None, reason="needs promtool on PATH (Debian package prometheus)")
@pytest.mark.parametrize("outcome", ["fault", None])
def test_promtool_has_nothing_to_say(outcome: str | None) -> None:
    done = subprocess.run(
        ["promtool", "check", "metrics"],
        input=metrics(sample(outcome=outcome)),
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_every_measurement_is_there_once_with_its_statistics() -> None:
    record, found = sample(), good()
    figures = Counter(name for name, labels in found if "statistic" in dict(labels))
    expected = Counter()
    for m in record.measurements:
        s = m.summary
        if s is None:
            continue
        bounds = [bound for name in ("p50", "p99") for bound in s.intervals.get(name, ()) if bound is not None]
        expected[metric_name(m)] += 5 + (s.p999 is not None) + len(bounds)
    assert figures == expected, "two measurements share a label set"
    assert any("p99_high" in dict(labels).values() for _, labels in found)


def test_durations_are_seconds_and_counts_are_no_durations() -> None:
    record, found = sample(), good()
    common = {"readers": "1", "payload_bytes": "4", "spin_timeout_ms": "10", "statistic": "p50", "path": "shm"}
    assert value(found, "rig_publish_to_callback_instructions", board="mps2-an385", **common) == 242
    native = next(m for m in record.measurements if m.board == "native" and m.metric == "publish_to_callback")
    assert value(found, "rig_publish_to_callback_seconds", board="native", **common) == pytest.approx(
        native.value * 1e-9, rel=1e-12
    )
    assert value(found, "rig_publish_to_callback_cycles", board="nucleo-f446re", **common) > 0
    assert value(found, "rig_largest_message_bytes", board="mps2-an385", variant="shm", statistic="max") == 16 << 20


def test_a_claim_has_exactly_one_verdict() -> None:
    found = good()
    for claim in sample().claims:
        states = {
            verdict: value(found, "rig_claim_verdict", board=claim.board, claim=claim.id, verdict=verdict.value)
            for verdict in Verdict
        }
        assert states == {verdict: float(verdict is claim.verdict) for verdict in Verdict}


def test_a_new_run_makes_no_new_series_but_its_own_info() -> None:
    first, second = (set(series(record)) for record in runs(2))
    assert {name for name, _ in first ^ second} == {"rig_run_info"}
    assert len(first - second) == len(sample().boards)


@pytest.mark.parametrize("outcome", ["passed", "refuted", "inconclusive", "fault", "interrupted", None])
def test_how_the_run_ended_is_one_of_the_outcomes(outcome: str | None) -> None:
    found = series(one_board(sample(outcome=outcome)))
    states = {dict(labels)["outcome"]: v for (name, labels), v in found.items() if name == "rig_run_outcome"}
    assert states.pop(outcome or "unfinished") == 1
    assert set(states.values()) == {0}


def test_a_fault_is_counted_for_whoever_is_at_fault() -> None:
    assert value(good(), "rig_faults", board="microbit", blame="board") == 1
    assert value(good(), "rig_faults", board="microbit", blame="agent") == 0
    assert value(series(one_board(sample(faults=()))), "rig_faults", blame="board") == 0


def test_labels_with_quotes_and_newlines_survive() -> None:
    record = sample()
    board = replace(record.boards[0], target='a "b"\nc\\d')
    found = series(replace(one_board(record), boards=(board,)))
    assert {dict(labels)["target"] for name, labels in found if name == "rig_board_info"} == {'a "b"\nc\\d'}
    assert {dict(labels)["os"] for name, labels in found if name == "rig_board_info"} == {"none"}


def test_conditions_of_one_experiment_alone_keep_its_figures_apart() -> None:
    one = sample().measurements[0]
    forms = [replace(one, samples=(i,), conditions={**one.conditions, "form": f"f{i}", "ours": True}) for i in range(3)]
    found = series(replace(one_board(sample()), measurements=tuple(forms)))
    for i in range(3):
        labels = {"conditions": f"form=f{i},ours=true", "statistic": "p50"}
        assert value(found, metric_name(one), **labels) == i


def test_every_series_says_its_board_and_the_kind_of_its_run() -> None:
    for name, labels in good():
        assert {"board", "run_kind"} <= dict(labels).keys(), name
        assert dict(labels)["run_kind"] == "full"


def quick(record: RunRecord) -> RunRecord:
    return replace(record, run=replace(record.run, quick=True))


def test_runs_of_two_boards_or_kinds_may_lie_in_one_folder() -> None:
    """The node exporter drops what two files both say."""
    one, other = (one_board(sample(), name) for name in ("mps2-an385", "native"))
    for second in (other, quick(one), quick(other)):
        assert not set(series(one)) & set(series(second))
    assert {name for name, _ in series(one)} & {name for name, _ in series(other)} >= {"rig_run_outcome", "rig_faults"}


def test_of_one_board_and_kind_the_newest_run_counts() -> None:
    old, new, other = one_board(sample()), one_board(runs(2)[1]), quick(one_board(sample(), "native"))
    found = {
        (dict(labels)["board"], dict(labels)["run_id"])
        for family in text_string_to_metric_families(metrics(new, other, old))
        for s in family.samples
        if s.name == "rig_run_info" and (labels := s.labels)
    }
    assert found == {("mps2-an385", new.run.id), ("native", other.run.id)}
    assert 'board="native"' not in metrics(new, other, boards=["mps2-an385"])


def test_a_fault_of_the_rig_counts_for_every_board_of_the_run() -> None:
    lost = replace(FAULT, board="", blame="environment")
    found = series(replace(sample(), faults=(lost, FAULT)))
    for board in sample().boards:
        assert value(found, "rig_faults", board=board.name, blame="environment") == 1
        assert value(found, "rig_faults", board=board.name, blame="board") == int(board.name == FAULT.board)


@pytest.mark.skipif(
    shutil.which("prometheus-node-exporter") is None, reason="needs the Debian package prometheus-node-exporter"
)
def test_debians_node_exporter_takes_a_folder_of_boards_and_kinds(tmp_path: Path) -> None:
    records = [one_board(sample(), "mps2-an385"), one_board(sample(), "native"), quick(one_board(sample(), "native"))]
    for number, record in enumerate(records):
        (tmp_path / f"{number}.prom").write_text(metrics(record), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path / "log"
    with log.open("wb") as output:
        exporter = subprocess.Popen(
            [
                "prometheus-node-exporter",
                "--collector.disable-defaults",
                "--collector.textfile",
                f"--collector.textfile.directory={tmp_path}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=output,
            stderr=output,
        )
    try:
        scraped = scrape(f"http://127.0.0.1:{port}/metrics")
    finally:
        exporter.terminate()
        exporter.wait(timeout=10)
    assert "level=error" not in log.read_text() and "collected before" not in log.read_text()
    wanted = {name: set(series(record)) for name, record in enumerate(records)}
    have = {
        (s.name, frozenset((k, v) for k, v in s.labels.items()))
        for family in text_string_to_metric_families(scraped)
        for s in family.samples
        if s.name.startswith("rig_")
    }
    assert have == set().union(*wanted.values())
    assert "node_textfile_scrape_error 0" in scraped


def scrape(address: str) -> str:
    end = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                text: str = answer.read().decode()
                return text
        except OSError:
            assert time.monotonic() < end, f"nobody answers at {address}"
            time.sleep(0.05)


def test_the_exporter_serves_loopback_and_survives_an_error() -> None:
    texts = iter(["rig_x 1\n"])

    def text() -> str:
        found = next(texts, None)
        if found is None:
            raise UsageError("the store is gone")
        return found

    with serve(text, port=0) as port:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics?x=1", timeout=10) as answer:
            assert answer.read() == b"rig_x 1\n"
            assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        for path, code in (("metrics", 500), ("other", 404)):
            with pytest.raises(urllib.error.HTTPError) as raised:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=10)
            assert raised.value.code == code
        with pytest.raises(EnvironmentFault, match="cannot listen"), serve(text, port=port):
            pass
