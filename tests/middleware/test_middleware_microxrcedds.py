"""The backend on an installed eProsima Client: what CMake refuses, and, where a package is given, an exchange.

``RIG_MICROXRCEDDS_SHM`` and ``RIG_MICROXRCEDDS_NETWORK`` name the prefixes of packages built for this host.
"""

import os
import subprocess
from pathlib import Path

import pytest

from rig.bench import Capability, Refused, Status
from rig.inventory import Inventory
from rig.station import Station

FIRMWARE = Path(__file__).resolve().parents[2] / "firmware"
PREFIXES = {variant: os.environ.get(f"RIG_MICROXRCEDDS_{variant.upper()}") for variant in ("shm", "network")}
PROFILES = ("UCLIENT_PROFILE_CUSTOM_TRANSPORT", "UCLIENT_PROFILE_STREAM_FRAMING")


def configure(folder: Path, variants: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *("cmake", "-S", FIRMWARE, "-B", folder, "-G", "Ninja"),
            *("-DRIG_BOARD=posix", "-DRIG_MIDDLEWARE=microxrcedds", f"-DRIG_VARIANTS={variants}"),
            *options,
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


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


def words(done: subprocess.CompletedProcess[str]) -> str:
    return " ".join(done.stderr.split())


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


@pytest.mark.firmware
@pytest.mark.parametrize("variant", PREFIXES)
def test_exchange_on_the_installed_client(tmp_path: Path, variant: str) -> None:
    prefix = PREFIXES[variant]
    if prefix is None:
        pytest.skip(f"RIG_MICROXRCEDDS_{variant.upper()} names no installed Client")
    done = configure(tmp_path / "build", variant, f"-DCMAKE_PREFIX_PATH={prefix}")
    assert done.returncode == 0, done.stderr
    subprocess.run(["cmake", "--build", tmp_path / "build", "-j2"], check=True, timeout=120, capture_output=True)
    boards = tmp_path / "boards.yaml"
    boards.write_text(
        "version: 1\ndefault: here\nboards:\n  here:\n    kind: native\n    link: {transport: udp4}\n"
        f"    firmware: {{{variant}: {tmp_path}/build/rig-bench-{variant}.elf}}\n",
        encoding="utf-8",
    )
    (spec,) = Inventory.load(boards).select()
    with Station(spec, agent="builtin", directory=tmp_path) as station:
        setting = station.prepare(variant)
        hello = setting.bench.hello
        assert hello.middleware == "microxrcedds"
        told = setting.bench.configuration()
        assert told["sessions"] == 1
        assert bool(told["shm_entities"]) == (variant == "shm") == setting.bench.has(Capability.SHM)
        setting.start(buffers=4)
        with pytest.raises(Refused) as offline:
            setting.bench.open_session(1, timeout=0.0)
        assert offline.value.status is Status.UNSUPPORTED
        topology = setting.connect(readers=2)
        for number, length in enumerate((4, 400, 2000)):  # in one slot of the stream, and over several
            seen = setting.bench.exchange(
                session=topology.session,
                writer=topology.writer,
                count=1,
                length=length,
                readers=2,
                first=1 + number,
                deadline=5.0,
            )
            local = 2 if variant == "shm" else 0
            assert (seen.delivered, seen.damaged, seen.local) == (2, 0, local)
