"""Sequences are drawn the same for the same seed, kept whole in files, and made as short as they can be."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rig.bench import Called, Capability, Step
from rig.errors import UsageError
from rig.model import Create, Delete, End, Kind, Limits, Open, Publish, Spin, Topic
from rig.model import Sequence as Calls
from rig.search import Ground, from_json, generate, judge, lower, needs, read_sequence, shrink, to_json

GROUND = Ground(Capability(255), 1 << 20, 16384, Limits(), link=True, company=True, others=True)
PLAIN = '{"format": "rig-sequence", "version": 1, "buffers": 1, "buffer_bytes": 8, "topics": [], "operations": []}'
SMALL = Ground(Capability(255), 4096, 192, Limits(entities=16, pairs=16, names=12))


def test_a_seed_draws_the_same_sequences() -> None:
    assert [generate(Random(7), GROUND) for _ in range(3)] == [generate(Random(7), GROUND) for _ in range(3)]
    assert generate(Random(7), GROUND) != generate(Random(8), GROUND)


@settings(max_examples=200, deadline=None)
@given(st.integers(min_value=0, max_value=1 << 32))
def test_a_sequence_is_the_same_after_its_file(seed: int) -> None:
    calls = generate(Random(seed), GROUND)
    assert from_json(json.loads(json.dumps(to_json(calls)))) == calls


def test_all_kinds_of_calls_are_drawn() -> None:
    drawn = {type(o).__name__ for seed in range(1000) for o in generate(Random(seed), GROUND).operations}
    assert drawn == {
        "Open", "Close", "Create", "Delete", "Drop", "Publish", "Loan", "Send", "Cancel", "Keep", "Reply", "Spin",
        "Join", "InCallback", "Elsewhere", "Repeat", "Link", "Restart", "Remote", "Sent", "Ask", "Renew",
    }  # fmt: skip


@pytest.mark.parametrize("ground", [GROUND, SMALL], ids=["large", "small"])
def test_what_is_drawn_keeps_within_the_board(ground: Ground) -> None:
    key = iter(range(1, 1 << 30))
    sizes = []
    for seed in range(600):
        calls = generate(Random(seed), ground)
        assert calls.buffers * calls.buffer_bytes <= ground.memory_bytes
        sizes.append(len(lower(calls, first=1, key=lambda: next(key)).words))
    fitting = sum(size <= ground.words for size in sizes)
    assert fitting > len(sizes) * (0.95 if ground is GROUND else 0.3)


def test_what_the_middleware_lacks_is_not_drawn() -> None:
    plain = Ground(Capability.SHM, 1 << 20, 16384, Limits())
    for seed in range(200):
        assert needs(generate(Random(seed), plain)) == Capability.SHM


def test_the_shortest_sequence_is_found() -> None:
    """Two samples of one writer after a deletion: all the rest goes, and counts and sizes become small."""

    def fails(many: Sequence[Calls]) -> int | None:
        for at, calls in enumerate(many):
            deleted = False
            for operation in calls.operations:
                deleted |= isinstance(operation, Delete)
                if deleted and isinstance(operation, Publish) and operation.count >= 2:
                    return at
        return None

    drawn = (generate(Random(seed), GROUND) for seed in range(2000))
    found = next(calls for calls in drawn if fails([calls]) == 0)
    short = shrink(found, fails, deadline=time.monotonic() + 20)
    assert [type(o) for o in short.operations] == [Delete, Publish]
    last = short.operations[-1]
    assert isinstance(last, Publish)
    assert (last.count, last.length, short.buffers) == (2, 1, 1)


def test_calls_alike_are_told_as_one() -> None:
    writer = End(0, Kind.WRITER, 1)
    readers = [Create(End(0, Kind.READER, id)) for id in (4, 2, 9)]
    calls = Calls(4, 64, (Topic("rt/a", "T"),), (Open(0), Create(writer), *readers, Publish(writer, 8), Spin()))

    def fails(many: Sequence[Calls]) -> int | None:
        counts = (
            sum(o.count for o in c.operations if isinstance(o, Create) and o.end.kind is Kind.READER) for c in many
        )
        return next((at for at, count in enumerate(counts) if count == 3), None)

    short = shrink(calls, fails, deadline=time.monotonic() + 20)
    assert short.operations == (Create(End(0, Kind.READER, 1), count=3),)
    assert str(short.operations[0]) == "create 3 readers 0x001 to 0x003 of session 0 on topic 0 (reliable)"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[]", "no sequence of the rig"),
        ('{"format": "rig-sequence", "version": 9}', "version 9"),
        ("{", "no JSON"),
        ('{"format": "rig-sequence", "version": 1}', "buffers"),
        (PLAIN.replace("[]}", '[{"call": "x"}]}'), "'x'"),
        (PLAIN.replace('"buffers": 1', '"buffers": -1'), "-1"),
        ("[" * 100000, "no JSON"),
    ],
)
def test_a_file_that_is_no_sequence_says_what_is_wrong(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "sequence.json"
    file.write_text(text)
    with pytest.raises(UsageError) as caught:
        read_sequence(file)
    assert str(file) in str(caught.value)
    assert says in str(caught.value)


@pytest.mark.parametrize("step", [step for step in Step if step not in (Step.START, Step.STATISTICS)])
def test_a_record_under_the_number_of_another_call_is_no_error_of_the_rig(step: Step) -> None:
    """As of firmware that overwrote what it was to do."""
    writer = End(0, Kind.WRITER, 1)
    lowered = lower(
        Calls(4, 64, (Topic("rt/a", "T"),), (Open(0), Create(writer), Publish(writer, 8))), first=1, key=int
    )
    for number in lowered.steps:
        judge(lowered, [Called(step, 0, 1, 8, 0, 0, number, (0, 0, 0, 0))], limits=Limits())
