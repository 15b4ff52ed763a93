"""What leaves this host: no names, no paths; and texts that a maintainer can act on."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from sample_record import FAULT, one_board, sample

from rig.feedback import Names, Scrubber, issues, names_here
from rig.feedback._calls import CALLS
from rig.records import ClaimResult, Evidence, Measurement, Verdict
from rig.records.vocabulary import Broken, BrokenPromises, Told

NAMES = Names(hosts=("lab-pc-7",), users=("alice", "root"), homes=("/home/alice", "/srv/people/alice b"))


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("--boards /home/alice/rig/boards.yaml --out=/tmp/x/y", "--boards <path>/boards.yaml --out=<path>/y"),
        ("alice@lab-pc-7: malice and alices stay", "<user>@<host>: malice and alices stay"),
        ("/srv/people/alice b/fw/a.elf:12: error", "<path>/a.elf:12: error"),
        ("gcc -I/opt/arm/include -o /usr/local/x.o", "gcc -I<path>/include -o <path>/x.o"),
        ("port /dev/serial/by-id/usb-ARM_DAPLink_0240-if01, 115200", "port <device>, 115200"),
        ("C:\\Users\\Alice\\rig\\x.c", "<path>"),
        ("rt/chatter on /dev/ttyACM0, 3/4, a/b, text/html, udp://127.0.0.1:8888", None),
        ("the root cause: a root user", None),
        ("b'x:\\x17\\xf2\\x04'", None),
        ("agent", None),
    ],
)
def test_names_and_paths_are_taken_out_and_nothing_else(text: str, clean: str | None) -> None:
    assert Scrubber(NAMES).text(text) == (text if clean is None else clean)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("place dk is held by lab7/eve-rig-12-0a1b since 2026", "place dk is held by <host>/<user>-rig since 2026"),
        ("place dk is held by lab7/eve since 2026", "place dk is held by <host>/<user> since 2026"),
        ("restarted, and now lab7/eve holds place dk", "restarted, and now <host>/<user> holds place dk"),
        ("in use by process 7 of eve on lab7 since 2026", "in use by process 7 of <user> on <host> since 2026"),
        ("nrf51 remote:lab7:5555", "nrf51 remote:<host>:5555"),
        ("nrf51 remote:127.0.0.1:5555", "nrf51 remote:127.0.0.1:5555"),
        ("the labgrid coordinator at lab7:1 has gone", "the labgrid coordinator at <host>:1 has gone"),
        ("env LG_HOSTNAME=lab7 LG_USERNAME=eve-rig-1 labgrid-client -x lab7:1 power", "env LG_HOSTNAME=<host> "
         "LG_USERNAME=<user> labgrid-client -x <host>:1 power"),
    ],
)  # fmt: skip
def test_names_of_other_hosts_are_taken_out(text: str, clean: str) -> None:
    assert Scrubber(NAMES).text(text) == clean


def test_what_was_taken_is_counted_and_what_cannot_be_is_said() -> None:
    scrubber = Scrubber(NAMES)
    scrubber.text("alice, alice and /tmp/a/b on lab-pc-7")
    assert scrubber.taken == {"user name": 2, "path": 1, "host name": 1}
    assert scrubber.left == ["root"]
    assert Scrubber(Names(users=("agent",))).text("agent: the agent") == "agent: the agent"


def test_json_is_cleaned_in_keys_and_values_and_stays_a_record() -> None:
    plain = {"/home/alice/a.c": ["on lab-pc-7", 1, [1.5, 2]], "n": None, "yes": True}
    assert Scrubber(NAMES).plain(plain) == {"<path>/a.c": ["on <host>", 1, [1.5, 2]], "n": None, "yes": True}


def test_the_names_of_this_host_are_known() -> None:
    names = names_here()
    assert names.hosts and names.users and "tmp" in names.roots


def finding(**changes: object) -> Broken:
    told = (
        Told(call="start with 2 buffers of 64 B and no link", came=("start: OK",)),
        Told(call="publish a sample of 1 B by writer 0x001", expected=("publish: OK",), came=("publish: | NO_BUFFER",)),
    )
    base: dict[str, object] = {
        "promise": "IN_ORDER",
        "says": "a reader gets samples in order",
        "family": "",
        "expected": "sample 1 first",
        "seen": "sample 2 came",
        "at": 2,
        "told": told,
        "topics": ("rt/a (T)",),
        "sequence": json.dumps({"format": "rig-sequence"}),
        "repeats": 5,
        "runs": 5,
    }
    return Broken(**{**base, **changes})  # type: ignore[arg-type]


def test_a_refuted_claim_tells_all_that_its_reader_would_ask() -> None:
    record = one_board(sample(), "nucleo-f446re")
    search = Measurement(
        experiment="sequences",
        board="nucleo-f446re",
        variant="shm",
        path="shm",
        metric="promises_broken",
        unit="promises",
        samples=(1,),
        detail=BrokenPromises(findings=(finding(),)).plain(),
    )
    record = replace(record, measurements=(*record.measurements, search))
    texts = {issue.name: issue for issue in issues(record, archive="a.zip", windows={})}
    assert set(texts) == {"issues/burst-order.md", "issues/message-size.md", "issues/feedback.md"}
    issue = texts["issues/burst-order.md"]
    assert issue.title.startswith("[shared memory] burst-order: ")
    for heading in (
        "Hardware description: ",
        "RTOS: none (bare metal)",
        "Installation type: ",
        "Version or commit hash: ",
    ):
        assert f"- {heading}" in issue.body
    order = ["Steps to reproduce the issue", "Expected behavior", "Actual behavior", "Additional information"]
    assert [line[5:] for line in issue.body.splitlines() if line.startswith("#### ")] == order
    for words in (
        "nucleo-f446re; probe stm32f446re; cortex-m4",
        "message_memory_bytes = 16777216",
        "| publish | `xrce_client_publish` |",
        "| **2** | publish a sample of 1 B by writer 0x001 | publish: OK | publish: \\| NO_BUFFER |",
        "(again in 5 of 5 runs)",
        "Create one writer and 2 readers on one topic.",
        "rig run --board nucleo-f446re --claims burst-order",
        "rig replay sequences/nucleo-f446re-1-in_order.json --board nucleo-f446re",
        "| samples_out_of_order | 32 B, 2 readers, burst of 2, buffers 8 | shm | 3 samples | 3 | 3 | 1 | accepted 2 |",
        "Publish `burst` samples of 32 bytes without a spin",
        "image `shm`: `sha256:dddd",
        "`a.zip` goes with this",
    ):
        assert words in issue.body, words


def test_a_confirmed_run_has_a_text_too() -> None:
    record = one_board(sample(faults=()), "mps2-an385")
    (issue,) = issues(record, archive="a.zip")
    assert "feedback from mps2-an385" in issue.title and "confirmed" in issue.title
    for claim in record.claims:
        assert claim.reason.rstrip(".").split("|")[0].split("`")[0][:30] in issue.body.replace("\\", "")


def test_surprises_have_a_text_and_known_verdicts_do_not_hide() -> None:
    record = one_board(sample(faults=()), "mps2-an385")
    odd = tuple(replace(c, expected="came out differently: refuted is known here") for c in record.claims[:1])
    names = [issue.name for issue in issues(replace(record, claims=odd), archive="a.zip")]
    assert names == ["issues/agentless-operation.md", "issues/feedback.md"]
    known = tuple(replace(c, verdict=Verdict.REFUTED, accepted=True, expected="known") for c in record.claims[:1])
    assert len(issues(replace(record, claims=known), archive="a.zip")) == 2
    crash = replace(FAULT, blame="firmware", board="mps2-an385", message="HardFault", console=("```", "x"))
    broken = tuple(
        replace(c, verdict=Verdict.INCONCLUSIVE, prevented="firmware fault: HardFault") for c in record.claims[:1]
    )
    texts = issues(replace(record, claims=broken, faults=(crash,)), archive="a.zip")
    assert "HardFault" in texts[0].body and "````\n```\nx\n````" in texts[0].body


def test_the_same_claim_on_two_boards_is_one_text() -> None:
    claims = tuple(
        ClaimResult(id="copies", board=name, verdict=Verdict.REFUTED, reason=f"2 copies on {name}")
        for name in ("mps2-an385", "native")
    )
    first, _ = issues(replace(sample(faults=()), claims=claims), archive="a.zip")
    assert "**Also on** native (none (bare metal)): 2 copies on native" in first.body


def test_a_record_cannot_put_markup_or_mentions_into_a_text() -> None:
    nasty = "@everyone <img src=x> [a](http://x) **b** `c` | \x1b[31m\nsecond line"
    claim = ClaimResult(
        id="copies",
        board="native",
        verdict=Verdict.REFUTED,
        reason=nasty,
        statement=nasty,
        evidence=(Evidence(text=nasty),),
    )
    body = issues(replace(sample(faults=()), claims=(claim,)), archive="a.zip")[0].body
    assert "@everyone" not in body and "<img" not in body.replace("\\<img", "") and "\x1b" not in body
    assert "](http" not in body.replace("\\[a](http", "")


@pytest.mark.parametrize("middleware", list(CALLS))
def test_the_calls_that_are_named_are_those_of_the_backend(middleware: str, project_root: Path) -> None:
    folder = project_root / "firmware" / "middleware" / middleware
    sources = "".join(file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.c")))
    named = {name for _, there in CALLS[middleware] for name in re.findall(r"`((?:uxr|xrce|rclc?)_\w+)(?:\*?)`", there)}
    assert len(named) > 5
    assert [name for name in sorted(named) if name not in sources] == []
