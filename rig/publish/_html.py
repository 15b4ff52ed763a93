"""The report for people."""

from __future__ import annotations

from rig.records import RunRecord


def html(record: RunRecord) -> str:
    """The run as one self-contained page."""
    return f"<!doctype html><title>{record.run.id}</title>"
