"""Whether samples survive publishers in several contexts at once, and whether a spin that sleeps is woken.

The main context publishes and spins; two others, threads or interrupts of which one can interrupt the other, publish
each with a writer of its own. First all writers publish in turns from the main context. If that works, and the firmware
then hangs or crashes with several contexts, their concurrency is the cause: that is a finding, not a fault.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator

from rig.bench import Capability, Preempted, Status, Topology
from rig.errors import RigFault
from rig.experiments._experiment import Experiment
from rig.experiments._wakes import connect_contexts, not_back, wakes
from rig.records import Measurement, Metric, Scalar
from rig.records.vocabulary import Contexts
from rig.station import Setting

_PAYLOAD = 64
_READERS = 2
_TURNS = 50
_GUEST = 0x7E0
_ROUNDS = 4
_DEADLINE = 60.0


def measure(setting: Setting) -> Iterator[Measurement]:
    """Samples of all contexts at once, each with bytes that show whether it is whole; then sleeping spins, woken from
    each context.
    """
    topology, contexts = connect_contexts(setting, readers=_READERS)
    whole = yield from _meet(setting, topology, contexts)
    for waker in range(1, contexts) if whole else ():
        yield from wakes(setting, "thread-safety", waker)


def _publish(setting: Setting, topology: Topology, contexts: int, *, count: int, turns: bool, first: int) -> Preempted:
    return setting.bench.preempt(
        session=topology.session,
        writer=topology.writer,
        count=count,
        length=_PAYLOAD,
        deadline=_DEADLINE,
        readers=_READERS,
        contexts=contexts,
        turns=turns,
        guest=_GUEST if setting.bench.has(Capability.OFFLINE | Capability.DELETE) else 0,  # else it waits for the Agent
        first=first,
    )


def _rounds(setting: Setting, topology: Topology, contexts: int, count: int) -> Iterator[Preempted]:
    """Some rounds, each with other pauses; where it is chance how contexts meet, as many as there is time for."""
    chance = setting.bench.clock.name != "virtual"
    end = time.monotonic() + (1.0 if setting.quick else 10.0)
    number = 0
    while number == 0 or (time.monotonic() < end if chance else number < _ROUNDS):
        number += 1
        seen = _publish(setting, topology, contexts, count=count, turns=False, first=number << 16)
        yield seen
        if seen.delivered != seen.accepted * _READERS or seen.accepted < count * contexts or seen.damaged:
            break


def _leaked(setting: Setting, free: int) -> dict[Metric, int]:
    """Buffers that are not free again, if the middleware tells and no sample may still wait for an Agent."""
    if not free or not (setting.link is None or setting.link.cooperative):
        return {}
    setting.settle()
    return {Metric.BUFFERS_LEAKED: max(0, free - setting.bench.statistics().buffers_free)}


def _meet(setting: Setting, topology: Topology, contexts: int) -> Generator[Measurement, None, bool]:
    """Figures of contexts that meet; returns whether all came back."""
    count = 1_000 if setting.quick else 5_000
    conditions: dict[str, Scalar] = {
        "payload_bytes": _PAYLOAD,
        "readers": _READERS,
        "samples": count * contexts,
        "contexts": contexts,
    }
    free = setting.bench.statistics().buffers_free
    # A firmware that fails in this is at fault by itself, whoever meets whom.
    _publish(setting, topology, contexts, count=_TURNS, turns=True, first=1)
    seen: list[Preempted] = []
    stuck, reason = 0, ""
    try:
        for each in _rounds(setting, topology, contexts, count):
            seen.append(each)
    except RigFault as error:
        stuck, reason = not_back(setting, error, contexts)
    detail = Contexts(
        accepted=sum(each.accepted for each in seen),
        full=sum(each.full for each in seen),
        first_error=next((each.status.name for each in seen if each.status is not Status.OK), "OK"),
        published=count * contexts * len(seen),
        stuck=reason,
    )
    figures: dict[Metric, int] = {Metric.CONTEXTS_STUCK: stuck}
    if not stuck:
        figures |= {
            Metric.SAMPLES_DELIVERED: sum(each.delivered for each in seen),
            Metric.SAMPLES_TORN: sum(each.damaged for each in seen),
            Metric.SAMPLES_OUT_OF_ORDER: sum(each.misplaced for each in seen),
            Metric.PUBLISHED_INSIDE: sum(each.inside for each in seen),
            Metric.LOCK_DEPTH: max(each.depth for each in seen),
            Metric.LOCK_WAIT: max(each.held_off for each in seen),
        }
        figures |= _leaked(setting, free)
    for metric, value in figures.items():
        yield setting.measurement("thread-safety", metric, [value], conditions=conditions, detail=detail, exact=False)
    return not stuck


EXPERIMENT = Experiment(
    id="thread-safety",
    title="publishers in several contexts",
    measure=measure,
    has_control=False,
    needs=Capability.THREADS,
)
