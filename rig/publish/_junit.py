"""JUnit XML: one test suite per board, one test case per claim.

Refuted is a ``failure``; a fault that kept a claim from being decided, and *inconclusive*, are an ``error`` (the test
could not say); *not run* is ``skipped``. Evidence goes into the text of the case. The file is valid for Jenkins' xunit
plugin (junit-10.xsd), which knows no properties of a case: they are lines ``[[PROPERTY|name=value]]`` of its output, as
other readers of JUnit take them.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from rig.publish._formats import evidence_lines
from rig.records import Board, ClaimResult, Fault, RunRecord, Verdict

# What XML 1.0 cannot carry, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(record: RunRecord) -> str:
    """The run as JUnit XML."""
    root = ET.Element("testsuites", name="micro-ROS SHM rig")
    boards = {board.name: board for board in record.boards}
    # A board may break before anything but its name is known, and the rig before it has a board.
    for name in (*(c.board for c in record.claims), *(f.board for f in record.faults)):
        boards.setdefault(name, Board(name=name, kind="", target="", core=""))
    for board in boards.values():
        root.append(_suite(record, board))
    totals = {
        key: sum(int(suite.get(key, "0")) for suite in root) for key in ("tests", "failures", "errors", "skipped")
    }
    for key in ("tests", "failures", "errors"):  # the plugin's schema has no other sum here
        root.set(key, str(totals[key]))
    root.set("time", f"{record.run.seconds or 0:.3f}")
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(record: RunRecord, board: Board) -> ET.Element:
    claims = [claim for claim in record.claims if claim.board == board.name]
    count = {v: sum(1 for claim in claims if claim.verdict is v and not claim.accepted) for v in Verdict}
    accepted = sum(1 for claim in claims if claim.accepted)
    suite = ET.Element(
        "testsuite",
        name=clean_xml(f"rig.{board.name}".rstrip(".")),
        timestamp=record.run.started,
        tests=str(len(claims)),
        failures=str(count[Verdict.REFUTED]),
        errors=str(count[Verdict.INCONCLUSIVE]),
        skipped=str(count[Verdict.NOT_RUN] + accepted),
        time=f"{record.run.seconds or 0:.3f}",
    )
    properties = ET.SubElement(suite, "properties")
    facts = {"run": record.run.id, "rig": record.run.rig_version, "agent": record.environment.agent}
    facts |= {"kind": record.run.kind, **facts_of(board)}
    for name, value in facts.items():
        ET.SubElement(properties, "property", name=name, value=clean_xml(value))
    for claim in claims:
        suite.append(_case(claim, record))
    faults = [fault for fault in record.faults if fault.board == board.name]
    if faults:
        text = "\n".join(
            line
            for f in faults
            for line in (f"{f.blame} fault during {f.step}: {f.message} {_next(f)}".rstrip(), *evidence_lines(f))
        )
        ET.SubElement(suite, "system-err").text = clean_xml(text)
    return suite


def _next(fault: Fault) -> str:
    return "(mended: the run was resumed)" if fault.mended else fault.hint


def facts_of(board: Board) -> dict[str, str]:
    """What a board and its firmware are, as properties and labels."""
    facts = {"target": board.target, "core": board.core, "clock": board.clock, "link": board.link}
    for f in board.firmware:
        facts |= {"middleware": f"{f.middleware} {f.middleware_version}", "os": f.system, "compiler": f.compiler}
    return {key: value for key, value in facts.items() if value} | {
        f"firmware.{f.variant}": f.digest for f in board.firmware
    }


def _case(claim: ClaimResult, record: RunRecord) -> ET.Element:
    case = ET.Element(
        "testcase",
        classname=clean_xml(f"rig.claims.{claim.board}"),
        name=clean_xml(claim.id),
        time=f"{claim.seconds or 0:.3f}",
    )
    evidence = "\n".join([claim.reason, *(f"- {item.text}" for item in claim.evidence)])
    if claim.expected:
        evidence += f"\n{claim.expected}"
    if claim.repeat:
        evidence += f"\nrepeat: {claim.repeat}"
    match claim.verdict:
        case _ if claim.accepted:
            ET.SubElement(case, "skipped", message=clean_xml(f"{claim.verdict.value}, {claim.expected}"))
        case Verdict.REFUTED:
            ET.SubElement(case, "failure", type="refuted", message=clean_xml(claim.reason)).text = clean_xml(evidence)
        case Verdict.INCONCLUSIVE:
            ET.SubElement(case, "error", type="inconclusive", message=clean_xml(claim.reason)).text = clean_xml(
                evidence
            )
        case Verdict.NOT_RUN:
            ET.SubElement(case, "skipped", message=clean_xml(claim.reason))
        case Verdict.CONFIRMED:
            pass
    facts = {
        "verdict": claim.verdict.value,
        "run": record.run.id,
        "kind": record.run.kind,
        "criterion": claim.criterion,
    }
    lines = [f"[[PROPERTY|{key}={' '.join(value.split())}]]" for key, value in facts.items() if value]
    confirmed = claim.verdict is Verdict.CONFIRMED and not claim.accepted
    ET.SubElement(case, "system-out").text = clean_xml("\n".join([*lines, *([evidence] if confirmed else [])]))
    return case


def clean_xml(text: str) -> str:
    """The text without what XML cannot carry."""
    return _FORBIDDEN.sub("\ufffd", text)
