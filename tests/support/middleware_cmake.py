"""What CMake says to the firmware with a middleware that is installed elsewhere."""

import subprocess
from pathlib import Path

FIRMWARE = Path(__file__).resolve().parents[2] / "firmware"


def configure(folder: Path, variants: str, *options: str, middleware: str) -> subprocess.CompletedProcess[str]:
    """Configure a build for this host in ``folder``."""
    return subprocess.run(
        [
            *("cmake", "-S", FIRMWARE, "-B", folder, "-G", "Ninja"),
            *("-DRIG_BOARD=posix", f"-DRIG_MIDDLEWARE={middleware}", f"-DRIG_VARIANTS={variants}"),
            *options,
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def words(done: subprocess.CompletedProcess[str]) -> str:
    """What it complains of, in one line."""
    return " ".join(done.stderr.split())
