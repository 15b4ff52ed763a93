"""What the firmware takes of ROM, RAM and stack, and whether the middleware's own RAM formula is true."""

from __future__ import annotations

from collections.abc import Iterator

from rig.experiments._experiment import Experiment
from rig.records import Measurement, Metric
from rig.records.vocabulary import Memory, Stack
from rig.station import Setting

# What the bench and its ports have in RAM for themselves and for the scenario; everything else is the middleware's.
# An object that only its source file sees is named with it: the middleware may have one of the same name.
_BENCH_OBJECTS = frozenset(
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


def measure(setting: Setting) -> Iterator[Measurement]:
    """Section sizes from the image, its objects against the formula, and the deepest stack since boot."""
    for metric, section in ((Metric.TEXT_BYTES, "text"), (Metric.DATA_BYTES, "data"), (Metric.BSS_BYTES, "bss")):
        yield setting.measurement("footprint", metric, [setting.sections[section]], conditions={}, exact=True)
    own = {name: size for name, size in setting.variables.items() if name not in _BENCH_OBJECTS}
    largest = sorted(own.items(), key=lambda item: (-item[1], item[0]))[:_SHOWN]
    yield setting.measurement(
        "footprint",
        Metric.MIDDLEWARE_RAM,
        [sum(own.values())],
        conditions={},
        detail=Memory(formula_bytes=setting.bench.ram_formula(), largest=dict(largest)),
        exact=True,
    )
    reserved, used = setting.bench.stack()
    if used:
        yield setting.measurement(
            "footprint",
            Metric.STACK_PEAK,
            [used],
            conditions={},
            detail=Stack(reserved=reserved),
            exact=False,  # how deep an interrupt finds the stack is a matter of the link
        )


EXPERIMENT = Experiment(
    id="footprint", title="ROM, RAM and stack of the firmware", measure=measure, network_needs_link=False
)
