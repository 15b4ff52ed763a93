"""An Agent that is not the rig's own, for the tests of runs."""

import os
import sys
from pathlib import Path

import pytest

AGENT = """#!{python}
import signal, sys, threading, time
from rig.agent import run_agent
if sys.argv[1] == "serial":
    print("running...", flush=True)  # and reads nothing: it is silent
    time.sleep(600)
arguments = dict(zip(sys.argv[2::2], sys.argv[3::2]))
ended = threading.Event()
signal.signal(signal.SIGINT, lambda number, frame: ended.set())
sys.exit(run_agent("udp4", ended=ended, port=int(arguments["-p"]), verbose=0, out=sys.stdout))
"""


@pytest.fixture
def external_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An external Agent on PATH, by its name; serves by UDP, and says nothing on a serial line."""
    program = tmp_path / "bin" / "MicroXRCEAgent"
    program.parent.mkdir()
    program.write_text(AGENT.format(python=sys.executable), encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return str(program)
