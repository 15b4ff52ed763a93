"""Figures of the emulated board are exact: two runs have the same."""

from collections.abc import Callable
from pathlib import Path

import pytest
from cli_records import explained
from rig_process import Finished

from rig.records import load

pytestmark = [pytest.mark.qemu, pytest.mark.firmware]

Rig = Callable[..., Finished]


def test_figures_repeat_to_the_last_digit(rig: Rig, tmp_path: Path) -> None:
    """And those of latency are within the budget of shared memory."""
    for name in ("a", "b"):
        done = rig("run", "--quick", "--out", str(tmp_path / name), "--claims", "copies,latency,os-overhead")
        assert done.code == 0, done.out + done.err
    record = load(tmp_path / "a")
    exact = [m for m in record.measurements if m.exact]
    assert {"publish_to_callback", "bytes_copied_per_sample", "resident_copies"} <= {m.metric for m in exact}
    explained(tmp_path / "a")
    done = rig("compare", str(tmp_path / "a"), str(tmp_path / "b"))
    assert done.code in (0, 4), done.out  # a busy host may show in the control's figures, which are not exact
    assert "\n0 changed, " in done.out
    # Instructions from publish to callback on a Cortex-M3 at -O2, without the payload write.
    by_readers = {
        m.conditions["readers"]: m.value
        for m in record.measurements
        if m.metric == "publish_to_callback"
        and m.variant == "shm"
        and (m.conditions["payload_bytes"], m.conditions["spin_timeout_ms"]) == (4, 10)
    }
    assert by_readers[1] <= 300
    assert all(value - by_readers[1] <= 60 * (int(readers) - 1) for readers, value in by_readers.items())
