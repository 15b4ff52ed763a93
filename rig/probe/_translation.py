"""Translates pyOCD's exceptions into the rig's, in one place, at the border of this room."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from rig.errors import BoardFault, ProbeFault, RigError, UsageError

__all__ = ["ProbeLost", "translated"]


class ProbeLost(ProbeFault):
    """The probe has gone: unplugged, or the emulator behind it ended."""


@contextlib.contextmanager
def translated(doing: str, uid: str) -> Iterator[None]:
    """Raise a ``RigError`` in place of pyOCD's exceptions; the cause is kept.

    :param doing: what the block does, for the message: "read 4 bytes at 0x20000000".
    """
    from pyocd.core import exceptions  # noqa: PLC0415 - see rig.probe

    try:
        yield
    except RigError:
        raise
    except exceptions.TargetSupportError as error:
        raise UsageError(f"probe {uid}: cannot {doing}: {error}", hint="pyocd list --targets") from error
    except exceptions.FlashFailure as error:
        raise BoardFault(
            f"probe {uid}: cannot {doing}: {error}", hint="is the flash protected? try: pyocd erase --chip"
        ) from error
    except exceptions.ProbeDisconnected as error:
        raise ProbeLost(f"probe {uid} is gone: cannot {doing}: {error}", hint="is it still connected?") from error
    except exceptions.TransferFaultError as error:
        raise ProbeFault(f"probe {uid}: cannot {doing}: {error}", hint="is there memory at this address?") from error
    except exceptions.Error as error:
        raise ProbeFault(
            f"probe {uid}: cannot {doing}: {error}",
            hint="does another debugger use it? check cable and power of the board, then try again",
        ) from error
    except OSError as error:  # USB errors come as they are
        raise ProbeFault(f"probe {uid}: cannot {doing}: {error}", hint="replug the probe") from error
