"""Programming a target: prove that image and target belong together, write, read back, compare.

pyOCD's programmer may report success while the flash has not changed. So only what can be read back counts.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, final

from rig.errors import BoardFault, RigError, UsageError
from rig.probe._cores import belongs_on
from rig.probe._image import FirmwareImage

__all__ = ["FlashReport", "Programmable", "program"]

_LOG = logging.getLogger(__name__)
_ATTEMPTS = 2


@final
@dataclass(frozen=True, kw_only=True)
class FlashReport:
    """What flashing did.

    ``skipped``: the image was there already, and nothing was written. ``verified`` is always true in a report: an image
    that does not read back raises an error. ``attempts`` above 1 means that the flash took the image only at the second
    try. ``seconds`` covers everything, reading back included.
    """

    bytes_written: int
    skipped: bool
    verified: bool
    digest: str
    seconds: float
    attempts: int


class Programmable(Protocol):
    """What programming needs of a probe."""

    @property
    def uid(self) -> str: ...
    @property
    def core(self) -> str: ...
    @property
    def has_fpu(self) -> bool: ...
    @property
    def session(self) -> Any: ...
    def read(self, address: int, length: int) -> bytes: ...
    def reset(self, *, halt: bool = False) -> None: ...
    def halt(self) -> None: ...


def program(probe: Programmable, image: FirmwareImage, *, force: bool) -> FlashReport:
    """Bring ``image`` onto the target; afterwards the core is halted at reset, or left alone if skipped.

    :raises UsageError: the image is for another core, or does not fit; nothing has been erased.
    :raises BoardFault: the image cannot be read back after the second attempt.
    """
    started = time.monotonic()
    _check_core(probe, image)
    _check_space(probe, image)

    def report(*, written: int, attempts: int) -> FlashReport:
        return FlashReport(
            bytes_written=written,
            skipped=written == 0,
            verified=True,
            digest=image.digest,
            seconds=time.monotonic() - started,
            attempts=attempts,
        )

    if not force and _first_difference(probe, image) is None:
        return report(written=0, attempts=0)
    wrong, cause = "", None
    for attempt in range(1, _ATTEMPTS + 1):
        probe.halt()
        wrong, cause = _try_to_write(probe, image, smart=attempt == 1)
        if not wrong:
            probe.reset(halt=True)
            return report(written=image.load_size, attempts=attempt)
        _LOG.warning("%s: attempt %d to flash: %s", probe.uid, attempt, wrong)
    raise BoardFault(
        f"flash of {probe.uid} does not take: {wrong}, after {_ATTEMPTS} attempts",
        hint="is the flash protected, or the pyOCD target not the chip's? check boards.yaml",
    ) from cause


def _check_core(probe: Programmable, image: FirmwareImage) -> None:
    if image.core == "host" or not belongs_on(image.architecture, probe.core):
        raise UsageError(
            f"firmware {image.path.name} is built for {image.core}, but {probe.uid} has a {probe.core}",
            hint=f"build it for this board (-mcpu={probe.core}), or choose another board",
        )
    if image.hard_float and not probe.has_fpu:
        raise UsageError(
            f"firmware {image.path.name} needs floating point registers, which the {probe.core} of {probe.uid} lacks",
            hint="build it with -mfloat-abi=soft",
        )


def _check_space(probe: Programmable, image: FirmwareImage) -> None:
    memory_map = probe.session.target.memory_map
    if not image.segments:
        raise UsageError(f"firmware {image.path.name} has nothing to program", hint="is it an executable?")
    loaded = [(address, len(data)) for address, data in image.segments]
    for start, length in (*loaded, *image.occupied):
        region = memory_map.get_region_for_address(start)
        if region is None or not (region.is_flash or region.is_ram):
            raise UsageError(
                f"firmware {image.path.name} has {length} bytes at {start:#010x}, where {probe.uid} has no memory",
                hint=f"it has {_describe(memory_map)}; build for this board",
            )
        missing = start + length - 1 - region.end
        if missing > 0:
            raise UsageError(
                f"no free space in {_name(region)} of {probe.uid}: firmware {image.path.name} needs {length} bytes at"
                f" {start:#010x}, {missing} more than there are",
                hint=f"it has {_describe(memory_map)}; make the image smaller",
            )


def _describe(memory_map: Any) -> str:
    return ", ".join(
        f"{_name(region)} {region.start:#010x}-{region.end:#010x}"
        for region in memory_map
        if region.is_flash or region.is_ram
    )


def _name(region: Any) -> str:
    return str(region.name or ("flash" if region.is_flash else "ram"))


def _try_to_write(probe: Programmable, image: FirmwareImage, *, smart: bool) -> tuple[str, Exception | None]:
    """Write and compare; returns what is wrong ("" if nothing is) and the exception behind it.

    pyOCD's programmer raises what its parts raise: beside its own exceptions a ``struct.error`` of the page analysis
    or a ``KeyError`` of a target's description. None of them says that the other way of writing would fail too. A
    probe that is gone, or that somebody ended, is another matter.
    """
    from pyocd.core import exceptions  # noqa: PLC0415 - see rig.probe

    try:
        _write(probe, image, smart=smart)
    except (RigError, exceptions.ProbeError, OSError):
        raise
    except Exception as error:
        way = "page by page" if smart else "as a whole"
        return f"pyOCD cannot program {image.path.name} {way}: {type(error).__name__}: {error}", error
    difference = _first_difference(probe, image)
    if difference is None:
        return "", None
    address, found, expected = difference
    return f"{address:#010x} reads {found:#04x}, {image.path.name} has {expected:#04x}", None


def _write(probe: Programmable, image: FirmwareImage, *, smart: bool) -> None:
    from pyocd.flash.loader import MemoryLoader  # noqa: PLC0415 - see rig.probe

    loader = MemoryLoader(probe.session, progress=lambda _fraction: None, smart_flash=smart)
    ram: list[tuple[int, bytes]] = []
    for address, data in image.segments:
        if probe.session.target.memory_map.get_region_for_address(address).is_flash:
            loader.add_data(address, data)
        else:
            ram.append((address, data))
    if len(ram) < len(image.segments):
        loader.commit()
    for address, data in ram:  # after the flash, whose algorithm runs in RAM
        probe.session.target.selected_core.ap.write_memory_block8(address, list(data))  # pyOCD's server: JSON


def _first_difference(probe: Programmable, image: FirmwareImage) -> tuple[int, int, int] | None:
    """Return (address, byte found, byte expected) where memory first differs from the image."""
    for address, expected in image.segments:
        found = probe.read(address, len(expected))
        if found != expected:
            return next(_differences(address, found, expected))
    return None


def _differences(address: int, found: Sequence[int], expected: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    for offset, (is_, should) in enumerate(zip(found, expected, strict=True)):
        if is_ != should:
            yield address + offset, is_, should
