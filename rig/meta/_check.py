"""What will fail with a configuration: which option causes it, and what the failure looks like."""

from __future__ import annotations

from dataclasses import dataclass

from rig.meta._expect import expect, input_bytes, slot_bytes
from rig.meta._need import Need
from rig.meta._options import CLIENT, OPTIONS
from rig.meta._read import Configuration

_SHM = "UCLIENT_PROFILE_SHARED_MEMORY"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that does not work as the application needs it.

    :ivar option: the option that causes it.
    :ivar value: the option's value.
    :ivar needs: the value that would be enough; empty if no value of this option is.
    :ivar what: what happens, and how one notices.
    """

    option: str
    value: str
    needs: str
    what: str


def contradictions(configuration: Configuration, symbols: frozenset[str]) -> list[Finding]:
    """Contradictions between a library's header and the symbols in its archive."""
    has = "uxr_prepare_shared_memory" in symbols
    if has == configuration.shm:
        return []
    there = "has its functions" if has else "has none of its functions"
    return [
        Finding(
            option=_SHM,
            value=configuration.word(_SHM),
            needs="",
            what=f"the header says {configuration.word(_SHM)}, but libmicroros.a {there}: header and archive are of "
            f"different builds; build {CLIENT} and rmw_microxrcedds again, both",
        )
    ]


def check(configuration: Configuration, need: Need) -> list[Finding]:
    """Everything that fails; an empty list if the configuration does what the application needs.

    :raises UsageError: an option that must be a number is none.
    """
    found = [
        Finding(
            option=name,
            value="",
            needs="",
            what=f"set for {package}, which does not know it; it is an option of {OPTIONS[name].package}: no effect",
        )
        for name, package in sorted(configuration.misplaced.items())
    ]
    found += _does_not_build(configuration)
    found += _pools(configuration, need)
    if need.shm:
        found += _shared_memory(configuration, need)
    return found + _messages(configuration, need)


def _finding(configuration: Configuration, option: str, needs: object, what: str) -> Finding:
    return Finding(option=option, value=configuration.word(option), needs=str(needs), what=what)


def _does_not_build(configuration: Configuration) -> list[Finding]:
    found = []
    for name in ("RMW_UXRCE_STREAM_HISTORY", "RMW_UXRCE_STREAM_HISTORY_INPUT", "RMW_UXRCE_STREAM_HISTORY_OUTPUT"):
        if not configuration.word(name):
            continue
        slots = configuration.number(name)
        if slots < 1 or slots & (slots - 1):
            up = 1 << max(1, slots).bit_length()
            found.append(_finding(configuration, name, up, "not a power of two: CMake refuses it"))
    transport = configuration.word("RMW_UXRCE_TRANSPORT")
    profile = f"UCLIENT_PROFILE_{transport.upper() + ('_TRANSPORT' if transport == 'custom' else '')}"
    if not configuration.on(profile):
        what = f"RMW_UXRCE_TRANSPORT is {transport}, and the Client is built without it: rmw does not compile"
        found.append(_finding(configuration, profile, "ON", what))
    if not configuration.on("UCLIENT_PROFILE_STREAM_FRAMING") and transport == "serial":
        what = "a serial line needs framing: the Client does not compile"
        found.append(_finding(configuration, "UCLIENT_PROFILE_STREAM_FRAMING", "ON", what))
    return found


def _pools(configuration: Configuration, need: Need) -> list[Finding]:
    found: list[Finding] = []
    if configuration.on("RMW_UXRCE_ALLOW_DYNAMIC_ALLOCATIONS"):
        return found
    for what, wanted in (
        ("nodes", need.nodes),
        ("publishers", need.publishers),
        ("subscriptions", need.subscriptions),
        ("services", need.services),
        ("clients", need.clients),
    ):
        name = f"RMW_UXRCE_MAX_{what.upper()}"
        have = configuration.number(name)
        if have < wanted:
            text = f"creating the {have + 1}. of {wanted} {what} returns RCL_RET_ERROR"
            found.append(_finding(configuration, name, wanted, text))
    topics = need.publishers + need.subscriptions
    if configuration.number("RMW_UXRCE_MAX_TOPICS") != -1 and configuration.topics < topics:
        text = "every publisher and every subscription takes a topic: creating one too many returns RCL_RET_ERROR"
        found.append(_finding(configuration, "RMW_UXRCE_MAX_TOPICS", topics, text))
    return found


