"""The dashboards are what their generator makes; a real Prometheus answers every query of them, over thirty runs."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sample_record import one_board, sample

from rig.publish import metrics
from rig.records import RunRecord

BOARDS = ("mps2-an385", "native")
RUNS = 30
STEP = 15 * 60
DEADLINE = 30.0
_WHERE = "The evidence, and how to repeat it, is in the report.html of the run."
FILES = ("microros-shm-rig.json", "microros-shm-rig-claim.json", "microros-shm-rig-shelf.json")

needs_prometheus = pytest.mark.skipif(
    shutil.which("prometheus") is None or shutil.which("promtool") is None,
    reason="needs prometheus and promtool on PATH (Debian package prometheus)",
)


def panels(dashboard: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Every panel with the variable that its row repeats over; panels follow their row, or lie in it."""
    found, repeat = [], ""
    for each in dashboard["panels"]:
        if each["type"] == "row":
            repeat = each.get("repeat", "")
        for panel in (each, *each.get("panels", [])):
            if panel["type"] != "row":
                found.append((repeat, panel))
    return found


@pytest.fixture(scope="module")
def committed(request: pytest.FixtureRequest) -> Path:
    return Path(request.config.rootpath) / "reports" / "grafana"


def test_the_committed_dashboards_are_the_generated_ones(committed: Path) -> None:
    pytest.importorskip("grafana_foundation_sdk", reason="needs grafana-foundation-sdk (development)")
    from rig.publish._dashboard import dashboards

    made = dashboards()
    assert tuple(sorted(made)) == tuple(sorted(FILES))
    for file, text in made.items():
        assert (committed / file).read_text(encoding="utf-8") == text, (
            "generate it anew: python -m rig.publish.dashboard reports/grafana"
        )


def test_grafanas_own_models_read_them_back(committed: Path) -> None:
    pytest.importorskip("grafana_foundation_sdk", reason="needs grafana-foundation-sdk (development)")
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.models.dashboard import Dashboard

    for file in FILES:
        raw = json.loads((committed / file).read_text(encoding="utf-8"))
        again = json.loads(JSONEncoder().encode(Dashboard.from_json(raw)))
        assert {key: again[key] for key in raw if key != "annotations"} == {
            key: value for key, value in raw.items() if key != "annotations"
        }
        assert [each["name"] for each in again["annotations"]["list"]] == ["Runs", "Firmware"]


