"""An sshd of our own on loopback, in place of another host."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin") or "sshd"


class Sshd:
    """Use as a context manager. ``options``: what leads a client there."""

    def __init__(self, directory: Path) -> None:
        for name in ("host", "user"):
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", directory / name]
            subprocess.run(command, check=True, timeout=30)
        shutil.copy(directory / "user.pub", directory / "authorized")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.directory = directory
        self.options = [
            f"Port={self.port}",
            f"IdentityFile={directory}/user",
            "BatchMode=yes",
            "StrictHostKeyChecking=no",
            f"UserKnownHostsFile={directory}/known",
            "LogLevel=ERROR",
        ]

    def __enter__(self) -> Sshd:
        options = [f"Port={self.port}", "ListenAddress=127.0.0.1", f"HostKey={self.directory}/host", "StrictModes=no"]
        options += [f"AuthorizedKeysFile={self.directory}/authorized", "PidFile=none", "UsePAM=no"]
        words = [word for option in [*options, "PermitRootLogin=yes"] for word in ("-o", option)]
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)
        self._server = subprocess.Popen([SSHD, "-D", "-e", "-f", "/dev/null", *words], stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while socket.socket().connect_ex(("127.0.0.1", self.port)) and time.monotonic() < deadline:
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.terminate()
        self._server.wait(10)
