"""A real browser: what it makes of a page, its scripts off."""

from __future__ import annotations

import html as escaping
import json
import re
import shutil
import subprocess
from pathlib import Path

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

MEASURE = """
f.onload = () => {
  const d = f.contentDocument, e = d.documentElement;
  const boxed = '.scroll, .skip, svg, pre, .claims thead';
  const wide = [...d.querySelectorAll('body *')].filter(x => !x.closest(boxed)
    && getComputedStyle(x).position != 'absolute' && x.getBoundingClientRect().right > e.clientWidth + 1);
  const drawn = [...d.querySelectorAll('svg')].filter(x => x.getBoundingClientRect().height > 100);
  out.textContent = JSON.stringify({
    title: d.title, page: e.scrollWidth, window: e.clientWidth, svg: drawn.length,
    wide: wide.slice(0, 5).map(x => x.tagName + '.' + x.className), text: d.body.innerText,
  });
}
"""


def rendered(text: str, directory: Path, width: int) -> dict[str, object]:
    """What a real browser makes of the page in a frame so wide, its scripts off, seen from a page around it."""
    assert CHROMIUM is not None
    frame = directory / "frame.html"
    own = escaping.escape(text + "<script>document.title = 'scripts are on'</script>", quote=True)
    frame.write_text(
        f'<meta charset="utf-8"><iframe id="f" sandbox="allow-same-origin" '
        f'style="border:0;width:{width}px;height:900px" srcdoc="{own}"></iframe>'
        f'<pre id="out"></pre><script>{MEASURE}</script>',
        encoding="utf-8",
    )
    command = [
        CHROMIUM,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-sync",
        "--no-first-run",
        f"--user-data-dir={directory / 'profile'}",
        "--window-size=1400,1000",
        "--dump-dom",
        frame.as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=90)
    found = re.search(r'<pre id="out">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found is not None, done.stderr[-2000:]
    result: dict[str, object] = json.loads(escaping.unescape(found[1]))
    return result
