"""Static RAM of the tables on a 32-bit core, in bytes, from the sizes of the structures as a compiler lays them out.

Counted for Client 2.4.2 and rmw_microxrcedds 4.0.1 with arm-none-eabi-gcc; ``nm`` gives the same numbers for the
symbols ``uxr_sm_map``, ``custom_sessions``, ``custom_static_buffers``, ``custom_publishers`` and their like.
"""

from __future__ import annotations

from rig.meta._read import Configuration

_ENTITY, _PAIR, _BUFFER, _SHM_REST, _ALIGNED = 88, 8, 40, 12, 8
_SESSION, _RECEIVED = 936, 64  # besides their streams and their samples
_PUBLISHER, _SUBSCRIPTION, _SERVICE, _CLIENT, _TOPIC, _NODE = 216, 216, 200, 200, 28, 164


def shm_bytes(entities: int, buffers: int) -> int:
    """Bytes of the Client's shared-memory table: entities, a matrix of pairs, and references to samples; no
    payloads.
    """
    exact = _ENTITY * entities + _PAIR * entities * entities + _BUFFER * buffers + _SHM_REST
    return -(-exact // _ALIGNED) * _ALIGNED


def streams_bytes(mtu: int, input_slots: int, output_slots: int) -> int:
    """Bytes of one session with its streams."""
    return _SESSION + mtu * (input_slots + output_slots + 1)


def received_bytes(mtu: int, input_slots: int) -> int:
    """Bytes of one received sample that waits for the executor."""
    return mtu * input_slots + _RECEIVED


def ram_bytes(configuration: Configuration) -> dict[str, int]:
    """Table -> its static RAM in a configuration, bytes on a 32-bit core; rmw's name lengths are at their defaults."""
    of = configuration.number
    found = {"shared memory": 0}
    if configuration.shm:
        found["shared memory"] = shm_bytes(
            of("UCLIENT_SHARED_MEMORY_MAX_ENTITIES"), of("UCLIENT_SHARED_MEMORY_STATIC_MEM_SIZE")
        )
    mtu, slots = configuration.mtu, configuration.input_slots
    found["session and streams"] = streams_bytes(mtu, slots, configuration.slots)
    found["received samples"] = of("RMW_UXRCE_MAX_HISTORY") * received_bytes(mtu, slots)
    found["endpoints"] = (
        of("RMW_UXRCE_MAX_NODES") * _NODE
        + of("RMW_UXRCE_MAX_PUBLISHERS") * _PUBLISHER
        + of("RMW_UXRCE_MAX_SUBSCRIPTIONS") * _SUBSCRIPTION
        + of("RMW_UXRCE_MAX_SERVICES") * _SERVICE
        + of("RMW_UXRCE_MAX_CLIENTS") * _CLIENT
        + configuration.topics * _TOPIC
    )
    return found