def test_the_generator_writes_its_files_and_says_how_it_is_called(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("grafana_foundation_sdk", reason="needs grafana-foundation-sdk (development)")
    from rig.publish.dashboard import main

    assert main([str(tmp_path)]) == 0
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(FILES)
    assert main([]) == 2
    assert "usage:" in capsys.readouterr().err


@pytest.mark.parametrize("file", FILES)
def test_panels_do_not_overlap_and_have_queries(committed: Path, file: str) -> None:
    dashboard = json.loads((committed / file).read_text(encoding="utf-8"))
    taken: set[tuple[int, int]] = set()
    variables = {v["name"] for v in dashboard["templating"]["list"]}
    assert {"datasource", "board", "run_kind", "claim"} <= variables
    for repeat, panel in panels(dashboard):
        assert panel["targets"], panel["title"]
        assert not repeat or repeat in variables
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
        if panel["type"] == "state-timeline":
            assert panel["fieldConfig"]["defaults"]["mappings"][0]["options"], panel["title"]


@needs_prometheus
@pytest.mark.parametrize(("what", "file"), [("config", "prometheus.yml"), ("rules", "rules.yml")])
def test_the_configuration_is_valid(committed: Path, what: str, file: str) -> None:
    done = subprocess.run(
        ["promtool", "check", what, str(committed / file)], capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode == 0, done.stdout + done.stderr


def open_metrics(records: list[RunRecord]) -> str:
    """What Prometheus would have scraped after each of thirty runs of these boards, as OpenMetrics with time stamps."""
    families: dict[str, list[str]] = {}
    for record in records:
        start = datetime.fromisoformat(record.run.started).timestamp()
        for family in text_string_to_metric_families(metrics(record)):
            lines = families.setdefault(family.name, [f"# TYPE {family.name} {family.type}"])
            for one in family.samples:
                for night in range(RUNS):
                    stamp = start + night * STEP
                    value = stamp if one.name == "rig_run_start_timestamp_seconds" else one.value
                    told = {**one.labels, "run_id": f"run-{night}"} if "run_id" in one.labels else one.labels
                    if "digest" in told and night >= RUNS / 2:
                        told = {**told, "digest": "sha256:ffffffffffff"}
                    labels = ",".join(f'{k}="{_escaped(v)}"' for k, v in told.items())
                    lines.append(f"{one.name}{{{labels}}} {value} {stamp:.0f}")
    return "\n".join(line for lines in families.values() for line in lines) + "\n# EOF\n"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


class Prometheus:
    """A real one on a free port of loopback, over blocks made from the runs."""

    def __init__(self, directory: Path, records: list[RunRecord]) -> None:
        source, data = directory / "runs.om", directory / "data"
        source.write_text(open_metrics(records), encoding="utf-8")
        command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(source), str(data)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        config = directory / "prometheus.yml"
        config.write_text("scrape_configs: []\n", encoding="utf-8")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.log = directory / "prometheus.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    "prometheus",
                    f"--config.file={config}",
                    f"--storage.tsdb.path={data}",
                    "--storage.tsdb.retention.time=100y",
                    f"--web.listen-address=127.0.0.1:{self.port}",
                ],
                stdout=log,
                stderr=log,
            )

    def wait(self) -> None:
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            assert self.process.poll() is None, self.log.read_text(encoding="utf-8")[-2000:]
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=5):
                    return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("Prometheus did not get ready: " + self.log.read_text(encoding="utf-8")[-2000:])

    def get(self, path: str, **parameters: object) -> Any:
        address = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(address, timeout=15) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return json.load(error)

    def close(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(timeout=15)


@pytest.fixture(scope="module")
def records() -> list[RunRecord]:
    """A quick run of one board and a full one of the other, as they lie in one folder."""
    return [one_board(sample(faults=()), name) for name in BOARDS]


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory, records: list[RunRecord]) -> Iterator[Prometheus]:
    server = Prometheus(tmp_path_factory.mktemp("prometheus"), records)
    try:
        server.wait()
        yield server
    finally:
        server.close()


def values(prometheus: Prometheus, query: str, chosen: dict[str, str], end: float) -> list[str]:
    """What a variable of a dashboard offers: ``label_values(selector, label)``, asked as Grafana does."""
    selector, _, label = query.removeprefix("label_values(").removesuffix(")").rpartition(", ")
    answer = prometheus.get("series", **{"match[]": _substituted(selector, chosen), "start": 0, "end": end + 60})
    assert answer["status"] == "success", (query, answer)
    return sorted({series[label] for series in answer["data"] if label in series})


def _substituted(expression: str, chosen: dict[str, str]) -> str:
    for name, value in sorted(chosen.items(), reverse=True):
        expression = expression.replace(f"${name}", value)
    assert "$" not in expression, expression
    return expression


@needs_prometheus
@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("board", [*BOARDS, ".*"])
def test_every_query_of_every_panel_is_answered_and_none_is_empty(
    prometheus: Prometheus, committed: Path, records: list[RunRecord], file: str, board: str
) -> None:
    """On each board alone too: a panel that a board's clock leaves empty is not there."""
    dashboard = json.loads((committed / file).read_text(encoding="utf-8"))
    start = datetime.fromisoformat(records[0].run.started).timestamp()
    end = start + (RUNS - 1) * STEP
    chosen = {"board": board, "run_kind": ".*", "claim": "latency", "__interval": f"{STEP}s"}
    offered = {}
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            offered[variable["name"]] = values(prometheus, variable["query"], chosen, end)
            assert offered[variable["name"]], variable
    assert set(offered["board"]) == set(BOARDS)
    asked = 0
    for repeat, panel in panels(dashboard):
        for value, target in itertools.product(offered[repeat] if repeat else [""], panel["targets"]):
            query = _substituted(target["expr"], {**chosen, **({repeat: value} if repeat else {})})
            if target.get("instant"):
                answer = prometheus.get("query", query=query, time=end + 60)
            else:
                answer = prometheus.get("query_range", query=query, start=start, end=end, step=STEP)
            assert answer["status"] == "success", (panel["title"], query, answer)
            result = answer["data"]["result"]
            assert result, f"{panel['title']} on {board}: nothing for {query}"
            if not target.get("instant"):
                assert max(len(series["values"]) for series in result) == RUNS, (panel["title"], query)
            names = re.findall(r"{{(\w+)}}", target.get("legendFormat", ""))
            for series in result if not repeat else ():
                assert set(names) <= series["metric"].keys(), f"{panel['title']}: its legend names a label it lacks"
            asked += 1
    assert asked >= (25 if file == FILES[0] else 3)


