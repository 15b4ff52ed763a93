"""Images with a seeded defect, when several are wanted at once."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from rig.bench import build_defect

pytestmark = pytest.mark.firmware


def test_an_image_stays_what_it_is_while_others_are_built() -> None:
    first = build_defect("posix", "reverse_order")["shm"]
    before = first.read_bytes()
    with ThreadPoolExecutor() as pool:
        others = list(pool.map(lambda name: build_defect("posix", name)["shm"], ("late_wakeup", "", "late_wakeup")))
    assert first.read_bytes() == before
    assert os.access(first, os.X_OK)
    assert others[0] == others[2]
    assert len({first.read_bytes(), *(path.read_bytes() for path in others)}) == 3
