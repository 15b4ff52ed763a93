"""The archive: a ZIP file with a list of its contents and their digests. It is read without ever being unpacked.

Archives come from other people: whatever is in them is bounded and checked before it is used.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import stat
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from rig.errors import ResultsFault, UsageError
from rig.records import RunRecord, from_json, plain_from_text, printable

ARCHIVE_FORMAT = "microros-shm-rig/feedback/1"
_FAMILY = "microros-shm-rig/feedback/"
_MANIFEST = "MANIFEST.json"
_RECORD = "results.json"
_MOST_FILES = 2000
_MOST_BYTES = 1 << 30  # of all files together, unpacked
_LARGEST_RECORD = 256 << 20
_LARGEST_MANIFEST = 1 << 20
_BLOCK = 1 << 18
_TIME = (1980, 1, 1, 0, 0, 0)  # the same run gives the same archive
_HINT = "ask its sender for another one, made by rig feedback"


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """One file of an archive, and what it is in words."""

    name: str
    what: str
    data: bytes

    @property
    def digest(self) -> str:
        """Of its bytes."""
        return "sha256:" + hashlib.sha256(self.data).hexdigest()


def write_archive(path: Path, contents: Sequence[Content], *, about: Mapping[str, str]) -> None:
    """Write an archive, whole or not at all.

    :param about: more facts for its list of contents.
    :raises ResultsFault: it cannot be written.
    """
    files = {c.name: {"bytes": len(c.data), "digest": c.digest, "what": c.what} for c in contents}
    manifest = {"format": ARCHIVE_FORMAT, **about, "files": files}
    partial = path.with_name(f".{path.name}.partial")
    try:
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in [
                (_MANIFEST, (json.dumps(manifest, indent=1) + "\n").encode()),
                *((content.name, content.data) for content in contents),
            ]:
                info = zipfile.ZipInfo(name, _TIME)
                info.external_attr = (stat.S_IFREG | 0o644) << 16
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, data)
        partial.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise ResultsFault(
            f"cannot write {path}: {error.strerror}", hint="make room, or name another file with --out"
        ) from error


@dataclass(frozen=True, kw_only=True, slots=True)
class Archive:
    """An archive that is what its list of contents says. ``plain``: its record as it stands there."""

    path: Path
    about: Mapping[str, str]
    files: Mapping[str, int]
    record: RunRecord
    plain: Mapping[str, Any]
    texts: Mapping[str, str]


def read_archive(path: Path) -> Archive:
    """Read an archive and hold every file against its digest. Nothing is written anywhere.

    :raises UsageError: it is none, is damaged, or is not what it says; one sentence, whatever is in it.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _read(path, archive)
    except OSError as error:
        raise UsageError(
            f"no archive at {path}: {error.strerror or error}", hint="name a file that rig feedback wrote"
        ) from error
    except UsageError as error:
        raise UsageError(f"{path}: {error.message}", hint=error.hint or _HINT) from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        words = printable(" ".join(str(error).split()))[:160]
        raise UsageError(f"{path}: no archive, or a damaged one: {words}", hint=_HINT) from error


def _read(path: Path, archive: zipfile.ZipFile) -> Archive:
    entries = archive.infolist()
    if len(entries) > _MOST_FILES:
        raise UsageError(f"{len(entries)} files, and an archive has at most {_MOST_FILES}")
    seen: set[str] = set()
    for entry in entries:
        _check_entry(entry, seen)
    total = sum(entry.file_size for entry in entries)
    if total > _MOST_BYTES:
        raise UsageError(f"{total >> 20} MiB unpacked, and an archive has at most {_MOST_BYTES >> 20} MiB")
    if _MANIFEST not in seen:
        raise UsageError(f"no {_MANIFEST} in it")
    manifest = _manifest(_bytes(archive, _MANIFEST, _LARGEST_MANIFEST))
    listed: Mapping[str, Mapping[str, Any]] = manifest["files"]
    for name in sorted(seen - {_MANIFEST} - listed.keys()):
        raise UsageError(f"{_shown(name)} is in it and not in its list of contents")
    for name, facts in listed.items():
        if name not in seen:
            raise UsageError(f"{_shown(name)} is in its list of contents and not in it")
        if _digest(archive, name) != facts["digest"]:
            raise UsageError(f"{_shown(name)} is not the file that its digest was made of")
    if _RECORD not in listed:
        raise UsageError(f"no {_RECORD} in it")
    plain = plain_from_text(_bytes(archive, _RECORD, _LARGEST_RECORD).decode("utf-8"), _RECORD)
    texts = {
        name: _bytes(archive, name, _LARGEST_MANIFEST).decode("utf-8", errors="replace")
        for name in listed
        if name.endswith(".md")
    }
    return Archive(
        path=path,
        about={key: value for key, value in manifest.items() if isinstance(value, str)},
        files={name: archive.getinfo(name).file_size for name in listed},
        record=from_json(plain),
        plain=plain,
        texts=texts,
    )


def _check_entry(entry: zipfile.ZipInfo, seen: set[str]) -> None:
    """A plain file with a plain relative name, once."""
    name = entry.filename
    parts = PurePosixPath(name).parts
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if name.startswith("/") or "\\" in name or ":" in name or ".." in parts or not parts or printable(name) != name:
        raise UsageError(f"{_shown(name)} leads out of the archive, or is no name of a file")
    if kind not in (0, stat.S_IFREG) or entry.is_dir():
        raise UsageError(f"{_shown(name)} is a link or a folder, and an archive has plain files only")
    if entry.flag_bits & 1:
        raise UsageError(f"{_shown(name)} is encrypted")
    if name in seen:
        raise UsageError(f"{_shown(name)} is in it twice")
    seen.add(name)


def _manifest(data: bytes) -> Mapping[str, Any]:
    try:
        manifest = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{_MANIFEST} is no JSON") from error
    form = manifest.get("format") if isinstance(manifest, dict) else None
    if form != ARCHIVE_FORMAT:
        later = isinstance(form, str) and form.startswith(_FAMILY)
        raise UsageError(
            f"its format is {printable(str(form))[:60]}, and this version reads {ARCHIVE_FORMAT}",
            hint="check it with the version of the rig that wrote it" if later else _HINT,
        )
    files = manifest.get("files")
    if not isinstance(files, dict) or not all(
        isinstance(facts, dict) and isinstance(facts.get("digest"), str) for facts in files.values()
    ):
        raise UsageError(f"{_MANIFEST} has no list of files with digests")
    return dict(manifest)


def _digest(archive: zipfile.ZipFile, name: str) -> str:
    """Of a file's bytes; never more of them than its entry says."""
    digest, left = hashlib.sha256(), archive.getinfo(name).file_size
    with archive.open(name) as file:
        while block := file.read(_BLOCK):
            left -= len(block)
            if left < 0:
                raise UsageError(f"{_shown(name)} unpacks to more than it says")
            digest.update(block)
    return "sha256:" + digest.hexdigest()


def _bytes(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    with archive.open(name) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise UsageError(f"{_shown(name)} has more than {most >> 20} MiB")
    return data


def _shown(name: str) -> str:
    return printable(name)[:80] or "a file without a name"
