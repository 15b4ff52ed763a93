"""What firmware that is not the bench says of the claims, seen from outside, and what it cannot say.

The firmware does what its application does, so a claim is decided only as far as that goes; each verdict's criterion
says how far. A claim that the application does not put to the test is *not run*, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rig.claims._claim import Claim, Decision, Figures, confirmed, fact, inconclusive, refuted
from rig.claims._phrases import number, readers
from rig.claims._table import CLAIMS
from rig.records import ClaimResult, Condition, Evidence, Measurement, Metric, Verdict, interval
from rig.records.vocabulary import HeldOutside, LinkUse, Outside, TraceOutside, Written

OBSERVED = "observe"
"""The experiment whose measurements are decided here."""

_NO_CONTROL = "needs the same firmware without shared memory beside it: --beside"
_WHOLE = {"link": "whole"}
_MOST_NAMED = 4


def decide_observed(
    board: str, measurements: Sequence[Measurement], *, prevented: str = "", repeat: str = ""
) -> list[ClaimResult]:
    """Every claim for one board, in the order of the table.

    :param prevented: why the observation was not finished; then nothing is confirmed or refuted.
    """
    own = [m for m in measurements if m.board == board and m.experiment == OBSERVED]
    return [_decide(claim, board, own, prevented, repeat) for claim in CLAIMS.values()]


def _decide(claim: Claim, board: str, own: Sequence[Measurement], prevented: str, repeat: str) -> ClaimResult:
    row = _ROWS.get(claim.id)
    criterion = ""
    if row is None:
        decision = _not_run(_OUTSIDE.get(claim.id, "cannot be told from outside"))
    elif prevented:
        decision = Decision(verdict=Verdict.INCONCLUSIVE if own else Verdict.NOT_RUN, reason=prevented)
    elif not any(m.variant == "shm" for m in own):
        decision = _not_run("only firmware without shared memory was watched")
    else:
        criterion, decider = row
        decision = decider(Figures(own))
    return ClaimResult(
        id=claim.id,
        board=board,
        verdict=decision.verdict,
        reason=decision.reason,
        statement=claim.statement,
        criterion=f"seen from outside: {criterion}" if criterion else "",
        repeat=repeat if row is not None else "",
        prevented=prevented if row is not None else "",
        evidence=decision.evidence,
    )


def _not_run(reason: str, evidence: Sequence[Evidence] = ()) -> Decision:
    return Decision(verdict=Verdict.NOT_RUN, reason=reason, evidence=tuple(evidence))


def _one(figures: Figures, metric: Metric, variant: str, **conditions: str) -> Measurement | None:
    """The measurement, if it has a sample."""
    return next(iter(figures.measured(metric, variant, **conditions)), None)


def _value(figures: Figures, metric: Metric, variant: str, **conditions: str) -> float | None:
    found = _one(figures, metric, variant, **conditions)
    return None if found is None else found.value


def _has_control(figures: Figures) -> bool:
    return any(m.variant == "network" for m in figures.measurements)


def _agentless_operation(figures: Figures) -> Decision:
    return _without_agent(figures, "cut", "with the link cut")


def _agentless_startup(figures: Figures) -> Decision:
    return _without_agent(figures, "cut from the start", "from a start with the link cut")


def _without_agent(figures: Figures, link: str, words: str) -> Decision:  # noqa: PLR0911 - one for each way to end
    watched = _one(figures, Metric.PUBLISHES_WATCHED, "shm", link=link)
    if watched is None:
        return _not_run("the link was not cut (--no-cut), or the firmware had ceased to publish")
    heard = {v: _heard(figures, v, link) for v in ("shm", "network")}
    evidence = []
    for variant, count in heard.items():
        m = _one(figures, Metric.PUBLISHES_WATCHED, variant, link=link)
        if m is not None and count is not None:
            evidence.append(fact(f"{variant}, {words}: {number(m.value)} published, {number(count)} callbacks", m))
    if not watched.value:
        return _not_run(
            f"the application published nothing {words}: whether it or its middleware waits for the Agent cannot be "
            "told from outside",
            evidence,
        )
    usual = _usual_readers(figures)
    if heard["shm"] is None or not usual:
        return inconclusive("no callback was watched, or none came with the link whole", evidence)
    errors = _value(figures, Metric.PUBLISH_ERRORS, "shm", link=link)
    owed = watched.value * usual
    if errors is not None:
        evidence.append(fact(f"publish reported {number(errors)} failures {words}"))
    if heard["shm"] < owed:
        return refuted(
            f"{number(heard['shm'])} of {number(owed)} callbacks of {number(watched.value)} samples {words}", evidence
        )
    if errors:
        return refuted(f"every sample was delivered {words}, and publish reported {number(errors)} failures", evidence)
    if not _has_control(figures):
        return _not_run(_NO_CONTROL, evidence)
    if heard["network"]:
        return inconclusive("the control delivered samples too: the link was not really cut", evidence)
    also = "" if errors is not None else "; whether publish reported success was not seen"
    return confirmed(
        f"all {number(watched.value)} samples were delivered {words}; without shared memory none{also}", evidence
    )


def _heard(figures: Figures, variant: str, link: str) -> float | None:
    """Callbacks that were watched: the application's, else the transport's."""
    own = _one(figures, Metric.CALLBACKS, variant, link="whole")
    if own is not None and own.value:
        return _value(figures, Metric.CALLBACKS, variant, link=link)
    local = _value(figures, Metric.CALLBACKS_LOCAL, variant, link=link)
    over = _value(figures, Metric.CALLBACKS_LINK, variant, link=link)
    unknown = _value(figures, Metric.CALLBACKS_UNKNOWN, variant, link=link)
    known = [each for each in (local, over, unknown) if each is not None]
    return sum(known) if known else None


def _usual_readers(figures: Figures) -> int:
    """Callbacks of one sample with the link whole."""
    watched, heard = _value(figures, Metric.PUBLISHES_WATCHED, "shm", **_WHOLE), _heard(figures, "shm", "whole")
    return round(heard / watched) if watched and heard else 0


def _copies(figures: Figures) -> Decision:
    scan, trace = (next(iter(figures.all(m, "shm")), None) for m in (Metric.RESIDENT_COPIES, Metric.PAYLOAD_WRITTEN))
    if scan is None or trace is None or not (scan.samples or trace.samples):
        return _not_run("no payload was looked for: name its place and length (--payload, --length)")
    evidence, wrong = [], []
    if scan.samples:
        held = scan.read(HeldOutside)
        names = ", ".join(place.symbol or place.address for place in held.places) or "nowhere"
        whose = "" if held.own is None else f", {held.own} of them the application's own"
        text = f"a sample stands {number(scan.value)} x in RAM ({names}){whose}"
        evidence.append(fact(text, scan))
        if held.own is not None and scan.value - held.own > 1:
            wrong.append(text)
    if trace.samples:
        told = trace.read(TraceOutside)
        if told.first is not None:
            evidence.append(fact(f"written into the middleware: {_writer(told.first)}", trace))
        rows = sorted(told.writers, key=lambda row: -row.bytes)
        named = ", ".join(map(_writer, rows[:_MOST_NAMED])) + (
            f", and {len(rows) - _MOST_NAMED} more" * (len(rows) > 4)
        )
        text = f"{number(trace.value)} of its bytes are written again" + (f": {named}" if rows else "")
        evidence.append(fact(text, trace))
        if trace.value:
            wrong.insert(0, text)
    else:
        evidence.append(fact(f"no trace of writes: {trace.gap.unavailable or trace.gap.missing}", trace))
    evidence += [
        fact(f"control: {number(m.value)} {words}", m)
        for metric, words in ((Metric.RESIDENT_COPIES, "x in RAM"), (Metric.PAYLOAD_WRITTEN, "bytes written again"))
        for m in figures.measured(metric, "network")
    ]
    if wrong:
        return refuted(wrong[0], evidence)
    if not scan.samples:
        return inconclusive("RAM was not searched", evidence)
    if scan.read(HeldOutside).own is None and scan.value > 1:
        if not trace.samples:
            return inconclusive("which of these places are the application's own is not known", evidence)
        return confirmed(f"no byte of a sample of {_shape(scan)} is written again", evidence)
    return confirmed(f"one place of the middleware holds a sample of {_shape(scan)}", evidence)


def _writer(row: Written) -> str:
    caller = f" for {row.caller}" if row.caller else ""
    return f"{number(row.bytes)} by {row.function}{caller} to {row.symbol or row.address}"


def _shape(m: Measurement) -> str:
    size, count = m.conditions.get(Condition.PAYLOAD_BYTES), m.conditions.get(Condition.READERS)
    return ", ".join([f"{size} B"] * (size is not None) + [readers(count)] * (count is not None))


def _shared_buffer(figures: Figures) -> Decision:
    m = _one(figures, Metric.DISTINCT_BUFFERS, "shm")
    if m is None:
        return _not_run(
            "no sample had two callbacks whose payload the profile can place: it needs payload and counter at callback"
        )
    most = max(m.samples)
    evidence = [fact(f"{_shape(m)}: {number(most)} distinct addresses at most, of {len(m.samples)} samples", m)]
    if most > 1:
        return refuted(f"readers of one sample were handed {number(most)} places", evidence)
    return confirmed("all readers of a sample were handed one place", evidence)


def _os_overhead(figures: Figures) -> Decision:
    rows = {v: _one(figures, Metric.LINK_BYTES, v) for v in ("shm", "network")}
    evidence = [fact(f"{v}: {number(m.value)} bytes on the link a sample", m) for v, m in rows.items() if m is not None]
    calls = {
        v: {str(m.conditions[Condition.FUNCTION]): m for m in figures.measured(Metric.FUNCTION_CALLS, v)} for v in rows
    }
    for v, table in calls.items():
        evidence += [fact(f"{v}: {number(m.value)} calls of {name} a sample", m) for name, m in table.items()]
    shm, network = rows["shm"], rows["network"]
    if shm is None or network is None:
        return _not_run(_NO_CONTROL, evidence)
    if shm.value >= network.value:
        return refuted(
            f"bytes on the link a sample are not fewer: {number(shm.value)} against {number(network.value)}", evidence
        )
    both = calls["shm"].keys() & calls["network"].keys()
    text = f"{number(shm.value)} bytes on the link a sample against {number(network.value)}"
    crossed = [told.messages / max(1, told.samples) for told in (shm.read(LinkUse), network.read(LinkUse))]
    text += f"; {number(crossed[0])} messages against {number(crossed[1])}"
    if crossed[0] >= crossed[1]:
        return refuted(f"messages a sample are not fewer: {text}", evidence)
    if not both:
        return confirmed(f"{text}; no function's calls were counted (--calls)", evidence)
    totals = {v: sum(calls[v][name].value for name in both) for v in rows}
    text += f"; {number(totals['shm'])} calls of {', '.join(sorted(both))} against {number(totals['network'])}"
    if totals["shm"] >= totals["network"]:
        return refuted(f"calls a sample are not fewer: {text}", evidence)
    return confirmed(text, evidence)


def _latency(figures: Figures) -> Decision:
    pair = {v: _one(figures, Metric.LATENCY, v) or _one(figures, Metric.TO_TRANSPORT, v) for v in ("shm", "network")}
    evidence = [
        fact(f"{m.variant}, {m.metric.replace('_', ' ')}: {_spread(m)}", m)
        for metric in (Metric.TO_TRANSPORT, Metric.LATENCY, Metric.PUBLISH_CALL)
        for v in pair
        for m in figures.measured(metric, v)
    ]
    shm, network = pair["shm"], pair["network"]
    if shm is None:
        why = next((m.gap.unavailable for m in figures.all(Metric.LATENCY, "shm") if m.gap.unavailable), "")
        return _not_run(why or "no callback of a published sample was seen", evidence)
    if network is None:
        return _not_run(_NO_CONTROL, evidence)
    if shm.metric != network.metric:
        return inconclusive("the two firmwares were not watched at the same function", evidence)
    for fraction, name in ((0.99, "p99"), (0.50, "p50")):
        (low, high), (other_low, other_high) = (
            interval(sorted(shm.samples), fraction),
            interval(sorted(network.samples), fraction),
        )
        if low is not None and other_high is not None and low >= other_high:
            return refuted(f"{name} is at least {number(low)} against {number(other_high)} {shm.unit}", evidence)
        if high is not None and other_low is not None and high < other_low:
            return confirmed(
                f"{name} at most {number(high)} against at least {number(other_low)} {shm.unit} ({_shape(shm)}); the "
                "time-out of the executor is the application's, and was not varied",
                evidence,
            )
    return inconclusive(f"the two cannot be told apart: {_spread(shm)} against {_spread(network)}", evidence)


def _spread(m: Measurement) -> str:
    s = m.summary
    assert s is not None
    return f"{number(s.min)} to {number(s.max)}, median {number(s.p50)} {m.unit} ({s.count})"


def _agent_duplicates(figures: Figures) -> Decision:  # noqa: PLR0911 - one for each way to end
    back, sent = (_one(figures, metric, "shm") for metric in (Metric.DATA_ECHOED, Metric.DATA_SENT))
    local, over = (_one(figures, m, "shm", **_WHOLE) for m in (Metric.CALLBACKS_LOCAL, Metric.CALLBACKS_LINK))
    doubled = _one(figures, Metric.SAMPLES_DOUBLED, "shm", **_WHOLE)
    control = _one(figures, Metric.DATA_ECHOED, "network")
    if back is None or sent is None:
        return _not_run("no link was watched")
    evidence = [fact(f"{number(sent.value)} WRITE_DATA to the Agent, {number(back.value)} DATA back", back)]
    if local is not None and over is not None:
        evidence.append(
            fact(f"{number(local.value)} callbacks by shared memory, {number(over.value)} over the link", local)
        )
    if doubled is not None:
        evidence.append(fact(f"{number(doubled.value)} samples came more often than the others", doubled))
    if control is not None:
        evidence.append(fact(f"control: {number(control.value)} DATA came back", control))
    if doubled is not None and doubled.value:
        return refuted(f"{number(doubled.value)} samples came more often than the others", evidence)
    if local is None or not local.value:
        return inconclusive(
            "no callback by shared memory was seen: what comes back may be what was not delivered", evidence
        )
    if back.value and over is not None and over.value:
        return inconclusive(
            f"{number(over.value)} samples came over the link: duplicates, or samples that shared memory did not "
            "deliver; the application's counter tells (--counter, --published)"
            if doubled is None
            else f"{number(over.value)} samples came over the link and not by shared memory; none came twice",
            evidence,
        )
    if back.value:
        return refuted(f"{number(back.value)} DATA came back, and shared memory had delivered", evidence)
    if not sent.value:
        return inconclusive("no sample was on the link: nothing could come back", evidence)
    if control is None:
        return _not_run(_NO_CONTROL, evidence)
    if not control.value:
        return inconclusive("not a DATA was counted in the control either: it would not have been seen", evidence)
    return confirmed(f"{number(sent.value)} samples went to the Agent, and none came back", evidence)


def _burst_order(figures: Figures) -> Decision:
    lost, disorder = (_one(figures, m, "shm", **_WHOLE) for m in (Metric.SAMPLES_LOST, Metric.SAMPLES_OUT_OF_ORDER))
    if lost is None or disorder is None:
        tried = next(iter(figures.all(Metric.SAMPLES_LOST, "shm", **_WHOLE)), None)
        why = tried.gap.unavailable if tried is not None else ""
        return _not_run(f"{why or 'no counter'} (--published, --counter)")
    told = lost.read(Outside)
    evidence = [
        fact(f"{number(disorder.value)} callbacks out of order", disorder),
        fact(f"{number(lost.value)} of {told.watched} samples never came", lost),
        fact(f"{told.burst} samples were published between two callbacks at most", lost),
    ]
    for metric, words in ((Metric.SAMPLES_LOST, "lost"), (Metric.SAMPLES_OUT_OF_ORDER, "out of order")):
        evidence += [
            fact(f"control: {number(m.value)} {words}", m) for m in figures.measured(metric, "network", **_WHOLE)
        ]
    kept = _value(figures, Metric.WITHHELD, "shm")
    if kept:
        evidence.append(fact(f"the Agent left {number(kept)} samples to shared memory"))
    if disorder.value:
        return refuted(f"{number(disorder.value)} callbacks came out of order", evidence)
    if told.silent:
        return refuted(f"{told.silent} samples never came, and publish had reported success", evidence)
    if lost.value and told.silent is None:
        return inconclusive(
            f"{number(lost.value)} samples never came; whether publish had reported success was not seen", evidence
        )
    if told.burst < 2:
        return _not_run("the application published no two samples between two callbacks: no order to keep", evidence)
    words = "none lost" if not lost.value else f"{number(lost.value)} lost, each reported to the publisher"
    return confirmed(f"bursts up to {told.burst} in order, {words}, of {told.watched} samples", evidence)


_STACK_ALLOWED = 512  # as the bench's own criterion has it


def _footprint(figures: Figures) -> Decision:
    evidence: list[Evidence] = []
    added: dict[Metric, float] = {}
    for metric in (Metric.TEXT_BYTES, Metric.DATA_BYTES, Metric.BSS_BYTES, Metric.STACK_PEAK):
        shm, network = (_one(figures, metric, v) for v in ("shm", "network"))
        if shm is not None and network is not None:
            added[metric] = shm.value - network.value
            text = f"{metric}: {number(shm.value)} with, {number(network.value)} without ({added[metric]:+,.0f})"
            evidence.append(fact(text, shm))
    for metric in (Metric.MODULE_ROM, Metric.MODULE_RAM):
        by = {v: {m.conditions[Condition.MODULE]: m for m in figures.measured(metric, v)} for v in ("shm", "network")}
        for name in by["shm"].keys() & by["network"].keys():
            more = by["shm"][name].value - by["network"][name].value
            if more:
                evidence.append(fact(f"{metric}, {name}: {more:+,.0f}", by["shm"][name]))
    if Metric.TEXT_BYTES not in added:
        return _not_run(_NO_CONTROL, evidence)
    stack = added.get(Metric.STACK_PEAK)
    ram = added[Metric.DATA_BYTES] + added[Metric.BSS_BYTES]
    text = f"{added[Metric.TEXT_BYTES]:+,.0f} bytes of text, {ram:+,.0f} of static RAM"
    if stack is None:
        return inconclusive(f"{text}; the stack is not known", evidence)
    if stack > _STACK_ALLOWED:
        return refuted(f"{number(stack)} bytes more of stack, and at most {_STACK_ALLOWED} are allowed", evidence)
    return confirmed(f"{text}, {stack:+,.0f} of stack; a heap cannot be told from outside", evidence)


_ROWS: Mapping[str, tuple[str, Callable[[Figures], Decision]]] = {
    "agentless-operation": (
        "every sample that the application publishes while the link is cut is delivered, and publish reports success; "
        "the control delivers none",
        _agentless_operation,
    ),
    "agentless-startup": (
        "after a reset with the link cut the application publishes and its samples are delivered; the control delivers "
        "none",
        _agentless_startup,
    ),
    "copies": (
        "beside the application's own, one place holds a sample while its callback has it, and no byte is written "
        "again after the first write into the middleware",
        _copies,
    ),
    "shared-buffer": ("all callbacks of a sample are handed one place", _shared_buffer),
    "os-overhead": (
        "fewer bytes and messages on the link for each publish, and fewer calls of the functions that were named, than "
        "the control; each message is a call of the transport",
        _os_overhead,
    ),
    "latency": (
        "p99, else the median, from publish to the application's callback (the transport's where none is named) surely "
        "below the control's",
        _latency,
    ),
    "agent-duplicates": (
        "no DATA comes back to firmware that has delivered by shared memory, and no sample comes twice; the control "
        "shows that it would be counted",
        _agent_duplicates,
    ),
    "burst-order": (
        "by the application's own counter: in order, and none lost of which publish reported success",
        _burst_order,
    ),
    "footprint": (
        f"at most {_STACK_ALLOWED} bytes more of stack; ROM and static RAM are reported by module",
        _footprint,
    ),
}

_OUTSIDE: Mapping[str, str] = {
    "message-size": "the application decides its sizes: run the bench on this library (rig run)",
    "local-matching": "the application decides its entities: run the bench on this library (rig run)",
    "entity-capacity": "the application decides its entities: rig meta check says what there is room for",
    "thread-safety": "needs contexts that publish into each other at known moments: run the bench",
    "lifecycle": "the application decides what it deletes: run the bench on this library (rig run)",
    "services": "a profile has no place for requests and replies: run the bench on this library (rig run)",
    "nuttx": "needs the bench on two systems: docs/nuttx.md",
}
