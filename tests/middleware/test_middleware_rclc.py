"""The backend on a libmicroros.a: what CMake refuses, and, where a library is given, exchanges.

``MICROROS_LIB`` names the folder of a library with shared memory, built for this host, with RMW_UXRCE_TRANSPORT=custom.
"""

import os
import subprocess
from functools import partial
from pathlib import Path

import pytest
from middleware_cmake import configure as configure_with
from middleware_cmake import words

from rig.bench import Capability, Refused, Status, one_writer
from rig.inventory import Inventory
from rig.station import Station

configure = partial(configure_with, middleware="rclc")
CLIENT = ("UCLIENT_PROFILE_CUSTOM_TRANSPORT", "UCLIENT_PROFILE_STREAM_FRAMING")
SHM, THREADS = "UCLIENT_PROFILE_SHARED_MEMORY", "UCLIENT_PROFILE_MULTITHREAD"
CUSTOM = ("RMW_UXRCE_TRANSPORT_CUSTOM",)


def library(folder: Path, client: tuple[str, ...], rmw: tuple[str, ...] = CUSTOM) -> Path:
    """A library that has two headers and nothing else: enough for CMake to look at."""
    for name, macros in (("uxr/client", client), ("rmw_microxrcedds_c", rmw)):
        header = folder / "include" / name / "config.h"
        header.parent.mkdir(parents=True)
        header.write_text("".join(f"#define {macro}\n" for macro in macros), encoding="utf-8")
    (folder / "libmicroros.a").write_bytes(b"!<arch>\n")
    return folder


def test_missing_library_is_said_clearly(tmp_path: Path) -> None:
    done = configure(tmp_path / "build", "shm", f"-DMICROROS_LIB={tmp_path / 'nowhere'}")
    assert done.returncode != 0
    assert "libmicroros.a" in words(done) and "-DMICROROS_LIB=" in words(done)


@pytest.mark.parametrize(
    ("client", "rmw", "variant", "said"),
    [
        (CLIENT[:1], CUSTOM, "network", "-DUCLIENT_PROFILE_STREAM_FRAMING=ON"),
        (CLIENT[1:], CUSTOM, "network", "-DUCLIENT_PROFILE_CUSTOM_TRANSPORT=ON"),
        (CLIENT, (), "network", "-DRMW_UXRCE_TRANSPORT=custom"),
        (CLIENT, CUSTOM, "shm", "-DUCLIENT_PROFILE_SHARED_MEMORY=ON"),
        ((*CLIENT, SHM), CUSTOM, "network", "-DUCLIENT_PROFILE_SHARED_MEMORY=OFF"),
        ((*CLIENT, SHM), CUSTOM, "shm;network", "it makes the variant shm"),
        ((*CLIENT, SHM, THREADS), CUSTOM, "shm", "-DUCLIENT_PROFILE_MULTITHREAD=OFF"),
        ((*CLIENT, SHM), CUSTOM, "shm", ""),
        (CLIENT, CUSTOM, "network", ""),
    ],
)
def test_library_must_fit_the_variant(
    tmp_path: Path, client: tuple[str, ...], rmw: tuple[str, ...], variant: str, said: str
) -> None:
    folder = library(tmp_path / "library", client, rmw)
    done = configure(tmp_path / "build", variant, f"-DMICROROS_LIB={folder}")
    assert (done.returncode == 0) == (not said), done.stderr
    assert said in words(done)


@pytest.mark.parametrize("callback", ["user", "transport"])
def test_samples_reach_both_callbacks_of_a_real_library(tmp_path: Path, callback: str) -> None:
    named = os.environ.get("MICROROS_LIB")
    if named is None:
        pytest.skip("MICROROS_LIB names no library")
    done = configure(tmp_path / "build", "shm", f"-DMICROROS_LIB={named}", f"-DRIG_MW_CALLBACK={callback}")
    assert done.returncode == 0, done.stderr
    subprocess.run(["cmake", "--build", tmp_path / "build", "-j2"], check=True, timeout=120, capture_output=True)
    boards = tmp_path / "boards.yaml"
    boards.write_text(
        "version: 1\ndefault: here\nboards:\n  here:\n    kind: native\n    link: {transport: udp4}\n"
        f"    firmware: {{shm: {tmp_path}/build/rig-bench-shm.elf}}\n",
        encoding="utf-8",
    )
    (spec,) = Inventory.load(boards).select()
    with Station(spec, agent="builtin", directory=tmp_path) as station:
        bench = station.prepare("shm").bench
        assert not bench.has(Capability.LOAN) and bench.configuration()["callback"] == callback
        bench.start(buffers=4)
        topology = one_writer(bench, readers=2)
        got = bench.exchange(
            session=topology.session, writer=topology.writer, readers=2, spin_ms=5, count=3, length=100
        )
        assert (got.accepted, got.delivered, got.damaged, got.local) == (3, 6, 0, 6)
        with pytest.raises(Refused) as refused:
            bench.publish(session=topology.session, writer=topology.writer, length=100_000, sequence=1)
        assert refused.value.status is Status.TOO_LARGE
