"""What a person sends on: an archive of a run without names and paths, texts for the transport's maintainers, and the
check of an archive that came from somebody else.

Knows records, claims and how outputs word them. Must not know boards, nor terminals.
"""

from rig.feedback._archive import ARCHIVE_FORMAT, Archive, Content, read_archive, write_archive
from rig.feedback._check import Checked, Disagreement, check_record
from rig.feedback._issue import Issue, issues
from rig.feedback._make import Feedback, make_feedback
from rig.feedback._scrub import Names, Scrubber, names_here

__all__ = [
    "ARCHIVE_FORMAT",
    "Archive",
    "Checked",
    "Content",
    "Disagreement",
    "Feedback",
    "Issue",
    "Names",
    "Scrubber",
    "check_record",
    "issues",
    "make_feedback",
    "names_here",
    "read_archive",
    "write_archive",
]
