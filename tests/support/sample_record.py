"""A full-size record to show and to test with: four boards, every verdict, faults, three clocks.

The figures are made up but possible; the verdicts are those that the claim table comes to.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count

from rig.claims import CLAIMS, decide
from rig.records import Board, Environment, Fault, Firmware, Measurement, Run, RunRecord, Scalar

BEGIN = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SIZES = (4, 64, 256, 1024, 4096)
READERS = (1, 2, 4, 8)
MIB = 1 << 20


@dataclass(frozen=True)
class Figures:
    """What makes one board's figures: its clock, and how costly its ways are."""

    board: str
    unit: str
    clock: str
    local: int
    reader: int
    agent: int
    exact: bool
    memory: int
    drift: int = 0

    def make(
        self,
        experiment: str,
        variant: str,
        metric: str,
        unit: str,
        samples: list[float],
        *,
        clock: str | None = None,
        detail: dict[str, object] | None = None,
        **conditions: Scalar,
    ) -> Measurement:
        return Measurement(
            experiment=experiment,
            board=self.board,
            variant=variant,
            path="shm" if variant == "shm" else "agent",
            metric=metric,
            unit=unit,
            samples=tuple(samples),
            clock=clock,
            exact=self.exact and variant == "shm",
            conditions=conditions,
            detail=detail or {},
        )

    def spread(self, middle: float, number: int) -> list[float]:
        """Samples around a middle; all equal on a clock that repeats exactly."""
        if self.exact:
            return [middle] * number
        return [round(middle * (1 + ((7 * i) % 13 - 6) / 40)) for i in range(number)]


def _latency(f: Figures) -> list[Measurement]:
    rows = []
    for variant, base, number in (("shm", f.local, 50 if f.exact else 1000), ("network", f.agent, 10)):
        noisy = replace(f, exact=f.exact and variant == "shm")
        conditions = [(size, 1, 10) for size in SIZES if variant == "shm" or size <= 256]
        conditions += [(4, readers, 10) for readers in READERS[1:]]
        conditions += [(4, 1, spin) for spin in (0, 1, 100)] if variant == "shm" else []
        for size, readers, spin in conditions:
            middle = base + f.reader * (readers - 1) + (size * 500 if variant == "network" else 0) + f.drift
            rows.append(
                f.make(
                    "latency",
                    variant,
                    "publish_to_callback",
                    f.unit,
                    noisy.spread(middle, number),
                    clock=f.clock,
                    detail={"units_per_ms": 7812},
                    payload_bytes=size,
                    readers=readers,
                    spin_timeout_ms=spin,
                )
            )
        for pending, pairs in ((3, 0), (0, 6)) if variant == "shm" else ():
            rows.append(
                f.make(
                    "latency",
                    variant,
                    "publish_to_callback_loaded",
                    f.unit,
                    noisy.spread(base + 100 * pending + f.drift, number),
                    clock=f.clock,
                    payload_bytes=4,
                    readers=1,
                    spin_timeout_ms=10,
                    pending=pending,
                    other_pairs=pairs,
                )
            )
    return rows


def _traced(f: Figures, readers: int) -> list[Measurement]:
    """The trace of every write, which emulated boards have; the others say once why not."""
    samples, detail = [0], {"writers": [], "serialised": 1024, "writes": 272 + 25 * readers}
    if f.clock != "virtual":
        samples, detail = [], {"unavailable": "a debug probe of real hardware cannot stop at every write"}
    if not samples and readers > 1:
        return []
    return [
        f.make(
            "copies",
            "shm",
            "payload_bytes_written",
            "bytes",
            samples,
            detail=detail,
            payload_bytes=1024,
            readers=readers,
        )
    ]


def _copies(f: Figures, readers_measured: tuple[int, ...] = READERS) -> list[Measurement]:
    rows = []
    for readers in readers_measured:
        for variant, copied, resident in (("shm", 0, 1), ("network", 1024 + 2048 * readers, 3 + min(readers, 4))):
            places = [
                {"symbol": f"stream_memory+{i:#x}", "address": f"{0x20008000 + i * 64:#x}", "offset": 0, "bytes": 1024}
                for i in range(resident)
            ]
            rows += [
                f.make(
                    "copies",
                    variant,
                    "bytes_copied_per_sample",
                    "bytes",
                    [copied] * 3,
                    payload_bytes=1024,
                    readers=readers,
                ),
                f.make(
                    "copies",
                    variant,
                    "resident_copies",
                    "copies",
                    [resident],
                    detail={"places": places},
                    payload_bytes=1024,
                    readers=readers,
                ),
                *(_traced(f, readers) if variant == "shm" else ()),
                f.make(
                    "shared-buffer",
                    variant,
                    "distinct_buffers",
                    "addresses",
                    [1] * 5,
                    payload_bytes=64,
                    readers=readers,
                ),
            ]
    return rows


