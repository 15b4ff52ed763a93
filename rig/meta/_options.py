"""The options that matter to shared memory: their package, their macro in the library's headers, their default."""

from __future__ import annotations

from dataclasses import dataclass

CLIENT = "microxrcedds_client"
RMW = "rmw_microxrcedds"


@dataclass(frozen=True, kw_only=True)
class Option:
    """One option of CMake.

    :ivar package: the package that reads it; set for any other package it has no effect.
    :ivar macro: its name in that package's generated header.
    :ivar default: its value if nobody sets it: ON, OFF, a number or a word.
    """

    name: str
    package: str
    macro: str
    default: str

    @property
    def switch(self) -> bool:
        """Whether it is a switch: ON or OFF, and in the header a macro that is defined or not."""
        return self.default in ("ON", "OFF")


def _client(name: str, default: str, macro: str = "") -> Option:
    return Option(name=name, package=CLIENT, macro=macro or name, default=default)


def _rmw(name: str, default: str, macro: str = "") -> Option:
    return Option(name=f"RMW_UXRCE_{name}", package=RMW, macro=f"RMW_UXRCE_{macro or name}", default=default)


OPTIONS = {
    each.name: each
    for each in (
        _client("UCLIENT_PROFILE_SHARED_MEMORY", "OFF"),
        _client("UCLIENT_SHARED_MEMORY_MAX_ENTITIES", "4", "UXR_CONFIG_SHARED_MEMORY_MAX_ENTITIES"),
        _client("UCLIENT_SHARED_MEMORY_STATIC_MEM_SIZE", "10", "UXR_CONFIG_SHARED_MEMORY_STATIC_MEM_SIZE"),
        _client("UCLIENT_PROFILE_CUSTOM_TRANSPORT", "ON"),
        _client("UCLIENT_PROFILE_STREAM_FRAMING", "ON"),
        _client("UCLIENT_PROFILE_MULTITHREAD", "OFF"),
        _client("UCLIENT_PROFILE_UDP", "ON"),
        _client("UCLIENT_PROFILE_TCP", "ON"),
        _client("UCLIENT_PROFILE_SERIAL", "ON"),
        _client("UCLIENT_CUSTOM_TRANSPORT_MTU", "512", "UXR_CONFIG_CUSTOM_TRANSPORT_MTU"),
        _client("UCLIENT_UDP_TRANSPORT_MTU", "512", "UXR_CONFIG_UDP_TRANSPORT_MTU"),
        _client("UCLIENT_TCP_TRANSPORT_MTU", "512", "UXR_CONFIG_TCP_TRANSPORT_MTU"),
        _client("UCLIENT_SERIAL_TRANSPORT_MTU", "512", "UXR_CONFIG_SERIAL_TRANSPORT_MTU"),
        _rmw("TRANSPORT", "udp"),
        _rmw("CREATION_MODE", "bin"),
        _rmw("MAX_HISTORY", "8"),
        _rmw("STREAM_HISTORY", "4", "STREAM_HISTORY_OUTPUT"),
        _rmw("STREAM_HISTORY_INPUT", "", "STREAM_HISTORY_INPUT"),
        _rmw("STREAM_HISTORY_OUTPUT", "", "STREAM_HISTORY_OUTPUT"),
        _rmw("MAX_NODES", "4"),
        _rmw("MAX_PUBLISHERS", "4"),
        _rmw("MAX_SUBSCRIPTIONS", "4"),
        _rmw("MAX_SERVICES", "4"),
        _rmw("MAX_CLIENTS", "4"),
        _rmw("MAX_TOPICS", "-1"),
        _rmw("ALLOW_DYNAMIC_ALLOCATIONS", "OFF"),
        _rmw("GRAPH", "OFF"),
        _rmw("PUBLISH_RELIABLE_TIMEOUT", "1000"),
    )
}
"""Every option that is known here, by name."""

TRANSPORTS = ("udp", "tcp", "serial", "custom")


def option(name: str) -> Option:
    """The option of this name. :raises KeyError: the rig does not know it."""
    return OPTIONS[name]
