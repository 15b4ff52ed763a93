"""How Sphinx makes the documentation site of what ``docs/make_site.py`` has put in place."""

from rig import __version__

project = "micro-ROS SHM rig"
author = "the rig's contributors"
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc"]
root_doc = "index"
exclude_patterns = ["_built"]
highlight_language = "text"  # most blocks are shell sessions
toc_object_entries = False  # the contents beside every page would name every member of every room
language = "en"

myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence"]

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_default_options = {"members": True}
python_maximum_signature_line_length = 90

html_theme = "furo"
html_title = f"{project} {release}"
html_copy_source = False
html_show_sphinx = False
