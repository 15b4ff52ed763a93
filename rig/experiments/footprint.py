"""What the firmware takes of ROM, RAM and stack."""

from __future__ import annotations

from collections.abc import Iterator

from rig.experiments._experiment import Experiment
from rig.records import Measurement
from rig.station import Setting


def measure(setting: Setting) -> Iterator[Measurement]:
    """Section sizes from the image, and the deepest stack since boot."""
    for section in ("text", "data", "bss"):
        yield setting.measurement(
            "footprint", f"{section}_bytes", "bytes", [setting.sections[section]], conditions={}, exact=True
        )
    reserved, used = setting.bench.stack()
    if used:
        yield setting.measurement(
            "footprint",
            "stack_peak_bytes",
            "bytes",
            [used],
            conditions={},
            detail={"reserved": reserved},
            exact=setting.path == "shm",
        )


EXPERIMENT = Experiment(
    id="footprint", title="ROM, RAM and stack of the firmware", measure=measure, network_needs_link=False
)
