"""Which probes are connected: real ones and running emulated boards alike."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, final

from rig.errors import ProbeFault
from rig.probe._remote import REMOTE, remote_probe
from rig.probe.qemu import find_descriptor

__all__ = ["ProbeIdentity", "find_probe", "list_probes"]

_LOG = logging.getLogger(__name__)


@final
@dataclass(frozen=True, kw_only=True)
class ProbeIdentity:
    """One connected probe; ``target`` is the pyOCD target it says that its board has, if it does."""

    uid: str
    vendor: str
    product: str
    target: str | None
    emulated: bool


def list_probes() -> list[ProbeIdentity]:
    """Return all connected probes by unique id. Opens none of them.

    :raises ProbeFault: no kind of probe could be listed.
    """
    probes: list[ProbeIdentity] = []
    failures: list[Exception] = []
    for kind, probe_class in _probe_classes().items():
        try:
            probes += [_identity(probe, emulated=kind == "qemu") for probe in probe_class.get_all_connected_probes()]
        except Exception as error:  # one USB library that fails must not hide the other probes
            _LOG.debug("probes of type %s cannot be listed", kind, exc_info=True)
            failures.append(error)
    if failures and not probes:
        raise ProbeFault(f"probes cannot be listed: {failures[0]}", hint="rig doctor") from failures[0]
    return sorted(probes, key=lambda probe: probe.uid)


def find_probe(uid: str) -> Any:
    """Return pyOCD's probe object with exactly this unique id.

    An emulated board is found by its descriptor, without touching USB: listing disturbs some real probes.

    :param uid: ``remote:HOST:PORT`` is a probe that a server of pyOCD offers there; it is not listed anywhere.
    :raises ProbeFault: there is none; says what is connected.
    """
    if uid.startswith(REMOTE):
        return remote_probe(uid)
    emulated = find_descriptor(uid) is not None
    probe = _probe_classes()["qemu"].get_probe_with_id(uid) if emulated else _find_real(uid)
    if probe is None:
        connected = ", ".join(known.uid for known in list_probes()) or "none"
        raise ProbeFault(f"no probe with unique id {uid!r}; connected: {connected}", hint="pyocd list")
    return probe


def _find_real(uid: str) -> Any:
    for kind, probe_class in _probe_classes().items():
        try:
            probe = probe_class.get_probe_with_id(uid)
        except Exception:
            _LOG.debug("probes of type %s cannot be listed", kind, exc_info=True)
            continue
        if probe is not None and probe.unique_id == uid:
            return probe
    return None


def _probe_classes() -> dict[str, Any]:
    from pyocd.probe.aggregator import PROBE_CLASSES  # noqa: PLC0415 - see rig.probe

    classes: dict[str, Any] = PROBE_CLASSES
    return classes


def _identity(probe: Any, *, emulated: bool) -> ProbeIdentity:
    board = probe.associated_board_info
    return ProbeIdentity(
        uid=str(probe.unique_id),
        vendor=str(probe.vendor_name),
        product=str(probe.product_name),
        target=board.target if board else None,
        emulated=emulated,
    )
