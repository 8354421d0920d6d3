"""The main job: from a study's folder to a published release, or nothing at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from pipeline.definitions.load import Definitions, load
from pipeline.errors import InputError, LockedError, OutputError, Problem, UsageError
from pipeline.files import PRIVATE_FILE, json_bytes, private_folder, sha256, write_bytes
from pipeline.run.fingerprint import Fingerprint, fingerprint
from pipeline.run.manifest import manifest, read_manifest, software_version
from pipeline.run.publish import current_release, publish

if TYPE_CHECKING:
    from pipeline.reporting.report import Evaluation, Report

REPORTS = Path("reports")


@dataclass(frozen=True)
class Made:
    """What a run did: where the report is, its one-line headline, or why there was nothing to do."""

    out: Path
    release: int
    headline: str
    did: bool
    reason: str = ""


def report(study: str | Path, out: str | Path | None = None, engine: str = "kernel") -> Made:
    """Make a study's report. Raises a RosewaveError, and leaves the previous report as it was, where that cannot be done."""
    definitions = load(study)
    folder = _output(definitions, out)
    with _only_run(definitions):
        return _make(definitions, folder, engine, fingerprint(definitions))


def run(study: str | Path, out: str | Path | None = None, engine: str = "kernel") -> Made:
    """Make the report where an input, a definition or this software changed since the last one; otherwise do nothing."""
    definitions = load(study)
    folder = _output(definitions, out)
    prints = fingerprint(definitions)
    with _only_run(definitions):
        why = _changed(folder, prints)
        if not why:
            return Made(folder, current_release(folder), "", did=False, reason="nothing changed since the last release")
        made = _make(definitions, folder, engine, prints)
        return Made(made.out, made.release, made.headline, did=True, reason=why)


def _output(definitions: Definitions, out: str | Path | None) -> Path:
    folder = Path(out) if out is not None else REPORTS / definitions.study.study.id
    study = definitions.folder.resolve()
    if folder.resolve() == study or any(
        folder.resolve().is_relative_to(study / own) for own in ("raw", "build", "instruments")
    ):
        raise UsageError(
            Problem(str(folder), "holds the study's own files", "a folder for reports", "Choose another with --out.")
        )
    return folder


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
    lock = FileLock(build / ".lock", timeout=0)
    try:
        private_folder(build)
        lock.acquire()
    except Timeout:
        raise LockedError(Problem(str(build / ".lock"), "held by another run", "one run of a study at a time")) from None
    except OSError as error:
        raise OutputError.unwritable(error.filename or build, error) from None
    try:
        yield
    finally:
        lock.release()


def _make(definitions: Definitions, folder: Path, engine: str, prints: Fingerprint) -> Made:
    # What reads and estimates is imported here: a run that has nothing to do must not wait for it.
    from pipeline.pairing.reasons import missing_answers
    from pipeline.reporting.render import headline
    from pipeline.reporting.report import Evaluation, Report
    from pipeline.run import tables
    from pipeline.run.row_level import scores_table
    from pipeline.run.stages import gated, stop_if_blocked, work_out

    _refuse_other_study(definitions, folder)
    stores, gates = gated(definitions)
    build = definitions.folder / "build"
    _keep(build / "gates.json", tables.gates_report(gates))
    stop_if_blocked(gates)
    study = work_out(definitions, stores, gates, engine)
    if fingerprint(definitions).inputs != prints.inputs:
        raise InputError(Problem(str(definitions.folder), "an input changed while it was read", "files that nobody writes to"))
    _keep(build / "scores.parquet", scores_table(study))
    left_out = tuple((store.wave, why, n) for store in stores for why, n in store.excluded.items())
    evaluation = Evaluation(study.results, study.denominators, gates, missing_answers(stores), left_out, study.linked.movers)
    last = current_release(folder)
    page = Report(definitions, study.public, last or 1, software_version(), evaluation)
    files = _pages_and_tables(page, evaluation)
    if last and not _same_public(folder, files):
        page = replace(page, release=last + 1)
        files = _pages_and_tables(page, evaluation)
    info = definitions.study.study
    files["manifest.json"] = json_bytes(manifest(info.id, page.release, info.seed, prints, gates, files, engine))
    publish(folder, page.release, files)
    return Made(folder, page.release, headline(page), did=True)


def _pages_and_tables(page: Report, evaluation: Evaluation) -> dict[str, bytes]:
    from pipeline.reporting.render import render
    from pipeline.run import tables

    return {
        "public/funder.en.html": render(page, "funder"),
        "public/results.json": tables.public_results(page.public, page.definitions, page.release),
        "public/estimates.csv": tables.public_estimates(page.public),
        "internal/evaluator.en.html": render(page, "evaluator"),
        "internal/estimates.csv": tables.full_estimates(evaluation.results),
        "internal/gates.json": tables.gates_report(evaluation.gates),
        "internal/denominators.csv": tables.denominator_table(evaluation.denominators),
    }


def _same_public(folder: Path, files: Mapping[str, bytes]) -> bool:
    """Whether the last release's public files are these, byte for byte: then this run is that release."""
    public = {name: content for name, content in files.items() if name.startswith("public/")}
    there = {f"public/{path.name}" for path in (folder / "public").glob("*")}
    try:
        return there == set(public) and all((folder / name).read_bytes() == content for name, content in public.items())
    except OSError:
        return False


def _refuse_other_study(definitions: Definitions, folder: Path) -> None:
    last = read_manifest(folder)
    study = definitions.study.study.id
    if last is not None and last.get("study") != study:
        found = f"holds the reports of study {last.get('study')!r}"
        raise OutputError(Problem(str(folder), found, f"a folder for study {study!r} alone", "Choose another with --out."))


def _keep(path: Path, content: bytes) -> None:
    try:
        write_bytes(path, content, PRIVATE_FILE)
    except OSError as error:
        raise OutputError.unwritable(path, error) from None
