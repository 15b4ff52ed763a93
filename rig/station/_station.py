"""Brings up a board until its bench answers: lease, power, link tap, Agent, firmware.

Order of bringing up: the board (lease and power), the tap on its link, the Agent on the tap, then for each variant
flash, boot and the mailbox. Teardown is in reverse order; if a step fails, the next one runs all the same.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from rig import __version__
from rig.agent import find_external
from rig.bench import (
    IDENTITY_SYMBOL,
    Bench,
    Identity,
    Refused,
    Status,
    build,
    build_port,
    identity_of,
    open_points,
    port_of,
)
from rig.board import Board, ConsoleRecorder, open_board, run_command
from rig.errors import AgentFault, BoardFault, EnvironmentFault, FirmwareFault, RigError, UsageError
from rig.evidence import Bundle, Circumstances, collect, free_directory
from rig.inventory import BoardSpec, LinkSpec
from rig.link import HeldLine
from rig.probe import FirmwareImage, ram_objects
from rig.records import Board as BoardRecord
from rig.records import Command, Firmware, Scalar
from rig.station._link import NO_EXTERNAL, TappedLink, open_link
from rig.station._setting import Setting
from rig.station._witness import scanner, tracer, why_untraceable

_CONSOLE_LINES = 20
_BUILT_ELSEWHERE = {
    "nuttx": "build both variants of firmware/ports/nuttx in your own NuttX tree and name the files in boards.yaml; "
    "firmware/ports/nuttx/README.md says how, step by step"
}


def agent_label(kind: str) -> str:
    """Name and version of the Agent that ``--agent kind`` means.

    :raises EnvironmentFault: an external one is asked for, and none is on PATH.
    """
    if kind == "none":
        return "none"
    if kind == "builtin":
        return f"rig agent {__version__}"
    program = find_external()
    if program is None:
        raise EnvironmentFault(NO_EXTERNAL, hint="put one there, or use --agent builtin")
    return f"{program.name} {program.version}".strip()


def load_images(spec: BoardSpec) -> dict[str, FirmwareImage]:
    """The bench images of a board by variant, built first if it names a preset or a port.

    :raises UsageError: one cannot be read or built, or is of another variant or system than boards.yaml says.
    """
    paths = _paths(spec)
    missing = [path for path in paths.values() if not path.exists()]
    if missing and spec.os in _BUILT_ELSEWHERE:
        raise UsageError(
            f"board {spec.name} ({spec.where}) has no firmware {' and '.join(str(path) for path in missing)}: "
            f"it runs on {spec.os}, which the rig does not build",
            hint=_BUILT_ELSEWHERE[spec.os],
        )
    images = {variant: FirmwareImage.load(path) for variant, path in paths.items()}
    for variant, image in images.items():
        _check_identity(spec, variant, image)
    return images


def board_points(spec: BoardSpec) -> list[str]:
    """What is still open in the port of a board, as ``file:line: what``; nothing if the rig does not build it."""
    source = spec.firmware
    place = source.port or port_of(source.preset or "") if source.built else None
    return open_points(place) if place is not None and place.is_dir() else []


def _paths(spec: BoardSpec) -> Mapping[str, Path]:
    source = spec.firmware
    if not source.built:
        return source.images
    points = board_points(spec)
    if points:
        raise UsageError(
            f"the port of board {spec.name} ({spec.where}) is not finished: {len(points)} "
            f"point{'s are' if len(points) > 1 else ' is'} open, first {points[0]}",
            hint=f"`rig build {spec.name}` lists them; take each line RIG_TODO away when it is done (docs/porting.md)",
        )
    return build_port(source.port) if source.port is not None else build(source.preset or "")


def _check_identity(spec: BoardSpec, variant: str, image: FirmwareImage) -> None:
    """Figures of the wrong firmware would look like any others: nothing is touched before the image has been read."""
    wanted, found = Identity(variant=variant, os=spec.os), _identity(image)
    if found != wanted:
        raise UsageError(
            f"firmware {image.path} is {found}, and board {spec.name} ({spec.where}) takes it for {wanted}",
            hint="name the right file in boards.yaml, or the board's operating system (os:)",
        )


def _identity(image: FirmwareImage) -> Identity:
    return identity_of(str(image.path), image.text(IDENTITY_SYMBOL))


class Station:
    """One board from lease to bench. Use as a context manager.

    :param agent: ``builtin``, ``external`` or ``none``.
    :param directory: where ``console.log`` and ``link.pcapng`` go.
    :param first: of the boards that share the directory; the files of others have the board's name in theirs.
    :param noise: share (0..1) of the units on the link to spoil, in each of the link's ways.
    :param seed: of the experiments' random numbers.
    :param search_seconds: how long to search for sequences that break a promise; None: the usual time.
    :param patience: seconds to wait for a board that somebody else holds.
    """

    def __init__(
        self,
        spec: BoardSpec,
        *,
        agent: str,
        directory: Path,
        first: bool = True,
        noise: float = 0.0,
        seed: int = 1,
        search_seconds: float | None = None,
        patience: float = 0.0,
    ) -> None:
        self.spec = spec
        self._seed = seed
        self._patience = patience
        self._search_seconds = search_seconds
        self._noise = noise
        self.images: Mapping[str, FirmwareImage] = {}
        self._agent_kind = agent
        self._directory = directory
        self._prefix = "" if first else f"{spec.name}-"
        self._stack = ExitStack()
        self._link_stack = ExitStack()
        self._board: Board | None = None
        self._link: TappedLink | None = None
        self._setting: Setting | None = None
        self._firmware: dict[str, Firmware] = {}
        self._clock = ("", "")
        self._commands: list[Command] = []
        self._held: HeldLine | None = None

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.images = load_images(self.spec)
            recorder = ConsoleRecorder(self._file("console.log"))
            stack.callback(recorder.close)
            self._board = stack.enter_context(open_board(self.spec, recorder=recorder, patience=self._patience))
            self.spec = self._board.spec  # a place says only now where probe and line are
            stack.callback(self._let_line_go)
            stack.callback(self._close_link)
            self._hold_line()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    @property
    def board(self) -> Board:
        """The board; RuntimeError outside the ``with`` block."""
        if self._board is None:
            raise RuntimeError("the station is not open")
        return self._board

    @property
    def setting(self) -> Setting:
        """What an experiment needs; RuntimeError before ``prepare``."""
        if self._setting is None:
            raise RuntimeError("no firmware was prepared")
        return self._setting

    @property
    def has_agent(self) -> bool:
        """Whether an Agent takes part."""
        return self._agent_kind != "none"

    def prepare(self, variant: str, *, quick: bool = False) -> Setting:
        """Flash a variant, boot it beside a fresh Agent, and wait for its mailbox."""
        image = self.images[variant]
        board = self.board
        self._hold_line()
        self._close_link()
        self._setting = None
        self._before_flash(variant)
        board.flash(image)
        self._open_link()
        if board.probe is not None:
            # RAM survives a reset: without this, the mailbox of the firmware before could answer for a moment.
            board.memory.write(board.mailbox_address, bytes(4))
        board.boot()
        bench = Bench(board.memory, board.mailbox_address, icount_shift=board.identity.icount_shift, healthy=self._dead)
        answers = Identity(variant=bench.hello.variant, os=bench.hello.os)
        if answers != _identity(image):
            raise FirmwareFault(
                f"{answers} answers, and {_identity(image)} was programmed ({image.path.name})",
                hint="another firmware runs on this board: is its boot address that of the image?",
            )
        self._clock = (bench.clock.name, bench.clock.note)
        self._firmware[variant] = Firmware(
            variant=variant,
            digest=image.digest,
            file=image.path.name,
            middleware=bench.hello.middleware,
            middleware_version=bench.hello.middleware_version,
            compiler=bench.hello.compiler,
            os=bench.hello.os,
            os_version=bench.hello.os_version,
            sections=dict(image.sections),
            configuration=_configuration(bench),
        )
        self._setting = Setting(
            board=self.spec.name,
            variant=variant,
            bench=bench,
            link=self._link,
            baud=self._link.baud if self._link is not None else None,
            wire=_wire(self.spec) if self._link is not None else "",
            scan=scanner(board),
            sections=image.sections,
            ram=partial(ram_objects, image.path),
            trace=tracer(board, image, bench),
            untraceable=why_untraceable(board, image),
            crash=board.crash,
            keep=self._keep,
            quick=quick,
            seed=self._seed,
            search_seconds=self._search_seconds,
        )
        self._setting.renew = self._renewal(self._setting, variant, quick=quick)
        return self._setting

    def _renewal(self, setting: Setting, variant: str, *, quick: bool) -> Callable[[], Bench]:
        """How an experiment brings the board back whose firmware died: its setting gets the new bench and link."""

        def renew() -> Bench:
            self.power_cycle()
            now = self.prepare(variant, quick=quick)
            setting.bench, setting.link, setting.baud = now.bench, now.link, now.baud
            setting.scan, setting.trace = now.scan, now.trace
            self._setting = setting
            return now.bench

        return renew

    def describe(self) -> BoardRecord:
        """The board as a record, with the firmware that has run so far."""
        found = self.board.identity
        link = self.spec.link
        return BoardRecord(
            name=self.spec.name,
            kind=self.spec.kind,
            target=found.target or "host",
            core=found.core,
            probe=" ".join(word for word in (found.probe_product, found.probe_uid, _place(self.spec)) if word),
            emulator=found.emulator or "",
            clock=self._clock[0],
            clock_note=self._clock[1],
            link=_words(link),
            firmware=tuple(self._firmware.values()),
            recoveries={step: count for step, count in self.board.recoveries.items() if count},
            commands=(*self._commands, *self.board.commands),
        )

    def diagnose(self, seen: RigError) -> RigError:
        """Find who is really at fault for what was seen: a dead board, noise on the link, or an Agent that is dead,
        stopped or silent or logs errors explains it better.
        """
        if isinstance(seen, EnvironmentFault):
            return seen  # a board that this host had no room for is dead as well
        return self._death() or self._trouble(seen) or seen

    def _death(self) -> RigError | None:
        """What the board died of: firmware that crashed, or the board itself."""
        crash = self.board.crash()
        if crash is not None:
            return FirmwareFault(crash, hint="the bundle of this fault says where; its log is in console.log")
        reason = self.board.why_dead()
        return None if reason is None else BoardFault(reason, hint="its log is in console.log")

    def _trouble(self, seen: RigError) -> RigError | None:
        """What link or Agent have to do with it."""
        if self._link is not None:
            try:
                self._link.check()
            except AgentFault as fault:
                return fault
            unanswered = self._link.why_unanswered() if _is_unanswered(seen) else ""
            if unanswered:
                return AgentFault(
                    f"{unanswered}; seen was: {seen.message}",
                    hint="see agent.log and link.pcapng; an Agent by hand on the same line shows more with -v6",
                )
            spoilt = self._link.spoilt()
            if spoilt and isinstance(seen, FirmwareFault):
                return AgentFault(
                    f"the link spoilt {spoilt} frames or datagrams; seen was: {seen.message}",
                    hint="look at cable, baud rate and ground; link.pcapng has what crossed",
                )
        return None

    def power_cycle(self) -> None:
        """Switch the board off and on; ``prepare`` is next."""
        self._close_link()
        self._let_line_go()
        self._setting = None
        self.board.power_cycle()

    def keep_evidence(self, directory: Path, about: Circumstances) -> Bundle:
        """Collect the evidence of a fault in ``directory``. The core is halted: ``power_cycle`` is next.

        :raises OSError: nothing can be written there.
        """
        return collect(
            directory,
            about,
            board=self._board,
            sent=self._link.last_sent() if self._link is not None else (),
            logs={"agent.log": self._file("agent.log")} if self.has_agent else {},
        )

    def _keep(self, seen: RigError, step: str) -> Bundle | None:
        name = self.spec.name
        try:
            about = Circumstances.of(seen, board=name, step=step)
            return self.keep_evidence(free_directory(self._directory, name), about)
        except OSError:  # a full disk: what broke counts more
            return None

    def hook(self, name: str, **about: str) -> Command | None:
        """Run the hook of this name, if boards.yaml has one; it is recorded, and its failure is nobody's fault.

        :param about: told to it in its environment, as ``RIG_NAME``.
        :raises EnvironmentFault: it cannot be started.
        """
        hooks = self.spec.hooks
        if hooks is None or name not in hooks.commands:
            return None
        told = {"board": self.spec.name, "hook": name, "directory": str(self._directory.absolute()), **about}
        done = run_command(
            name,
            hooks.commands[name],
            seconds=hooks.seconds,
            variables={f"RIG_{key.upper()}": value for key, value in told.items()},
        )
        self._commands.append(done)
        return done

    def _before_flash(self, variant: str) -> None:
        done = self.hook("before_flash", variant=variant)
        if done is not None and done.code != 0:
            how = "took too long" if done.code is None else f"ended with exit code {done.code}"
            raise EnvironmentFault(
                f"the hook before_flash of board {self.spec.name} {how}: {done.command}",
                hint=done.output.strip().rpartition("\n")[2] or f"it said nothing; see hooks: at {self.spec.where}",
            )

    def console_tail(self) -> tuple[str, ...]:
        """The last lines of the firmware's log."""
        return tuple(self.board.console.lines()[-_CONSOLE_LINES:])

    def _dead(self) -> str | None:
        reason = self.board.why_dead()
        if reason is None and self._link is not None:
            self._link.check()
        return reason

    def _open_link(self) -> None:
        if not self.has_agent:
            return
        if self._held is not None:
            self._held.forget()  # what the firmware before has sent
        self._link = open_link(
            self.board.link,
            agent=self._agent_kind,
            paced=self.spec.kind == "emulated" and self.spec.probe is None,  # else its own host holds it to the rate
            capture=self._file("link.pcapng"),
            log=self._file("agent.log"),
            stack=self._link_stack,
        )
        self._let_line_go()
        if self._noise:
            self._link.disturb(self._noise)

    def _hold_line(self) -> None:
        """Keep an emulated board's line open until the next tap has it."""
        device = self.board.link.device if self.spec.kind == "emulated" and self.spec.probe is None else None
        if self.has_agent and device and self._held is None:
            with contextlib.suppress(OSError):  # the tap, which needs it, says what is wrong
                self._held = HeldLine(device)

    def _let_line_go(self) -> None:
        if self._held is not None:
            self._held.close()
            self._held = None

    def _file(self, name: str) -> Path:
        """A file of this board in the run's directory; several boards do not share one."""
        return self._directory / f"{self._prefix}{name}"

    def _close_link(self) -> None:
        self._link = None
        self._link_stack.close()


def _place(spec: BoardSpec) -> str:
    """The place that the board has been taken from, in words; empty if it is none."""
    return f"at place {spec.place.tags['name']}" if spec.place is not None else ""


def _wire(spec: BoardSpec) -> str:
    """The network between the board's line and its Agent, in words; empty if there is none."""
    scheme, network, _ = (spec.link.device or "").partition("://")
    return f"{scheme} over TCP" if network else ""


def _words(link: LinkSpec) -> str:
    if link.transport != "serial":
        return link.transport
    scheme, network, _ = (link.device or "").partition("://")
    wire = f", {scheme} over the network" if network else ""
    return f"serial {link.baud} baud{wire}"


def _is_unanswered(seen: RigError) -> bool:
    return isinstance(seen, Refused) and seen.status in (Status.TIMEOUT, Status.LINK)


def _configuration(bench: Bench) -> dict[str, Scalar]:
    return {
        "capabilities": " ".join(flag.name or "" for flag in bench.hello.capabilities).lower(),
        "message_memory_bytes": bench.hello.memory_bytes,
        **bench.configuration(),
    }
