"""The rig's own reader elsewhere, at the built-in Agent and beside a Client that writes."""

from __future__ import annotations

import select
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from agent_testclient import DEADLINE, Client, UdpLink

from rig import xrce
from rig.agent import BuiltinAgent, RemoteReader, _remote
from rig.errors import AgentFault

TOPIC = ("rt/chatter", "T_")


def until(what: Callable[[], bool], client: Client | None = None) -> bool:
    end = time.monotonic() + DEADLINE
    while not what() and time.monotonic() < end:
        if client is not None:
            client.spin(0.01)
    return what()


def writing(agent: BuiltinAgent, properties: xrce.Properties = ()) -> Client:
    client = Client(UdpLink(agent.port), properties=properties)
    client.login()
    client.participant()
    client.topic(name=TOPIC[0], type_name=TOPIC[1])
    assert client.wait(client.writer()) == 0
    return client


def test_it_gets_what_is_written_in_order_and_leaves_no_trace() -> None:
    with BuiltinAgent.udp4() as agent:
        client = writing(agent)
        with RemoteReader(agent.port, TOPIC) as reader:
            assert until(lambda: reader.ready, client)
            bodies = [bytes([number]) * 40 for number in range(30)]
            for body in bodies:
                client.write(0x0015, body)
            assert client.settled()
            assert until(lambda: len(reader.samples()) == 30)
            assert reader.samples() == bodies
            assert agent.statistics.clients == 2
        assert until(lambda: agent.statistics.clients == 1)


def test_it_is_not_there_before_a_cooperating_client_knows() -> None:
    with BuiltinAgent.udp4() as agent:
        client = writing(agent, ((xrce.PROPERTY_SHM, "1"), (xrce.PROPERTY_LOCAL, "1")))
        assert agent.statistics.cooperating == 1
        with RemoteReader(agent.port, TOPIC) as reader:
            time.sleep(0.2)
            assert not reader.ready
            assert until(lambda: reader.ready, client)
            assert client.remote == [(0x0015, 1)]
        assert agent.statistics.cooperating == 1


def test_nothing_is_replaced_while_it_waits_for_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = threading.Event()
    runs.set()

    def late(*args: Any) -> Any:
        runs.wait()
        return select.select(*args)

    monkeypatch.setattr(_remote, "select", SimpleNamespace(select=late))
    with BuiltinAgent.udp4() as agent:
        client = writing(agent)
        with RemoteReader(agent.port, TOPIC) as reader:
            assert until(lambda: reader.ready, client)
            runs.clear()
            bodies = [bytes([number]) * 40 for number in range(100)]
            for body in bodies:
                client.write(0x0015, body)
            assert client.settled()
            assert len(reader.samples()) < 100
            runs.set()
            assert until(lambda: len(reader.samples()) == 100)
            assert reader.samples() == bodies


def test_no_agent_is_a_fault_of_the_agent() -> None:
    with BuiltinAgent.udp4() as agent:
        port = agent.port
    with (
        RemoteReader(port, TOPIC, patience=0.2) as reader,
        pytest.raises(AgentFault, match="no answer to its login"),
    ):
        until(lambda: reader.ready)
