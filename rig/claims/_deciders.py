"""The criteria. Each takes one board's figures and says what they come to.

A missing or incomplete figure is never read as a refutation of what it would have shown, unless its absence is the
finding itself (a sample that the publisher was told is accepted and no reader got).
"""

from __future__ import annotations

from rig.claims._claim import Decision, Figures, confirmed, fact, inconclusive, refuted
from rig.records import Evidence, Measurement

NO_SHM = "no figures with shared memory: its firmware did not run"
NO_CONTROL = "no figures of the control (shared memory off, through the Agent)"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def message_size(figures: Figures) -> Decision:
    """Every size up to the configured buffer memory arrives whole."""
    shm = figures.measured("largest_message_bytes", "shm")
    if not shm:
        return inconclusive(NO_SHM)
    tried = {int(size): str(outcome) for size, outcome in _mapping(shm[0], "tried").items()}
    buffer_bytes = int(str(shm[0].detail.get("buffer_bytes", 0)))
    bad = {size: outcome for size, outcome in tried.items() if outcome != "intact"}
    evidence = [fact(f"largest intact with shared memory: {_number(shm[0].value)} bytes", shm[0])]
    evidence += [fact(f"{size:,} bytes: {outcome}", shm[0]) for size, outcome in list(bad.items())[:5]]
    evidence += [
        fact(f"control, through the Agent: {_number(control.value)} bytes", control)
        for control in figures.measured("largest_message_bytes", "network")
    ]
    if bad:
        size, outcome = next(iter(bad.items()))
        return refuted(f"{size:,} bytes of {buffer_bytes:,} configured: {outcome}", evidence)
    if not tried or max(tried) < buffer_bytes:
        return inconclusive(f"sizes up to {max(tried, default=0):,} of {buffer_bytes:,} bytes were tried", evidence)
    return confirmed(
        f"all {len(tried)} sizes from {min(tried)} to {max(tried):,} bytes arrived whole; "
        f"{buffer_bytes:,} bytes were configured",
        evidence,
    )


def _mapping(measurement: Measurement, key: str) -> dict[str, object]:
    found = measurement.detail.get(key, {})
    return dict(found) if isinstance(found, dict) else {}


def _by_readers(measurements: list[Measurement]) -> dict[int, dict[int, Measurement]]:
    """payload -> readers -> measurement."""
    table: dict[int, dict[int, Measurement]] = {}
    for m in measurements:
        table.setdefault(int(m.conditions["payload_bytes"]), {})[int(m.conditions["readers"])] = m
    return table


def copies(figures: Figures) -> Decision:
    """Bytes copied do not grow with the readers, and the sample stands in RAM once."""
    counted = _by_readers(figures.all("bytes_copied_per_sample", "shm"))
    seen = _by_readers(figures.all("resident_copies", "shm"))
    if not counted or not seen:
        return inconclusive(NO_SHM)
    if any(not m.samples for row in (*counted.values(), *seen.values()) for m in row.values()):
        return inconclusive("not every sample was delivered, so its copies could not be counted")
    evidence: list[Evidence] = []
    faults: list[str] = []
    for payload, row in counted.items():
        values = {readers: (min(m.samples), max(m.samples)) for readers, m in row.items()}
        text = ", ".join(f"{readers}: {_number(high)}" for readers, (_, high) in values.items())
        evidence.append(fact(f"{payload} B payload, bytes copied by readers: {text}", next(iter(row.values()))))
        if len({bound for pair in values.values() for bound in pair}) > 1:
            faults.append(f"bytes copied of a {payload} B payload differ with the readers ({text})")
    for payload, row in seen.items():
        for readers, m in row.items():
            places = m.detail.get("places", [])
            named = [str(p.get("symbol") or p.get("address")) for p in places] if isinstance(places, list) else []
            names = ", ".join(named) or "nowhere"
            evidence.append(
                fact(f"{payload} B payload, {_readers(readers)}: stands {_number(m.value)} x in RAM ({names})", m)
            )
            if m.value != 1:
                faults.append(
                    f"{_readers(readers)}: a {payload} B payload stands {_number(m.value)} x in RAM ({names})"
                )
    for m in figures.all("resident_copies", "network"):
        if m.samples:
            evidence.append(fact(f"control, {_readers(m.conditions['readers'])}: {_number(m.value)} x in RAM", m))
    hidden = [m for row in seen.values() for m in row.values() if m.value > 1]
    silent = all(max(m.samples) == 0 for row in counted.values() for m in row.values())
    if hidden and silent:
        evidence.append(fact("the two witnesses disagree: the counters saw no copy, the scan of RAM did"))
    if faults:
        return refuted(faults[0], evidence)
    return confirmed(
        "bytes copied are the same for every number of readers, and each sample stands once in RAM", evidence
    )


