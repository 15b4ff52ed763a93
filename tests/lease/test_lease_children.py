"""Children of the rig: none outlives it."""

import signal
import subprocess
import sys
import threading

import psutil
import pytest
from rig_process import wait_gone

from rig.errors import EnvironmentFault
from rig.lease import end_child, spawn_bound

PARENT = """
import subprocess, time
from rig.lease import spawn_bound
print(spawn_bound(["sleep", "60"], output=subprocess.DEVNULL).pid, flush=True)
time.sleep(60)
"""


def test_child_ends_with_a_killed_parent() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert psutil.pid_exists(child)
    parent.send_signal(signal.SIGKILL)
    parent.wait(20)
    parent.stdout.close()
    assert wait_gone(child)


def test_child_survives_the_thread_that_asked_for_it() -> None:
    children: list[subprocess.Popen[bytes]] = []
    thread = threading.Thread(target=lambda: children.append(spawn_bound(["sleep", "60"], output=subprocess.DEVNULL)))
    thread.start()
    thread.join()
    with pytest.raises(subprocess.TimeoutExpired):
        children[0].wait(0.2)
    end_child(children[0])
    assert children[0].returncode == -signal.SIGTERM


def test_child_that_does_not_listen_is_killed() -> None:
    script = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    child = spawn_bound([sys.executable, "-c", script], output=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"deaf\n"
    end_child(child, patience=0.2)
    assert child.returncode == -signal.SIGKILL
    child.stdout.close()
    end_child(child)  # once more is harmless


def test_output_is_one_stream_and_stdin_is_empty() -> None:
    child = spawn_bound(["sh", "-c", "echo out; echo err >&2; cat"], output=subprocess.PIPE)
    output, _ = child.communicate(timeout=20)
    assert output == b"out\nerr\n"


def test_program_that_is_not_there_is_an_environment_fault() -> None:
    with pytest.raises(EnvironmentFault, match="no-such-program cannot be started"):
        spawn_bound(["no-such-program"], output=subprocess.DEVNULL)
