"""What fails with a configuration, and how much comes through. The counts of REAL were seen on real libraries."""

import json
from collections.abc import Callable

import pytest

from rig.errors import UsageError
from rig.meta import CLIENT, OPTIONS, RMW, Configuration, Need, check, expect, propose, ram_bytes, read_meta, write_meta

ENTITIES, BUFFERS = "UCLIENT_SHARED_MEMORY_MAX_ENTITIES", "UCLIENT_SHARED_MEMORY_STATIC_MEM_SIZE"
MTU, HISTORY, SHM = "UCLIENT_CUSTOM_TRANSPORT_MTU", "RMW_UXRCE_MAX_HISTORY", "UCLIENT_PROFILE_SHARED_MEMORY"
PUBLISHERS, SUBSCRIPTIONS = "RMW_UXRCE_MAX_PUBLISHERS", "RMW_UXRCE_MAX_SUBSCRIPTIONS"
AMPLE = {
    SHM: "ON",
    ENTITIES: "48",
    BUFFERS: "32",
    "RMW_UXRCE_TRANSPORT": "custom",
    "RMW_UXRCE_MAX_NODES": "1",
    PUBLISHERS: "9",
    SUBSCRIPTIONS: "9",
    HISTORY: "16",
}


def configuration(**changes: str) -> Configuration:
    values = AMPLE | changes
    packages: dict[str, list[str]] = {CLIENT: [], RMW: []}
    for name, value in values.items():
        packages[OPTIONS[name].package].append(f"-D{name}={value}")
    return read_meta(json.dumps({"names": {name: {"cmake-args": given} for name, given in packages.items()}}))


def need(
    publishers: int, subscriptions: int, length: int, burst: int, *, depth: int = 10, reliable: bool = True
) -> Need:
    return Need(
        publishers=publishers,
        subscriptions=subscriptions,
        message_bytes=length,
        burst=burst,
        depth=depth,
        reliable=reliable,
    )


# changes, need, (publishers, subscriptions, published, local, taken), what the check names
REAL = [
    ({}, need(2, 3, 100, 8), (2, 3, True, 24, 16), [HISTORY]),
    ({ENTITIES: "4"}, need(1, 2, 100, 3), (1, 2, True, 3, 3), [ENTITIES]),
    ({ENTITIES: "4"}, need(2, 1, 100, 3), (2, 1, True, 0, 0), [ENTITIES]),
    ({ENTITIES: "7", BUFFERS: "10"}, need(1, 3, 100, 4), (1, 3, True, 8, 8), [ENTITIES]),
    ({BUFFERS: "2"}, need(1, 3, 100, 4), (1, 3, True, 8, 8), [BUFFERS]),
    ({HISTORY: "4"}, need(1, 2, 100, 4), (1, 2, True, 8, 4), [HISTORY]),
    ({PUBLISHERS: "1", SUBSCRIPTIONS: "2"}, need(2, 4, 100, 2), (1, 2, True, 4, 4), [PUBLISHERS, SUBSCRIPTIONS]),
    ({MTU: "256"}, need(1, 1, 240, 3), (1, 1, True, 3, 3), []),
    ({MTU: "256"}, need(1, 1, 245, 3, reliable=False), (1, 1, False, 0, 0), [MTU]),
    ({MTU: "256"}, need(1, 1, 1100, 3), (1, 1, True, 0, 0), [MTU, "RMW_UXRCE_STREAM_HISTORY"]),
    ({MTU: "1024", "RMW_UXRCE_STREAM_HISTORY": "2"}, need(1, 2, 900, 4), (1, 2, True, 8, 8), []),
    ({"RMW_UXRCE_MAX_TOPICS": "2"}, need(1, 3, 100, 2), (1, 1, True, 2, 2), ["RMW_UXRCE_MAX_TOPICS"]),
    ({"RMW_UXRCE_CREATION_MODE": "refs"}, need(1, 1, 100, 3), (1, 1, True, 0, 0), ["RMW_UXRCE_CREATION_MODE"]),
]


@pytest.mark.parametrize(("changes", "wanted", "counts", "named"), REAL)
def test_counts_and_findings(
    changes: dict[str, str], wanted: Need, counts: tuple[int, int, bool, int, int], named: list[str]
) -> None:
    have = configuration(**changes)
    seen = expect(have, wanted)
    assert (seen.publishers, seen.subscriptions, seen.published, seen.local, seen.taken) == counts
    assert [finding.option for finding in check(have, wanted)] == named


def test_a_message_over_several_slots_is_not_foretold() -> None:
    have, wanted = configuration(), need(1, 1, 1000, 3)
    assert expect(have, wanted).local is None
    (finding,) = check(have, wanted)
    assert finding.option == MTU and finding.needs == "1016"
    assert not check(configuration(**{MTU: finding.needs}), wanted)


