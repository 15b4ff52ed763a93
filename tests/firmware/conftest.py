"""Native firmware processes, and an Agent of ours on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from firmware_native import Native

from rig.agent import BuiltinAgent
from rig.bench import build


@pytest.fixture(scope="session")
def images() -> dict[str, Path]:
    return build("posix")


@pytest.fixture
def native(images: dict[str, Path], tmp_path: Path) -> Iterator[Callable[..., Native]]:
    """Make firmware processes: ``native(port, variant="shm")``; port 0 for one without a link."""
    with ExitStack() as stack:
        count = 0

        def make(port: int = 0, variant: str = "shm") -> Native:
            nonlocal count
            count += 1
            directory = tmp_path / str(count)
            directory.mkdir()
            return Native(images[variant], port, directory, stack)

        yield make


@pytest.fixture
def agent() -> Iterator[BuiltinAgent]:
    with BuiltinAgent.udp4() as running:
        yield running
