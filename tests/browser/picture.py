"""Takes the picture of the report that the README shows: `make picture`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from pipeline.cli.main import main
from tests.browser.chromium import screenshot
from tests.conftest import ROOT

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        if main(["report", str(ROOT / "data" / "example"), "--out", folder]):
            raise SystemExit("the report could not be made")
        screenshot((Path(folder) / "public" / "funder.en.html").resolve(), ROOT / "docs" / "report.png", 1280, 800)
    print(ROOT / "docs" / "report.png")
