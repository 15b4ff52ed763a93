"""Programming one board outside a run: ``rig flash``."""

from __future__ import annotations

from pathlib import Path

from rig.board import open_board
from rig.errors import UsageError
from rig.inventory import BoardSpec
from rig.probe import FirmwareImage, FlashReport, open_probe
from rig.probe.qemu import running_descriptors
from rig.station._station import load_images


def flash_board(spec: BoardSpec, image: Path | None, *, variant: str, force: bool) -> FlashReport:
    """Program a board and read it back.

    :param image: an ELF file; None takes the board's bench firmware of this ``variant``.
    :raises UsageError: the image is not for this board, or the board is a process of this host.
    """
    if spec.kind == "native" or spec.target is None:
        raise UsageError(
            f"{spec.name} is a process of this host: it has no flash", hint="run it: rig run --board native"
        )
    if image is None:
        images = load_images(spec)
        if variant not in images:
            raise UsageError(f"{spec.name} has no {variant} firmware", hint=f"it has: {', '.join(images) or 'none'}")
        loaded = images[variant]
    else:
        loaded = FirmwareImage.load(image)
    up = [board for board in running_descriptors() if board.name == spec.name]
    if up:
        with open_probe(up[0].uid, target=spec.target) as probe:
            report = probe.flash(loaded, force=force)
            probe.reset()
            return report
    with open_board(spec) as board:
        return board.flash(loaded)
