"""Which promises the search finds broken, and the shortest sequence of calls that breaks each."""

from __future__ import annotations

import json
from collections.abc import Iterator

from rig.bench import Bench, Capability
from rig.experiments._company import company_of, runner_of
from rig.experiments._experiment import Experiment
from rig.records import Measurement, Metric
from rig.records.vocabulary import Broken, BrokenPromises, Searched, Told
from rig.search import Finding, Search, Wreck, to_json, told_calls
from rig.station import Setting

SECONDS = (15.0, 120.0)  # of a quick run, and of a full one
_ROUNDS = 300  # of what is repeated, past every count of 8 bits


def measure(setting: Setting) -> Iterator[Measurement]:
    """Draw and run sequences until the time is up."""
    usual = SECONDS[0] if setting.quick else SECONDS[1]
    seconds = usual if setting.search_seconds is None else setting.search_seconds

    def agent(*, reticent: bool) -> None:
        """A board that was renewed has another link."""
        if setting.link is not None:
            setting.link.restart_agent(reticent=reticent)

    def renew() -> Bench:
        bench = setting.renew()
        agent(reticent=True)
        return bench

    company = company_of(setting)
    runner = runner_of(setting, company, step=EXPERIMENT.title, renew=renew)
    agent(reticent=True)  # every sample of a connected session is for the link as well
    try:
        report = Search(runner, seed=setting.seed, rounds=_ROUNDS).run(seconds=seconds)
        setting.bench.stop()
    finally:
        if company is not None:
            company.leave()
        agent(reticent=False)
    searched = Searched(
        seed=report.seed,
        calls=report.operations,
        seconds=round(report.seconds, 3),
        lacking=dict(report.unsupported),
        passing={promise.name: seen for promise, seen in report.passing},
        missing="" if report.sequences else "there was no time to run a sequence",
    )
    ran = [report.sequences] if report.sequences else []
    yield setting.measurement("sequences", Metric.SEQUENCES_RUN, ran, conditions={}, detail=searched, exact=False)
    broken = BrokenPromises(findings=tuple(told(finding) for finding in report.findings))
    yield setting.measurement(
        "sequences", Metric.PROMISES_BROKEN, [len(broken.findings)], conditions={}, detail=broken, exact=False
    )


def told(finding: Finding) -> Broken:
    """A finding as a record has it: call by call, with the expected and the actual result."""
    calls, wreck = finding.calls, finding.wreck or Wreck()
    lines = told_calls(calls, expected=finding.expected, came=finding.came)
    breach = finding.breach
    return Broken(
        promise=breach.promise.name,
        says=str(breach.promise),
        family=str(breach.family),
        expected=breach.expected,
        seen=breach.seen,
        at=min(breach.operation + 2, len(lines)),
        told=tuple(Told(call=line.call, expected=line.expected, came=line.came) for line in lines),
        topics=tuple(str(topic) for topic in calls.topics),
        sequence=json.dumps(to_json(calls), separators=(",", ":")),
        repeats=finding.repeats,
        runs=finding.runs,
        number=finding.number,
        calls_then=finding.calls_then,
        seconds=round(finding.seconds, 3),
        evidence=wreck.evidence,
        place=wreck.place,
        backtrace=wreck.backtrace,
    )


EXPERIMENT = Experiment(
    id="sequences",
    title="a search for calls that break a promise",
    measure=measure,
    has_control=False,
    needs=Capability.SHM,
)