def shared_buffer(figures: Figures) -> Decision:
    """All readers of a sample get one address."""
    shm = [m for m in figures.all("distinct_buffers", "shm") if int(m.conditions["readers"]) > 1]
    if not shm:
        return inconclusive(NO_SHM)
    evidence = [
        fact(f"{_readers(m.conditions['readers'])}: {_number(max(m.samples))} distinct addresses", m)
        for m in shm
        if m.samples
    ]
    missing = [m for m in shm if not m.samples]
    several = [m for m in shm if m.samples and max(m.samples) > 1]
    if several:
        m = several[0]
        return refuted(
            f"{m.conditions['readers']} readers of one sample saw {_number(max(m.samples))} buffers", evidence
        )
    if missing:
        return inconclusive(f"samples for {missing[0].conditions['readers']} readers were not all delivered", evidence)
    return confirmed(f"one address for all readers, up to {max(int(m.conditions['readers']) for m in shm)}", evidence)


_CALLS = (
    "transport_calls_per_sample",
    "lock_calls_per_sample",
    "wait_calls_per_sample",
    "allocation_calls_per_sample",
)


def os_overhead(figures: Figures) -> Decision:
    """Fewer transport, lock, wait and allocation calls with shared memory than without."""
    calls = {variant: _calls(figures, variant) for variant in ("shm", "network")}
    evidence = [
        fact(f"{variant}, {_readers(readers)}: {_number(m.value)} {metric.replace('_', ' ')}", m)
        for variant, table in calls.items()
        for readers, row in table.items()
        for metric, m in row.items()
    ]
    evidence += [
        fact(f"{variant}: {_number(m.value)} bytes on the link per sample", m)
        for variant in calls
        for m in figures.measured("link_bytes_per_sample", variant)
    ]
    if not calls["shm"]:
        return inconclusive(NO_SHM, evidence)
    if not calls["network"]:
        return inconclusive(NO_CONTROL, evidence)
    # Only whole rows can be added up and compared: a kind of call that was not counted is not a call that was not made.
    whole = [r for r in calls["shm"] if all(len(table.get(r, {})) == len(_CALLS) for table in calls.values())]
    totals = {r: tuple(sum(m.value for m in calls[v][r].values()) for v in ("shm", "network")) for r in whole}
    text = "; ".join(
        f"{_readers(r)}: {_number(shm)} against {_number(control)}" for r, (shm, control) in totals.items()
    )
    if any(shm >= control for shm, control in totals.values()):
        return refuted(f"calls per sample are not fewer ({text})", evidence)
    if len(whole) < len(calls["shm"]) or not whole:
        return inconclusive("not every kind of call was counted with and without shared memory", evidence)
    return confirmed(f"calls per sample, shared memory against network: {text}", evidence)


def _calls(figures: Figures, variant: str) -> dict[int, dict[str, Measurement]]:
    """readers -> metric -> measurement."""
    table: dict[int, dict[str, Measurement]] = {}
    for metric in _CALLS:
        for m in figures.measured(metric, variant):
            table.setdefault(int(m.conditions["readers"]), {})[metric] = m
    return table


