"""The rig's end of the helper process that leases places.

The helper is not bound to the rig as other children are: it has to outlive a rig that is killed, to give its place
back. It notices the rig's end by the end of its input.
"""

from __future__ import annotations

import contextlib
import getpass
import json
import logging
import os
import queue
import secrets
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, final

from rig.coordinator._environment import labgrid_client, labgrid_python
from rig.errors import EnvironmentFault, RigFault, fault_by
from rig.inventory import PlaceSpec
from rig.lease import state_dir

__all__ = ["Guardian", "HeldPlace", "Place", "address_of", "list_places", "take_place"]

_LOG = logging.getLogger(__name__)
_HELPER = Path(__file__).with_name("_helper.py")
_VARIABLE = "LG_COORDINATOR"
_DEFAULT = "127.0.0.1:20408"
_START_SECONDS = 60.0  # for a helper on a busy host to answer, beside the time that it is told to wait
_RELEASE_SECONDS = 20.0
_GONE_SECONDS = 2.0  # the same where the helper has no coordinator to tell
_END_SECONDS = 5.0


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A place as the coordinator shows it. ``holder``: who has acquired it, ``HOST/USER``, and ``since`` when (UTC,
    ISO 8601); ``reserved``: for whom; ``missing``: what its exporter does not offer, in words.
    """

    name: str
    tags: Mapping[str, str]
    holder: str
    since: str
    reserved: str
    missing: str

    @property
    def free(self) -> bool:
        """Whether it can be taken now."""
        return not self.holder and not self.reserved and not self.missing

    def fits(self, wanted: PlaceSpec) -> bool:
        """Whether it is one of those that an entry of boards.yaml asks for."""
        return wanted.tags.items() <= {**self.tags, "name": self.name}.items()

    def __str__(self) -> str:
        """In words: who has it, or why nobody can take it."""
        if self.holder:
            return f"place {self.name} is held by {self.holder} since {self.since}"
        if self.reserved:
            return f"place {self.name} is reserved for {self.reserved}"
        return self.missing or f"place {self.name} is free"


@final
class HeldPlace:
    """A place that is held. ``coordinator``: whose it is, ``HOST:PORT``; ``probe``: ``HOST:PORT`` of its probe server;
    ``line``: URL of its serial line.
    """

    def __init__(self, guardian: Guardian, told: Mapping[str, Any]) -> None:
        self._guardian = guardian
        self.coordinator = guardian.address
        self.name, self.owner = str(told["place"]), str(told["owner"])
        self.probe, self.line = str(told["probe"]), str(told["line"])

    def lost(self) -> str | None:
        """Why the place is no longer ours; None while it is."""
        return self._guardian.why_lost

    def power_command(self, resource: str, way: str) -> tuple[str, ...]:
        """The words that switch a power resource of the place, ``on`` or ``off``, by labgrid's own drivers."""
        host, _, user = self.owner.partition("/")
        return (
            "env",
            f"LG_HOSTNAME={host}",
            f"LG_USERNAME={user}",
            str(labgrid_client()),
            "-x",
            self._guardian.address,
            "-p",
            self.name,
            "power",
            "--name",
            resource,
            way,
        )


def address_of(spec: PlaceSpec) -> str:
    """The coordinator of an entry: ``shelf:`` in boards.yaml, then ``$LG_COORDINATOR``, then labgrid's default."""
    return spec.coordinator or os.environ.get(_VARIABLE) or _DEFAULT


@contextlib.contextmanager
def take_place(spec: PlaceSpec, *, timeout: float = 0.0) -> Iterator[HeldPlace]:
    """Hold a place that fits for the length of the ``with`` block, or until this process ends in whatever way.

    :param timeout: seconds to wait for one; 0 tries once.
    :raises LeaseFault: others have all that fit; names them.
    :raises EnvironmentFault: no labgrid, no coordinator, no such place, or its exporter does not offer what is needed.
    """
    with Guardian(address_of(spec)) as guardian:
        held = guardian.take(spec, timeout=timeout)
        try:
            yield held
        finally:
            guardian.release()


def list_places(address: str) -> list[Place]:
    """All places of a coordinator, by name.

    :raises EnvironmentFault: no labgrid, or no coordinator there.
    """
    with Guardian(address) as guardian:
        return guardian.places()


