"""Puts a release in place, whole or not at all.

Everything is written to a folder of its own and flushed; then the link `current` is switched by one rename. `public`,
`internal` and `manifest.json` lead through it, so a reader sees the last good release at every moment.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from pipeline.errors import OutputError
from pipeline.files import PRIVATE_FILE, PRIVATE_FOLDER, PUBLIC_FILE, write_bytes

_LINKS = {"public": "current/public", "internal": "current/internal", "manifest.json": "current/manifest.json"}


def current_release(out: Path) -> int:
    """The number of the release that `current` leads to; where that link is gone the last one that is there, or 0."""
    try:
        return int(os.readlink(out / "current").rpartition("/")[2])
    except (OSError, ValueError):
        return max((int(path.name) for path in (out / "releases").glob("[0-9][0-9][0-9][0-9]")), default=0)


def publish(out: Path, release: int, files: Mapping[str, bytes]) -> Path:
    """Publish files (by path inside the release) as release `release`; returns the folder that they lead through.

    A release that exists already is the same release: files that differ are replaced one by one, the manifest last.
    Raises OutputError where the folder cannot be written; nothing of the release is then in view.
    """
    try:
        (out / "releases").mkdir(parents=True, exist_ok=True)
        target = out / "releases" / f"{release:04d}"
        if target.is_dir():
            _write_changed(target, files)
        else:
            _write_whole(out / "releases", target, files)
        _link(out / "current", f"releases/{release:04d}")
        for name, leads_to in _LINKS.items():
            _link(out / name, leads_to)
    except OSError as error:
        raise OutputError.unwritable(error.filename or out, error, "a folder with room that can be written") from None
    return out


def _write_whole(releases: Path, target: Path, files: Mapping[str, bytes]) -> None:
    building = Path(tempfile.mkdtemp(dir=releases, prefix=".building-"))
    try:
        building.chmod(0o755)
        _write_changed(building, files)
        os.replace(building, target)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise


def _write_changed(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in sorted(files.items(), key=lambda item: (item[0] == "manifest.json", item[0])):
        path = folder / name
        internal = name.startswith("internal/")
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True)
            path.parent.chmod(PRIVATE_FOLDER if internal else 0o755)
        if not path.is_file() or path.read_bytes() != content:
            write_bytes(path, content, PRIVATE_FILE if internal else PUBLIC_FILE)


def _link(link: Path, leads_to: str) -> None:
    if link.is_symlink() and os.readlink(link) == leads_to:
        return
    temporary = link.with_name(f".{link.name}.new")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(leads_to)
    try:
        os.replace(temporary, link)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
