"""Images with a seeded defect, when several are wanted at once."""

import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rig.bench import build_defect
from rig.errors import UsageError
from rig.places import firmware_root

pytestmark = [pytest.mark.firmware, pytest.mark.timeout(600)]  # builds wait for each other


def built(defect: str) -> Path:
    return build_defect("posix", defect, variants=("shm",))["shm"]


def test_an_image_stays_what_it_is_while_others_are_built() -> None:
    first = built("reverse_order")
    before = first.read_bytes()
    with ThreadPoolExecutor() as pool:
        others = list(pool.map(built, ("late_wakeup", "", "late_wakeup")))
    assert first.read_bytes() == before
    assert os.access(first, os.X_OK)
    assert others[0] == others[2]
    assert len({first.read_bytes(), *(path.read_bytes() for path in others)}) == 3


def seeded(directory: Path, name: str) -> Path:
    """Configure a build with a defect; the copy of the sources that it is made from."""
    command = ["cmake", "--preset", "posix", "-B", str(directory), f"-DRIG_DEFECT={name}"]
    done = subprocess.run(command, cwd=firmware_root(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return directory / "seeded" / name


def files(root: Path) -> dict[str, bytes]:
    folders = ("bench", "middleware", "ports", "xrce")
    found = (path for folder in folders for path in (root / folder).rglob("*") if path.is_file())
    return {str(path.relative_to(root)): path.read_bytes() for path in found}


def test_a_patch_changes_a_copy_of_the_sources_alone(tmp_path: Path) -> None:
    """Two at once, each in its own directory: each copy has its own defect, and the sources have none."""
    before = files(firmware_root())
    names = ("name_32", "held_back")
    with ThreadPoolExecutor() as pool:
        copies = list(pool.map(lambda name: seeded(tmp_path / name, name), names))
    assert files(firmware_root()) == before
    for copy, changed in zip(copies, ("xrce/entity/xrce_name.c", "xrce/shm/xrce_shm_pool.c"), strict=True):
        found = files(copy)
        assert {name for name in before if before[name] != found[name]} == {changed}


def test_configuring_again_touches_nothing(tmp_path: Path) -> None:
    """Otherwise all would be compiled again each time."""
    copy = seeded(tmp_path, "name_32")
    times = {path: path.stat().st_mtime_ns for path in copy.rglob("*")}
    assert seeded(tmp_path, "name_32") == copy
    assert {path: path.stat().st_mtime_ns for path in copy.rglob("*") if path.is_file()} == {
        path: time for path, time in times.items() if path.is_file()
    }


def test_a_patched_image_is_not_another_ones() -> None:
    images = [built(name) for name in ("name_32", "held_back", "name_32")]
    assert images[0] == images[2]
    assert images[0].read_bytes() != images[1].read_bytes()


def test_a_patch_that_does_not_fit_is_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "firmware"
    shutil.copytree(firmware_root(), root, ignore=shutil.ignore_patterns("build"))
    source = root / "xrce" / "entity" / "xrce_name.c"
    source.write_text(source.read_text().replace("memcmp(text, ", "memcmp( text, "))
    monkeypatch.setenv("RIG_FIRMWARE", str(root))
    with pytest.raises(UsageError, match=r"defects/name_32\.patch does not fit") as raised:
        build_defect("posix", "name_32")
    assert "xrce_name.c" in str(raised.value)


def test_an_unknown_defect_is_refused() -> None:
    with pytest.raises(UsageError, match="no defect 'nothing' below firmware/defects/"):
        build_defect("posix", "nothing")