def _shared_memory(configuration: Configuration, need: Need) -> list[Finding]:
    if not configuration.shm:
        what = "shared memory is not compiled in: every sample takes the way over the Agent"
        return [_finding(configuration, _SHM, "ON", what)]
    found = []
    if configuration.word("RMW_UXRCE_CREATION_MODE") != "bin":
        what = "shared memory does not learn of entities made by reference: nothing is delivered locally"
        found.append(_finding(configuration, "RMW_UXRCE_CREATION_MODE", "bin", what))
    table = configuration.number("UCLIENT_SHARED_MEMORY_MAX_ENTITIES")
    if table < need.entities:
        what = (
            f"shared memory knows the first {table} of {need.entities} topics, endpoints, services and clients, in "
            "order of creation; the others get nothing locally, and creating them succeeds"
        )
        found.append(_finding(configuration, "UCLIENT_SHARED_MEMORY_MAX_ENTITIES", need.entities, what))
    buffers, readers = configuration.number("UCLIENT_SHARED_MEMORY_STATIC_MEM_SIZE"), need.readers_of_one
    if buffers < readers:
        what = f"a sample reaches {buffers} of its {readers} readers locally; publishing it succeeds"
        found.append(_finding(configuration, "UCLIENT_SHARED_MEMORY_STATIC_MEM_SIZE", readers, what))
    if need.services and need.clients:
        what = (
            "rmw drops a request that came by shared memory: it knows its requests by an id that shared memory does "
            "not carry. A service of one's own is served over the Agent, if that delivers it"
        )
        found.append(_finding(configuration, _SHM, "", what))
    return found


def _messages(configuration: Configuration, need: Need) -> list[Finding]:
    found = []
    mtu = f"UCLIENT_{configuration.word('RMW_UXRCE_TRANSPORT').upper()}_TRANSPORT_MTU"
    slot = slot_bytes(configuration, reliable=need.reliable)
    wanted = need.message_bytes + configuration.mtu - slot
    if need.message_bytes > slot:
        if not need.reliable:
            what = f"a best-effort message has at most {slot} bytes: rcl_publish returns RCL_RET_ERROR"
            found.append(_finding(configuration, mtu, wanted, what))
        elif need.shm and configuration.shm:
            what = (
                f"a message of more than {slot} bytes lies in several slots: local readers get it if those are free, "
                "and nobody does if they are not and the Agent relies on shared memory"
            )
            found.append(_finding(configuration, mtu, wanted, what))
    received = input_bytes(configuration)
    if need.message_bytes > received and need.subscriptions:
        slots = configuration.input_slots
        while input_bytes(configuration, slots) < need.message_bytes:
            slots *= 2
        what = (
            f"the reliable input stream holds a message of {received} bytes in all its slots; of a longer one the last "
            "piece has no slot, and the Client looks for it for ever: the call that spins does not return"
        )
        found.append(_finding(configuration, "RMW_UXRCE_STREAM_HISTORY", slots, what))
    kept = need.readers_of_one * min(need.burst, need.depth)
    places = configuration.number("RMW_UXRCE_MAX_HISTORY")
    if places < kept and not configuration.on("RMW_UXRCE_ALLOW_DYNAMIC_ALLOCATIONS"):
        expected = expect(configuration, need)
        taken = f"{expected.taken} of {kept}" if expected.taken else f"at most {places} of {kept}"
        what = (
            f"all subscriptions share {places} places: an executor finds {taken} samples of a burst; "
            "the others are dropped, and publishing them succeeds"
        )
        found.append(_finding(configuration, "RMW_UXRCE_MAX_HISTORY", kept, what))
    return found
