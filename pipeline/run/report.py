"""The main job: from a study's folder to a published release, or nothing at all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from pipeline.definitions.load import Definitions, load
from pipeline.errors import InputError, LockedError, OutputError, Problem
from pipeline.files import json_bytes, private_folder, sha256, write_bytes
from pipeline.run.fingerprint import Fingerprint, fingerprint
from pipeline.run.manifest import manifest, read_manifest, software_version
from pipeline.run.publish import current_release, publish

REPORTS = Path("reports")


@dataclass(frozen=True)
class Outcome:
    """What a run did: where the report is, its one-line headline, or why there was nothing to do."""

    out: Path
    release: int
    headline: str
    did: bool
    reason: str = ""


def report(study: str | Path, out: str | Path | None = None, engine: str = "kernel") -> Outcome:
    """Make a study's report. Raises a RosewaveError, and leaves the previous report as it was, where that cannot be done."""
    definitions = load(study)
    folder = _output(definitions, out)
    with _only_run(definitions):
        return _make(definitions, folder, engine, fingerprint(definitions))


def run(study: str | Path, out: str | Path | None = None, engine: str = "kernel") -> Outcome:
    """Make the report where an input, a definition or this software changed since the last one; otherwise do nothing."""
    definitions = load(study)
    folder = _output(definitions, out)
    prints = fingerprint(definitions)
    with _only_run(definitions):
        why = _changed(folder, prints)
        if not why:
            return Outcome(folder, current_release(folder), "", did=False, reason="nothing changed since the last release")
        made = _make(definitions, folder, engine, prints)
        return Outcome(made.out, made.release, made.headline, did=True, reason=why)


def _output(definitions: Definitions, out: str | Path | None) -> Path:
    return Path(out) if out is not None else REPORTS / definitions.study.study.id


def _changed(folder: Path, prints: Fingerprint) -> str:
    """Why a run is needed, or an empty string."""
    last = read_manifest(folder)
    if last is None:
        return "there is no release yet"
    for name, content in last.get("files", {}).items():
        path = folder / name
        if not path.is_file() or sha256(path) != content:
            return f"{name} of the last release is gone or was changed"
    if last.get("fingerprint") == prints.digest:
        return ""
    for what, before, now in (
        ("an input", last.get("inputs"), prints.inputs),
        ("a definition", last.get("definitions"), prints.definitions),
        ("this software", last.get("code"), prints.code),
    ):
        if before != now:
            return f"{what} changed"
    return "the lock file changed"


@contextmanager
def _only_run(definitions: Definitions) -> Iterator[None]:
    build = definitions.folder / "build"
    try:
        private_folder(build)
        lock = FileLock(build / ".lock", timeout=0)
        with lock:
            yield
    except Timeout:
        raise LockedError(Problem(str(build / ".lock"), "held by another run", "one run of a study at a time")) from None
    except OSError as error:
        raise OutputError(Problem(str(error.filename or build), f"cannot be written: {error.strerror}")) from None


def _make(definitions: Definitions, folder: Path, engine: str, prints: Fingerprint) -> Outcome:
    # What reads and estimates is imported here: a run that has nothing to do must not wait for it.
    from pipeline.pairing.reasons import missing_answers
    from pipeline.reporting.render import headline, render
    from pipeline.reporting.report import Evaluation, Report
    from pipeline.run import tables
    from pipeline.run.row_level import keep_scores
    from pipeline.run.stages import gated, stop_if_blocked, work_out

    stores, gates = gated(definitions)
    write_bytes(definitions.folder / "build" / "gates.json", tables.gates_report(gates), 0o600)
    stop_if_blocked(gates)
    study = work_out(definitions, stores, gates, engine)
    if fingerprint(definitions).inputs != prints.inputs:
        raise InputError(Problem(str(definitions.folder), "an input changed while it was read", "files that nobody writes to"))
    keep_scores(study, definitions.folder / "build" / "scores.parquet")
    release = _release_number(folder, tables.public_results(study.public, definitions, 0))
    evaluation = Evaluation(study.results, study.denominators, gates, missing_answers(stores))
    page = Report(definitions, study.public, release, software_version(), evaluation)
    files = {
        "public/funder.en.html": render(page, "funder"),
        "public/results.json": tables.public_results(study.public, definitions, release),
        "public/estimates.csv": tables.public_estimates(study.public),
        "internal/evaluator.en.html": render(page, "evaluator"),
        "internal/estimates.csv": tables.full_estimates(study.results),
        "internal/gates.json": tables.gates_report(gates),
        "internal/denominators.csv": tables.denominator_table(study.denominators),
    }
    info = definitions.study.study
    files["manifest.json"] = json_bytes(manifest(info.id, release, info.seed, prints, gates, files, engine))
    publish(folder, release, files)
    return Outcome(folder, release, headline(page), did=True)


def _release_number(folder: Path, public: bytes) -> int:
    """The last release's number where its public numbers are the same, otherwise the next one."""
    last = current_release(folder)
    try:
        before = json.loads((folder / "public" / "results.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return last + 1
    now = json.loads(public)
    return last if last and before | {"release": 0} == now | {"release": 0} else last + 1