def _sizes(f: Figures, limit: int | None = None) -> list[Measurement]:
    rows = []
    for variant, largest in (("shm", limit or f.memory), ("network", 7992)):
        tried = {str(size): "intact" for size in (1, 255, 256, largest)}
        if largest < f.memory:
            tried[str(largest + 1)] = "lost"
        rows.append(
            f.make(
                "message-size",
                variant,
                "largest_message_bytes",
                "bytes",
                [largest],
                detail={"buffer_bytes": f.memory, "tried": tried},
                readers=1,
                mtu_bytes=512,
                history=16,
            )
        )
    wide = {str(size): "intact" for size in (65_535, 65_536, f.memory) if size <= (limit or f.memory)}
    if limit is None:
        rows.append(
            f.make(
                "message-size",
                "shm",
                "largest_varied_bytes",
                "bytes",
                [f.memory],
                detail={"buffer_bytes": f.memory, "tried": wide},
                readers=4,
                link_mtu=512,
                link_history=16,
            )
        )
    return rows


def _work(f: Figures) -> list[Measurement]:
    rows = []
    for variant, transport, lock, wait, link in (("shm", 0, 3, 1, 0.0), ("network", 60.4, 0, 0, 212.7)):
        for readers in (1, 4):
            calls = (("transport", transport * readers), ("lock", lock), ("wait", wait), ("allocation", 0))
            common: dict[str, Scalar] = {"payload_bytes": 64, "readers": readers}
            rows += [
                f.make("os-overhead", variant, f"{kind}_calls_per_sample", "calls", [float(n)], **common)
                for kind, n in calls
            ]
            rows.append(f.make("os-overhead", variant, "link_bytes_per_sample", "bytes", [link * readers], **common))
        for kind, size in (("text", 22_704), ("data", 36), ("bss", 17_125_640), ("stack_peak", 800)):
            less = 2380 if variant == "network" and kind == "text" else 0
            rows.append(f.make("footprint", variant, f"{kind}_bytes", "bytes", [size - less]))
        formula = {"formula_bytes": 7152, "largest": {"mw": 7192}}
        rows.append(f.make("footprint", variant, "middleware_ram_bytes", "bytes", [7260], detail=formula))
    return rows


def _delivery(f: Figures, inversions: int = 0) -> list[Measurement]:
    rows = []
    for variant in ("shm", "network"):
        expected = 2000 if variant == "shm" else 10
        for reliable in (True, False):
            delivered = expected if variant == "shm" else 0
            for metric, value in (("samples_delivered", delivered), ("samples_lost", expected - delivered)):
                rows.append(
                    f.make(
                        "agentless-operation",
                        variant,
                        metric,
                        "samples",
                        [value],
                        detail={"expected": expected, "refused": 0, "first_error": "OK"},
                        payload_bytes=64,
                        readers=2,
                        reliable=reliable,
                        link="cut",
                    )
                )
        for burst in (1, 2, 4, 8, 9, 16):
            refused = max(0, burst - 8) if variant == "shm" else 0
            disorder = inversions if variant == "shm" and burst > 1 else 0
            for metric, value in (
                ("samples_delivered", 2 * (burst - refused)),
                ("samples_lost", 0),
                ("samples_out_of_order", disorder),
                ("samples_refused", refused),
            ):
                rows.append(
                    f.make(
                        "burst-order",
                        variant,
                        metric,
                        "samples",
                        [value],
                        detail={"accepted": burst - refused, "refused": refused, "doubled": 0},
                        payload_bytes=32,
                        readers=2,
                        burst=burst,
                        buffers=8,
                    )
                )
    return rows


def _firmware(digit: str, file: str) -> tuple[Firmware, ...]:
    return tuple(
        Firmware(
            variant=variant,
            digest="sha256:" + digit * 64,
            file=f"{file}-{variant}.elf",
            middleware="reference",
            middleware_version="0.1.0",
            compiler="GNU 12.2.1",
            os="none",
            sections={"text": 22_704, "data": 36, "bss": 17_125_640},
            configuration={"capabilities": "shm loan offline", "message_memory_bytes": 16 * MIB},
        )
        for variant, digit in (("shm", digit), ("network", digit.upper().lower()))
    )


