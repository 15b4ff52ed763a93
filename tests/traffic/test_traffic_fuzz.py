"""Whatever a file holds: lines, or one clear refusal."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_traffic_agent_log import log
from test_traffic_captures import pcapng
from test_traffic_ip_fragments import ipv4, ipv6, sample

from rig.errors import UsageError
from rig.traffic import decode_file

pytestmark = pytest.mark.filterwarnings("ignore:Field type should not be:DeprecationWarning")


def agent_log() -> bytes:
    return "\n".join(log()[:40]).encode()


def fragments() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        packets = ipv4(sample(3000), step=400) + ipv6(sample(3000), step=400)
        return pcapng(Path(folder) / "x", packets, 101).read_bytes()


EDITS = st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 3), st.binary(max_size=4)), max_size=8)


@pytest.mark.parametrize("kind", [agent_log, fragments], ids=lambda kind: kind.__name__)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=EDITS)
def test_damaged_files_are_said_or_refused(
    tmp_path: Path, kind: Callable[[], bytes], edits: list[tuple[int, int, bytes]]
) -> None:
    data = bytearray(kind())
    for at, removed, put in edits:
        place = at % len(data)
        data[place : place + removed] = put
    path = tmp_path / "x"
    path.write_bytes(data)
    try:
        lines = list(decode_file(path))
    except UsageError as refused:
        assert refused.hint
    else:
        assert all(str(line) for line in lines)