@needs_prometheus
def test_runs_and_new_firmware_are_annotated(prometheus: Prometheus, committed: Path, records: list[RunRecord]) -> None:
    dashboard = json.loads((committed / FILES[0]).read_text(encoding="utf-8"))
    start = datetime.fromisoformat(records[0].run.started).timestamp()
    end = start + (RUNS - 1) * STEP
    found = {}
    for annotation in dashboard["annotations"]["list"]:
        query = _substituted(annotation["expr"], {"board": ".*", "run_kind": ".*", "__interval": f"{STEP}s"})
        answer = prometheus.get("query_range", query=query, start=start, end=end, step=STEP)
        assert answer["status"] == "success", answer
        found[annotation["name"]] = answer["data"]["result"]
    assert {(s["metric"]["board"], s["metric"]["run_id"]) for s in found["Runs"]} == {
        (board, f"run-{n}") for board in BOARDS for n in range(RUNS)
    }
    last = max(float(value) for s in found["Runs"] for _, value in s["values"])
    assert last == end * 1000
    fresh = {(s["metric"]["board"], when - start) for s in found["Firmware"] for when, _ in s["values"]}
    assert fresh == {(board, when) for board in BOARDS for when in (0, RUNS // 2 * STEP)}


@needs_prometheus
def test_the_alerts_ring_when_they_must(committed: Path, tmp_path: Path) -> None:
    """`promtool test rules`: a refuted claim, no new run for a day and a half, and nothing at all."""
    hour = 60
    cases = {
        "rule_files": [str(committed / "rules.yml")],
        "evaluation_interval": "30m",
        "tests": [
            {
                "interval": "30m",
                "input_series": [
                    {
                        "series": 'rig_run_start_timestamp_seconds{board="b",run_kind="full"}',
                        "values": "0x200",
                    },
                    {
                        "series": 'rig_claim_verdict{board="b",run_kind="full",claim="copies",verdict="refuted"}',
                        "values": "0x20 1x100",
                    },
                ],
                "alert_rule_test": [
                    {"eval_time": f"{9 * hour}m", "alertname": "RigClaimRefuted", "exp_alerts": []},
                    {
                        "eval_time": f"{12 * hour}m",
                        "alertname": "RigClaimRefuted",
                        "exp_alerts": [
                            {
                                "exp_labels": {
                                    "severity": "warning",
                                    "board": "b",
                                    "run_kind": "full",
                                    "claim": "copies",
                                    "verdict": "refuted",
                                },
                                "exp_annotations": {
                                    "summary": "b: copies is refuted",
                                    "description": _WHERE,
                                },
                            }
                        ],
                    },
                    {"eval_time": f"{35 * hour}m", "alertname": "RigNoNewRun", "exp_alerts": []},
                    {
                        "eval_time": f"{38 * hour}m",
                        "alertname": "RigNoNewRun",
                        "exp_alerts": [
                            {
                                "exp_labels": {"severity": "warning", "board": "b", "run_kind": "full"},
                                "exp_annotations": {
                                    "summary": "b: the newest full run began 1d 14h 0m 0s ago",
                                    "description": "The nightly run did not happen, or its metrics did not arrive.",
                                },
                            }
                        ],
                    },
                    {"eval_time": "1h", "alertname": "RigNothingArrives", "exp_alerts": []},
                ],
            },
            {
                "interval": "30m",
                "input_series": [],
                "alert_rule_test": [
                    {
                        "eval_time": "2h",
                        "alertname": "RigNothingArrives",
                        "exp_alerts": [
                            {
                                "exp_labels": {"severity": "warning"},
                                "exp_annotations": {
                                    "summary": "no metrics of any run",
                                    "description": "Neither rig serve nor the textfile collector has any.",
                                },
                            }
                        ],
                    }
                ],
            },
        ],
    }
    file = tmp_path / "tests.yml"
    file.write_text(json.dumps(cases), encoding="utf-8")
    done = subprocess.run(
        ["promtool", "test", "rules", str(file)], capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode == 0, done.stdout + done.stderr
