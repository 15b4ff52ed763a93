"""Criteria on the Agent: absent at boot, lost later, or echoing samples."""

from __future__ import annotations

from collections.abc import Mapping

from rig.claims._claim import Decision, Figures, confirmed, fact, inconclusive, refuted
from rig.claims._phrases import NO_CONTROL, NO_SHM, number, unsupported
from rig.records import Evidence, Measurement, Metric
from rig.records.vocabulary import Crossing, Deliveries, Startup


def agentless_operation(figures: Figures) -> Decision:
    """Every sample is delivered locally and every publish reports success, while the link is cut."""
    delivered = figures.measured(Metric.SAMPLES_DELIVERED, "shm")
    if not delivered:
        return inconclusive(NO_SHM)
    cannot, evidence = unsupported(figures, Metric.SAMPLES_DELIVERED, lambda m: _LINKS[str(m.conditions["link"])])
    short: list[Measurement] = []
    for m in delivered:
        kind = "reliable" if m.conditions["reliable"] else "best effort"
        told = m.read(Deliveries)
        words = f"{number(m.value)} of {told.expected} deliveries, {told.refused} publish errors"
        evidence.append(fact(f"{_LINKS[str(m.conditions['link'])]}, {kind}: {words}", m))
        if m.value != told.expected:
            short.append(m)
    control = figures.measured(Metric.SAMPLES_DELIVERED, "network")
    evidence += [fact(f"control: {number(m.value)} of {m.read(Deliveries).expected} deliveries", m) for m in control]
    if any(m.value > 0 for m in control):
        return inconclusive("the control delivered samples too: the link was not really cut", evidence)
    if short:
        m, told = short[0], short[0].read(Deliveries)
        return refuted(
            f"{number(m.value)} of {told.expected} deliveries with {_LINKS[str(m.conditions['link'])]}; "
            f"first error {told.first_error}",
            evidence,
        )
    if not control:
        return inconclusive(NO_CONTROL, evidence)
    links = ", ".join(dict.fromkeys(_LINKS[str(m.conditions["link"])] for m in delivered))
    return confirmed(f"every sample was delivered with {links}; without shared memory none was{cannot}", evidence)


_LINKS = {
    "cut": "the link cut",
    "cut, and its Agent tells nothing": "it cut beside an Agent that does not tell who reads",
    "cut, and a reader behind it": "it cut while a reader elsewhere waits",
    "none": "no link at all",
}


def agentless_startup(figures: Figures) -> Decision:
    """Entities are made and data flows with no Agent from the start, and go on when one appears."""
    delivered = figures.measured(Metric.SAMPLES_DELIVERED, "shm")
    if not delivered:
        return inconclusive(NO_SHM)
    cannot, facts = unsupported(figures, Metric.SAMPLES_DELIVERED, lambda m: "no link at all")
    evidence = [
        fact(f"Agent {_beginning(m)}: {number(m.value)} of {m.read(Startup).expected} deliveries", m) for m in delivered
    ]
    evidence += facts
    control = figures.measured(Metric.SAMPLES_DELIVERED, "network")
    evidence += [fact(f"control: {number(m.value)} of {m.read(Startup).expected} deliveries", m) for m in control]
    if any(m.value > 0 for m in control):
        return inconclusive("the control delivered samples too: an Agent was there after all", evidence)
    for m in delivered:
        told = m.read(Startup)
        if not told.entities:
            return refuted(f"no entities without an Agent: {told.refused}", evidence)
        if m.value != told.expected:
            return refuted(
                f"{number(m.value)} of {told.expected} deliveries, Agent {_beginning(m)} {told.refused}".rstrip(),
                evidence,
            )
    if not control:
        return inconclusive(NO_CONTROL, evidence)
    return confirmed(
        f"entities were made and every sample was delivered with no Agent from the start{cannot}", evidence
    )


def _beginning(m: Measurement) -> str:
    """Whether there is an Agent, and the kind of stream."""
    return f"{m.conditions['agent']}, {'reliable' if m.conditions.get('reliable', True) else 'best effort'}"


