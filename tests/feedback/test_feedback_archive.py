"""Archives: what goes in, what comes out, and what hostile ones get to hear: one sentence, and nothing on disk."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sample_record import one_board, only, sample

from rig import __version__
from rig.errors import ResultsFault, UsageError
from rig.feedback import (
    Archive,
    Content,
    Names,
    Scrubber,
    check_record,
    make_feedback,
    read_archive,
    write_archive,
)
from rig.records import RunRecord, Verdict, to_json

RECORD = only(one_board(sample(), "native"), "copies", "shared-buffer", "burst-order", "message-size")
NAMES = Names(hosts=("lab-pc-7",), users=("alice",), homes=("/home/alice",))


def written(path: Path, record: RunRecord = RECORD, directory: Path | None = None) -> Path:
    feedback = make_feedback(record, directory, Scrubber(NAMES))
    write_archive(path, feedback.contents, about=feedback.about)
    return path


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("good") / "feedback.zip")


def test_what_goes_in_comes_out_and_is_decided_alike(good: Path) -> None:
    archive = read_archive(good)
    assert archive.record == RECORD
    assert {"results.json", "report.html", "images.json", "issues/feedback.md"} <= archive.files.keys()
    assert archive.about["run"] == RECORD.run.id
    checked = check_record(archive.record, archive.plain)
    assert checked.disagreements == ()
    assert len(checked.decided) == len(RECORD.claims)
    assert good.read_bytes() == written(good.with_name("again.zip")).read_bytes()


def test_logs_and_captures_go_in_and_nothing_else(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "console.log").write_text("built in /home/alice/rig by alice on lab-pc-7\n")
    (run / "b-agent.log").write_text("ready\n")
    (run / "link.pcapng").write_bytes(b"\n\r\r\n" + b"payload")
    (run / "b-link.pcapng").write_bytes(b"\n\r\r\n" + b"interface of lab-pc-7")
    (run / "events.jsonl").write_text("{}\n")
    (run / "secret.txt").write_text("mine")
    (run / "agent.log").symlink_to("/etc/passwd")
    feedback = make_feedback(RECORD, run, Scrubber(NAMES))
    files = {content.name: content.data for content in feedback.contents}
    assert files["console.log"] == b"built in <path>/rig by <user> on <host>\n"
    assert {"b-agent.log", "link.pcapng"} < files.keys()
    assert not {"secret.txt", "events.jsonl", "agent.log", "b-link.pcapng"} & files.keys()
    assert feedback.left_out == ("b-link.pcapng: lab-pc-7 stands in it, and a capture cannot be rewritten",)
    assert not [name for name, data in files.items() if b"alice" in data or b"lab-pc-7" in data]
    without = make_feedback(RECORD, run, Scrubber(NAMES), captures=False)
    assert "link.pcapng" not in {content.name for content in without.contents}


# ---- archives of somebody else


def changed(good: Path, path: Path, change: Callable[[dict[str, bytes], zipfile.ZipFile], None]) -> Path:
    """The archive with its files changed, and its list of contents as it was."""
    with zipfile.ZipFile(good) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        change(files, archive)
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def listing(contents: dict[str, bytes], **changes: object) -> None:
    contents["MANIFEST.json"] = json.dumps({**json.loads(contents["MANIFEST.json"]), **changes}).encode()


def bomb(archive: zipfile.ZipFile) -> None:
    """Says that it unpacks to 1.5 GiB."""
    archive.writestr("bomb", bytes(1 << 20))
    archive.filelist[-1].file_size = 3 << 29


def entry(name: str, mode: int = 0) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


HOSTILE: dict[str, tuple[Callable[[dict[str, bytes], zipfile.ZipFile], None], str]] = {
    "leads upwards": (lambda f, z: z.writestr("../../etc/cron.d/x", "x"), "leads out of the archive"),
    "absolute": (lambda f, z: z.writestr(entry("/etc/passwd"), "x"), "leads out of the archive"),
    "a drive": (lambda f, z: z.writestr("C:evil.txt", "x"), "leads out of the archive"),
    "a name that commands": (lambda f, z: z.writestr("a\x1b[2Jb", "x"), "leads out of the archive"),
    "a link": (lambda f, z: z.writestr(entry("report", stat.S_IFLNK | 0o777), "/etc/passwd"), "a link or a folder"),
    "a folder": (lambda f, z: z.writestr(entry("folder/", stat.S_IFDIR | 0o755), ""), "a link or a folder"),
    "a device": (lambda f, z: z.writestr(entry("null", stat.S_IFCHR | 0o666), ""), "a link or a folder"),
    "twice": (lambda f, z: z.writestr("report.html", "another"), "in it twice"),
    "one too many": (lambda f, z: z.writestr("extra.txt", "x"), "not in its list of contents"),
    "one too few": (lambda f, z: f.pop("report.html") and None, "in its list of contents and not in it"),
    "no list": (lambda f, z: f.pop("MANIFEST.json") and None, "no MANIFEST.json"),
    "a list that is none": (lambda f, z: f.update({"MANIFEST.json": b"[" * 100_000}), "is no JSON"),
    "a list without files": (lambda f, z: listing(f, files=[1]), "no list of files"),
    "another format": (lambda f, z: listing(f, format="something/1"), "its format is something/1"),
    "a later format": (lambda f, z: listing(f, format="microros-shm-rig/feedback/9"), "feedback/9"),
    "another report": (lambda f, z: f.update({"report.html": b"<script>"}), "is not the file that its digest"),
    "too many files": (lambda f, z: [z.writestr(f"f{i}", "") for i in range(2001)] and None, "2000"),
    "a bomb": (lambda f, z: bomb(z), "unpacked, and an archive has at most"),
}


@pytest.mark.parametrize("what", list(HOSTILE))
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_hostile_archive_gets_one_sentence(good: Path, tmp_path: Path, what: str) -> None:
    change, said = HOSTILE[what]
    path = changed(good, tmp_path / "bad.zip", change)
    with pytest.raises(UsageError) as raised:
        read_archive(path)
    assert said in raised.value.message and raised.value.hint, raised.value.message
    assert "\n" not in raised.value.message and "\x1b" not in raised.value.message
    assert [file.name for file in tmp_path.iterdir()] == ["bad.zip"]


def test_a_size_that_lies_is_found(good: Path, tmp_path: Path) -> None:
    """The entry says fewer bytes than there are: the format's own check, or ours, stops there."""
    data = good.read_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        size = archive.getinfo("results.json").file_size
    lying = data.replace(size.to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert lying != data
    (tmp_path / "lie.zip").write_bytes(lying)
    with pytest.raises(UsageError):
        read_archive(tmp_path / "lie.zip")


@pytest.mark.parametrize("what", ["nothing", "a folder", "text", "half", "flipped"])
def test_what_is_no_archive_is_said_so(good: Path, tmp_path: Path, what: str) -> None:
    path, data = tmp_path / "x.zip", bytearray(good.read_bytes())
    match what:
        case "a folder":
            path.mkdir()
        case "text":
            path.write_text("hello")
        case "half":
            path.write_bytes(data[: len(data) // 2])
        case "flipped":
            data[len(data) // 3] ^= 0xFF
            path.write_bytes(data)
    with pytest.raises(UsageError, match=r"x\.zip"):
        read_archive(path)


def test_a_verdict_that_its_samples_do_not_say_is_found() -> None:
    claims = tuple(
        replace(c, verdict=Verdict.REFUTED, reason="invented") if c.id == "copies" else c for c in RECORD.claims
    )
    record = replace(RECORD, claims=claims)
    (wrong,) = check_record(record, to_json(record)).disagreements
    assert (wrong.where, wrong.recorded) == ("native: claim copies", "refuted: invented")
    assert wrong.found.startswith("confirmed")


def test_samples_that_do_not_fit_their_verdict_or_their_sum_are_found() -> None:
    rows = list(RECORD.measurements)
    index = next(
        i
        for i, m in enumerate(rows)
        if (m.metric, m.variant, m.conditions.get("readers")) == ("distinct_buffers", "shm", 2)
    )
    rows[index] = replace(rows[index], samples=(2.0,) * 5)
    record = replace(RECORD, measurements=tuple(rows))
    plain = to_json(record)
    assert [d.where for d in check_record(record, plain).disagreements] == ["native: claim shared-buffer"]
    plain = to_json(RECORD)
    plain["measurements"][0]["summary"]["p50"] = 1.0
    (wrong,) = check_record(RECORD, plain).disagreements
    assert wrong.where.startswith("native: p50 of largest_message_bytes") and wrong.recorded == "1.0"


def test_what_is_taken_on_trust_is_said() -> None:
    record = one_board(sample(), "microbit")
    assert any("copies was kept from being decided" in note for note in check_record(record, to_json(record)).notes)


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / ".x.zip.partial").symlink_to("/dev/full")
    with pytest.raises(ResultsFault, match="No space left"):
        write_archive(tmp_path / "x.zip", [Content(name="a", what="", data=bytes(1 << 20))], about={})
    assert list(tmp_path.iterdir()) == []


def test_reading_is_what_archive_promises(good: Path) -> None:
    archive = read_archive(good)
    assert isinstance(archive, Archive) and archive.texts["issues/feedback.md"].startswith("# [shared memory]")


def test_a_claim_that_was_left_out_is_found() -> None:
    record = replace(RECORD, claims=tuple(c for c in RECORD.claims if c.id != "copies"))
    record = replace(record, run=replace(record.run, rig_version=__version__, outcome="passed"))
    (wrong,) = check_record(record, to_json(record)).disagreements
    assert (wrong.where, wrong.recorded) == ("native: claim copies", "left out")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"claims": (*RECORD.claims, RECORD.claims[0])}, "twice"),
        ({"boards": ()}, "no such board"),
        ({"run": replace(RECORD.run, id="../../evil")}, "no proper id"),
        ({"run": replace(RECORD.run, id="a\nb")}, "no proper id"),
    ],
)
def test_what_no_rig_writes_is_refused(change: dict[str, Any], words: str) -> None:
    record = replace(RECORD, **change)
    with pytest.raises(UsageError, match=words):
        check_record(record, to_json(record))
