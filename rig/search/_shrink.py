"""Finds a shortest sequence that still shows a breach: removes calls, reduces counts and sizes, makes names plain.

Works on sequences and on a function that says whether one still fails. Must not know why it fails.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from rig.model import (
    Ask,
    Create,
    Drop,
    Elsewhere,
    End,
    Form,
    InCallback,
    Kind,
    Link,
    Loan,
    Mode,
    Open,
    Operation,
    Publish,
    Qos,
    Remote,
    Renew,
    Repeat,
    Reply,
    Restart,
    Send,
    Sent,
    Spin,
    Topic,
)
from rig.model import Sequence as Calls

_PLAIN_TYPE = "T"
_PLAIN_TOPICS = ("rt/a", "rt/b", "rt/c", "rt/d", "rt/e")
_SIMPLEST_QOS = (
    Qos(),
    Qos(keep_all=True),
    Qos(transient_local=True),
    Qos(transient_local=True, keep_all=True),
    Qos(reliable=False),
    Qos(depth=1),
)


def shrink(calls: Calls, fails: Callable[[Sequence[Calls]], int | None], *, deadline: float, chunk: int = 8) -> Calls:
    """Make a failing sequence as short and plain as the time allows.

    :param fails: takes candidates and returns the index of the first that fails in the same way, or None.
    :param deadline: value of ``time.monotonic`` at which to stop, in seconds.
    :param chunk: how many candidates ``fails`` gets at once.
    """
    awake = _awake(calls)
    if awake != calls and fails([awake]) is not None:
        calls = awake  # else each of the candidates would sleep
    again = True
    while again and time.monotonic() < deadline:
        again = False
        for simpler in (_fewer, _smaller, _plainer):
            better = _best(calls, simpler, fails, deadline, chunk)
            if better != calls:
                calls, again = better, True
    return calls


def _awake(calls: Calls) -> Calls:
    """Without spins that sleep."""
    quick = (replace(o, timeout_ms=0) if isinstance(o, Spin) else o for o in calls.operations)
    return replace(calls, operations=tuple(quick))


def _best(
    calls: Calls,
    simpler: Callable[[Calls], Iterator[Calls]],
    fails: Callable[[Sequence[Calls]], int | None],
    deadline: float,
    chunk: int,
) -> Calls:
    """Take the first simpler one that fails, again and again. Each costs less than the one before, so this ends."""
    found = True
    while found:
        found = False
        cost = _cost(calls)
        candidates = (candidate for candidate in simpler(calls) if _cost(candidate) < cost)
        while pending := list(islice(candidates, chunk)):
            if time.monotonic() > deadline:
                return calls
            which = fails(pending)
            if which is not None:
                calls, found = pending[which], True
                break
    return calls


def _cost(calls: Calls) -> tuple[int, ...]:
    """What makes a sequence hard to read, the worst first."""
    operations = list(_all(calls.operations))
    made = [o for o in operations if isinstance(o, Create)]
    ends = [end for o in operations if (end := getattr(o, "end", None)) is not None]
    counts = (getattr(o, "count", 1) + getattr(o, "times", 0) + getattr(o, "callback", 0) for o in operations)
    return (
        len(operations),
        sum(counts),
        sum((o.form is not Form.BIN) + (not o.reliable_stream) + bool(o.mode) + o.apart for o in made),
        sum(_SIMPLEST_QOS.index(o.qos) if o.qos in _SIMPLEST_QOS else len(_SIMPLEST_QOS) for o in made),
        sum(o.topic for o in made),
        sum(end.session for end in ends) + sum(o.session for o in operations if isinstance(o, Open)),
        sum(o.domain for o in operations if isinstance(o, Open)),
        sum(o.mode for o in operations if isinstance(o, Renew)),
        sum(getattr(o, "participant", 1) != 1 for o in operations),
        sum(end.id for end in ends),
        sum(getattr(o, "timeout_ms", 0) + getattr(o, "delay_ms", 0) for o in operations),
        sum(getattr(o, "length", 0) for o in operations),
        calls.link + calls.tells,
        calls.buffers,
        calls.buffer_bytes,
        sum(topic.type != _PLAIN_TYPE and not topic.reply_type for topic in calls.topics),
    )


def _fewer(calls: Calls) -> Iterator[Calls]:
    """Without some of the calls: large pieces first, then one at a time, from the end on."""
    operations = calls.operations
    size = len(operations)
    while size > 1:
        size = (size + 1) // 2
        for begin in range(len(operations) - size, -1, -size):
            yield replace(calls, operations=operations[:begin] + operations[begin + size :])
        if size == 1:
            break
    if len(operations) > 1:
        yield from _without_an_end(calls)
    for index, operation in enumerate(operations):
        if isinstance(operation, InCallback | Elsewhere):  # the same in the main context
            yield replace(calls, operations=(*operations[:index], *operation.operations, *operations[index + 1 :]))
        if isinstance(operation, InCallback | Elsewhere | Repeat) and len(operation.operations) > 1:
            for at in range(len(operation.operations)):
                inner = operation.operations[:at] + operation.operations[at + 1 :]
                yield _with(calls, index, replace(operation, operations=inner))  # type: ignore[arg-type]


def _without_an_end(calls: Calls) -> Iterator[Calls]:
    """Without all that an endpoint does."""
    for end in dict.fromkeys(o.end for o in calls.operations if isinstance(o, Create)):
        left = tuple(o for o in calls.operations if getattr(o, "end", None) != end)
        if len(left) < len(calls.operations) - 1:
            yield replace(calls, operations=left)
    yield from _together(calls)


def _together(calls: Calls) -> Iterator[Calls]:
    """What can be said as one call: a loan and its sending, and endpoints alike with ids one after another."""
    operations = calls.operations
    for index, operation in enumerate(operations):
        if isinstance(operation, Loan):
            sends = (at for at in range(index + 1, len(operations)) if operations[at] == Send(operation.end))
            at = next(sends, None)
            if at is not None:
                published = Publish(operation.end, operation.length)
                without = operations[:index] + operations[index + 1 :]
                yield replace(calls, operations=(*without[: at - 1], published, *without[at:]))
        following = operations[index + 1] if index + 1 < len(operations) else None
        if isinstance(operation, Publish) and isinstance(following, Publish) and operation.end == following.end:
            both_sent = replace(operation, count=operation.count + following.count)
            yield replace(calls, operations=(*operations[:index], both_sent, *operations[index + 2 :]))
        if not isinstance(operation, Create):
            continue
        for at in range(index + 1, len(operations)):
            other = operations[at]
            both = _follows(operation, other) if isinstance(other, Create) else None
            if both is not None:
                between, after = operations[index + 1 : at], operations[at + 1 :]
                yield replace(calls, operations=(*operations[:index], both, *between, *after))
                break


def _follows(one: Create, other: Create) -> Create | None:
    """Both as one call, if they can be: ids one after another, on one topic or on topics one after another."""
    for apart in (False, True):
        if any(each.count > 1 and each.apart is not apart for each in (one, other)):
            continue
        both = replace(one, count=one.count + other.count, apart=apart)
        if both.each() == (*one.each(), *other.each()):
            return both
    return None


def _smaller(calls: Calls) -> Iterator[Calls]:
    """Lower counts and lengths."""
    for index, operation in enumerate(calls.operations):
        for less in _less(operation):
            yield _with(calls, index, less)
    for buffers in _lower(calls.buffers):
        yield replace(calls, buffers=buffers)
    if calls.tells:
        yield replace(calls, tells=False)
    if calls.link:
        without = tuple(o for o in calls.operations if not isinstance(o, Link | Restart | Remote | Sent | Ask))
        yield replace(calls, link=False, tells=False, operations=without)
    if calls.buffer_bytes > 64:
        yield replace(calls, buffer_bytes=64)
    for size in _lower(calls.buffer_bytes // 8):
        yield replace(calls, buffer_bytes=size * 8)


def _less(operation: Operation) -> Iterator[Operation]:
    match operation:
        case Publish(_, length, count):
            yield from (replace(operation, count=less) for less in _lower(count))
            yield from (replace(operation, length=less) for less in (8, 4, *_lower(length)) if less < length)
        case Loan(_, length):
            yield from (replace(operation, length=less) for less in (8, 4, *_lower(length)) if less < length)
        case Sent(_, length, count):
            yield from (replace(operation, count=less) for less in _lower(count))
            yield from (replace(operation, length=less) for less in (8, 4) if less < length)
        case Spin(timeout_ms, count):
            yield from (replace(operation, count=less) for less in _lower(count))
            if timeout_ms:
                yield replace(operation, timeout_ms=0)
        case Create(count=count) if count > 1:
            yield from (replace(operation, count=less) for less in _lower(count))
        case Reply(count):
            yield from (replace(operation, count=less) for less in _lower(count))
        case Repeat(times, operations):
            yield from operations
            yield from (replace(operation, times=less) for less in _lower(times))
        case InCallback(callback, operations):
            yield from (replace(operation, callback=less) for less in _lower(callback))
            yield from _inner_less(operation, operations)
        case Elsewhere(operations, delay_ms):
            if delay_ms > 1:
                yield replace(operation, delay_ms=1)
            yield from _inner_less(operation, operations)
        case _:
            return


def _inner_less(operation: InCallback | Elsewhere, inner: Sequence[Operation]) -> Iterator[Operation]:
    for at, each in enumerate(inner):
        for less in _less(each):
            yield replace(operation, operations=(*inner[:at], less, *inner[at + 1 :]))  # type: ignore[arg-type]


def _lower(number: int) -> Iterator[int]:
    """Fewer than ``number``, at least 1: the least, then nearer and nearer."""
    if number > 1:
        yield 1
        gap = number // 2
        while gap > 0:
            if 1 < number - gap < number:
                yield number - gap
            gap //= 2


def _plainer(calls: Calls) -> Iterator[Calls]:
    """Plain quality of service, one session, BIN, low ids, plain names."""
    for index, operation in enumerate(calls.operations):
        yield from (_with(calls, index, plainer) for plainer in _plainer_call(operation))
    yield from _by_another(calls)
    forms = {o.form for o in calls.operations if isinstance(o, Create)}
    if forms != {Form.BIN}:
        plain_form = (replace(o, form=Form.BIN) if isinstance(o, Create) else o for o in calls.operations)
        yield replace(calls, operations=tuple(plain_form))
    if any(isinstance(o, Create) and o.qos != Qos() for o in calls.operations):
        yield _each_end(calls, lambda end: end, qos=Qos())
    if any(getattr(o, "participant", 1) != 1 for o in _all(calls.operations)):
        yield _in_one_participant(calls)
    if any(isinstance(o, Open) and o.session == 1 for o in calls.operations):
        moved = _each_end(calls, lambda end: end._replace(session=0))
        yield replace(moved, operations=tuple(o for o in moved.operations if not (isinstance(o, Open) and o.session)))
    plain: dict[End, End] = {}
    for kind in Kind:
        made = {o.end: o.count for o in calls.operations if isinstance(o, Create) and o.end.kind is kind}
        number = 1
        for end, count in made.items():
            plain |= {end._replace(id=end.id + i): end._replace(id=number + i) for i in range(count)}
            number += count
    if any(end != to for end, to in plain.items()):
        yield _each_end(calls, lambda end: plain.get(end, end))
    topics = list(calls.topics)
    for index, topic in enumerate(topics):
        simple = Topic(_PLAIN_TOPICS[index % len(_PLAIN_TOPICS)], _PLAIN_TYPE) if not topic.reply_type else None
        if simple is not None and topic != simple:
            yield replace(calls, topics=(*topics[:index], simple, *topics[index + 1 :]))


def _plainer_call(operation: Operation) -> Iterator[Operation]:
    match operation:
        case Create():
            yield from _plainer_end(operation)
        case Open(_, domain) if domain:
            yield replace(operation, domain=0)
            yield from (replace(operation, domain=lower) for lower in _lower(domain))
        case Renew(mode=mode) if mode:
            yield from (replace(operation, mode=plainer) for plainer in (Mode.NEW, Mode.REUSE))
        case _:
            return


def _plainer_end(create: Create) -> Iterator[Create]:
    if create.form is not Form.BIN:
        yield replace(create, form=Form.BIN)
    if create.qos != Qos():
        at = _SIMPLEST_QOS.index(create.qos) if create.qos in _SIMPLEST_QOS else len(_SIMPLEST_QOS)
        yield from (replace(create, qos=qos) for qos in _SIMPLEST_QOS[:at])
    if create.mode:
        yield replace(create, mode=Mode.NEW)
    if create.apart:
        yield replace(create, apart=False)
    if not create.reliable_stream:
        yield replace(create, reliable_stream=True)
    if create.topic:
        yield replace(create, topic=0)


def _by_another(calls: Calls) -> Iterator[Calls]:
    """The same sample by the writer that was made first."""
    for index, operation in enumerate(calls.operations):
        if isinstance(operation, Publish):
            made = (o.end for o in calls.operations if isinstance(o, Create) and o.end.kind is operation.end.kind)
            first = next(made, operation.end)
            if first != operation.end:
                yield _with(calls, index, replace(operation, end=first))


def _with(calls: Calls, index: int, operation: Operation) -> Calls:
    return replace(calls, operations=(*calls.operations[:index], operation, *calls.operations[index + 1 :]))


def _each_end(calls: Calls, change: Callable[[End], End], qos: Qos | None = None) -> Calls:
    def changed(operation: Operation) -> Operation:
        if isinstance(operation, Create) and qos is not None:
            operation = replace(operation, qos=qos)
        end = getattr(operation, "end", None)
        return replace(operation, end=change(end)) if end is not None else operation  # type: ignore[arg-type]

    return replace(calls, operations=_mapped(calls.operations, changed))


def _in_one_participant(calls: Calls) -> Calls:
    def changed(operation: Operation) -> Operation:
        return replace(operation, participant=1) if isinstance(operation, Create | Drop | Renew) else operation

    return replace(calls, operations=_mapped(calls.operations, changed))


def drop_unused_topics(calls: Calls) -> Calls:
    """The sequence with only the topics that it uses, numbered anew."""
    made = {each.topic for o in _all(calls.operations) if isinstance(o, Create) for each in o.each()}
    used = sorted(made | {o.topic for o in calls.operations if isinstance(o, Remote | Sent)})
    place = {topic: at for at, topic in enumerate(used)}

    def changed(operation: Operation) -> Operation:
        if isinstance(operation, Create | Remote | Sent):
            return replace(operation, topic=place[operation.topic])
        return operation

    topics = tuple(calls.topics[topic] for topic in used)
    return replace(calls, topics=topics, operations=_mapped(calls.operations, changed))


def _mapped(operations: Sequence[Operation], change: Callable[[Operation], Operation]) -> tuple[Operation, ...]:
    """All operations, changed one by one, inner ones too."""
    return tuple(
        replace(each, operations=_mapped(each.operations, change))  # type: ignore[arg-type]
        if isinstance(each, InCallback | Elsewhere | Repeat)
        else change(each)
        for each in operations
    )


def _all(operations: Sequence[Operation]) -> Iterator[Operation]:
    for operation in operations:
        yield operation
        if isinstance(operation, InCallback | Elsewhere | Repeat):
            yield from _all(operation.operations)
