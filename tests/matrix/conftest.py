"""The full-size sample record is shared with the tests of the room that publishes it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "publish"))
