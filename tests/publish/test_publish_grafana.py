"""The dashboard is what its generator makes, and every query of it is answered by a real Prometheus."""

from __future__ import annotations

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
from sample_record import runs

from rig.publish import metrics
from rig.records import RunRecord

RUNS = 3
STEP = 15 * 60
DEADLINE = 30.0

needs_prometheus = pytest.mark.skipif(
    shutil.which("prometheus") is None or shutil.which("promtool") is None,
    reason="needs prometheus and promtool on PATH (Debian package prometheus)",
)


def panels(dashboard: dict[str, Any]) -> list[dict[str, Any]]:
    return [panel for row in dashboard["panels"] for panel in (row, *row.get("panels", [])) if panel["type"] != "row"]


@pytest.fixture(scope="module")
def committed(request: pytest.FixtureRequest) -> Path:
    return Path(request.config.rootpath) / "reports" / "grafana"


def test_the_committed_dashboard_is_the_generated_one(committed: Path) -> None:
    pytest.importorskip("grafana_foundation_sdk", reason="needs grafana-foundation-sdk (development)")
    from rig.publish._dashboard import FILE, dashboard

    assert (committed / FILE).read_text(encoding="utf-8") == dashboard(), (
        "generate it anew: python -m rig.publish.dashboard reports/grafana"
    )


