"""The reports in a real browser: nothing scrolls sideways, the first screen holds the headline, printing keeps it whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.chromium import measured, pdf, screenshot
from tests.conftest import ROOT

pytestmark = pytest.mark.browser
PAGES = ("public/funder.en.html", "internal/evaluator.en.html")
README_PICTURE = ROOT / "docs" / "report.png"


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("release")
    subprocess.run([sys.executable, "-m", "pipeline", "report", "data/example", "--out", str(out)], cwd=ROOT, check=True)
    return out.resolve()


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("width", [320, 768, 1280])
def test_nothing_scrolls_sideways(release: Path, tmp_path: Path, page: str, width: int) -> None:
    wide = measured(release / page, "document.documentElement.scrollWidth", width, tmp_path)
    assert 0 < int(wide) <= width


def test_the_first_screen_of_a_laptop_holds_the_headline_and_the_design(release: Path, tmp_path: Path) -> None:
    script = "document.querySelector('.design').getBoundingClientRect().bottom"
    bottom = measured(release / PAGES[0], script, 1280, tmp_path)
    assert 0 < float(bottom) <= 800


@pytest.mark.parametrize("page", PAGES)
def test_text_stands_out_in_light_and_dark(release: Path, tmp_path: Path, page: str) -> None:
    light, dark = tmp_path / "light.png", tmp_path / "dark.png"
    screenshot(release / page, light, 1280, 900)
    screenshot(release / page, dark, 1280, 900, dark=True)
    assert light.read_bytes() != dark.read_bytes()


def test_the_page_prints(release: Path, tmp_path: Path) -> None:
    printed = tmp_path / "funder.pdf"
    pdf(release / PAGES[0], printed)
    content = printed.read_bytes()
    assert content.startswith(b"%PDF")
    assert content.count(b"/Type /Page\n") + content.count(b"/Type /Page ") >= 3 or content.count(b"/Page") >= 3


def test_the_picture_of_the_readme_can_be_made(release: Path, tmp_path: Path) -> None:
    picture = tmp_path / "report.png"
    screenshot(release / PAGES[0], picture, 1280, 800)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert README_PICTURE.is_file(), "make picture writes it"
