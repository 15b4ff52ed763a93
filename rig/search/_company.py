"""Events at the Agent while a sequence runs: the Agent is restarted; readers and writers elsewhere are created and
deleted, and publish.

Knows which events a sequence may ask for. Must not know Agents or links: the caller brings a ``Company`` that does
them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from rig.bench import payload
from rig.model import Kind, Numbered, Remote, Restart, Sent
from rig.model import Sequence as Calls


class Company(Protocol):
    """The Agent behind the board's link, and the readers and writers elsewhere. A topic is a name and a type.

    ``others``: whether there can be readers and writers elsewhere.
    """

    others: bool

    def restart(self, *, tells: bool) -> None:
        """Restart the Agent; ``tells``: the new one tells Clients who reads. Readers and writers elsewhere are gone."""
        ...

    def come(self, topic: tuple[str, str], *, writes: bool) -> None:
        """Create a reliable reader or writer, unless it exists."""
        ...

    def go(self, topic: tuple[str, str], *, writes: bool) -> None:
        """Delete a reader or writer, if it exists."""
        ...

    def publish(self, topic: tuple[str, str], samples: Sequence[bytes]) -> None:
        """The writer publishes, if it exists."""
        ...


def act(company: Company, calls: Calls, numbered: Numbered) -> None:
    """Do what a step of a sequence asks for. The Agent is also restarted before the first and after the last operation.

    :raises RigError: it cannot be done.
    """
    match numbered.operation:
        case Restart():
            company.restart(tells=calls.tells and numbered.index < len(calls.operations))
        case Remote(kind, topic, there):
            name = calls.topics[topic].name, calls.topics[topic].type
            (company.come if there else company.go)(name, writes=kind is Kind.WRITER)
        case Sent(topic, length, count):
            samples = [payload(numbered.first + number, length) for number in range(count)]
            company.publish((calls.topics[topic].name, calls.topics[topic].type), samples)
        case _:
            return
