"""``python -m rig.publish.dashboard DIRECTORY``: write the Grafana dashboards anew."""

from __future__ import annotations

import sys
from pathlib import Path

from rig.publish._atomic import write_whole
from rig.publish._dashboard import dashboards


def main(arguments: list[str]) -> int:
    """Write the dashboards into the directory that is named. Returns the exit code."""
    if len(arguments) != 1:
        print("usage: python -m rig.publish.dashboard DIRECTORY", file=sys.stderr)
        return 2
    for file, text in dashboards().items():
        write_whole(Path(arguments[0]) / file, text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
