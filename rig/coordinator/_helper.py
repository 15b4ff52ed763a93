"""The process that talks to a labgrid coordinator for one rig; run by the Python of labgrid's own environment.

It takes orders from standard input and answers on standard output, one JSON object a line. When its input ends, in
whatever way its rig ended, it gives back what it holds and ends. A coordinator that restarts forgets who holds what:
then it takes its place again, or says that another one was faster. If it is killed itself, the file that it leaves
tells the next one on this host what to give back.

Knows labgrid and the standard library. Must not import the rig: it is not there.
"""
# labgrid has no type information, and is not in the rig's environment.

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

CONNECT_SECONDS = 10.0
POLL_SECONDS = 1.0  # a reservation that nobody asks for expires; changes are heard of at once
RETRY_SECONDS = 0.25
RESOURCE_SECONDS = 5.0  # for an exporter to say at which port it serves a line
GIVE_BACK_SECONDS = 8.0
ACQUIRE_SECONDS = 60.0  # an exporter has 10 for each resource
HOLDERS_FIRST_SECONDS = 5.0  # after a restart of the coordinator
PORT = 20408  # labgrid's
PROBE, LINE = "probe", "line"
"""What the resources of a place are called."""


class Refusal(Exception):
    """What is asked for cannot be had. ``blame``: as in ``rig.errors``."""

    def __init__(self, blame: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.blame, self.message, self.hint = blame, message, hint


class RigEnded(Exception):
    """The rig has ended, or wants its place no longer."""


def tell(kind: str, **values: object) -> None:
    """Send one message; a rig that has ended does not hear it."""
    with contextlib.suppress(OSError):
        os.write(1, json.dumps({"kind": kind, **values}).encode() + b"\n")


class Orders:
    """What the rig says, line by line. ``ended`` is set at the end of the input."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self.queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

    async def listen(self) -> None:
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await reader.readline():
            self.queue.put_nowait(json.loads(line))
        self.end()

    def end(self) -> None:
        self.ended.set()
        self.queue.put_nowait(None)

    async def unless_ended(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Do ``work``, unless the rig ends first."""
        task, end = asyncio.ensure_future(work), asyncio.ensure_future(self.ended.wait())
        try:
            await asyncio.wait((task, end), return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            raise RigEnded
        finally:
            for each in (task, end):
                each.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task


async def connected(address: str, owner: str) -> Any:
    """A session with the coordinator under the name ``owner``, ``HOST/USER``."""
    from labgrid.remote.client import ClientSession  # noqa: PLC0415 - only here
    from labgrid.util.proxy import proxymanager  # noqa: PLC0415

    class Session(ClientSession):  # type: ignore[misc]
        """labgrid's, under a name of our own, with an event for every change of a place."""

        def gethostname(self) -> str:
            return owner.partition("/")[0]

        def getuser(self) -> str:
            return owner.partition("/")[2]

        async def on_place_changed(self, place: Any) -> None:
            await super().on_place_changed(place)
            self.changed.set()

        async def on_place_deleted(self, name: str) -> None:
            await super().on_place_deleted(name)
            self.changed.set()

    try:
        where = await asyncio.to_thread(proxymanager.get_grpc_address, address, default_port=PORT)
    except Exception as error:  # labgrid's own, and those of its ssh
        raise Refusal("environment", f"no labgrid coordinator can be at {address}: {error}", "HOST:PORT") from error
    session = Session(where, asyncio.get_running_loop())
    session.changed = asyncio.Event()
    try:
        await asyncio.wait_for(session.start(), CONNECT_SECONDS)
    except Exception as error:  # labgrid's own, and a time limit
        await closed(session)
        raise Refusal(
            "environment",
            f"the labgrid coordinator at {address} does not answer",
            "does it run? its address: shelf: {coordinator: HOST:PORT} in boards.yaml, or LG_COORDINATOR; "
            "labgrid before version 25 cannot talk to this one",
        ) from error
    return session


async def closed(session: Any) -> None:
    session.stopping.set()  # stop() asserts it
    with contextlib.suppress(Exception):
        await asyncio.wait_for(session.stop(), 2)
    with contextlib.suppress(Exception):
        await asyncio.wait_for(session.close(), 2)


async def call(session: Any, name: str, **values: object) -> Any:
    from labgrid.remote.generated import labgrid_coordinator_pb2 as messages  # noqa: PLC0415

    request = getattr(messages, f"{name}Request")(**values)
    seconds = ACQUIRE_SECONDS if name == "AcquirePlace" else CONNECT_SECONDS
    return await getattr(session.stub, name)(request, timeout=seconds)


def fits(place: Any, match: dict[str, str]) -> bool:
    """As the coordinator sees it: the name counts as a tag."""
    return set(match.items()) <= {*place.tags.items(), ("name", place.name)}


def resources_of(session: Any, place: Any) -> dict[str, Any]:
    """The probe and the line that exporters offer for a place."""
    found: dict[str, Any] = {}
    for exporter, groups in session.resources.items():
        for group, entries in groups.items():
            for name, entry in entries.items():
                if "cls" not in entry.data or not entry.avail:
                    continue
                match = place.getmatch((exporter, group, entry.cls, name))
                if match is None:
                    continue
                called = match.rename or name
                if entry.cls == "NetworkService" and called == PROBE:
                    found[PROBE] = entry
                elif entry.cls == "NetworkSerialPort" and (called == LINE or LINE not in found):
                    found[LINE] = entry
    return found


def missing_of(session: Any, place: Any) -> str:
    found = resources_of(session, place)
    lacking = [what for what in (PROBE, LINE) if what not in found]
    if not lacking:
        return ""
    return (
        f"place {place.name} offers no {' and no '.join(lacking)}: does its exporter run, and does the place match it?"
    )


async def address_of(entry: Any) -> tuple[str, int]:
    """Where a resource is reached; labgrid makes an ssh forward if the exporter wants one and is another host."""
    from labgrid.resource.common import NetworkResource  # noqa: PLC0415
    from labgrid.util.proxy import proxymanager  # noqa: PLC0415

    host, port = entry.args.get("host") or entry.args["address"], entry.args["port"]
    resource = NetworkResource(target=None, name=None, host=host)
    extra = dict(entry.extra)
    if extra.get("proxy") == socket.getfqdn():
        extra["proxy_required"] = False
    resource.extra = extra
    try:
        found = await asyncio.to_thread(proxymanager.get_host_and_port, resource, force_port=port)
    except Exception as error:
        raise Refusal(
            "environment", f"no ssh forward to {host}:{port} through {extra.get('proxy')}: {error}", "try ssh by hand"
        ) from error
    return str(found[0]), int(found[1])


class Lease:
    """A place from its reservation until it is given back."""

    def __init__(self, session: Any, orders: Orders, order: dict[str, Any]) -> None:
        self.session, self._orders = session, orders
        self.address, self.owner = order["coordinator"], order["owner"]
        self._match: dict[str, str] = order["match"]
        self._wait: float = order["wait"]
        self._token = ""
        self.name = ""

    # ---- to get it

    async def take(self) -> None:
        """Reserve, wait, acquire, and tell what the place offers."""
        await self._take()
        await self._tell()

    async def _take(self) -> None:
        deadline = time.monotonic() + self._wait
        told = False
        while True:
            matching = [place for place in self.session.places.values() if fits(place, self._match)]
            if not matching:
                raise Refusal("environment", *self._no_place())
            self.session.changed.clear()
            trouble = await self._try()
            if self.name:
                return
            if time.monotonic() >= deadline:
                if trouble:
                    raise Refusal("environment", trouble, "labgrid-client resources; docs/shelf.md")
                raise Refusal("lease", self._held(matching), "wait for it (--wait SECONDS)")
            if not told:
                told = True
                tell("note", words=f"waiting: {trouble or self._held(matching)}")
            pause = RETRY_SECONDS if trouble else min(POLL_SECONDS, deadline - time.monotonic())
            with contextlib.suppress(TimeoutError, asyncio.TimeoutError):  # two classes before Python 3.11
                await self._orders.unless_ended(asyncio.wait_for(self.session.changed.wait(), pause))

    def _no_place(self) -> tuple[str, str]:
        wanted = " ".join(f"{key}={value}" for key, value in self._match.items())
        known = "; ".join(
            " ".join((name, *(f"{key}={value}" for key, value in place.tags.items())))
            for name, place in sorted(self.session.places.items())
        )
        return (
            f"no place of the coordinator at {self.address} has {wanted}; it has: {known or 'none'}",
            "labgrid-client -p PLACE create, add-match, set-tags; docs/shelf.md",
        )

    async def _try(self) -> str:
        """One look at the reservation; returns why the place that it has cannot be used."""
        import grpc  # noqa: PLC0415

        gone = f"the labgrid coordinator at {self.address} has gone"
        if self.session.stopping.is_set() and not await self._again():
            return gone
        try:
            name = await self._allocated()
            if not name:
                return ""
            await self.session.sync_with_coordinator()
            trouble = missing_of(self.session, self.session.places[name])
            if not trouble:
                await call(self.session, "AcquirePlace", placename=name)
                self.name = name
                await self.session.sync_with_coordinator()
        except grpc.aio.AioRpcError as error:
            if error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
                await closed(self.session)
                return gone
            if error.code() == grpc.StatusCode.FAILED_PRECONDITION and "Reservation" in error.details():
                self._token = ""  # it was forgotten
            return str(error.details())
        return trouble

    async def _allocated(self) -> str:
        """The place that the reservation has, which is made if there is none; nothing while it waits for one."""
        from labgrid.remote.common import ReservationState  # noqa: PLC0415
        from labgrid.remote.generated import labgrid_coordinator_pb2 as messages  # noqa: PLC0415

        if not self._token:
            wanted = {"main": messages.Reservation.Filter(filter=self._match)}
            made = await call(self.session, "CreateReservation", filters=wanted, prio=0.0)
            self._token = made.reservation.token
        found = (await call(self.session, "PollReservation", token=self._token)).reservation
        if found.state in (ReservationState.expired.value, ReservationState.invalid.value):
            self._token = ""
        return str(found.allocations["main"]) if found.state == ReservationState.allocated.value else ""

    async def _again(self) -> bool:
        """Another session, while nothing is held. Who held a place before the coordinator restarted comes first."""
        self._token = ""
        try:
            self.session = await self._orders.unless_ended(connected(self.address, self.owner))
        except Refusal:
            return False
        await self._orders.unless_ended(asyncio.sleep(HOLDERS_FIRST_SECONDS))
        return True

    def _held(self, matching: list[Any]) -> str:
        held = [place for place in matching if place.acquired]
        if held:
            return "; ".join(
                f"place {place.name} is held by {place.acquired} since {stamp(place.changed)}" for place in held
            )
        return f"place {' and '.join(place.name for place in matching)} is reserved by somebody else"

    async def _tell(self) -> None:
        deadline = time.monotonic() + RESOURCE_SECONDS
        while True:
            place = self.session.places[self.name]
            found = resources_of(self.session, place)
            if PROBE in found and LINE in found and found[LINE].args.get("port"):
                break
            if time.monotonic() > deadline:
                raise Refusal("environment", missing_of(self.session, place) or f"place {self.name} serves no line")
            await self._orders.unless_ended(asyncio.sleep(RETRY_SECONDS))
        probe, line = await address_of(found[PROBE]), await address_of(found[LINE])
        scheme = "socket" if found[LINE].args.get("protocol") == "raw" else "rfc2217"
        tell(
            "held",
            place=self.name,
            owner=self.owner,
            probe=f"{probe[0]}:{probe[1]}",
            line=f"{scheme}://{line[0]}:{line[1]}",
        )

    # ---- while it is held

    async def hold(self) -> bool:
        """Watch over the place until the rig wants it no longer; True if the rig has more to say then."""
        while True:
            order = asyncio.ensure_future(self._orders.queue.get())
            changed = asyncio.ensure_future(self.session.changed.wait())
            gone = asyncio.ensure_future(self.session.stopping.wait())
            await asyncio.wait((order, changed, gone), return_when=asyncio.FIRST_COMPLETED)
            for each in (changed, gone):
                each.cancel()
            if order.done():
                return order.result() is not None
            order.cancel()
            if self.session.stopping.is_set():
                why = await self._restarted()
            else:
                self.session.changed.clear()
                why = self._taken()
            if why:
                tell("lost", why=why)
                return await self._orders.queue.get() is not None

    def _taken(self) -> str:
        place = self.session.places.get(self.name)
        if place is None:
            return f"place {self.name} was deleted at the coordinator"
        if place.acquired == self.owner:
            return ""
        now = f"{place.acquired} holds it" if place.acquired else "nobody holds it"
        return f"place {self.name} was released by somebody else, and {now}"

    async def _restarted(self) -> str:
        """Find the coordinator again, and the place as it was, or take it; returns why that cannot be."""
        import grpc  # noqa: PLC0415

        tell("note", words=f"the labgrid coordinator at {self.address} has gone; the run goes on", gone=True)
        self._token = ""
        await closed(self.session)
        while True:
            try:
                self.session = await self._orders.unless_ended(connected(self.address, self.owner))
                place = self.session.places.get(self.name)
                if place is None:
                    return f"the labgrid coordinator was restarted and does not know place {self.name} any more"
                if not place.acquired:
                    await call(self.session, "AcquirePlace", placename=self.name)
                    await self.session.sync_with_coordinator()
                    tell(
                        "note",
                        words=f"the labgrid coordinator was restarted; place {self.name} was taken again",
                        gone=False,
                    )
                elif place.acquired != self.owner:
                    return f"the labgrid coordinator was restarted, and now {place.acquired} holds place {self.name}"
                else:
                    tell("note", words="the labgrid coordinator is there again", gone=False)
                return ""
            except Refusal:
                pass
            except grpc.aio.AioRpcError as error:
                if error.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
                    return f"the labgrid coordinator was restarted, and place {self.name} is lost: {error.details()}"
            await self._orders.unless_ended(asyncio.sleep(RETRY_SECONDS))

    # ---- to give it back

    async def give_back(self) -> bool:
        """Release the place and cancel the reservation; False if the coordinator did not hear of it."""
        if not self.name and not self._token:
            return True
        try:
            if self.session.stopping.is_set():
                await closed(self.session)
                self.session = await asyncio.wait_for(connected(self.address, self.owner), GIVE_BACK_SECONDS)
            # By the name of the owner: an answer that was lost counts as well.
            for name in [place.name for place in self.session.places.values() if place.acquired == self.owner]:
                await call(self.session, "ReleasePlace", placename=name, fromuser=self.owner)
        except Exception:
            return False
        with contextlib.suppress(Exception):  # one that a restarted coordinator has forgotten
            if self._token:
                await call(self.session, "CancelReservation", token=self._token)
        self.name = self._token = ""
        return True


def stamp(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(seconds))


# ---- what a killed helper left, or one that did not reach its coordinator


@contextlib.contextmanager
def signed(directory: Path, order: dict[str, Any]) -> Iterator[list[str]]:
    """A file that names who may hold something, locked as long as this process lives. It stays if the list that the
    block gets is not empty at the end: places that could not be given back.
    """
    left: list[str] = []
    path = directory / f"{order['owner'].replace('/', '@')}.json"
    with path.open("w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        json.dump({"coordinator": order["coordinator"], "owner": order["owner"]}, file)
        file.flush()
        try:
            yield left
        finally:
            if not left:
                path.unlink(missing_ok=True)


async def sweep(directory: Path, session: Any, order: dict[str, Any]) -> None:
    """Give back what helpers held that have ended without doing so."""
    for path in directory.glob("*.json"):
        with contextlib.suppress(OSError, ValueError), path.open("r+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            left = json.load(file)
            if left["coordinator"] != order["coordinator"]:
                continue
            for place in list(session.places.values()):
                if place.acquired == left["owner"]:
                    await call(session, "ReleasePlace", placename=place.name, fromuser=left["owner"])
            for reservation in (await call(session, "GetReservations")).reservations:
                if reservation.owner == left["owner"]:
                    await call(session, "CancelReservation", token=reservation.token)
            path.unlink(missing_ok=True)


# ---- the orders


async def list_places(order: dict[str, Any]) -> None:
    session = await connected(order["coordinator"], order["owner"])
    owners = {each.token: each.owner for each in (await call(session, "GetReservations")).reservations}
    places = [
        {
            "name": place.name,
            "tags": dict(place.tags),
            "holder": place.acquired or "",
            "since": stamp(place.changed) if place.acquired else "",
            "reserved": owners.get(place.reservation, "") if place.reservation else "",
            "missing": missing_of(session, place),
        }
        for place in session.places.values()
    ]
    tell("places", places=places)
    await closed(session)


async def lease_places(order: dict[str, Any], orders: Orders) -> None:
    """One place after the other, as the rig orders them, under one name."""
    directory = Path(order["directory"])
    session = await orders.unless_ended(connected(order["coordinator"], order["owner"]))
    with contextlib.suppress(Exception):
        await sweep(directory, session, order)
    with signed(directory, order) as left:
        wanted: dict[str, Any] | None = order
        while wanted is not None:
            lease, more = Lease(session, orders, order | wanted), True
            try:
                await lease.take()
                more = await lease.hold()
            except Refusal as refusal:
                tell("refused", blame=refusal.blame, message=refusal.message, hint=refusal.hint)
            finally:
                if not await lease.give_back():
                    left.append(lease.name)
                session = lease.session
            if not more:
                break
            tell("released")
            wanted = await orders.queue.get()
        await closed(session)


async def main() -> None:
    orders = Orders()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, orders.end)
    listening = asyncio.ensure_future(orders.listen())
    order = await orders.queue.get()
    try:
        while order is not None and order["do"] == "list":
            await orders.unless_ended(list_places(order))
            order = await orders.queue.get()
        if order is not None:
            await lease_places(order, orders)
    except Refusal as refusal:
        tell("refused", blame=refusal.blame, message=refusal.message, hint=refusal.hint)
    except RigEnded:
        pass
    listening.cancel()


if __name__ == "__main__":
    try:
        import labgrid.remote.generated.labgrid_coordinator_pb2  # noqa: F401 - in versions from 25 on
    except ImportError as error:
        tell(
            "refused",
            blame="environment",
            message=f"no labgrid from version 25 on: {error}",
            hint="install a newer one",
        )
        sys.exit(3)
    asyncio.run(main())
