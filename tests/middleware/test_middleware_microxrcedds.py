"""The backend on an installed eProsima Client: what CMake refuses, and, where a package is given, an exchange.

``RIG_MICROXRCEDDS_SHM`` and ``RIG_MICROXRCEDDS_NETWORK`` name the prefixes of packages built for this host,
``RIG_MICROXRCEDDS_THREADS`` one with shared memory and ``UCLIENT_PROFILE_MULTITHREAD``.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from middleware_cmake import configure as configure_with
from middleware_cmake import words

from rig.bench import Capability, Exchange, Refused, Status, Topology, one_writer
from rig.inventory import Inventory
from rig.model import Create, End, Kind, Open, Promise, Publish, Spin, Topic
from rig.model import Sequence as Calls
from rig.search import Runner
from rig.station import Setting, Station

configure = partial(configure_with, middleware="microxrcedds")
PREFIXES = {variant: os.environ.get(f"RIG_MICROXRCEDDS_{variant.upper()}") for variant in ("shm", "network")}
PROFILES = ("UCLIENT_PROFILE_CUSTOM_TRANSPORT", "UCLIENT_PROFILE_STREAM_FRAMING")


def package(folder: Path, *macros: str) -> Path:
    """A package that has a config.h and nothing else: enough for CMake to look at."""
    include = folder / "include" / "uxr" / "client"
    include.mkdir(parents=True)
    (include / "config.h").write_text("".join(f"#define {macro}\n" for macro in macros), encoding="utf-8")
    cmake = folder / "share" / "microxrcedds_client" / "cmake"
    cmake.mkdir(parents=True)
    (cmake / "microxrcedds_clientConfig.cmake").write_text(
        "add_library(microxrcedds_client INTERFACE IMPORTED)\n"
        f'target_include_directories(microxrcedds_client INTERFACE "{folder}/include")\n',
        encoding="utf-8",
    )
    (cmake / "microxrcedds_clientConfigVersion.cmake").write_text(
        "set(PACKAGE_VERSION 3.0.1)\nset(PACKAGE_VERSION_COMPATIBLE TRUE)\n", encoding="utf-8"
    )
    return folder


def test_missing_package_is_said_clearly(tmp_path: Path) -> None:
    done = configure(tmp_path / "build", "shm", "-DCMAKE_DISABLE_FIND_PACKAGE_microxrcedds_client=ON")
    assert done.returncode != 0
    assert "no installed microxrcedds_client" in words(done)
    assert "CMAKE_PREFIX_PATH" in words(done)


@pytest.mark.parametrize(
    ("macros", "variant", "said"),
    [
        (PROFILES[:1], "network", "lacks UCLIENT_PROFILE_STREAM_FRAMING"),
        (PROFILES[1:], "network", "lacks UCLIENT_PROFILE_CUSTOM_TRANSPORT"),
        (PROFILES, "shm", "lacks UCLIENT_PROFILE_SHARED_MEMORY"),
        ((*PROFILES, "UCLIENT_PROFILE_SHARED_MEMORY"), "network", "has shared memory: it makes the variant shm"),
        ((*PROFILES, "UCLIENT_PROFILE_SHARED_MEMORY"), "shm;network", "has shared memory: it makes the variant shm"),
        ((*PROFILES, "UCLIENT_PROFILE_SHARED_MEMORY"), "shm", ""),
        (PROFILES, "network", ""),
    ],
)
def test_package_must_fit_the_variant(tmp_path: Path, macros: tuple[str, ...], variant: str, said: str) -> None:
    prefix = package(tmp_path / "package", *macros)
    done = configure(tmp_path / "build", variant, f"-DCMAKE_PREFIX_PATH={prefix}")
    assert (done.returncode == 0) == (not said), done.stderr
    assert said in words(done)


def image(folder: Path, variant: str, *options: str) -> Path:
    """The bench on the installed Client of a variant, for this host."""
    prefix = PREFIXES[variant]
    if prefix is None:
        pytest.skip(f"RIG_MICROXRCEDDS_{variant.upper()} names no installed Client")
    done = configure(folder / "build", variant, f"-DCMAKE_PREFIX_PATH={prefix}", *options)
    assert done.returncode == 0, done.stderr
    subprocess.run(["cmake", "--build", folder / "build", "-j2"], check=True, timeout=120, capture_output=True)
    return folder / "build" / f"rig-bench-{variant}.elf"


@contextmanager
def bench(folder: Path, variant: str, *options: str, agent: str = "builtin") -> Iterator[Setting]:
    firmware = image(folder, variant, *options)
    boards = folder / "boards.yaml"
    boards.write_text(
        "version: 1\ndefault: here\nboards:\n  here:\n    kind: native\n    link: {transport: udp4}\n"
        f"    firmware: {{{variant}: {firmware}}}\n",
        encoding="utf-8",
    )
    (spec,) = Inventory.load(boards).select()
    with Station(spec, agent=agent, directory=folder) as station:
        yield station.prepare(variant)


def publish(setting: Setting, topology: Topology, length: int, *, first: int = 1, spin_ms: int = 10) -> Exchange:
    return setting.bench.exchange(
        session=topology.session,
        writer=topology.writer,
        count=1,
        length=length,
        readers=len(topology.readers),
        first=first,
        spin_ms=spin_ms,
        deadline=5.0,
    )


def test_unknown_way_of_long_messages_is_refused(tmp_path: Path) -> None:
    done = configure(tmp_path / "build", "shm", "-DRIG_MW_LONG=teleport")
    assert done.returncode != 0
    assert "'teleport' is neither buffer_topic nor fragmented" in words(done)


@pytest.mark.firmware
@pytest.mark.parametrize("variant", PREFIXES)
def test_exchange_on_the_installed_client(tmp_path: Path, variant: str) -> None:
    with bench(tmp_path, variant) as setting:
        hello = setting.bench.hello
        assert hello.middleware == "microxrcedds"
        told = setting.bench.configuration()
        assert told["sessions"] == 1
        assert told["long_messages"] == "uxr_buffer_topic"
        assert bool(told["shm_entities"]) == (variant == "shm") == setting.bench.has(Capability.SHM)
        setting.start(buffers=4)
        topology = setting.connect(readers=2)
        with pytest.raises(Refused) as second:
            setting.bench.open_session(2, timeout=1.0)
        assert second.value.status is Status.UNSUPPORTED
        for number, length in enumerate((4, 400, 2000)):  # in one slot of the stream, and over several
            seen = publish(setting, topology, length, first=1 + number)
            local = 2 if variant == "shm" else 0
            assert (seen.delivered, seen.damaged, seen.local) == (2, 0, local)
        # The backend gathers a message over several slots for each reader.
        if variant == "shm":
            assert setting.bench.statistics().copied == 2 * 2000


@pytest.mark.firmware
@pytest.mark.parametrize("agent", ["builtin", "none"])
def test_what_the_client_can_do_with_no_agent(tmp_path: Path, agent: str) -> None:
    """As its own example of shared memory does: over the best-effort stream nothing waits for an acknowledgement."""
    with bench(tmp_path, "shm", agent=agent) as setting:
        for link in {False, agent != "none"}:
            for reliable, most in ((False, 100), (True, setting.history)):
                setting.bench.start(buffers=4, mtu=setting.mtu, history=setting.history, link=link)
                topology = one_writer(
                    setting.bench, readers=2, reliable=reliable, key=setting.next_key(), timeout=0.0, request=False
                )
                seen = setting.bench.exchange(
                    session=topology.session,
                    writer=topology.writer,
                    count=100,
                    length=64,
                    readers=2,
                    record=False,
                    spin_ms=0,
                    deadline=1.0,
                )
                assert seen.local == seen.delivered == 2 * seen.accepted
                assert most - 1 <= seen.accepted <= most


@pytest.mark.firmware
def test_the_callback_comes_at_once_and_the_spin_returns_when_its_time_is_up(tmp_path: Path) -> None:
    with bench(tmp_path, "shm") as setting:
        setting.start(buffers=4)
        topology = setting.connect(readers=1)
        setting.settle()
        unit = setting.bench.clock.units_per_ms
        seen = publish(setting, topology, 64, spin_ms=60)
        (latency,) = setting.bench.latencies(seen)
        assert seen.whole
        assert latency < 30 * unit < 55 * unit < seen.returned[0] == seen.returned[1]


@pytest.mark.firmware
def test_a_program_runs_on_the_installed_client(tmp_path: Path) -> None:
    """One sample reaches both readers; of two between spins the later one comes first, and the judge says so."""
    writer = End(0, Kind.WRITER, 1)
    made = (Open(0), Create(writer), Create(End(0, Kind.READER, 1), count=2))
    with bench(tmp_path, "shm", agent="none") as setting:
        runner = Runner(setting.bench, renew=lambda: setting.bench, key=setting.next_key)
        topics = (Topic("rt/a", "T"),)
        one = runner.run_one(Calls(4, 1024, topics, (*made, Publish(writer, 64), Spin())), narrate=True)
        assert one.finished
        assert one.breach is None, one.came
        two = runner.run_one(Calls(4, 1024, topics, (*made, Publish(writer, 64, 2), Spin())))
        assert two.breach is not None
        assert two.breach.promise is Promise.IN_ORDER


@pytest.mark.firmware
def test_the_fragmented_function_hands_nothing_to_local_readers(tmp_path: Path) -> None:
    """What the Client does, shown: its function for messages of any length leaves its shared memory out."""
    with bench(tmp_path, "shm", "-DRIG_MW_LONG=fragmented") as setting:
        assert setting.bench.configuration()["long_messages"] == "uxr_prepare_output_stream_fragmented"
        setting.start(buffers=4)
        topology = setting.connect(readers=2)
        assert publish(setting, topology, 64).local == 2
        seen = setting.bench.exchange(
            session=topology.session,
            writer=topology.writer,
            count=1,
            length=2000,
            readers=2,
            first=2,
            deadline=1.0,
        )
        assert (seen.accepted, seen.local) == (1, 0)


@pytest.mark.firmware
def test_threads_are_offered_where_the_client_has_locks(tmp_path: Path) -> None:
    prefix = os.environ.get("RIG_MICROXRCEDDS_THREADS")
    if prefix is None:
        pytest.skip("RIG_MICROXRCEDDS_THREADS names no installed Client with UCLIENT_PROFILE_MULTITHREAD")
    with bench(tmp_path, "shm", f"-DCMAKE_PREFIX_PATH={prefix}") as setting:
        assert setting.bench.has(Capability.THREADS)
        setting.start(buffers=4)
        topology = setting.connect(readers=1)
        setting.settle()
        seen = setting.bench.preempt(
            session=topology.session, writer=topology.writer, count=500, length=64, deadline=20.0
        )
        assert (seen.status, seen.accepted) == (Status.OK, 500)
