"""An external Agent as a process: eProsima's MicroXRCEAgent or micro-ROS's micro_ros_agent.

Knows how they are started, what they print, and how they end. Must not know what crosses the link.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from rig.errors import AgentFault, EnvironmentFault
from rig.xrce import OBJECT_AGENT, GetInfo, Header, Message, encode_message

_READY_LIMIT = 10.0
_STOP_LIMIT = 5.0
_KILL_LIMIT = 5.0
_PROBE_PERIOD = 0.05
_HOST = "127.0.0.1"
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_CONNECTED = re.compile(r"create\b.*client_key|session established", re.IGNORECASE)
_READY = re.compile(r"\brunning\b|logger setup|session re-established", re.IGNORECASE)
_COMPLAINS = re.compile(r"\b(error|fail\w*|warn\w*|denied|refused|cannot|abort\w*|critical)\b", re.IGNORECASE)
_VERSION = re.compile(r"\bversion:?\s*v?(\d+\.\d+[\w.]*)", re.IGNORECASE)
_PACKAGE_VERSION = re.compile(r"^\s*(?:<version[^>]*>)?\s*(\d+(?:\.\d+)+[\w.-]*)", re.MULTILINE)
_LIBRARY = re.compile(r"libmicroxrcedds_agent\.so\.([\d.]+)")
PING = encode_message(
    Message(
        header=Header(session_id=0x80),
        submessages=(GetInfo(request_id=10, object_id=OBJECT_AGENT, mask=2),),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalAgentProgram:
    """An Agent found on this host: the command that starts it (a transport's arguments follow) and its options.

    ``version`` is what the program prints; if it prints none, the digest of its file identifies it.
    """

    name: str
    command: tuple[str, ...]
    version: str = "unknown"
    options: tuple[str, ...] = ()


class AgentState(Enum):
    """Life of an external Agent; it only goes forward."""

    STARTING = "starting"
    READY = "ready"
    CONNECTED = "client connected"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """A line that the Agent printed, with monotonic and wall-clock nanoseconds."""

    monotonic_ns: int
    time_ns: int
    text: str


def find_external() -> ExternalAgentProgram | None:
    """Look for an Agent on PATH: ``MicroXRCEAgent``, ``micro_ros_agent``, then ``ros2 run micro_ros_agent``."""
    for name in ("MicroXRCEAgent", "micro_ros_agent"):
        path = shutil.which(name)
        if path is not None:
            return _examine(name, path)
    ros2 = shutil.which("ros2")
    if ros2 is not None and _ros2_has_agent(ros2):
        return ExternalAgentProgram(
            name="micro_ros_agent",
            command=(ros2, "run", "micro_ros_agent", "micro_ros_agent"),
            version=_ros2_version(ros2),
        )
    return None


def _ros2_has_agent(ros2: str) -> bool:
    return "micro_ros_agent" in _output(ros2, "pkg", "executables", "micro_ros_agent")


def _ros2_version(ros2: str) -> str:
    """Version of the package; the program itself says none."""
    said = _PACKAGE_VERSION.search(_output(ros2, "pkg", "xml", "micro_ros_agent", "-t", "version"))
    return said[1] if said else "unknown"


def _examine(name: str, path: str) -> ExternalAgentProgram:
    """Find version and middleware. An Agent without Fast DDS serves nobody unless it is started with CED."""
    libraries = _output("ldd", path)
    content = Path(path).read_bytes()
    fast_dds = re.search(r"libfast(dds|rtps)", libraries) or re.search(rb"fast(dds|rtps)", content)
    script = content.startswith(b"#!")
    said = _VERSION.search(_output(path, "--version")) or _LIBRARY.search(libraries)
    version = said[1] if said else f"unknown, sha256 {hashlib.sha256(content).hexdigest()[:12]}"
    options = () if fast_dds or script else ("-m", "ced")
    return ExternalAgentProgram(name=name, command=(path,), version=version, options=options)


def _output(*command: str) -> str:
    """What a command prints; nothing if it cannot be run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False, errors="replace")
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout + done.stderr


