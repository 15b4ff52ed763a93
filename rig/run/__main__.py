"""The process of one board of a run; see ``rig.run._worker``."""

import sys

from rig.run._worker import main

if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
