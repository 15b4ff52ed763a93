"""The process of a probe server; see ``rig.probe._server``."""

import sys

from rig.probe._server import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
