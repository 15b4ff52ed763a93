"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
from pathlib import Path

from rig.errors import ResultsFault


def write_whole(path: Path, text: str) -> None:
    """Write a text file beside its place and move it there: a reader never sees half of it.

    :raises ResultsFault: it cannot be written; what stood there before still does.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise ResultsFault(
            f"cannot write {path.name}: {error.strerror}", hint="free some space, or name another directory"
        ) from error
