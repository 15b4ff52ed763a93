"""A static page over many people's archives: claims by board, middleware and version, figures, and what changed.

Knows archives, records and how outputs word them. Must not know boards, nor terminals.
"""

from rig.site._site import Source, read_sources, write_site

__all__ = ["Source", "read_sources", "write_site"]
