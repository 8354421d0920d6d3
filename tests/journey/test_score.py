"""`rosewave score`: any file in, its scores out; every mistake has a sentence and an exit code."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyarrow.parquet
import pyreadstat
import pytest

from pipeline.cli.main import main
from pipeline.definitions.load import load_instrument
from pipeline.sources.read import read_table
from tests import forms
from tests.small import INSTRUMENT

SF12 = load_instrument("sf12_v1")
DISTRESS = load_instrument("cchs_distress")
BEST = {"pcs": 56.57706, "mcs": 60.75781}  # the algorithm's constants: Ware, Kosinski, Keller 1996
NEW = next(names.columns for names in DISTRESS.names if names.id == "2015-2021")
OLD = next(names.columns for names in DISTRESS.names if names.id == "2007-2014")


@pytest.fixture
def people(tmp_path, monkeypatch):
    """people.csv: four SF-12 forms among other columns; the last form is the best possible, the third has a gap."""
    monkeypatch.chdir(tmp_path)
    best = {item: group.answers[0] for item, group in SF12.item_groups.items()}
    best |= {"pf02": 3, "pf04": 3, "rp2": 2, "rp3": 2, "re2": 2, "re3": 2, "mh4": 6, "sf2": 5}
    frame = pd.DataFrame([*forms.complete_forms(SF12, 3), best], dtype=object)
    frame.insert(0, "person", ["0007", "b", "a", "z"])
    frame["note"] = ["=1+1", "", 'say "hi"', "-5"]
    frame.loc[2, "bp2"] = ""
    frame.to_csv("people.csv", index=False)
    return frame


def score(*words):
    return main(["score", *words])


def run(capsys, *words):
    """The exit code, what was printed, and what was printed on stderr."""
    code = score(*words)
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def scores(path):
    return pd.read_csv(
        path, dtype={"person": str, "note": str}, keep_default_na=False, na_values={"sf12_v1.pcs": "", "sf12_v1.mcs": ""}
    )


def test_scores_stand_beside_the_columns_that_were_not_used(people, capsys):
    assert run(capsys, "sf12_v1", "people.csv", "-o", "out.csv") == (0, "Scores: out.csv\n", "")
    out = scores("out.csv")
    assert list(out) == ["person", "note", "sf12_v1.pcs", "sf12_v1.pcs__answered", "sf12_v1.mcs", "sf12_v1.mcs__answered"]
    assert out["person"].tolist() == ["0007", "b", "a", "z"]
    assert out["note"].tolist() == ["'=1+1", "", 'say "hi"', "-5"]
    assert out["sf12_v1.pcs__answered"].tolist() == [12, 12, 11, 12]
    assert out["sf12_v1.pcs"].isna().tolist() == [False, False, True, False]
    assert out.iloc[3][["sf12_v1.pcs", "sf12_v1.mcs"]].tolist() == [BEST["pcs"], BEST["mcs"]]


def test_scores_keep_their_full_precision(people):
    assert score("sf12_v1", "people.csv", "-o", "out.csv") == 0
    expected = forms.score(SF12, people[list(SF12.item_ids)].to_dict("records"))
    assert scores("out.csv")["sf12_v1.mcs"].replace({np.nan: None}).tolist() == expected["mcs"]


def test_parquet_holds_the_same(people):
    assert score("sf12_v1", "people.csv", "-o", "out.csv") == 0
    assert score("sf12_v1", "people.csv", "-o", "out.parquet") == 0
    out = pyarrow.parquet.read_table("out.parquet")
    assert out["person"].to_pylist() == ["0007", "b", "a", "z"]
    assert out["note"].to_pylist()[0] == "=1+1"  # nobody opens a Parquet in a spreadsheet
    assert out["sf12_v1.pcs"].null_count == 1
    np.testing.assert_array_equal(out["sf12_v1.pcs"].to_pandas(), scores("out.csv")["sf12_v1.pcs"])


@pytest.mark.parametrize("instrument", ["sf12_v1", "cchs_distress"])
def test_the_engine_changes_no_score(people, instrument):
    rows = [form | {"person": place} for place, form in enumerate(forms.complete_forms(load_instrument(instrument), 20))]
    rows[3] |= dict.fromkeys(list(rows[3])[:3], 9)
    pd.DataFrame(rows).to_csv("forms.csv", index=False)
    assert score(instrument, "forms.csv", "-o", "kernel.csv") == 0
    assert score(instrument, "forms.csv", "-o", "expression.csv", "--engine", "expression") == 0
    kernel, expression = pd.read_csv("kernel.csv"), pd.read_csv("expression.csv")
    pd.testing.assert_frame_equal(kernel, expression, rtol=0, atol=1e-9)
    assert kernel.iloc[:, 1].notna().sum() == 19


@pytest.mark.parametrize("suffix", ["csv", "parquet", "sav", "dta", "xlsx"])
@pytest.mark.parametrize("target", ["csv", "parquet"])
def test_every_format_goes_in(people, suffix, target):
    frame = people.drop(columns="note").replace({"": None}).astype(dict.fromkeys(SF12.item_ids, float))
    writers = {
        "csv": lambda path: frame.to_csv(path, index=False),
        "parquet": frame.to_parquet,
        "sav": lambda path: pyreadstat.write_sav(frame, path),
        "dta": lambda path: pyreadstat.write_dta(frame, path),
        "xlsx": lambda path: frame.to_excel(path, index=False),
    }
    writers[suffix](f"in.{suffix}")
    assert score("sf12_v1", f"in.{suffix}", "-o", f"out.{target}") == 0
    out = pd.read_csv("out.csv", dtype={"person": str}) if target == "csv" else pd.read_parquet("out.parquet")
    assert out["person"].tolist() == ["0007", "b", "a", "z"]
    assert out["sf12_v1.pcs"].isna().tolist() == [False, False, True, False]
    assert out["sf12_v1.mcs"][3] == BEST["mcs"]


def test_an_undeclared_code_is_noted_and_null(people, capsys):
    people.loc[0, "gh1"], people.loc[1, "gh1"], people.loc[1, "pf02"] = 9, "refused", -1
    people.to_csv("people.csv", index=False)
    code, _, err = run(capsys, "sf12_v1", "people.csv", "-o", "out.csv")
    assert code == 0
    assert "sf12_v1.gh1 (column 'gh1'): 2 undeclared answers (9, refused)" in err
    assert "sf12_v1.pf02 (column 'pf02'): 1 undeclared answer (-1), null" in err
    assert len(err.splitlines()) == 2
    assert scores("out.csv")["sf12_v1.pcs"].isna().tolist() == [True, True, True, False]


def columns(columns, path="in.csv", rows=2):
    pd.DataFrame([dict.fromkeys(columns, 5)] * rows).to_csv(path, index=False)


def test_the_name_set_is_found_by_the_columns(people):
    columns(NEW.values())
    assert score("cchs_distress", "in.csv", "-o", "out.csv") == 0
    out = pd.read_csv("out.csv")
    assert list(out) == ["cchs_distress.k6", "cchs_distress.k6__answered", "cchs_distress.k10", "cchs_distress.k10__answered"]
    assert out.to_numpy().tolist() == [[0, 6, 0, 10]] * 2


@pytest.mark.parametrize("names", ["auto", "2015-2021"])
def test_a_name_set_in_another_case(people, names):
    columns([column.lower() for column in NEW.values()])
    assert score("cchs_distress", "in.csv", "-o", "out.csv", "--names", names) == 0
    assert pd.read_csv("out.csv")["cchs_distress.k6"].tolist() == [0, 0]


def test_item_ids_in_capitals_are_a_name_set_too(people):
    people.rename(columns=str.upper).to_csv("people.csv", index=False)
    assert score("sf12_v1", "people.csv", "-o", "out.csv") == 0
    assert "GH1" not in pd.read_csv("out.csv")


def test_several_name_sets_fit(people, capsys):
    columns([*NEW.values(), *OLD.values()])
    code, _, err = run(capsys, "cchs_distress", "in.csv", "-o", "out.csv")
    assert code == 2
    assert "several name sets of cchs_distress fit: 2007-2014, 2015-2021; expected one. Choose it with --names." in err
    assert not Path("out.csv").exists()
    assert score("cchs_distress", "in.csv", "-o", "out.csv", "--names", "2015-2021") == 0
    assert list(pd.read_csv("out.csv"))[:10] == list(OLD.values())  # they are another question now, and pass through


def test_item_ids_can_be_chosen_where_they_are_one_of_several(people, capsys):
    columns([*DISTRESS.item_ids, *NEW.values()])
    code, _, err = run(capsys, "cchs_distress", "in.csv", "-o", "out.csv")
    assert code == 2
    assert "fit: item ids, 2015-2021" in err
    assert score("cchs_distress", "in.csv", "-o", "out.csv", "--names", "item ids") == 0
    assert list(pd.read_csv("out.csv"))[:10] == list(NEW.values())


def test_no_name_set_fits(people, capsys):
    columns(["DIS_005", "DIS_010"])
    code, _, err = run(capsys, "cchs_distress", "in.csv", "-o", "out.csv")
    assert code == 11
    assert "no name set of cchs_distress fits its columns" in err
    assert "2015-2021" in err
    assert err.endswith("Name them with --columns.\n")


def test_a_name_set_that_was_asked_for_and_lacks_a_column(people, capsys):
    columns([column for column in NEW.values() if column != "DIS_050"])
    code, _, err = run(capsys, "cchs_distress", "in.csv", "-o", "out.csv", "--names", "2015-2021")
    assert code == 11
    assert "unknown column 'DIS_050'" in err


def test_a_name_set_that_does_not_exist(people, capsys):
    columns(NEW.values())
    code, _, err = run(capsys, "cchs_distress", "in.csv", "-o", "out.csv", "--names", "2015-2020")
    assert code == 2
    assert "unknown name set '2015-2020'" in err
    assert "Did you mean '2015-2021'?" in err


COLUMNS = "\n".join(f'{item} = "D {item}"' for item in "abcdefghij")


@pytest.mark.parametrize(
    "text", [COLUMNS, f"format = 1\n{COLUMNS}", f"[columns]\n{COLUMNS}", f"format = 1\n\n[columns]\n{COLUMNS}"]
)
def test_a_columns_file(people, text):
    columns([f"D {item}" for item in "abcdefghij"])
    Path("columns.toml").write_text(text)
    assert score("cchs_distress", "in.csv", "-o", "out.csv", "--columns", "columns.toml") == 0
    assert pd.read_csv("out.csv")["cchs_distress.k10"].tolist() == [0, 0]


def test_a_columns_file_with_recodes_and_missing_codes(people):
    frame = pd.DataFrame([dict.fromkeys("abdefghij", 0), dict.fromkeys("abdefghij", 0) | {"b": -9}])
    frame.to_csv("in.csv", index=False)
    rules = 'not_asked = ["c"]\nmissing = { refused = [-9] }\n'
    rules += 'recodes = [{ items = ["a", "b", "d", "e", "f", "g", "h", "i", "j"], map = { "0" = 5 } }]\n[columns]\n'
    Path("columns.toml").write_text(rules + "\n".join(f'{item} = "{item}"' for item in "abdefghij"))
    assert score("cchs_distress", "in.csv", "-o", "out.csv", "--columns", "columns.toml") == 0
    scores = pd.read_csv("out.csv").replace({np.nan: None})
    assert scores["cchs_distress.k6"].tolist() == [0, None]
    # Nobody was asked item c, which K10 needs: not even those whom its gate would have routed past it have a score.
    assert scores["cchs_distress.k10"].tolist() == [None, None]


@pytest.mark.parametrize(
    ("text", "code", "found"),
    [
        (COLUMNS.replace('"D j"', '"D z"'), 11, "unknown column 'D z'; expected one of D a,"),
        (COLUMNS.replace("j =", "z ="), 10, "'z' is not an item of cchs_distress"),
        (COLUMNS.replace('j = "D j"', ""), 10, "no column for item j"),
        (COLUMNS.replace('"D j"', '"D a"'), 10, "column 'D a' stands for items a, j"),
        (f"[colums]\n{COLUMNS}", 10, "colums"),
        (f'[columns]\n{COLUMNS}\n[mising]\nrefused = ["9"]', 10, "unknown key 'mising'"),
        (f"format = 2\n[columns]\n{COLUMNS}", 10, "format: Input should be 1 (found 2)"),
        (COLUMNS.replace('"D j"', "7"), 10, "columns.j: Input should be a valid string (found 7)"),
        ("a = ", 10, "not TOML"),
        (None, 11, "no such file"),
    ],
)
def test_a_columns_file_that_cannot_be_used(people, capsys, text, code, found):
    columns([f"D {item}" for item in "abcdefghij"])
    if text is not None:
        Path("columns.toml").write_text(text)
    found_code, _, err = run(capsys, "cchs_distress", "in.csv", "-o", "out.csv", "--columns", "columns.toml")
    assert (found_code, found in err) == (code, True), err
    assert "pydantic" not in err
    assert not Path("out.csv").exists()


def test_an_unknown_instrument(people, capsys):
    code, _, err = run(capsys, "sf12v1", "people.csv", "-o", "out.csv")
    assert code == 10
    assert "unknown instrument 'sf12v1'" in err
    assert "Did you mean 'sf12_v1'?" in err


def test_an_instrument_file_of_ones_own(people, tmp_path):
    (tmp_path / "mood.toml").write_text(INSTRUMENT)
    pd.DataFrame({"a": [1, 5], "b": [2, 5], "c": [3, 8]}).to_csv("in.csv", index=False)
    assert score("mood.toml", "in.csv", "-o", "out.csv") == 0
    assert pd.read_csv("out.csv")["mood.total"].replace({np.nan: None}).tolist() == [6, None]


@pytest.mark.parametrize("output", ["out.xlsx", "out", "out.txt", "out.sav"])
def test_an_output_that_nobody_writes(people, capsys, output):
    code, _, err = run(capsys, "sf12_v1", "people.csv", "-o", output)
    assert code == 2
    assert "expected .csv or .parquet" in err


def test_an_output_ending_in_capitals(people):
    assert score("sf12_v1", "people.csv", "-o", "OUT.CSV") == 0
    assert scores("OUT.CSV")["sf12_v1.pcs"][3] == BEST["pcs"]


def test_a_missing_input_names_the_nearest_file(people, capsys):
    code, _, err = run(capsys, "sf12_v1", "poeple.csv", "-o", "out.csv")
    assert code == 11
    assert "poeple.csv: no such file" in err
    assert "Did you mean 'people.csv'?" in err
    assert run(capsys, "sf12_v1", "nowhere/people.csv", "-o", "out.csv")[0] == 11


def test_an_input_in_another_encoding(people, capsys, tmp_path):
    (tmp_path / "in.csv").write_bytes(b"gh1\n\xe9\n")
    code, _, err = run(capsys, "sf12_v1", "in.csv", "-o", "out.csv")
    assert code == 11
    assert "byte 0xe9 in line 2 is not UTF-8" in err


@pytest.mark.parametrize("output", ["nowhere/out.csv", "folder.csv", "nowhere/out.parquet"])
def test_an_output_that_cannot_be_written(people, capsys, output):
    Path("folder.csv").mkdir()
    code, _, err = run(capsys, "sf12_v1", "people.csv", "-o", output)
    assert code == 14
    assert f"{output}: cannot be written" in err
    assert sorted(path.name for path in Path().iterdir()) == ["folder.csv", "people.csv"]


def test_the_output_never_takes_the_place_of_the_input(people, capsys):
    """The items would be gone for good."""
    before = Path("people.csv").read_text()
    for output in ("people.csv", "./people.csv", str(Path("people.csv").resolve())):
        code, _, err = run(capsys, "sf12_v1", "people.csv", "-o", output)
        assert code == 2
        assert "is the input itself" in err
    assert Path("people.csv").read_text() == before


def test_a_failed_run_leaves_the_old_output(people):
    assert score("sf12_v1", "people.csv", "-o", "out.csv") == 0
    before = Path("out.csv").read_text()
    assert score("sf12_v1", "poeple.csv", "-o", "out.csv") == 11
    assert Path("out.csv").read_text() == before


@pytest.mark.parametrize("target", ["out.csv", "out.parquet"])
def test_a_column_that_would_stand_twice(people, capsys, target):
    people.rename(columns={"note": "sf12_v1.pcs"}).to_csv("people.csv", index=False)
    code, _, err = run(capsys, "sf12_v1", "people.csv", "-o", target)
    assert code == 11
    assert "column 'sf12_v1.pcs' is in the file already" in err


def test_a_link_to_an_input_is_followed(people, tmp_path):
    Path("elsewhere").mkdir()
    Path("elsewhere/link.csv").symlink_to(tmp_path / "people.csv")
    assert score("sf12_v1", "elsewhere/link.csv", "-o", "out.csv") == 0


def test_other_columns_may_hold_anything(people):
    """Excel lets text, numbers, days and nothing stand in one column; Parquet does not."""
    book = openpyxl.Workbook()
    book.active.append(["mixed", "empty", *SF12.item_ids])
    for value in (7, "007", None, pd.Timestamp("2024-05-01").to_pydatetime(), True):
        book.active.append([value, None, *people.iloc[3][list(SF12.item_ids)]])
    book.save("in.xlsx")
    assert score("sf12_v1", "in.xlsx", "-o", "out.csv") == 0
    assert score("sf12_v1", "in.xlsx", "-o", "out.parquet") == 0
    out = pyarrow.parquet.read_table("out.parquet")
    assert out["mixed"].to_pylist() == ["7", "007", None, "2024-05-01 00:00:00", "True"]
    assert out["empty"].to_pylist() == [None] * 5
    assert out["sf12_v1.pcs"].to_pylist() == [BEST["pcs"]] * 5
    assert read_table(Path(), "out.csv").columns["mixed"].tolist()[:3] == ["7", "007", ""]


def test_a_file_without_rows(people):
    for engine in ("kernel", "expression"):
        people.iloc[:0].to_csv("none.csv", index=False)
        assert score("sf12_v1", "none.csv", "-o", f"{engine}.csv", "--engine", engine) == 0
        assert len(scores(f"{engine}.csv")) == 0
    assert score("sf12_v1", "none.csv", "-o", "out.parquet") == 0
    assert pyarrow.parquet.read_table("out.parquet").num_rows == 0


def test_peoples_scores_are_for_their_owner(people):
    """Rows of people, like the study's own scores.parquet: whoever wants to share them says so."""
    assert score("sf12_v1", "people.csv", "-o", "out.csv") == 0
    assert stat.S_IMODE(Path("out.csv").stat().st_mode) == 0o600


def test_scoring_imports_nothing_heavy(people):
    """No gates, no models: score must not pay for great_expectations or statsmodels (DESIGN.md, Habits)."""
    script = "import sys; from pipeline.cli.main import main; code = main(sys.argv[1:]); print(*sys.modules); sys.exit(code)"
    words = [sys.executable, "-c", script, "score", "sf12_v1", "people.csv", "-o", "out.csv"]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(words, capture_output=True, text=True, env=environment, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & {"great_expectations", "statsmodels", "scipy", "jinja2", "pyarrow", "openpyxl", "pyreadstat"}
