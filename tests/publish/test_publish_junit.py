"""JUnit: a suite per board, a case per claim, and no fault ever fails a case."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from sample_record import FAULT, sample

from rig.publish import junit
from rig.records import ClaimResult, Evidence, Verdict


@pytest.fixture(scope="module")
def root() -> ET.Element:
    return ET.fromstring(junit(sample()))


def test_a_suite_for_each_board_and_a_case_for_each_claim(root: ET.Element) -> None:
    record = sample()
    assert root.tag == "testsuites"
    assert [suite.get("name") for suite in root] == [f"rig.{board.name}" for board in record.boards]
    cases = {(case.get("classname"), case.get("name")) for case in root.iter("testcase")}
    assert cases == {(f"rig.claims.{c.board}", c.id) for c in record.claims}


def test_each_verdict_has_its_own_shape(root: ET.Element) -> None:
    shapes = {"failure": "refuted", "error": "inconclusive", "skipped": "not_run", "system-out": "confirmed"}
    assert all(case.find("system-out") is not None for case in root.iter("testcase"))
    found = {(c.get("classname"), c.get("name")): shapes[next(iter(c)).tag] for c in root.iter("testcase")}
    assert found == {(f"rig.claims.{c.board}", c.id): c.verdict.value for c in sample().claims}
    failure = next(root.iter("failure"))
    assert failure.get("message")
    assert "repeat: rig run --board nucleo-f446re" in (failure.text or "")


def test_the_totals_are_those_of_the_cases(root: ET.Element) -> None:
    for element in (root, *root.findall("testsuite")):
        for key, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped"), ("tests", "testcase")):
            if element.tag == "testsuites" and key == "skipped":
                assert element.get(key) is None, "the schema of Jenkins' xunit plugin has no such sum"
                continue
            assert int(element.get(key, "-1")) == len(list(element.iter(tag))), (element.get("name"), key)


def test_what_ran_is_in_the_properties(root: ET.Element) -> None:
    for suite, board in zip(root, sample().boards, strict=True):
        properties = {p.get("name"): p.get("value") for p in suite.iter("property")}
        assert properties["run"] == sample().run.id
        assert properties["rig"] == "0.1.0"
        for firmware in board.firmware:
            assert properties[f"firmware.{firmware.variant}"] == firmware.digest


def test_a_fault_is_told_but_fails_nothing() -> None:
    clean, broken = (ET.fromstring(junit(sample(faults=faults))) for faults in ((), (FAULT,)))
    assert [root.get("failures") for root in (clean, broken)] == ["2", "2"]
    (told,) = [e.text for e in broken.iter("system-err")]
    assert FAULT.message in str(told)
    assert FAULT.hint in str(told)
    assert list(clean.iter("system-err")) == []


@pytest.mark.parametrize("verdict", list(Verdict))
def test_any_text_gives_well_formed_xml(verdict: Verdict) -> None:
    nasty = 'a <b> & "c" \x00 \x1b[0m \ud800 \ufffe ]]> \u00e9'
    claim = ClaimResult(
        id=nasty, board=nasty, verdict=verdict, reason=nasty, repeat=nasty, evidence=(Evidence(text=nasty),)
    )
    record = replace(sample(), claims=(claim,), faults=(replace(FAULT, message=nasty, board=nasty),))
    text = junit(record)
    text.encode("utf-8")
    (case,) = ET.fromstring(text).iter("testcase")
    assert case.get("name") == 'a <b> & "c" \ufffd \ufffd[0m \ufffd \ufffd ]]> \u00e9'


def test_a_board_that_only_a_claim_or_a_fault_names_is_not_lost() -> None:
    fault = replace(FAULT, board="lost")
    root = ET.fromstring(junit(replace(sample(), boards=(), claims=sample().claims[:1], faults=(fault,))))
    assert [suite.get("name") for suite in root] == ["rig.mps2-an385", "rig.lost"]


ALLOWED = {
    "testsuites": {"name", "time", "tests", "failures", "errors"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time", "timestamp"},
    "testcase": {"name", "classname", "time"},
    "properties": set(),
    "property": {"name", "value"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "skipped": {"message"},
    "system-out": set(),
    "system-err": set(),
}
"""Elements and attributes of ours that the schema of Jenkins' xunit plugin knows (junit-10.xsd)."""


def test_nothing_is_in_it_that_jenkins_does_not_know(root: ET.Element) -> None:
    for element in root.iter():
        assert set(element.attrib) <= ALLOWED[element.tag], element.tag
    for case in root.iter("testcase"):
        assert {child.tag for child in case} <= {"failure", "error", "skipped", "system-out"}
        assert re.fullmatch(r"\d+\.\d{3}", case.get("time", ""))


def test_a_case_has_its_time_and_properties() -> None:
    record = sample()
    claims = tuple(replace(claim, seconds=1.25) for claim in record.claims[:2])
    root = ET.fromstring(junit(replace(record, claims=claims)))
    for case, claim in zip(root.iter("testcase"), claims, strict=True):
        text = str(case.findtext("system-out"))
        assert case.get("time") == "1.250"
        for line in (f"[[PROPERTY|verdict={claim.verdict.value}]]", f"[[PROPERTY|run={record.run.id}]]"):
            assert line in text.splitlines()
    suite = root.find("testsuite")
    assert suite is not None
    facts = {p.get("name"): p.get("value") for p in suite.iter("property")}
    assert facts["kind"] == "full" and facts["middleware"] == "reference 0.1.0" and facts["clock"] == "virtual"