def test_a_message_longer_than_the_input_stream_never_returns() -> None:
    have = configuration(**{SHM: "OFF"})
    option = "RMW_UXRCE_STREAM_HISTORY"
    # Seen on a library with MTU 512 and 4 slots: 1,980 bytes of payload come, and with 1,982 the program hangs.
    assert option not in [each.option for each in check(have, need(1, 1, 1992, 1))]
    (finding,) = [each for each in check(have, need(1, 1, 1994, 1)) if each.option == option]
    assert "does not return" in finding.what and finding.needs == "8"
    assert option not in [
        each.option for each in check(configuration(**{SHM: "OFF", option: "8"}), need(1, 1, 1994, 1))
    ]


def test_shared_memory_off_or_set_for_the_wrong_package() -> None:
    wanted = need(1, 1, 100, 1)
    assert [each.option for each in check(configuration(**{SHM: "OFF"}), wanted)] == [SHM]
    wrong = read_meta(f'{{"names": {{"{RMW}": {{"cmake-args": ["-D{SHM}=ON", "-DRMW_UXRCE_TRANSPORT=custom"]}}}}}}')
    assert [each.option for each in check(wrong, wanted)] == [SHM, SHM]
    assert f"set for {RMW}" in check(wrong, wanted)[0].what


@pytest.mark.parametrize(
    ("changes", "option"),
    [
        ({"RMW_UXRCE_STREAM_HISTORY": "6"}, "RMW_UXRCE_STREAM_HISTORY"),
        ({"UCLIENT_PROFILE_CUSTOM_TRANSPORT": "OFF"}, "UCLIENT_PROFILE_CUSTOM_TRANSPORT"),
        ({"RMW_UXRCE_TRANSPORT": "udp", "UCLIENT_PROFILE_UDP": "OFF"}, "UCLIENT_PROFILE_UDP"),
    ],
)
def test_what_does_not_build_is_found(changes: dict[str, str], option: str) -> None:
    assert option in [each.option for each in check(configuration(**changes), need(1, 1, 100, 1))]


def test_a_service_of_ones_own_is_told() -> None:
    wanted = Need(services=1, clients=1)
    assert [each.needs for each in check(configuration(), wanted)] == [""]


@pytest.mark.parametrize(
    "wanted",
    [
        Need(),
        need(4, 4, 100, 10),
        need(1, 8, 4000, 3, depth=2),
        need(3, 2, 900, 5, reliable=False),
        Need(publishers=0, subscriptions=3),
        Need(publishers=2, subscriptions=0, shm=False),
    ],
)
@pytest.mark.parametrize("transport", ["custom", "udp", "serial"])
def test_what_is_proposed_passes_the_check(wanted: Need, transport: str) -> None:
    have = read_meta(write_meta(propose(wanted, transport=transport)))
    assert not check(have, wanted)
    expected = expect(have, wanted)
    assert expected.publishers == wanted.publishers and expected.subscriptions == wanted.subscriptions
    if wanted.shm and wanted.publishers:
        assert expected.local == wanted.readers_of_one * wanted.burst


def test_no_entity_less_would_do() -> None:
    wanted = need(3, 4, 100, 5)
    chosen = {each.name: each.value for each in propose(wanted)}
    for name in (ENTITIES, BUFFERS, HISTORY, PUBLISHERS, SUBSCRIPTIONS):
        less = configuration(**{**chosen, name: str(int(chosen[name]) - 1)})
        assert name in [each.option for each in check(less, wanted)]


def test_ram_of_the_tables_is_what_nm_gives() -> None:
    """Sizes of the symbols of a library for cortex-m3, built with AMPLE and four services and clients."""
    have = configuration(RMW_UXRCE_MAX_SERVICES="4", RMW_UXRCE_MAX_CLIENTS="4")
    assert ram_bytes(have) == {
        "shared memory": 23952,
        "session and streams": 5544,
        "received samples": 33792,
        "endpoints": 164 + 1944 + 1944 + 800 + 800 + 504,
    }


def test_other_packages_and_options_of_a_base_are_kept() -> None:
    base = json.dumps(
        {"names": {"tracetools": {"cmake-args": ["-DX=1"]}, RMW: {"cmake-args": [f"-D{HISTORY}=99", "-DRMW_OTHER=2"]}}}
    )
    document = json.loads(write_meta(propose(Need()), base=base))
    assert document["names"]["tracetools"] == {"cmake-args": ["-DX=1"]}
    arguments = document["names"][RMW]["cmake-args"]
    assert "-DRMW_OTHER=2" in arguments and sum(HISTORY in each for each in arguments) == 1


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Need(burst=0), "burst: 0"),
        (lambda: Need(readers=2), "readers: 2"),
        (lambda: Need(publishers=-1), "publishers: -1"),
    ],
)
def test_impossible_numbers_are_refused(make: Callable[[], Need], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        make()
