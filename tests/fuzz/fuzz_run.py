"""Coverage-guided fuzzing of one target under atheris: ``python tests/fuzz/fuzz_run.py TARGET [CORPUS] [-options]``.

What follows TARGET goes to libFuzzer, such as ``-max_total_time=600``. Without a folder new inputs are kept nowhere.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import atheris


def main() -> None:
    """Fuzz until libFuzzer ends it; it leaves the process with a status that is not 0 where an invariant broke."""
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    with atheris.instrument_imports(include=["rig.xrce", "rig.agent"]):
        importlib.import_module("rig.xrce")
        importlib.import_module("rig.agent")
    targets = importlib.import_module("fuzz_targets").TARGETS
    target = targets[sys.argv[1]]

    def one(data: bytes) -> None:
        target(bytes(data))

    atheris.Setup([sys.argv[0], *sys.argv[2:]], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
