"""The RTT log: read while running, over wraps and resets."""

import time
from dataclasses import dataclass, field

import demo_firmware as demo
import pytest

from rig.probe import FirmwareImage, Probe, RttReader

HELLO = b"hello from the demo\n"


def collect(reader: RttReader, wanted: int, timeout: float = 10.0) -> bytes:
    deadline = time.monotonic() + timeout
    data = b""
    while len(data) < wanted and time.monotonic() < deadline:
        data += reader.poll()
        time.sleep(0.002)
    return data


@pytest.mark.qemu
def test_log_is_found_by_symbol_and_by_search(running: Probe, image: FirmwareImage) -> None:
    symbol = image.find("_SEGGER_RTT")
    assert collect(RttReader(running, symbol.address, symbol.size), len(HELLO)) == HELLO
    running.write_u32(image.find("demo_command").address, demo.LOG)
    assert collect(RttReader(running, 0x2000_0000, 0x2000), 7) == b"obeyed\n"
    assert running.state() == "running"


@pytest.mark.qemu
def test_log_wraps_without_loss(running: Probe, image: FirmwareImage) -> None:
    reader = RttReader(running, image.find("_SEGGER_RTT").address, 24)
    assert collect(reader, len(HELLO)) == HELLO
    for _ in range(30):  # the ring of the demo has 64 bytes
        running.write_u32(image.find("demo_command").address, demo.LOG)
        assert collect(reader, 7) == b"obeyed\n"
    assert reader.poll() == b""


@pytest.mark.qemu
def test_old_log_is_not_taken_for_the_next_run(running: Probe, image: FirmwareImage) -> None:
    reader = RttReader(running, image.find("_SEGGER_RTT").address, 24)
    time.sleep(0.05)
    running.reset(halt=True)  # with the log of the first run unread
    reader.invalidate()
    assert reader.poll() == b""
    running.resume()
    assert collect(reader, len(HELLO)) == HELLO
    assert reader.poll() == b""


@dataclass
class Ram:
    """Plain bytes as target memory."""

    data: bytearray = field(default_factory=lambda: bytearray(512))

    def read(self, address: int, length: int) -> bytes:
        return bytes(self.data[address : address + length])

    def write(self, address: int, data: bytes) -> None:
        self.data[address : address + len(data)] = data

    def write_u32(self, address: int, value: int) -> None:
        self.write(address, value.to_bytes(4, "little"))


def control_block(*, channels: int = 1, buffer: int = 256, size: int = 16, write: int = 0, read: int = 0) -> bytes:
    words = (channels, 0, 0, buffer, size, write, read, 0)
    return b"SEGGER RTT".ljust(16, b"\0") + b"".join(word.to_bytes(4, "little") for word in words)


@pytest.mark.parametrize(
    "broken",
    [
        {"channels": 0},
        {"channels": 1 << 31},
        {"buffer": 0},
        {"size": 0},
        {"size": 1 << 30},
        {"write": 16},
        {"read": 99},
    ],
)
def test_half_written_control_block_is_silence(broken: dict[str, int]) -> None:
    ram = Ram()
    ram.write(64, control_block(**({"write": 3} | broken)))
    before = bytes(ram.data)
    assert RttReader(ram, 0, 512).poll() == b""
    assert ram.data == before, "nothing is acknowledged"


def test_wrapped_data_is_joined_and_acknowledged() -> None:
    ram = Ram()
    ram.write(64, control_block(write=2, read=14))
    ram.write(256, b"CD" + b"." * 12 + b"AB")
    reader = RttReader(ram, 0, 512)
    assert reader.poll() == b"ABCD"
    assert reader.poll() == b""


def test_mark_in_a_text_is_not_a_control_block() -> None:
    ram = Ram()
    ram.write(33, b"SEGGER RTT\0")  # unaligned: a string that names it
    ram.write(128, control_block(write=1))
    ram.write(256, b"!")
    assert RttReader(ram, 0, 512).poll() == b"!"