def test_the_generator_writes_its_file_and_says_how_it_is_called(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("grafana_foundation_sdk", reason="needs grafana-foundation-sdk (development)")
    from rig.publish.dashboard import main

    assert main([str(tmp_path)]) == 0
    assert [file.name for file in tmp_path.iterdir()] == ["microros-shm-rig.json"]
    assert main([]) == 2
    assert "usage:" in capsys.readouterr().err


def test_panels_do_not_overlap_and_have_queries(committed: Path) -> None:
    dashboard = json.loads((committed / "microros-shm-rig.json").read_text(encoding="utf-8"))
    taken: set[tuple[int, int]] = set()
    for panel in panels(dashboard):
        assert panel["targets"], panel["title"]
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
    titles = [panel["title"] for panel in panels(dashboard)]
    assert len(titles) == len(set(titles))
    assert {v["name"] for v in dashboard["templating"]["list"]} == {"datasource", "board", "claim"}


@needs_prometheus
@pytest.mark.parametrize(("what", "file"), [("config", "prometheus.yml"), ("rules", "rules.yml")])
def test_the_configuration_is_valid(committed: Path, what: str, file: str) -> None:
    done = subprocess.run(
        ["promtool", "check", what, str(committed / file)], capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode == 0, done.stdout + done.stderr


def open_metrics(records: list[RunRecord]) -> str:
    """What Prometheus would have scraped after each run, as OpenMetrics with time stamps; families in one piece."""
    families: dict[str, list[str]] = {}
    for record in records:
        stamp = datetime.fromisoformat(record.run.started).timestamp()
        for family in text_string_to_metric_families(metrics(record)):
            lines = families.setdefault(family.name, [f"# TYPE {family.name} {family.type}"])
            for one in family.samples:
                labels = ",".join(f'{k}="{_escaped(v)}"' for k, v in one.labels.items())
                lines.append(f"{one.name}{{{labels}}} {one.value} {stamp:.0f}")
    # One series' samples must ascend in time; they do, as the runs are oldest first.
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
    return runs(RUNS)


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory, records: list[RunRecord]) -> Iterator[Prometheus]:
    server = Prometheus(tmp_path_factory.mktemp("prometheus"), records)
    try:
        server.wait()
        yield server
    finally:
        server.close()


def _substituted(expression: str, boards: list[str], claims: list[str]) -> str:
    """As Grafana does it for a variable of several values."""
    for name, values in (("board", boards), ("claim", claims)):
        chosen = values[0] if len(values) == 1 else "(" + "|".join(re.escape(v) for v in values) + ")"
        expression = expression.replace(f"${name}", chosen.replace("\\", "\\\\"))
    assert "$" not in expression, expression
    return expression


@needs_prometheus
def test_every_query_of_every_panel_is_answered(
    prometheus: Prometheus, committed: Path, records: list[RunRecord]
) -> None:
    dashboard = json.loads((committed / "microros-shm-rig.json").read_text(encoding="utf-8"))
    boards = [board.name for board in records[0].boards]
    claims = [claim.id for claim in records[0].claims if claim.board == boards[0]]
    start, end = (datetime.fromisoformat(records[i].run.started).timestamp() for i in (0, -1))
    asked = 0
    for panel in panels(dashboard):
        for target in panel["targets"]:
            query = _substituted(target["expr"], boards, claims)
            if target.get("instant"):
                answer = prometheus.get("query", query=query, time=end + 60)
            else:
                answer = prometheus.get("query_range", query=query, start=start, end=end, step=STEP)
            assert answer["status"] == "success", (panel["title"], query, answer)
            result = answer["data"]["result"]
            assert result, f"{panel['title']}: nothing for {query}"
            if not target.get("instant"):
                assert max(len(series["values"]) for series in result) == RUNS, (panel["title"], query)
            names = re.findall(r"{{(\w+)}}", target.get("legendFormat", ""))
            for series in result:
                assert set(names) <= series["metric"].keys(), f"{panel['title']}: its legend names a label it lacks"
            asked += 1
    assert asked >= 25


@needs_prometheus
def test_the_variables_list_what_the_runs_have(
    prometheus: Prometheus, committed: Path, records: list[RunRecord]
) -> None:
    dashboard = json.loads((committed / "microros-shm-rig.json").read_text(encoding="utf-8"))
    start, end = (datetime.fromisoformat(records[i].run.started).timestamp() for i in (0, -1))
    for variable in dashboard["templating"]["list"]:
        found = re.fullmatch(r"label_values\((\w+), (\w+)\)", str(variable.get("query", "")))
        if found is None:
            assert variable["type"] == "datasource"
            continue
        answer = prometheus.get(f"label/{found[2]}/values", **{"match[]": found[1], "start": start, "end": end})
        expected = {c.board for c in records[0].claims} if found[2] == "board" else {c.id for c in records[0].claims}
        assert set(answer["data"]) == expected


@needs_prometheus
def test_figures_come_back_as_they_were_measured(prometheus: Prometheus, records: list[RunRecord]) -> None:
    for record in records:
        stamp = datetime.fromisoformat(record.run.started).timestamp()
        answer = prometheus.get(
            "query",
            time=stamp + 1,
            query='rig_publish_to_callback_instructions{board="mps2-an385",path="shm",readers="8",statistic="p99"}',
        )
        (series,) = answer["data"]["result"]
        (measured,) = (
            m
            for m in record.measurements
            if (m.board, m.metric, m.variant) == ("mps2-an385", "publish_to_callback", "shm")
            and m.conditions["readers"] == 8
        )
        assert measured.summary is not None
        assert float(series["value"][1]) == measured.summary.p99


@needs_prometheus
def test_a_refuted_claim_is_the_worst_state(prometheus: Prometheus, committed: Path, records: list[RunRecord]) -> None:
    dashboard = json.loads((committed / "microros-shm-rig.json").read_text(encoding="utf-8"))
    (panel,) = (panel for panel in panels(dashboard) if panel["type"] == "state-timeline")
    end = datetime.fromisoformat(records[-1].run.started).timestamp()
    query = _substituted(panel["targets"][0]["expr"], [".*"], [".*"])
    states = {
        (series["metric"]["board"], series["metric"]["claim"]): float(series["value"][1])
        for series in prometheus.get("query", query=query, time=end + 1)["data"]["result"]
    }
    codes = {"not_run": 0, "confirmed": 1, "inconclusive": 2, "refuted": 3}
    assert states == {(c.board, c.id): codes[c.verdict.value] for c in records[-1].claims}
    words = {
        code: option["text"]
        for m in panel["fieldConfig"]["defaults"]["mappings"]
        for code, option in m["options"].items()
    }
    assert {word.replace(" ", "_"): int(code) for code, word in words.items()} == codes
