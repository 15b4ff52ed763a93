"""JUnit XML: one test suite per board, one test case per claim.

Refuted is a ``failure``; a fault that kept a claim from being decided, and *inconclusive*, are an ``error`` (the test
could not say); *not run* is ``skipped``. Evidence goes into the text of the case.
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
    for key, value in totals.items():
        root.set(key, str(value))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(record: RunRecord, board: Board) -> ET.Element:
    claims = [claim for claim in record.claims if claim.board == board.name]
    count = {v: sum(1 for claim in claims if claim.verdict is v and not claim.accepted) for v in Verdict}
    accepted = sum(1 for claim in claims if claim.accepted)
    suite = ET.Element(
        "testsuite",
        name=_clean(f"rig.{board.name}".rstrip(".")),
        timestamp=record.run.started,
        tests=str(len(claims)),
        failures=str(count[Verdict.REFUTED]),
        errors=str(count[Verdict.INCONCLUSIVE]),
        skipped=str(count[Verdict.NOT_RUN] + accepted),
        time=f"{record.run.seconds or 0:.3f}",
    )
    properties = ET.SubElement(suite, "properties")
    facts = {"run": record.run.id, "rig": record.run.rig_version, "agent": record.environment.agent}
    facts |= {f"firmware.{f.variant}": f.digest for f in board.firmware}
    for name, value in facts.items():
        ET.SubElement(properties, "property", name=name, value=_clean(value))
    for claim in claims:
        suite.append(_case(claim))
    faults = [fault for fault in record.faults if fault.board == board.name]
    if faults:
        text = "\n".join(
            line
            for f in faults
            for line in (f"{f.blame} fault during {f.step}: {f.message} {_next(f)}".rstrip(), *evidence_lines(f))
        )
        ET.SubElement(suite, "system-err").text = _clean(text)
    return suite


def _next(fault: Fault) -> str:
    return "(mended: the run was resumed)" if fault.mended else fault.hint


def _case(claim: ClaimResult) -> ET.Element:
    case = ET.Element("testcase", classname=_clean(f"rig.claims.{claim.board}"), name=_clean(claim.id), time="0")
    evidence = "\n".join([claim.reason, *(f"- {item.text}" for item in claim.evidence)])
    if claim.expected:
        evidence += f"\n{claim.expected}"
    if claim.repeat:
        evidence += f"\nrepeat: {claim.repeat}"
    match claim.verdict:
        case _ if claim.accepted:
            ET.SubElement(case, "skipped", message=_clean(f"{claim.verdict.value}, {claim.expected}"))
        case Verdict.REFUTED:
            ET.SubElement(case, "failure", type="refuted", message=_clean(claim.reason)).text = _clean(evidence)
        case Verdict.INCONCLUSIVE:
            ET.SubElement(case, "error", type="inconclusive", message=_clean(claim.reason)).text = _clean(evidence)
        case Verdict.NOT_RUN:
            ET.SubElement(case, "skipped", message=_clean(claim.reason))
        case Verdict.CONFIRMED:
            ET.SubElement(case, "system-out").text = _clean(evidence)
    return case


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