class ExternalAgent:
    """Starts, watches and stops one external Agent on loopback or a serial line.

    :param program: see ``find_external``.
    :param device: serial device or pty to listen on; without it, UDP on ``port`` (0 takes a free one).
    :param log: file that its lines are appended to.
    :param verbosity: its ``-v`` level; from 4 on its log shows sessions.
    :param on_line: gets every line it prints, in the reader's thread.
    """

    def __init__(
        self,
        program: ExternalAgentProgram,
        *,
        device: str | None = None,
        baud: int = 115200,
        port: int = 0,
        log: Path | None = None,
        verbosity: int = 4,
        on_line: Callable[[LogLine], None] | None = None,
    ) -> None:
        self.program = program
        self.device = device
        self.baud = baud
        self.port = port
        self._log_path = log
        self._verbosity = verbosity
        self._on_line = on_line
        self._lines: list[LogLine] = []
        self._changed = threading.Condition()
        self._state = AgentState.STARTING
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._stopped = False
        self._farewell = signal.SIGINT

    @property
    def state(self) -> AgentState:
        """The present state."""
        if self._process is not None and self._process.poll() is not None:
            return AgentState.DEAD
        return self._state

    @property
    def pid(self) -> int:
        """Process id; 0 before the start."""
        return self._process.pid if self._process is not None else 0

    @property
    def log(self) -> tuple[LogLine, ...]:
        """What it printed so far."""
        with self._changed:
            return tuple(self._lines)

    def start(self) -> Self:
        """Start it and wait until it serves.

        :raises EnvironmentFault: it cannot be started. :raises AgentFault: it ended, or does not serve in time.
        """
        if self.device is None:
            self.port = self.port or _free_port()
            arguments: tuple[str, ...] = ("udp4", "-p", str(self.port))
        else:
            arguments = ("serial", "--dev", self.device, "-b", str(self.baud))
        if shutil.which(self.program.command[0]) is None:
            raise EnvironmentFault(
                f"cannot start {self.program.name}: no program {self.program.command[0]}",
                hint="check that it is installed and executable",
            )
        command: tuple[str, ...] = (
            *self.program.command,
            *arguments,
            *self.program.options,
            "-v",
            str(self._verbosity),
        )
        # Unbuffered output, or lines would come long after the fact.
        shell = shutil.which("stdbuf")
        if shell is not None:
            command = (shell, "-oL", "-eL", *command)
        # In a shell's background job Ctrl-C is ignored, and so it is by what is started from there.
        self._farewell = signal.SIGTERM if signal.getsignal(signal.SIGINT) is signal.SIG_IGN else signal.SIGINT
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
            )
        except OSError as error:
            raise EnvironmentFault(
                f"cannot start {self.program.name}: {error.strerror}", hint="check that it is installed and executable"
            ) from error
        self._reader = threading.Thread(target=self._read, name="external-agent-log", daemon=True)
        self._reader.start()
        try:
            self._await_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def _await_ready(self) -> None:
        end = time.monotonic() + _READY_LIMIT
        while self._state is AgentState.STARTING:
            self.check()
            if self.device is None and _answers(self.port):
                self._advance(AgentState.READY)
                return
            if time.monotonic() > end:
                raise AgentFault(
                    f"{self.program.name} did not get ready within {_READY_LIMIT:g} s: {self._tail()}",
                    hint="start it by hand with the same arguments to see why",
                )
            with self._changed:
                self._changed.wait(_PROBE_PERIOD)

    def check(self) -> None:
        """Make sure that it runs. :raises AgentFault: it is dead (the message has its last words), or stopped."""
        if self._process is None:
            raise AgentFault(f"{self.program.name} has not been started", hint="start it first")
        code = self._process.poll()
        if code is None and not self._stopped and self._suspended():
            raise AgentFault(
                f"{self.program.name} (process {self.pid}) is stopped: it runs, and answers nobody",
                hint=f"somebody sent it SIGSTOP or Ctrl-Z; kill -CONT {self.pid} lets it go on",
            )
        if code is None or self._stopped:
            return
        if self._reader is not None:
            self._reader.join(1.0)
        how = f"by signal {-code}" if code < 0 else f"with status {code}"
        raise AgentFault(
            f"{self.program.name} (process {self.pid}) ended {how}: {self._tail()}",
            hint="see its log in the run's report",
        )

    def _suspended(self) -> bool:
        try:
            return psutil.Process(self.pid).status() == psutil.STATUS_STOPPED
        except psutil.Error:
            return False

    @property
    def complaint(self) -> str:
        """The last line of its log that reports an error; empty if there is none."""
        return next((line.text for line in reversed(self.log) if _COMPLAINS.search(line.text)), "")

    def wait_for(self, state: AgentState, timeout: float) -> bool:
        """Wait until it has got as far as ``state``. :raises AgentFault: it died while waiting."""
        order = list(AgentState)
        end = time.monotonic() + timeout
        while order.index(self._state) < order.index(state):
            self.check()
            left = end - time.monotonic()
            if left <= 0:
                return False
            with self._changed:
                self._changed.wait(min(left, 0.1))
        return True

    def stop(self) -> None:
        """End its process group and read the rest of its log; harmless when it does not run.

        The signal goes to the whole group, as Ctrl-C in a terminal does. ``ros2 run`` only waits for its child, the
        Agent, and does not forward signals.

        :raises AgentFault: it survived being killed.
        """
        process = self._process
        if process is None or self._stopped:
            return
        self._stopped = True
        # What outlives its parent is ended by itself; psutil tells it from a later process of the same id.
        children: list[psutil.Process] = []
        with contextlib.suppress(psutil.Error):
            children = psutil.Process(process.pid).children(recursive=True)
        for signal_number, limit in ((self._farewell, _STOP_LIMIT), (signal.SIGKILL, _KILL_LIMIT)):
            if process.poll() is not None:
                break
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal_number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(limit)
        for child in children:
            with contextlib.suppress(psutil.Error):
                child.kill()
        if self._reader is not None:
            self._reader.join(_KILL_LIMIT)
        if process.stdout is not None:
            process.stdout.close()
        self._state = AgentState.DEAD
        if process.poll() is None:
            raise AgentFault(f"{self.program.name} (process {process.pid}) cannot be ended")

    def _read(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        with contextlib.ExitStack() as stack, contextlib.suppress(ValueError, OSError):
            file = None
            if self._log_path is not None:
                file = stack.enter_context(self._log_path.open("a", encoding="utf-8"))
            for raw in self._process.stdout:
                text = _COLOURS.sub("", raw.rstrip("\n"))
                line = LogLine(monotonic_ns=time.monotonic_ns(), time_ns=time.time_ns(), text=text)
                with self._changed:
                    self._lines.append(line)
                if file is not None:
                    stamp = datetime.fromtimestamp(line.time_ns / 1e9, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
                    file.write(f"[{stamp}] {text}\n")
                    file.flush()
                if _CONNECTED.search(text):
                    self._advance(AgentState.CONNECTED)
                elif _READY.search(text):
                    self._advance(AgentState.READY)
                if self._on_line is not None:
                    self._on_line(line)
        with self._changed:
            self._changed.notify_all()

    def _advance(self, state: AgentState) -> None:
        order = list(AgentState)
        with self._changed:
            if order.index(state) > order.index(self._state):
                self._state = state
            self._changed.notify_all()

    def _tail(self) -> str:
        lines = [line.text for line in self.log[-3:] if line.text.strip()]
        return " / ".join(lines) or "it printed nothing"

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(port: int) -> bool:
    """Whether an Agent answers a ping on this UDP port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.settimeout(_PROBE_PERIOD)
        try:
            probe.connect((_HOST, port))
            probe.send(PING)
            return bool(probe.recv(512))
        except OSError:
            return False
