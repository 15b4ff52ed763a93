"""Keywords for Robot Framework: ``Library    rig.plugins.robot_library.RigLibrary``.

One board at a time: open it, flash a firmware, exchange samples, check what was seen. Everything is done by the
rooms that ``rig run`` uses; the keywords only give it words.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from robot.api import SkipExecution
from robot.api.deco import keyword, library

from rig.bench import Counter, Exchange, Topology, payload
from rig.errors import RigError
from rig.experiments.copies import resident
from rig.inventory import Inventory
from rig.places import find_boards_file
from rig.publish import publish
from rig.records import RunRecord, Verdict, load
from rig.run import RunOptions, check_claims, check_directory, execute, find_run, new_run_id, runs_directory
from rig.station import Setting, Station

_T = TypeVar("_T")


@library(scope="SUITE", version="1", auto_keywords=False)
class RigLibrary:
    """Drives one board of ``boards.yaml`` with a bench firmware and an Agent beside it."""

    ROBOT_LIBRARY_DOC_FORMAT = "text"

    def __init__(self) -> None:
        self._station: Station | None = None
        self._setting: Setting | None = None
        self._topology: Topology | None = None
        self._seen: Exchange | None = None
        self._length = 0
        self._sequence = 0
        self._resident = 0
        self._record: RunRecord | None = None
        self._board = ""  # of the record, whose verdicts count
        self._directory: tempfile.TemporaryDirectory[str] | None = None

    # ---- a board

    @keyword("Open Board")
    def open_board(self, name: str = "", agent: str = "builtin", boards: str = "") -> None:
        """Takes a board of the inventory, with an Agent (builtin, external or none) beside it."""
        self.close_board()
        (spec,) = Inventory.load(find_boards_file(Path(boards) if boards else None)).select([name] if name else [])
        self._directory = tempfile.TemporaryDirectory(prefix="rig-robot-")
        station = Station(spec, agent=agent, directory=Path(self._directory.name))
        _guard(station.__enter__)
        self._station = station

    @keyword("Close Board")
    def close_board(self) -> None:
        """Gives the board back. Does nothing if none is open."""
        station, self._station, self._setting = self._station, None, None
        if station is not None:
            station.__exit__(None, None, None)
        if self._directory is not None:
            self._directory.cleanup()
            self._directory = None

    @keyword("Flash And Boot")
    def flash_and_boot(self, variant: str) -> str:
        """Programs the ``shm`` or the ``network`` firmware, verifies it, starts the Agent and boots.

        Returns name and version of the middleware.
        """
        station = self._opened()
        if variant not in station.images:
            raise AssertionError(f"{station.spec.name} has no {variant} firmware")
        setting = _guard(lambda: station.prepare(variant))
        self._setting = setting
        return f"{setting.bench.hello.middleware} {setting.bench.hello.middleware_version}"

    # ---- whole runs

    @keyword("Run The Rig")
    def run_the_rig(
        self, board: str = "", agent: str = "builtin", boards: str = "", beside: str = "", run: str = ""
    ) -> str:
        """Makes one quick run of all claims on a board, and returns the directory of its report.

        ``beside``: another board of the same run, for claims that two boards decide. With ``run`` (a directory, an id,
        or latest) it makes none, and takes what that run says of the board.
        """
        self.close_board()
        file = find_boards_file(Path(boards) if boards else None)
        (spec,) = Inventory.load(file).select([board] if board else [])
        self._board = spec.name
        if run:
            made = _guard(lambda: load(find_run(run)))
            _guard(lambda: made.check_board(spec.name))
            self._record = made
            return str(find_run(run))
        run_id = new_run_id()
        directory = check_directory(runs_directory() / run_id)
        options = RunOptions(
            boards_file=file,
            boards=(spec.name, beside) if beside else (spec.name,),
            agent=agent if agent in ("external", "none") else "builtin",  # type: ignore[arg-type]
            quick=True,
            directory=directory,
            command="robot suites/acceptance",
        )
        self._record = _guard(lambda: execute(options, run_id=run_id))
        publish(self._record, directory)
        return str(directory)

    @keyword("Claim Should Be Confirmed")
    def claim_should_be_confirmed(self, claim: str) -> str:
        """The run confirmed this claim; a claim that it could not make is skipped, with the reason.

        Returns the reason of the verdict.
        """
        if self._record is None:
            raise AssertionError("nothing was run yet: use Run The Rig first")
        (id,) = check_claims([claim])
        result = next(c for c in self._record.claims if (c.id, c.board) == (id, self._board))
        if result.verdict is Verdict.NOT_RUN:
            raise SkipExecution(result.reason)
        if result.verdict is not Verdict.CONFIRMED and not result.accepted:
            raise AssertionError(f"{result.verdict.value}: {result.reason}")
        return result.reason

    # ---- an exchange

    @keyword("Connect One Writer And ${count:\\d+} Readers")
    def connect(self, count: int) -> None:
        """Starts the middleware and makes one writer and some readers on one topic."""
        self._prepare(count=int(count), buffers=4)

    @keyword("Connect One Writer And One Reader With All Message Memory")
    def connect_with_all_memory(self) -> int:
        """As above, with one buffer of all the memory that the board has. Returns its size in bytes."""
        return self._prepare(count=1, buffers=1)

    @keyword("Publish")
    def publish(self, count: int, length: int, burst: int = 1, deadline: float = 3.0) -> None:
        """Publishes ``count`` samples of ``length`` bytes, ``burst`` between two spins, and gathers deliveries."""
        setting, topology = self._ready()
        self._length = length
        self._seen = _guard(
            lambda: setting.bench.exchange(
                session=topology.session,
                writer=topology.writer,
                count=count,
                length=length,
                burst=burst,
                readers=len(topology.readers),
                first=self._sequence + 1,
                deadline=deadline,
                quiet=setting.path == "shm",
                timeout=60.0,
            )
        )
        self._sequence += count

    @keyword("Publish And Look At RAM")
    def publish_and_look(self, length: int) -> int:
        """Publishes one sample and, while its last reader has it, counts how often it stands in RAM."""
        setting, topology = self._ready()
        self._sequence += 1
        found: list[int] = []

        def look() -> None:
            found.append(resident(setting.scan(payload(self._sequence, length)), length))

        self._length = length
        self._seen = _guard(
            lambda: setting.bench.exchange(
                session=topology.session,
                writer=topology.writer,
                count=1,
                length=length,
                readers=len(topology.readers),
                first=self._sequence,
                deadline=3.0,
                on_hold=look,
            )
        )
        if not found:
            raise AssertionError("the last reader never got the sample")
        self._resident = found[0]
        return self._resident

    # ---- the link

    @keyword("Cut The Link")
    def cut_the_link(self) -> None:
        """From now on nothing passes between board and Agent."""
        link = self._ready()[0].link
        if link is None:
            raise AssertionError("no Agent takes part: there is no link to cut")
        link.cut()

    @keyword("Restore The Link")
    def restore_the_link(self) -> None:
        """Lets traffic pass again."""
        link = self._ready()[0].link
        if link is not None:
            link.restore()

    @keyword("Samples On The Link")
    def samples_on_the_link(self) -> int:
        """WRITE_DATA and DATA submessages that crossed the link since the board was booted."""
        link = self._ready()[0].link
        return 0 if link is None else link.traffic().total_data

    # ---- what was seen

    @keyword("Every Sample Should Have Arrived Whole")
    def every_sample_arrived(self) -> None:
        """Each reader got each accepted sample, whole."""
        seen, readers = self._exchange(), len(self._ready()[1].readers)
        if seen.refused:
            raise AssertionError(f"{seen.refused} publish call(s) failed: {seen.status.name}")
        if seen.delivered != seen.accepted * readers or seen.damaged:
            raise AssertionError(
                f"{seen.delivered} of {seen.accepted * readers} deliveries, {seen.damaged} of them damaged"
            )

    @keyword("No Sample Should Have Arrived")
    def no_sample_arrived(self) -> None:
        """No reader got anything."""
        if self._exchange().delivered:
            raise AssertionError(f"{self._exchange().delivered} deliveries")

    @keyword("Samples Should Be In Order")
    def samples_in_order(self) -> None:
        """Each reader's sequence numbers grow."""
        for reader in self._ready()[1].readers:
            got = [record.sequence for record in self._exchange().deliveries if record.reader == reader]
            if got != sorted(set(got)):
                raise AssertionError(f"reader {reader} got {got}")

    @keyword("Refused Samples Should Be")
    def refused_should_be(self, count: int) -> None:
        """So many publish calls returned an error."""
        if self._exchange().refused != count:
            raise AssertionError(f"{self._exchange().refused} were refused, not {count}")

    @keyword("All Readers Should Have Seen One Buffer")
    def one_buffer(self) -> None:
        """The address handed to every reader of a sample is the same."""
        addresses: dict[int, set[int]] = {}
        for record in self._exchange().deliveries:
            addresses.setdefault(record.sequence, set()).add(record.address)
        several = {sequence: found for sequence, found in addresses.items() if len(found) > 1}
        if several or not addresses:
            raise AssertionError(f"buffers by sample: {several or 'nothing was delivered'}")

    @keyword("Copied Bytes Should Be")
    def copied_bytes(self, count: int) -> None:
        """Bytes that the middleware copied during the exchange, by its memcpy-family calls."""
        copied = self._exchange().counters[Counter.COPY_BYTES]
        if copied != count:
            raise AssertionError(f"{copied} bytes were copied, not {count}")

    @keyword("Latency Should Be At Most")
    def latency_at_most(self, limit: int, unit: str) -> int:
        """Greatest time from publish call to the last reader's callback, in the unit of the board's clock.

        On an emulated board the unit is ``instructions``. Returns the figure.
        """
        setting, topology = self._ready()
        clock = setting.bench.clock
        if clock.unit != unit:
            raise AssertionError(f"this board's clock counts {clock.unit}, not {unit}")
        latencies = setting.bench.latencies(self._exchange())
        last = latencies[len(topology.readers) - 1 :: len(topology.readers)]
        if not last or max(last) > limit:
            raise AssertionError(f"latencies: {last or 'none'} {unit}, limit {limit}")
        return max(last)

    # ---- inside

    def _prepare(self, *, count: int, buffers: int) -> int:
        setting = self._setting
        if setting is None:
            raise AssertionError("no firmware runs: use Flash And Boot first")
        pool = _guard(lambda: setting.start(buffers=buffers))
        self._topology = _guard(lambda: setting.connect(readers=count))
        self._seen = None
        self._sequence = 0
        return pool.buffer_bytes

    def _opened(self) -> Station:
        if self._station is None:
            raise AssertionError("no board is open: use Open Board first")
        return self._station

    def _ready(self) -> tuple[Setting, Topology]:
        if self._setting is None or self._topology is None:
            raise AssertionError("nothing is connected: use Connect One Writer And ... Readers first")
        return self._setting, self._topology

    def _exchange(self) -> Exchange:
        if self._seen is None:
            raise AssertionError("nothing was published yet")
        return self._seen


def _guard(action: Callable[[], _T]) -> _T:
    """Run an action; an error of the rig becomes one line with its hint."""
    try:
        return action()
    except RigError as error:
        raise RuntimeError(f"{error.blame} fault: {error.message}. {error.hint}".strip()) from error