@final
class Guardian:
    """The helper process; it leases one place after the other under one name. Use as a context manager.

    :param address: of the coordinator.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.why_lost: str | None = None
        self._gone = False  # the coordinator
        host = os.environ.get("LG_HOSTNAME") or socket.gethostname()
        user = os.environ.get("LG_USERNAME") or getpass.getuser()
        # A name that nobody else has, also not another rig of this user: labgrid tells holders apart by name only.
        self.owner = f"{host}/{user}-rig-{os.getpid()}-{secrets.token_hex(2)}".replace(" ", "")
        self._told: queue.Queue[dict[str, Any]] = queue.Queue()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        command = [str(labgrid_python()), "-E", str(_HELPER)]
        self._log = tempfile.TemporaryFile()
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                start_new_session=True,  # Ctrl-C and the end of a terminal are for the rig
            )
        except OSError as error:
            raise EnvironmentFault(
                f"{command[0]} cannot be started: {error.strerror}", hint="is labgrid's environment whole?"
            ) from error
        threading.Thread(target=self._listen, args=(self._process,), name="labgrid", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        with contextlib.suppress(OSError):
            assert self._process.stdin is not None
            self._process.stdin.close()  # it gives back what it holds, and ends
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_SECONDS)
        self._log.close()

    def places(self) -> list[Place]:
        """See ``list_places``; before the first ``take``."""
        told = self._ask("places", do="list")
        return sorted((Place(**each) for each in told["places"]), key=lambda place: place.name)

    def take(self, spec: PlaceSpec, *, timeout: float) -> HeldPlace:
        """See ``take_place``."""
        self.why_lost = None
        directory = state_dir("places")
        wanted = {"match": dict(spec.tags), "wait": timeout, "directory": str(directory)}
        return HeldPlace(self, self._ask("held", patience=timeout, do="lease", **wanted))

    def release(self) -> None:
        """Give back what is held, and wait until the coordinator knows."""
        seconds = _GONE_SECONDS if self._gone else _RELEASE_SECONDS
        try:
            self._ask("released", patience=seconds - _START_SECONDS, do="release")
        except RigFault:  # the helper gives it back all the same, or it is lost already
            if self._gone:
                _LOG.warning(
                    "the place could not be given back: the labgrid coordinator at %s has gone; if it comes back and "
                    "knows of it, the next rig on this host that takes a place gives it back",
                    self.address,
                )

    def _ask(self, answer: str, *, patience: float = 0.0, **order: object) -> dict[str, Any]:
        """Send an order and wait for its answer.

        :raises RigFault: the helper refuses, or has ended.
        """
        assert self._process is not None and self._process.stdin is not None
        line = json.dumps({"coordinator": self.address, "owner": self.owner, **order}).encode() + b"\n"
        with contextlib.suppress(OSError):  # it has ended: its last words come below
            self._process.stdin.write(line)
            self._process.stdin.flush()
        while True:
            try:
                told = self._told.get(timeout=_START_SECONDS + patience)
            except queue.Empty:
                raise EnvironmentFault(
                    f"labgrid's helper has not answered for {_START_SECONDS + patience:g} s", hint="is the host busy?"
                ) from None
            if told["kind"] == answer:
                return told
            if told["kind"] == "refused":
                raise fault_by(told["blame"], told["message"], hint=told["hint"])
            if told["kind"] == "ended":
                self._told.put(told)  # for whoever asks again
                raise EnvironmentFault(f"labgrid's helper ended: {told['words']}", hint="run it again")

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                told = json.loads(line)
                if told["kind"] == "lost":
                    self.why_lost = str(told["why"])
                elif told["kind"] == "note":
                    self._gone = told.get("gone", self._gone)
                    _LOG.warning("%s", told["words"])
                else:
                    self._told.put(told)
        process.wait()
        words = f"exit code {process.returncode}"
        with contextlib.suppress(ValueError, OSError):
            self._log.seek(0)
            said = self._log.read().decode("utf-8", "replace").strip().rpartition("\n")[2]
            words = said or words
        self.why_lost = self.why_lost or f"the process that watches over the place ended: {words}"
        self._told.put({"kind": "ended", "words": words})
