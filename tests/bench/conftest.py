import ctypes
import subprocess
from pathlib import Path

import pytest

FIRMWARE = Path(__file__).resolve().parents[2] / "firmware"


@pytest.fixture(scope="session")
def payload_library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """The firmware's own payload code, built for this host."""
    library = tmp_path_factory.mktemp("payload") / "payload.so"
    source = FIRMWARE / "bench" / "bench_payload.c"
    subprocess.run(["gcc", "-std=c99", "-O2", "-shared", "-fPIC", "-o", library, source], check=True)
    loaded = ctypes.CDLL(str(library))
    loaded.bench_payload_sequence.restype = ctypes.c_uint32
    loaded.bench_payload_check.restype = ctypes.c_int32
    return loaded


@pytest.fixture(scope="session")
def native_images() -> dict[str, Path]:
    from rig.bench import build

    return build("posix")
