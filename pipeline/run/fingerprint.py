"""What a run depends on, by content: inputs, definitions, code and lock. Imports nothing heavy, for runs that do nothing."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pipeline
from pipeline.definitions.load import Definitions
from pipeline.errors import InputError, Problem
from pipeline.files import sha256
from pipeline.sources.locate import WITHDRAWN, locate

_CODE = (".py", ".j2", ".css", ".toml")


@dataclass(frozen=True)
class Fingerprint:
    """SHA-256 of everything that can change a report, by a name that holds no path of this machine."""

    inputs: dict[str, str]
    definitions: dict[str, str]
    code: str
    lock: str | None

    @property
    def digest(self) -> str:
        """One hash over all of it."""
        content = [self.inputs, self.definitions, self.code, self.lock]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def fingerprint(definitions: Definitions) -> Fingerprint:
    """Hash a study's inputs and definitions, and this software. Raises InputError where an input is absent or unreadable."""
    inputs = {wave.file: _hash(locate(definitions.folder, wave.file)) for wave in definitions.study.waves}
    if (withdrawn := definitions.folder / WITHDRAWN).is_file():
        inputs[WITHDRAWN] = _hash(withdrawn)
    study, *instruments = definitions.files
    named = {"study.toml": sha256(study)} | {f"instruments/{path.name}": sha256(path) for path in instruments}
    return Fingerprint(inputs, named, code_digest(), lock_digest())


def _hash(path: Path) -> str:
    try:
        return sha256(path)
    except OSError as error:
        raise InputError(Problem(str(path), f"cannot be read: {error.strerror}", "a file that you may read")) from None


@cache
def code_digest() -> str:
    """One hash over this package's own files."""
    root = Path(pipeline.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(path for path in root.rglob("*") if path.suffix in _CODE):
        digest.update(f"{path.relative_to(root).as_posix()} {sha256(path)}\n".encode())
    return digest.hexdigest()


def lock_digest() -> str | None:
    """The hash of the lock file, or None where this software was installed without it."""
    lock = Path(pipeline.__file__).parent.parent / "requirements.lock"
    return sha256(lock) if lock.is_file() else None