def _readers(count: object) -> str:
    return "1 reader" if count == 1 else f"{count} readers"


def latency(figures: Figures) -> Decision:
    """p99 below the Agent path's at every size, and independent of the spin time-out."""
    shm = [m for m in figures.all("publish_to_callback", "shm") if m.samples]
    network = [m for m in figures.all("publish_to_callback", "network") if m.samples]
    if not shm and figures.all("publish_to_callback", "shm"):
        return inconclusive("not every sample was accepted and delivered, so there are no latencies")
    if not shm:
        return inconclusive(NO_SHM)
    evidence: list[Evidence] = []
    one_reader = {int(m.conditions["payload_bytes"]): m for m in shm if _is_plain(m)}
    control = {int(m.conditions["payload_bytes"]): m for m in network if _is_plain(m)}
    for payload, m in one_reader.items():
        summary = m.summary
        assert summary is not None
        text = (
            f"{payload} B: p50 {_number(summary.p50)}, p99 {_number(summary.p99)}, max {_number(summary.max)} {m.unit}"
        )
        other = control.get(payload)
        if other is not None and other.summary is not None:
            text += f"; through the Agent p99 {_number(other.summary.p99)}"
        evidence.append(fact(text, m))
    spread = _spin_spread(shm)
    if spread:
        evidence.append(
            fact("p50 by spin time-out (ms): " + ", ".join(f"{k}: {_number(v)}" for k, v in spread.items()))
        )
    both = sorted(set(one_reader) & set(control))
    if not both:
        return inconclusive(NO_CONTROL, evidence)
    slower = [p for p in both if one_reader[p].summary.p99 >= control[p].summary.p99]  # type: ignore[union-attr]
    if slower:
        return refuted(f"p99 at {slower[0]} B is not below the Agent path's", evidence)
    grown = _growth_with_spin(shm, spread)
    if grown is not None and grown > _SPIN_SHARE:
        return refuted(f"the latency grows with the spin time-out, by {grown:.0%} of it", evidence)
    first = both[0]
    ratio = control[first].value / max(1.0, one_reader[first].value)
    return confirmed(
        f"p99 below the Agent path's at all {len(both)} compared sizes; {first} B: "
        f"{_number(one_reader[first].value)} {one_reader[first].unit} (p50), "
        f"the Agent path takes {ratio:,.0f} times that",
        evidence,
    )


def _is_plain(m: Measurement) -> bool:
    return m.conditions["readers"] == 1 and m.conditions["spin_timeout_ms"] == 10


# A spin that sleeps out its time makes this share 100 %; noise of a millisecond over the range of time-outs, 1 %.
_SPIN_SHARE = 0.02


def _growth_with_spin(shm: list[Measurement], spread: dict[int, float]) -> float | None:
    """How much of a longer time-out comes back as latency; None if time-outs were not varied."""
    least, most = min(spread), max(spread)
    units_per_ms = max(float(str(m.detail.get("units_per_ms", 0))) for m in shm)
    if most == least or not units_per_ms:
        return None
    return (spread[most] - spread[least]) / ((most - least) * units_per_ms)


def _spin_spread(shm: list[Measurement]) -> dict[int, float]:
    """p50 by spin time-out, for the smallest payload and one reader."""
    smallest = min(int(m.conditions["payload_bytes"]) for m in shm)
    return {
        int(m.conditions["spin_timeout_ms"]): m.value
        for m in shm
        if m.conditions["payload_bytes"] == smallest and m.conditions["readers"] == 1
    }


