"""What happens at the Agent while a sequence runs: it is restarted, and others come, go and publish there.

Knows what may be asked of it. Must not know Agents or links; somebody else does it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from rig.bench import payload
from rig.model import Kind, Numbered, Remote, Restart, Sent
from rig.model import Sequence as Calls


class Company(Protocol):
    """The Agent behind the board's link, and others beside the board. A topic is a name and a type.

    ``others``: there can be any.
    """

    others: bool

    def restart(self, *, tells: bool) -> None:
        """End the Agent and begin another; ``tells``: that tells who reads. Nobody else is there then."""
        ...

    def come(self, topic: tuple[str, str], *, writes: bool) -> None:
        """A reliable reader or writer comes, if it is not there."""
        ...

    def go(self, topic: tuple[str, str], *, writes: bool) -> None:
        """It goes, if it is there."""
        ...

    def publish(self, topic: tuple[str, str], samples: Sequence[bytes]) -> None:
        """The writer publishes, if it is there."""
        ...


def act(company: Company, calls: Calls, numbered: Numbered) -> None:
    """Do what a step of a sequence asks of the company. Before and behind the operations the Agent is restarted too.

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