_NOTE = "instructions executed by the emulated core (no cycle model: not hardware time)"
BOARDS = (
    Board(
        name="mps2-an385",
        kind="emulated",
        target="mps2_an385",
        core="cortex-m3",
        probe="mps2-an385 (emulated)",
        emulator="QEMU 7.2.22",
        clock="virtual",
        clock_note=_NOTE,
        link="serial 115200 baud",
        firmware=_firmware("a", "rig-bench"),
    ),
    Board(
        name="microbit",
        kind="emulated",
        target="nrf51",
        core="cortex-m0",
        probe="microbit (emulated)",
        emulator="QEMU 7.2.22",
        clock="virtual",
        clock_note=_NOTE,
        link="serial 115200 baud",
        firmware=_firmware("b", "rig-bench"),
        recoveries={"power-cycle": 1},
    ),
    Board(
        name="native",
        kind="native",
        target="host",
        core="x86_64",
        clock="host",
        clock_note="nanoseconds of the host's monotonic clock",
        link="udp4",
        firmware=_firmware("c", "rig-bench"),
    ),
    Board(
        name="nucleo-f446re",
        kind="probe",
        target="stm32f446re",
        core="cortex-m4",
        probe="ST-Link",
        clock="dwt",
        clock_note="cycles of the core at 180 MHz",
        link="serial 921600 baud",
        firmware=_firmware("d", "rig-bench"),
    ),
)
FAULT = Fault(
    blame="board",
    message="microbit: QEMU was ended by signal 9 (SIGKILL)",
    hint="its log is in console.log",
    board="microbit",
    step="shm: payload bytes copied, and copies resident in RAM",
    console=("bench ready", "<script>alert('console')</script> \x1b[31mred\x00"),
)


def _measurements(drift: int) -> list[Measurement]:
    emulated = Figures("mps2-an385", "instructions", "virtual", 242, 45, 82_658, True, 16 * MIB, drift)
    small = Figures("microbit", "instructions", "virtual", 327, 61, 59_900, True, 4096, drift)
    native = Figures("native", "ns", "host", 260, 40, 427_000, False, 16 * MIB, drift)
    real = Figures("nucleo-f446re", "cycles", "dwt", 610, 88, 1_900_000, False, 65_536, drift)
    rows = []
    for f in (emulated, native, real):
        rows += _sizes(f, 65_535 if f is real else None) + _copies(f) + _work(f) + _latency(f)
        rows += _delivery(f, inversions=3 if f is real else 0)
    # The emulator died while this board's copies were counted: the rest of that experiment is missing.
    rows += _sizes(small) + [m for m in _copies(small, (1, 2)) if m.variant == "shm"] + _latency(small)
    return rows


@cache
def sample(number: int = 0, *, outcome: str | None = "fault", faults: tuple[Fault, ...] = (FAULT,)) -> RunRecord:
    """The run of that number: a quarter of an hour after the one before, its latencies a little higher."""
    measurements = _measurements(drift=number)
    begin = BEGIN + timedelta(minutes=15 * number)
    claims = []
    for board in BOARDS:
        prevented = {"copies": f"board fault: {FAULT.message}"} if board.name == "microbit" else {}
        for claim in CLAIMS.values():
            repeat = f"rig run --board {board.name} --claims {claim.id}" if claim.experiment else ""
            claims.append(decide(claim, board.name, measurements, prevented=prevented, repeat=repeat))
    return RunRecord(
        run=Run(
            id=f"20260302T0930{number:02}Z-5a3e",
            started=begin.isoformat(timespec="seconds"),
            rig_version="0.1.0",
            command="rig run --board mps2-an385 --board microbit --board native --board nucleo-f446re",
            finished=(begin + timedelta(seconds=93)).isoformat(timespec="seconds"),
            seconds=93.25 + number,
            outcome=outcome,
        ),
        environment=Environment(
            system="Linux 6.1.0 x86_64",
            python="3.11.7",
            tools={"pyocd": "0.46.0", "qemu-system-arm": "QEMU emulator version 7.2.22"},
            agent="rig agent 0.1.0",
        ),
        boards=BOARDS,
        measurements=tuple(measurements),
        claims=tuple(claims),
        faults=faults,
    )


def runs(number: int) -> list[RunRecord]:
    """Several runs, oldest first."""
    numbers = count()
    return [sample(next(numbers)) for _ in range(number)]


def one_board(record: RunRecord, name: str = "mps2-an385") -> RunRecord:
    """Only what belongs to one board."""
    return replace(
        record,
        boards=tuple(board for board in record.boards if board.name == name),
        measurements=tuple(m for m in record.measurements if m.board == name),
        claims=tuple(claim for claim in record.claims if claim.board == name),
        faults=tuple(fault for fault in record.faults if fault.board == name),
    )


def only(record: RunRecord, *experiments: str) -> RunRecord:
    """Only what belongs to these experiments, whose claims have the same names: a page of it is made in no time."""
    return replace(
        record,
        measurements=tuple(m for m in record.measurements if m.experiment in experiments),
        claims=tuple(claim for claim in record.claims if claim.id in experiments),
    )