def agentless_operation(figures: Figures) -> Decision:
    """Every sample is delivered locally and every publish reports success, while the link is cut."""
    delivered = figures.measured("samples_delivered", "shm")
    if not delivered:
        return inconclusive(NO_SHM)
    evidence: list[Evidence] = []
    short: list[Measurement] = []
    for m in delivered:
        kind = "reliable" if m.conditions["reliable"] else "best effort"
        expected = int(str(m.detail["expected"]))
        evidence.append(
            fact(f"{kind}: {_number(m.value)} of {expected} deliveries, {m.detail['refused']} publish errors", m)
        )
        if m.value != expected:
            short.append(m)
    control = figures.measured("samples_delivered", "network")
    evidence += [fact(f"control: {_number(m.value)} of {m.detail['expected']} deliveries", m) for m in control]
    if any(m.value > 0 for m in control):
        return inconclusive("the control delivered samples too: the link was not really cut", evidence)
    if short:
        m = short[0]
        return refuted(
            f"{_number(m.value)} of {m.detail['expected']} deliveries with the link {m.conditions['link']}; "
            f"first error {m.detail['first_error']}",
            evidence,
        )
    if not control:
        return inconclusive(NO_CONTROL, evidence)
    return confirmed("every sample was delivered with the link cut; without shared memory none was", evidence)


def burst_order(figures: Figures) -> Decision:
    """In order; every loss is reported to the publisher."""
    disorder, lost = figures.together("shm", "samples_out_of_order", "samples_lost")
    if not disorder:
        return inconclusive(NO_SHM)
    evidence = [
        fact(
            f"burst of {m.conditions['burst']} into {m.conditions['buffers']} buffers: "
            f"{_number(m.value)} out of order, {_number(missing.value)} lost, {m.detail['refused']} refused",
            m,
        )
        for m, missing in zip(disorder, lost, strict=True)
    ]
    for m in disorder:
        if m.value:
            return refuted(f"a burst of {m.conditions['burst']} arrived with {_number(m.value)} inversions", evidence)
        if m.detail.get("doubled"):
            return refuted(
                f"a burst of {m.conditions['burst']} had {m.detail['doubled']} samples delivered twice", evidence
            )
    for m in lost:
        if m.value:
            return refuted(
                f"a burst of {m.conditions['burst']} lost {_number(m.value)} samples that publish had accepted",
                evidence,
            )
    longest = max(int(m.conditions["burst"]) for m in disorder)
    refused = sum(int(str(m.detail["refused"])) for m in disorder)
    return confirmed(
        f"bursts up to {longest} in order; {refused} samples over the pool were refused at the publish call, "
        "none was lost",
        evidence,
    )


def footprint(figures: Figures) -> Decision:
    """Reported: what shared memory adds."""
    evidence: list[Evidence] = []
    added: dict[str, float] = {}
    for metric in ("text_bytes", "data_bytes", "bss_bytes", "stack_peak_bytes"):
        shm, network = figures.measured(metric, "shm"), figures.measured(metric, "network")
        if shm and network:
            added[metric] = shm[0].value - network[0].value
            text = (
                f"{metric}: {_number(shm[0].value)} with, {_number(network[0].value)} without ({added[metric]:+,.0f})"
            )
            evidence.append(fact(text, shm[0]))
    if not figures.measured("text_bytes", "shm"):
        return inconclusive(NO_SHM)
    if "text_bytes" not in added:
        return inconclusive(NO_CONTROL, evidence)
    return confirmed(
        f"shared memory adds {_number(added['text_bytes'])} bytes of text; the rest is in the evidence", evidence
    )


def agentless_startup(figures: Figures) -> Decision:
    """Entities are made and data flows with no Agent from the start, and go on when one appears."""
    delivered = figures.measured("samples_delivered", "shm")
    if not delivered:
        return inconclusive(NO_SHM)
    evidence = [
        fact(f"Agent {m.conditions['agent']}: {_number(m.value)} of {m.detail['expected']} deliveries", m)
        for m in delivered
    ]
    control = figures.measured("samples_delivered", "network")
    evidence += [fact(f"control: {_number(m.value)} of {m.detail['expected']} deliveries", m) for m in control]
    if any(m.value > 0 for m in control):
        return inconclusive("the control delivered samples too: an Agent was there after all", evidence)
    for m in delivered:
        if not m.detail["entities"]:
            return refuted(f"no entities without an Agent: {m.detail['refused']}", evidence)
        if m.value != int(str(m.detail["expected"])):
            return refuted(
                f"{_number(m.value)} of {m.detail['expected']} deliveries, Agent {m.conditions['agent']} "
                f"{m.detail['refused']}".rstrip(),
                evidence,
            )
    return confirmed("entities were made and every sample was delivered with no Agent from the start", evidence)


