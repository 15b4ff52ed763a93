"""The ideal middleware breaks no promise, whatever it is asked for; and says what a sequence comes to."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from rig.bench import Capability
from rig.model import Create, End, Ideal, Kind, Limits, Open, Publish, Sequence, Spin, Topic, predict
from rig.search import Ground, generate

GROUND = Ground(Capability(255), 1 << 20, 16384, Limits(), link=True)


@settings(max_examples=300, deadline=None)
@given(st.integers(min_value=0, max_value=1 << 32))
def test_the_ideal_middleware_breaks_no_promise(seed: int) -> None:
    sequence = generate(Random(seed), GROUND)
    ideal = Ideal(sequence, GROUND.limits)
    for operation in sequence.operations:
        ideal.apply(operation)
    assert ideal.breaches == [], f"{sequence}\n{ideal.breaches}"


def test_what_must_happen_is_told_in_order() -> None:
    writer, reader = End(0, Kind.WRITER, 1), End(0, Kind.READER, 1)
    calls = Sequence(
        2, 64, (Topic("rt/a", "T"),), (Open(0), Create(writer), Create(reader), Publish(writer, 8, 3), Spin())
    )
    told = [line.text for line in predict(calls) if line.index >= 3]
    assert told == [
        "publish of sample 1: OK",
        "publish of sample 2: OK",
        "publish of sample 3: NO_BUFFER",
        "callback of reader 0x001 of session 0: sample 1, 8 B",
        "callback of reader 0x001 of session 0: sample 2, 8 B",
        "spin: 2",
        "spin: 0",
        "spin: 0",
        "spin: 0",
    ]
