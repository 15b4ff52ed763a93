"""What an application needs of its library."""

from __future__ import annotations

from dataclasses import dataclass, fields

from rig.errors import UsageError

_LEAST = {"message_bytes": 1, "burst": 1, "depth": 1, "nodes": 1}


@dataclass(frozen=True, kw_only=True)
class Need:
    """Numbers of an application.

    :ivar message_bytes: length of the longest serialised message; for a ``UInt8MultiArray`` its bytes plus 12.
    :ivar burst: samples that are published one after another before an executor takes any.
    :ivar depth: KEEP_LAST depth of the subscriptions.
    :ivar readers: subscriptions of this application that get one sample; None: all of them.
    :ivar reliable: the publishers' reliability.
    :ivar shm: whether shared memory is wanted.
    """

    nodes: int = 1
    publishers: int = 1
    subscriptions: int = 1
    services: int = 0
    clients: int = 0
    message_bytes: int = 256
    burst: int = 1
    depth: int = 10
    readers: int | None = None
    reliable: bool = True
    shm: bool = True

    def __post_init__(self) -> None:
        """:raises UsageError: a number is too small, or one sample has more readers than there are subscriptions."""
        for field in fields(self):
            value = getattr(self, field.name)
            least = _LEAST.get(field.name, 0)
            if isinstance(value, int) and not isinstance(value, bool) and value < least:
                raise UsageError(f"{field.name.replace('_', ' ')}: {value} is less than {least}")
        if self.readers is not None and self.readers > self.subscriptions:
            raise UsageError(
                f"readers: {self.readers} get one sample, but there are {self.subscriptions} subscriptions"
            )

    @property
    def readers_of_one(self) -> int:
        """Subscriptions of this application that get one sample."""
        return self.subscriptions if self.readers is None else self.readers

    @property
    def entities(self) -> int:
        """Entries in the Client's shared-memory table: two for each publisher or subscription (topic and endpoint), one
        for each service or client.
        """
        return 2 * (self.publishers + self.subscriptions) + self.services + self.clients
