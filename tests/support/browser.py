"""A headless browser, where one is installed."""

import json
import re
import shutil
import struct
import subprocess
import zlib
from pathlib import Path
from typing import Any

import pytest

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def browser() -> str:
    """Give the browser's path, or skip the test."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        pytest.skip(f"no browser is installed: none of {', '.join(_NAMES)}")
    return found


def run(folder: Path, page: Path | str, *flags: str) -> str:
    """Open a page, a file or an address, in a browser that keeps nothing; give what it prints."""
    address = page if isinstance(page, str) else page.as_uri()
    done = subprocess.run(
        [browser(), *_FLAGS, f"--user-data-dir={folder / 'profile'}", *flags, address],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout


def measured(folder: Path, html: str, width: int, script: str) -> Any:
    """Lay a page out in a frame of this width; give what a script finds in its ``document``.

    Parameters
    ----------
    script : str
        An expression over ``page``, the frame's document.
    """
    (folder / "page.html").write_text(html)
    outer = folder / "outer.html"
    outer.write_text(
        f'<iframe id="f" src="page.html" style="border:0;width:{width}px;height:900px"></iframe>'
        '<pre id="result"></pre><script>onload = () => {const page ='
        " document.getElementById('f').contentDocument; document.getElementById('result').textContent"
        f" = JSON.stringify({script})}}</script>"
    )
    flags = ("--allow-file-access-from-files", "--virtual-time-budget=2000", "--dump-dom")
    dom = run(folder, outer, *flags)
    found = re.search(r'<pre id="result">(.+?)</pre>', dom, re.DOTALL)
    assert found is not None, dom
    return json.loads(found[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))


def first_pixel(png: bytes) -> tuple[int, int, int]:
    """Give the colour of a picture's upper left corner."""
    assert png.startswith(b"\x89PNG")
    position, data = 8, b""
    while position < len(png):
        length, kind = struct.unpack(">I4s", png[position : position + 8])
        if kind == b"IDAT":
            data += png[position + 8 : position + 8 + length]
        position += 12 + length
    # The first row's filter takes what is left of and above the pixel, which is nothing.
    red, green, blue = zlib.decompress(data)[1:4]
    return red, green, blue
