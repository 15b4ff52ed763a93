"""Rows of the conformance matrix that no other test shows: the Client over UDP, and RESET at the Agent."""

from pathlib import Path

import pytest

from rig import xrce
from rig.agent import AgentCore, Peer
from rig.inventory import Inventory
from rig.station import Station

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.firmware
def test_client_exchanges_samples_over_udp(tmp_path: Path) -> None:
    (spec,) = Inventory.load(ROOT / "boards.yaml").select(["native"])
    with Station(spec, agent="builtin", directory=tmp_path) as station:
        setting = station.prepare("network")
        assert spec.link.transport == "udp4"
        setting.start(buffers=2)
        topology = setting.connect(readers=1)
        seen = setting.bench.exchange(
            session=topology.session, writer=topology.writer, count=5, length=64, readers=1, deadline=5.0
        )
    assert (seen.accepted, seen.delivered, seen.damaged, seen.local) == (5, 5, 0, 0)


def test_reset_starts_the_streams_over() -> None:
    core, peer = AgentCore(), Peer(None, "board")

    def send(
        item: xrce.Submessage, *, stream: int = 0, sequence: int = 0, session: int = 0x81
    ) -> list[xrce.Submessage]:
        header = xrce.Header(session_id=session, stream_id=stream, sequence=sequence)
        core.receive(peer, xrce.encode_message(xrce.Message(header=header, submessages=(item,))), 0.0)
        answers = [part for _, data in core.outbox for part in xrce.decode_message(data).submessages]
        core.outbox.clear()
        return answers

    def delete(request: int) -> xrce.Delete:
        return xrce.Delete(request_id=request, object_id=0x0012)

    def statuses(answers: list[xrce.Submessage]) -> list[int]:
        return [item.request_id for item in answers if isinstance(item, xrce.Status)]

    send(xrce.CreateClient(client_key=b"\1\2\3\4", session_id=0x81, mtu=508), session=0x80)
    assert statuses(send(delete(10), stream=0x80)) == [10]
    assert statuses(send(delete(11), stream=0x80)) == []  # number 0 again: seen before
    send(xrce.Reset())
    assert statuses(send(delete(12), stream=0x80)) == [12]