def local_matching(figures: Figures) -> Decision:
    """Every compatible pair delivers exactly once, every incompatible one never."""
    tried, wrong = figures.together("shm", "pairs_tried", "pairs_wrong")
    if not wrong or not tried:
        return inconclusive(NO_SHM)
    found = _mapping(wrong[0], "wrong")
    refused = _mapping(wrong[0], "refused")
    evidence = [fact(f"{_number(tried[0].value)} pairs tried, {_number(wrong[0].value)} wrong", tried[0])]
    evidence += [fact(f"{pair}: {what}", wrong[0]) for pair, what in found.items()]
    evidence += [fact(f"{pair}: not tried, {why}", wrong[0]) for pair, why in refused.items()]
    if found:
        pair, what = next(iter(found.items()))
        return refuted(f"{len(found)} of {_number(tried[0].value)} pairs are wrong; {pair}: {what}", evidence)
    if not tried[0].value:
        return inconclusive("not one pair could be made", evidence)
    rest = f"; {len(refused)} were refused at creation" if refused else ""
    return confirmed(f"all {_number(tried[0].value)} pairs match as DDS says{rest}", evidence)


def agent_duplicates(figures: Figures) -> Decision:
    """No duplicate, no loss, no DATA echoed."""
    metrics = ("samples_doubled", "samples_lost", "data_echoed")
    measured = dict(zip(metrics, figures.together("shm", *metrics), strict=True))
    if not all(measured.values()):
        return inconclusive("no Agent took part, so nothing could come back from it")
    evidence = [
        fact(
            f"Agent {doubled.conditions['agent']}: {_number(doubled.value)} doubled, {_number(lost.value)} lost, "
            f"{_number(echoed.value)} DATA echoed, {echoed.detail['data_sent']} WRITE_DATA sent",
            doubled,
        )
        for doubled, lost, echoed in zip(*measured.values(), strict=True)
    ]
    words = {
        "samples_doubled": "were delivered twice",
        "samples_lost": "were lost",
        "data_echoed": "came back over the link as DATA",
    }
    for metric, members in measured.items():
        for m in members:
            if m.value:
                return refuted(f"{_number(m.value)} samples {words[metric]} (Agent {m.conditions['agent']})", evidence)
    return confirmed("no sample was doubled, lost or echoed, also after the Agent was restarted", evidence)


def entity_capacity(figures: Figures) -> Decision:
    """All made pairs deliver; what cannot be made is refused with an error."""
    made, lost = figures.together("shm", "pairs_made", "samples_lost")
    if not made:
        return inconclusive(NO_SHM)
    evidence = [
        fact(
            f"{m.conditions['pairs']} pairs: {_number(m.value)} made"
            + (f", then {m.detail['refusal']}" if m.detail["refusal"] else "")
            + f", {_number(gone.value)} samples lost",
            m,
        )
        for m, gone in zip(made, lost, strict=True)
    ]
    for m, gone in zip(made, lost, strict=True):
        if gone.value:
            return refuted(
                f"{m.conditions['pairs']} pairs: {_number(gone.value)} samples of made pairs were lost", evidence
            )
        if m.value < int(m.conditions["pairs"]) and m.detail["refusal"] not in _CAPACITY_ERRORS:
            return refuted(f"{m.conditions['pairs']} pairs: creation failed with {m.detail['refusal']}", evidence)
    most = max(made, key=lambda m: m.value)
    refusal = next((str(m.detail["refusal"]) for m in made if m.detail["refusal"]), "")
    rest = f"; the next one is refused with {refusal}" if refusal else ""
    return confirmed(f"{_number(most.value)} pairs at once deliver everything{rest}", evidence)


