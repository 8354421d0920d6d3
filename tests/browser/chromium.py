"""A real browser: Debian's chromium, headless, installed when it is missing and can be."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest

_QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
]


@cache
def _binary() -> str | None:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update", "-qq"], check=False, capture_output=True, timeout=300)
        subprocess.run(["apt-get", "install", "-y", "-qq", "chromium"], check=False, capture_output=True, timeout=600)
        found = shutil.which("chromium")
    return found


def chromium(*arguments: str) -> str:
    """Run chromium with an empty profile and return what it prints; skips the test, loudly, where there is none."""
    binary = _binary()
    if binary is None:
        pytest.skip("NO BROWSER: chromium is not installed and could not be; nothing visual was tested")
    with tempfile.TemporaryDirectory() as profile:
        command = [binary, *_QUIET, f"--user-data-dir={profile}", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout


def screenshot(page: Path, picture: Path, width: int, height: int, *, dark: bool = False) -> None:
    """A picture of a page at a window size, in light or dark colours."""
    scheme = ["--blink-settings=preferredColorScheme=0"] if dark else []
    chromium(*scheme, f"--window-size={width},{height}", f"--screenshot={picture}", page.as_uri())


def pdf(page: Path, target: Path) -> None:
    """The page as the browser prints it."""
    chromium("--no-pdf-header-footer", f"--print-to-pdf={target}", page.as_uri())


def measured(page: Path, script: str, width: int, scratch: Path) -> str:
    """What a script says of the page when it is `width` wide: the page in a frame, the answer in the frame's title."""
    frame = scratch / f"frame-{width}.html"
    frame.write_text(
        f"""<!doctype html><iframe id="f" style="width:{width}px;height:900px;border:0"></iframe>
<script>
const f = document.getElementById("f");
f.onload = () => {{ const document = f.contentDocument; window.document.title = String({script}); }};
f.src = {page.as_uri()!r};
</script>""",
        encoding="utf-8",
    )
    dom = chromium(
        "--allow-file-access-from-files", "--virtual-time-budget=5000", "--window-size=1400,1000", "--dump-dom", frame.as_uri()
    )
    return dom.partition("<title>")[2].partition("</title>")[0]
