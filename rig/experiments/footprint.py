"""ROM, RAM and stack of the firmware, and whether the middleware's RAM formula agrees with the image."""

from __future__ import annotations

from collections.abc import Iterator

from rig.experiments._experiment import Experiment
from rig.records import Measurement, Metric
from rig.records.vocabulary import Memory, Stack
from rig.station import Setting

_OWN_SOURCES = ("firmware/bench/", "firmware/ports/")  # as the build names them; everything else is the middleware's
# Link-time optimisation keeps the C library's allocator though nobody calls it; what is taken of a heap counts anyway.
_C_LIBRARY = "/newlib/libc/"
# The same where an image has no debug information: what the bench has in RAM for itself and for the scenario. An object
# that only its source file sees is named with it: the middleware may have one of the same name.
_OWN_OBJECTS = frozenset(
    (
        "rig_mailbox",
        "bench_counters",
        "bench_exchange.c:now",
        "bench_mailbox",
        "bench_middleware.c:stream_memory",
        "bench_preempt.c:meet",
        "bench_rtt.c:data",
        "bench_service.c:service",
        "bench_program.c:run",
        "bench_program.c:other",
        "port.c:message_memory",
        "port.c:receive_bytes",
        "_SEGGER_RTT",
        "rig_fault_frame",
    )
)
_SHOWN = 5
_READERS, _SAMPLES, _PAYLOAD = 8, 4, 64  # of the work that is the same with shared memory and without


def measure(setting: Setting) -> Iterator[Measurement]:
    """Section sizes from the image, its objects against the formula, the deepest stack since boot and the most heap.

    Stack and heap since boot are those of whatever ran on the board before. What can be compared with the control is
    the stack of a piece of work that is the same with shared memory and without.
    """
    for metric, section in ((Metric.TEXT_BYTES, "text"), (Metric.DATA_BYTES, "data"), (Metric.BSS_BYTES, "bss")):
        yield setting.measurement("footprint", metric, [setting.sections[section]], conditions={}, exact=True)
    own = {
        name: size
        for name, size in setting.ram().items()
        if not name.startswith(_OWN_SOURCES) and name not in _OWN_OBJECTS and _C_LIBRARY not in name
    }
    largest = sorted(own.items(), key=lambda item: (-item[1], item[0]))[:_SHOWN]
    yield setting.measurement(
        "footprint",
        Metric.MIDDLEWARE_RAM,
        [sum(own.values())],
        conditions={},
        detail=Memory(formula_bytes=setting.bench.ram_formula(), largest=dict(largest)),
        exact=True,
    )
    reserved, used = setting.bench.stack(forget=True)
    worked = _work(setting)
    yield setting.measurement("footprint", Metric.HEAP_PEAK, [setting.bench.heap()], conditions={}, exact=False)
    if used:
        # How deep an interrupt finds the stack is a matter of the link: neither is exact.
        stack = Stack(reserved=reserved)
        yield setting.measurement("footprint", Metric.STACK_PEAK, [used], conditions={}, detail=stack, exact=False)
        _, same = setting.bench.stack()
        samples = [same] if worked else []
        yield setting.measurement("footprint", Metric.STACK_WORK, samples, conditions={}, detail=stack, exact=False)


def _work(setting: Setting) -> bool:
    """Start, make entities, publish and deliver; False if there was nothing to deliver by."""
    if setting.path == "agent" and setting.link is None:
        return False
    _, topology = setting.begin(buffers=2, readers=_READERS)
    setting.settle()
    return setting.bench.exchange(
        session=topology.session,
        writer=topology.writer,
        count=_SAMPLES,
        length=_PAYLOAD,
        readers=_READERS,
        deadline=3.0,
    ).complete


EXPERIMENT = Experiment(
    id="footprint", title="ROM, RAM and stack of the firmware", measure=measure, network_needs_link=False
)
