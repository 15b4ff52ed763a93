"""What a user gets who installs the wheel: everything, with no checkout anywhere near."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rig.places import checkout

pytestmark = pytest.mark.firmware


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rig from its wheel; its dependencies are those of the tests."""
    place = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    root = checkout()
    assert root is not None
    source = place / "source"  # setuptools leaves its work beside the sources
    source.mkdir()
    for name in ("rig", "firmware"):
        shutil.copytree(root / name, source / name, ignore=shutil.ignore_patterns("build", "__pycache__"))
    for name in ("boards.yaml", "pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE"):
        shutil.copy(root / name, source)
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", place, source], check=True)
    (wheel,) = place.glob("*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--target", place / "site", wheel], check=True)
    return place / "site"


def rig(installed: Path, home: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the installed rig from ``home``, an empty place with a configuration and a cache of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RIG_", "XDG_CONFIG"))}
    environment = kept | {"PYTHONPATH": str(installed), "XDG_CACHE_HOME": str(home / "cache")}
    environment |= {"XDG_CONFIG_HOME": str(home / "config"), **more}
    command = [sys.executable, "-P", "-m", "rig.cli", *arguments]
    return subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=False)


def test_a_wheel_knows_the_boards_builds_in_the_cache_and_runs(installed: Path, tmp_path: Path) -> None:
    boards = rig(installed, tmp_path, "boards")
    assert boards.returncode == 0, boards.stderr
    assert "mps2-an385 (default)" in boards.stdout
    ran = rig(installed, tmp_path, "run", "--board", "native", "--quick", "--claims", "footprint,local-matching")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    (built,) = (tmp_path / "cache" / "microros-shm-rig" / "firmware").iterdir()
    assert (built / "posix" / "rig-bench-shm.elf").exists()
    (run,) = (tmp_path / "reports" / "runs").glob("2*")
    assert (run / "report.html").exists()
    carried = installed / "rig" / "_carried" / "firmware"
    assert carried.is_dir()
    assert not (carried / "build").exists()


def test_boards_come_from_here_then_RIG_BOARDS_then_the_users_configuration(installed: Path, tmp_path: Path) -> None:  # noqa: N802
    def entry(name: str) -> str:
        board = f"{name}: {{kind: native, firmware: {{preset: posix}}, link: {{transport: udp4}}}}"
        return f"version: 1\ndefault: {name}\nboards:\n  {board}\n"

    configured = tmp_path / "config" / "microros-shm-rig" / "boards.yaml"
    configured.parent.mkdir(parents=True)
    configured.write_text(entry("configured"))
    assert "configured" in rig(installed, tmp_path, "boards").stdout
    named = tmp_path / "named.yaml"
    named.write_text(entry("named"))
    assert "named" in rig(installed, tmp_path, "boards", RIG_BOARDS=str(named)).stdout
    (tmp_path / "boards.yaml").write_text(entry("here"))
    assert "here" in rig(installed, tmp_path, "boards", RIG_BOARDS=str(named)).stdout
    (tmp_path / "boards.yaml").unlink()
    missing = rig(installed, tmp_path, "boards", RIG_BOARDS=str(tmp_path / "none.yaml"))
    assert missing.returncode == 2
    assert "RIG_BOARDS names" in missing.stderr


def test_what_only_a_checkout_has_is_said(installed: Path, tmp_path: Path) -> None:
    done = rig(installed, tmp_path, "bench")
    assert done.returncode == 2
    assert "checkout" in done.stderr
