from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from rig.bench import Bench, build_defect
from rig.inventory import Inventory
from rig.search import Runner
from rig.station import Station

ROOT = Path(__file__).resolve().parents[2]

BOARDS = """
version: 1
default: native
boards:
  native:
    kind: native
    firmware: {{shm: {shm}, network: {network}}}
    link: {{transport: udp4}}
"""


@pytest.fixture
def runner_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Runner]]:
    """A runner on the native firmware, built with a seeded defect ("": without one)."""
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))
    with ExitStack() as stack:

        def make(defect: str) -> Runner:
            images = build_defect("posix", defect)
            file = tmp_path / "boards.yaml"
            file.write_text(BOARDS.format(**{variant: str(path) for variant, path in images.items()}))
            (spec,) = Inventory.load(file).select(["native"])
            station = stack.enter_context(Station(spec, agent="none", directory=tmp_path))

            def renew() -> Bench:
                station.power_cycle()
                return station.prepare("shm").bench

            setting = station.prepare("shm")
            return Runner(setting.bench, renew=renew, key=setting.next_key)

        yield make
