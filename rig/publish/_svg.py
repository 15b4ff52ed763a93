"""Turns a matplotlib figure into SVG that lives inside a page: themed by its CSS, with its figures in words.

Colours are drawn as placeholders and become CSS variables, so that one picture serves light, dark and print.
"""

from __future__ import annotations

import html
import io
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Placeholder colour -> CSS variable. None of them occurs among matplotlib's own defaults.
INK, MUTED, GRID, CARD = "#010203", "#020304", "#030405", "#040506"
SHM, NETWORK = "#050607", "#060708"
_VARIABLES = {INK: "ink", MUTED: "muted", GRID: "grid", CARD: "card", SHM: "shm", NETWORK: "network"}


def to_svg(figure: Figure, *, name: str, title: str, description: str) -> str:
    """The figure as an ``<svg>`` element.

    :param name: unique in the page; salts every id, so that the same figure always gives the same text.
    :param title: short text alternative.
    :param description: what the picture shows, in words and figures.
    """
    import matplotlib as mpl  # noqa: PLC0415  (half a second that only a report has to pay)

    buffer = io.StringIO()
    nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
    with mpl.rc_context({"svg.hashsalt": name, "svg.fonttype": "none"}):
        figure.savefig(buffer, format="svg", metadata=nothing, transparent=True)
    return _embed(buffer.getvalue(), name, title, description)


def _embed(text: str, name: str, title: str, description: str) -> str:
    view = re.search(r'viewBox="([^"]+)"', text)
    assert view is not None, "matplotlib wrote no viewBox"
    body = text[text.index(">", text.index("<svg")) + 1 :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    # Its style sheet would hold for the whole page; the page has these rules for its plots.
    body = re.sub(r'<defs>\s*<style type="text/css">.*?</style>\s*</defs>', "", body, flags=re.DOTALL)
    body = re.sub(r'<g id="[^"]*"', "<g", body)  # not unique among several plots, and nothing refers to them
    body = re.sub(r"<!--.*?-->\n?", "", body, flags=re.DOTALL)
    body = re.sub(r"font: ([^;\"]*?)([\d.]+px)[^;\"]*", r"font: \1\2 var(--sans)", body)
    body = body.replace("xlink:href", "href")
    for colour, variable in _VARIABLES.items():
        body = body.replace(colour, f"var(--{variable})")
    body = re.sub(r"[ \t]+\n", "\n", re.sub(r"\n\s+", "\n", body))
    return (
        f'<svg viewBox="{view[1]}" role="img" aria-labelledby="{name}-title {name}-text">'
        f'<title id="{name}-title">{html.escape(title)}</title>'
        f'<desc id="{name}-text">{html.escape(description)}</desc>{body.strip()}'
    )