def agent_duplicates(figures: Figures) -> Decision:
    """No duplicate, no loss, no DATA echoed; where the Agent tells who reads, no sample is sent without a reader."""
    metrics = (Metric.SAMPLES_DOUBLED, Metric.SAMPLES_LOST, Metric.DATA_ECHOED, Metric.DATA_SENT)
    measured = dict(zip(metrics, figures.together("shm", *metrics), strict=True))
    if not all(measured.values()):
        return inconclusive("no Agent took part, so nothing could come back from it")
    cannot, facts = unsupported(figures, Metric.SAMPLES_DOUBLED, _lacking)
    evidence = [
        fact(
            f"Agent {_where(doubled)}: {number(doubled.value)} doubled, {number(lost.value)} lost, "
            f"{number(echoed.value)} DATA echoed, {number(sent.value)} WRITE_DATA sent",
            doubled,
        )
        for doubled, lost, echoed, sent in zip(*measured.values(), strict=True)
    ]
    missed = figures.measured(Metric.REMOTE_LOST, "shm")
    evidence += [fact(f"reader elsewhere: {number(m.value)} samples missing", m) for m in missed]
    evidence += facts
    control = figures.measured(Metric.DATA_ECHOED, "network")
    evidence += [fact(f"control: {number(m.value)} DATA came back over the link", m) for m in control]
    words = {
        Metric.SAMPLES_DOUBLED: "were delivered twice",
        Metric.SAMPLES_LOST: "were lost",
        Metric.DATA_ECHOED: "came back over the link as DATA",
    }
    for metric, what in words.items():
        for m in measured[metric]:
            if m.value:
                return refuted(f"{number(m.value)} samples {what} (Agent {_where(m)})", evidence)
    for m in measured[Metric.DATA_SENT]:
        if m.value and m.conditions["agent"] != _REMOTE and m.read(Crossing).cooperative:
            return refuted(f"{number(m.value)} samples went to an Agent that nobody reads from ({_where(m)})", evidence)
    return _of_the_reader_elsewhere(figures, evidence) or _could_come_back(measured, control, cannot, evidence)


def _of_the_reader_elsewhere(figures: Figures, evidence: list[Evidence]) -> Decision | None:
    """A verdict if it lacks samples, or has some twice."""
    for m, twice in zip(*figures.together("shm", Metric.REMOTE_LOST, Metric.REMOTE_DOUBLED), strict=True):
        told = m.read(Crossing)
        if m.value and told.sent is not None and told.sent < told.accepted:
            return refuted(f"{number(m.value)} samples never reached a reader elsewhere: they were not sent", evidence)
        if told.damaged and told.cooperative:  # the rig's own Agent hands on what it gets
            return refuted(f"{told.damaged} samples came to a reader elsewhere with other bytes", evidence)
        if m.value:
            return inconclusive(f"the Agent got the samples, and {number(m.value)} did not reach its reader", evidence)
        if twice.value:
            return refuted(f"{number(twice.value)} samples reached a reader elsewhere twice", evidence)
    return None


def _could_come_back(
    measured: Mapping[Metric, list[Measurement]], control: list[Measurement], cannot: str, evidence: list[Evidence]
) -> Decision:
    """Nothing came back: that says something only if something was sent, and if what comes back is seen."""
    if not any(m.value for m in measured[Metric.DATA_SENT]):
        return inconclusive("no sample was on the link in any condition: nothing could come back", evidence)
    if not control:
        return inconclusive(NO_CONTROL, evidence)
    if not any(m.value for m in control):
        return inconclusive("not a DATA was counted in the control either: it would not have been seen", evidence)
    beside = {1: "beside an Agent ", 2: "; from one session to another "}
    words = ""
    for sessions, begin in beside.items():
        agents = [
            str(m.conditions["agent"]) for m in measured[Metric.SAMPLES_DOUBLED] if m.conditions["sessions"] == sessions
        ]
        words += f"{begin}({', '.join(agents)})" if agents else ""
    return confirmed(f"no sample was doubled, lost or echoed {words}{cannot}", evidence)


_REMOTE = "with a reader elsewhere"


def _where(m: Measurement) -> str:
    """State of the Agent, and whether the samples went from one session to another."""
    return f"{m.conditions['agent']}{', two sessions' if m.conditions.get('sessions') == 2 else ''}"


def _lacking(m: Measurement) -> str:
    """What could not be had: a second session, or a reader elsewhere."""
    return "two sessions" if m.conditions["agent"] != _REMOTE else _where(m)
