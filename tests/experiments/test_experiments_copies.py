"""Three witnesses for copies: they agree on the clean build, and the trace sees what the other two cannot."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from rig.bench import Trace, build, build_defect
from rig.claims import CLAIMS, decide
from rig.experiments import EXPERIMENTS
from rig.inventory import Inventory
from rig.records import ClaimResult, Measurement, Verdict
from rig.station import Setting, Station
from rig.station._witness import tracer

pytestmark = [pytest.mark.firmware, pytest.mark.timeout(300)]
METRICS = ("bytes_copied_per_sample", "resident_copies", "payload_bytes_written")


def verdict(measurements: list[Measurement]) -> ClaimResult:
    return decide(CLAIMS["copies"], measurements[0].board, measurements, prevented={})


def witnesses(measurements: list[Measurement]) -> dict[int, list[float | None]]:
    """What counters, scan and trace say, by readers."""
    table: dict[int, list[float | None]] = {}
    for m in measurements:
        if m.metric not in METRICS or "alignment" in m.conditions:
            continue  # a row of the covering array
        row = table.setdefault(int(m.conditions["readers"]), [None] * len(METRICS))
        row[METRICS.index(m.metric)] = m.value if m.samples else None
    return table


Prepare = Callable[..., Station]


@pytest.fixture
def station(project_root: Path, tmp_path: Path) -> Iterator[Prepare]:
    """Prepares a board with a seeded defect in its firmware, none by default, and no Agent beside it."""
    with ExitStack() as stack:

        def prepare(board: str, defect: str = "") -> Station:
            (spec,) = Inventory.load(project_root / "boards.yaml").select([board])
            assert spec.firmware.preset is not None
            preset = spec.firmware.preset
            built = build_defect(preset, defect, variants=("shm",)) if defect else build(preset)
            firmware = replace(spec.firmware, preset=None, images={"shm": built["shm"]})
            opened = Station(replace(spec, firmware=firmware), agent="none", directory=tmp_path)
            stack.enter_context(opened)
            opened.prepare("shm", quick=True)
            return opened

        yield prepare


def measure(setting: Setting) -> list[Measurement]:
    return list(EXPERIMENTS["copies"].measure(setting))


@pytest.mark.qemu
@pytest.mark.parametrize("board", ["mps2-an385", "microbit"])
def test_all_witnesses_agree_on_the_clean_build(station: Prepare, board: str) -> None:
    measured = measure(station(board).setting)
    assert witnesses(measured) == {1: [0, 1, 0], 2: [0, 1, None], 4: [0, 1, None], 8: [0, 1, 0]}
    found = verdict(measured)
    assert found.verdict is Verdict.CONFIRMED, found.reason
    assert not [e for e in found.evidence if "disagree" in e.text]


@pytest.mark.qemu
def test_a_copy_wiped_at_once_is_seen_by_the_trace_alone(station: Prepare) -> None:
    setting = station("microbit", "transient_copy").setting
    measured = measure(setting)
    assert witnesses(measured) == {1: [0, 1, 256], 2: [0, 1, None], 4: [0, 1, None], 8: [0, 1, 2048]}
    found = verdict(measured)
    assert found.verdict is Verdict.REFUTED
    assert "256 by defect_on_message to 0x2000" in found.reason
    (said,) = (e.text for e in found.evidence if "8 readers: the witnesses disagree" in e.text)
    assert "the counters saw no byte copied; the scan of RAM saw no further place; the trace saw 2,048 bytes" in said
    without = [m for m in measured if m.metric != "payload_bytes_written"]
    assert verdict(without).verdict is Verdict.CONFIRMED, "that is what two witnesses would have said"
    again = [(m.samples, m.detail) for m in measure(setting) if m.metric == "payload_bytes_written"]
    assert again == [(m.samples, m.detail) for m in measured if m not in without], "an exact figure repeats"


@pytest.mark.qemu
def test_a_copy_by_a_loop_is_seen_by_scan_and_trace(station: Prepare) -> None:
    measured = measure(station("microbit", "hidden_copy").setting)
    assert witnesses(measured) == {1: [0, 2, 256], 2: [0, 2, None], 4: [0, 2, None], 8: [0, 2, 2048]}
    assert verdict(measured).verdict is Verdict.REFUTED


@pytest.mark.qemu
def test_a_trace_that_fails_is_no_evidence_and_the_rest_goes_on(station: Prepare) -> None:
    opened = station("microbit")
    setting, board = opened.setting, opened.board
    assert board.image is not None
    hasty = tracer(board, board.image, setting.bench, seconds=0.2)
    assert hasty is not None and setting.trace is not None
    trace = setting.trace

    def early(wanted: bytes, _start: Callable[[], None]) -> Trace:
        return hasty(wanted, lambda: None)  # over before the exchange begins

    def blind(wanted: bytes, start: Callable[[], None]) -> Trace:
        return trace(bytes(reversed(wanted)), start)

    for broken, words in ((early, "did not begin"), (blind, "the trace saw 0 of them")):
        measured = measure(replace(setting, trace=broken))
        found = verdict(measured)
        assert (found.verdict, words in found.reason) == (Verdict.INCONCLUSIVE, True), found.reason
        assert witnesses(measured)[8] == [0, 1, None]


def test_where_nothing_traces_the_report_says_why(station: Prepare) -> None:
    measured = measure(station("native").setting)
    found = verdict(measured)
    assert found.verdict is Verdict.CONFIRMED, found.reason
    assert [e.text for e in found.evidence if "third witness" in e.text] == [
        "the third witness, a trace of every write, is not available on this board: it is a process of this host, and"
        " no debug probe sees what it writes"
    ]