_CAPACITY_ERRORS = ("TABLE_FULL", "NO_BUFFER")


def lifecycle(figures: Figures) -> Decision:
    """Nothing leaks, others go on, the deleted get nothing."""
    metrics = ("samples_lost", "samples_stray", "entities_leaked", "buffers_leaked")
    measured = [m for metric in metrics for m in figures.measured(metric, "shm")]
    if not measured:
        return inconclusive("the middleware cannot delete entities, or its firmware did not run")
    evidence = [fact(f"{m.conditions['case']}: {_number(m.value)} {m.metric.replace('_', ' ')}", m) for m in measured]
    for m in measured:
        if m.value:
            return refuted(f"{m.conditions['case']}: {_number(m.value)} {m.metric.replace('_', ' ')}", evidence)
    rounds = next(m.conditions["rounds"] for m in measured if "rounds" in m.conditions)
    return confirmed(f"{rounds} rounds of create and delete leak nothing; others are unaffected", evidence)


def services(figures: Figures) -> Decision:
    """Each reply reaches its requester with its request id."""
    received, missing, wrong, refused = figures.together(
        "shm", "replies_received", "replies_missing", "replies_wrong", "requests_refused"
    )
    if not received:
        return inconclusive("this middleware has no services, or its firmware did not run")
    evidence = [
        fact(
            f"{m.conditions['requesters']} requester(s) in {m.conditions['sessions']} session(s), "
            f"{m.conditions['outstanding']} outstanding: {_number(m.value)} of {m.detail['requests']} replies, "
            f"{_number(off.value)} wrong, {_number(no.value)} requests refused",
            m,
        )
        for m, off, no in zip(received, wrong, refused, strict=True)
    ]
    for members, words in (
        (wrong, "replies were wrong"),
        (missing, "replies never came"),
        (refused, "requests were refused"),
    ):
        for m in members:
            if m.value:
                return refuted(f"{_number(m.value)} {words} with {m.conditions['outstanding']} outstanding", evidence)
    return confirmed(
        f"{_number(sum(m.value for m in received))} replies, each to its requester and with its request id", evidence
    )


def thread_safety(figures: Figures) -> Decision:
    """No torn sample, none lost, in order, and the two contexts did meet."""
    metrics = ("samples_delivered", "samples_torn", "samples_out_of_order", "published_inside_a_spin")
    delivered, torn, disorder, inside = figures.together("shm", *metrics)
    if not delivered:
        return inconclusive("the middleware offers no publishing from other contexts, or its firmware did not run")
    m, accepted = delivered[0], int(str(delivered[0].detail["accepted"]))
    count = int(m.conditions["samples"])
    evidence = [
        fact(f"{_number(m.value)} of {accepted:,} accepted samples delivered, {count:,} were to be published", m),
        fact(f"{_number(torn[0].value)} torn, {_number(disorder[0].value)} out of order", torn[0]),
        fact(f"{_number(inside[0].value)} were published while the main context was in a spin", inside[0]),
    ]
    findings = (
        (torn[0].value, f"{_number(torn[0].value)} samples were torn"),
        (m.value != accepted, f"{accepted:,} samples were accepted and {_number(m.value)} delivered"),
        (disorder[0].value, f"{_number(disorder[0].value)} samples came out of order"),
        (accepted < count, f"only {accepted:,} of {count:,} samples were accepted: {m.detail['first_error']}"),
    )
    for found, words in findings:
        if found:
            return refuted(words, evidence)
    if not inside[0].value:
        return inconclusive("the other context never published into a spin: nothing was put to the test", evidence)
    return confirmed(
        f"{count:,} samples, {_number(inside[0].value)} of them published into a spin: none torn, lost or misplaced",
        evidence,
    )
