"""A study file that cannot be used says so before any data is opened: what, where, and what was meant."""

from pathlib import Path

import pytest

from pipeline.definitions.load import load, load_instrument
from pipeline.errors import DefinitionError, InputError
from tests.small import edit, write_study


@pytest.fixture
def folder(tmp_path):
    return write_study(tmp_path / "small", {})


def problems(study):
    """What is wrong with a study, without the path of its folder."""
    with pytest.raises(DefinitionError) as caught:
        load(study)
    assert caught.value.exit_code == 10
    return [str(problem).replace(f"{study}/", "") for problem in caught.value.problems]


def test_a_sound_study_loads_without_its_data(folder):
    definitions = load(folder)
    assert [wave.id for wave in definitions.study.waves] == ["start", "later"]
    assert list(definitions.instruments) == ["mood"]
    assert definitions.files == (folder / "study.toml", folder / "instruments" / "mood.toml")
    assert load(folder / "study.toml").study == definitions.study


def test_definitions_cannot_be_changed(folder):
    study = load(folder).study
    with pytest.raises(ValueError, match="frozen"):
        study.privacy.threshold = 0


def test_no_such_study(tmp_path):
    for missing in (tmp_path / "nowhere", tmp_path, tmp_path / "study.toml"):
        with pytest.raises(InputError, match="no such file") as caught:
            load(missing)
        assert caught.value.exit_code == 11


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"[study\n", "not TOML"),
        (b'a = "\xff"\n', "byte 5 is not UTF-8"),
        ("a = 1".encode("utf-16"), "not UTF-8"),
        (b"a = 1\na = 2\n", "not TOML"),
        (b"", "format: this key is missing"),
    ],
)
def test_a_file_that_is_no_study(folder, content, found):
    (folder / "study.toml").write_bytes(content)
    assert found in problems(folder)[0]
    assert problems(folder)[0].startswith("study.toml: ")


def test_a_byte_order_mark_is_no_mistake(folder):
    """Windows editors write one."""
    path = folder / "study.toml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert load(folder).study.study.id == "small"


@pytest.mark.parametrize(
    ("old", "new", "where", "hint"),
    [
        ("[privacy]", "[privcy]", "study.toml: privcy: unknown key 'privcy'", "privacy"),
        ("threshold = 5", "treshold = 5", "study.toml: privacy.treshold: unknown key 'treshold'", "threshold"),
        ('file = "raw/later.csv"', 'flie = "raw/later.csv"', "study.toml: waves[later].flie: unknown key 'flie'", "file"),
        ('codes = ["S"]', 'code = ["S"]', "study.toml: sites[south].code: unknown key 'code'", "codes"),
        ('columns = "{item}"', 'colums = "{item}"', "study.toml: instruments.mood.colums: unknown key 'colums'", "columns"),
        ('column = "gender"', 'colum = "gender"', "study.toml: person.facts.gender.colum: unknown key 'colum'", "column"),
        ("mid_source = ", "mid_sorce = ", "study.toml: outcomes[mood.total].mid_sorce: unknown key 'mid_sorce'", "mid_source"),
        ('column = "pain"', 'colunm = "pain"', "study.toml: scores.pain.colunm: unknown key 'colunm'", "column"),
    ],
)
def test_a_misspelt_key_names_the_nearest_right_one(folder, old, new, where, hint):
    edit(folder / "study.toml", old, new)
    (found,) = [problem for problem in problems(folder) if problem.startswith(where)]
    assert found.endswith(f"Did you mean {hint!r}?")


def test_one_mistake_is_one_problem(folder):
    """A wave that cannot be read is no wave too few."""
    edit(folder / "study.toml", "last = 2024-01-31", 'last = "later"')
    (problem,) = problems(folder)
    assert problem.startswith("study.toml: waves[start].window.last: Input should be a valid date")


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("threshold = 5", 'threshold = "few"', "privacy.threshold: Input should be a valid integer"),
        ("threshold = 5", "threshold = 0", "privacy.threshold: Input should be greater than or equal to 2 (found 0)"),
        ("threshold = 5", "threshold = 1", "privacy.threshold: Input should be greater than or equal to 2 (found 1)"),
        ("threshold = 5", "threshold = -5", "privacy.threshold: Input should be greater than or equal to 2 (found -5)"),
        ("mid = 1.5", "mid = 0", "outcomes[mood.total].mid: Input should be greater than 0"),
        ("mid = 1.5", "mid = -1.5", "outcomes[mood.total].mid: Input should be greater than 0"),
        ('mid_source = "Written for the tests"', "", "outcomes[mood.total]: mid and mid_source go together"),
        ("mid = 1.5", "", "outcomes[mood.total]: mid and mid_source go together"),
        ('mid_source = "Written for the tests"', 'mid_source = " "', "outcomes[mood.total]: mid and mid_source go together"),
        ("format = 1\n", "format = 2\n", "format: Input should be 1 (found 2)"),
        ('role = "secondary"', 'role = "main"', "outcomes[pain].role: Input should be 'primary', 'secondary' or 'exploratory'"),
        ("last = 2024-01-31", "last = 2023-01-31", "waves[start].window: the window's last day is before its first"),
        ('codes = ["S"]', "codes = []", "sites[south].codes: "),
        ('title = { en = "A small study" }', 'title = { fr = "Une" }', "study.title: a label in English (en) is needed"),
        ('id = "small"', 'id = "Small Study"', "study.id: "),
        ("range = [0, 100]", "range = [100, 0]", "scores.pain.range: a range goes from low to high"),
        ("range = [0, 100]", "range = [0]", "scores.pain.range"),
        ('design = "one_group"', "", "study.design: this key is missing"),
        (
            'file = "raw/start.csv"',
            'file = "x.csv"\nmissing = { refused = [9], skipped = ["9"] }',
            "waves[start]: 9 stands twice",
        ),
        ('values = [[1, { en = "woman" }]', 'values = [[2.0, { en = "woman" }]', "person.facts.gender: 2 stands twice"),
        ('codes = ["S"]', "codes = [[1]]", "sites[south].codes[1]: Input should be a valid string"),
    ],
)
def test_a_wrong_value_names_its_place(folder, old, new, found):
    edit(folder / "study.toml", old, new)
    assert problems(folder)[0].startswith(f"study.toml: {found}")


@pytest.mark.parametrize(
    ("old", "new", "found", "hint"),
    [
        ('scale = "mood.total"', 'scale = "mood.totl"', "outcomes[mood.totl].scale: unknown outcome 'mood.totl'", "mood.total"),
        ('scale = "pain"', 'scale = "pian"', "outcomes[pian].scale: unknown outcome 'pian'", "pain"),
        ("[instruments.mood]", "[instruments.moods]", "instruments.moods: unknown instrument 'moods'", "mood"),
        ('site = "site"', 'site = "site"\nsite_at = "strat"', "person.site_at: unknown wave 'strat'", "start"),
        ('columns = "{item}"', 'columns = "{item}"\nasked_at = ["latter"]', "instruments.mood: unknown wave 'latter'", "later"),
        ('columns = "{item}"', 'names = "2015"', "instruments.mood at start.names: unknown name set '2015'", ""),
    ],
)
def test_a_name_that_points_nowhere(folder, old, new, found, hint):
    edit(folder / "study.toml", old, new)
    (problem,) = [problem for problem in problems(folder) if problem.startswith(f"study.toml: {found}")]
    assert problem.endswith(f"Did you mean {hint!r}?" if hint else "expected none to be named here")


@pytest.mark.parametrize(
    ("new", "found"),
    [
        ('columns = { a = "A", b = "B" }', "no column for item c"),
        ('columns = { a = "A", b = "B", c = "C", d = "D" }', "'d' is not an item of mood"),
        ('columns = "mood"', "the pattern 'mood' names one column"),
        ('columns = "{number}"', "the pattern '{number}' names one column"),
        ('columns = { a = "A", b = "A", c = "C" }', "column 'A' stands for items a, b"),
        ('columns = "{item}"\nnot_asked = ["e"]', "'e' is not an item of mood"),
        ('columns = "{item}"\nrecodes = [{ items = ["e"], map = { "1" = 1 } }]', "'e' is not an item of mood"),
        ('columns = "{item}"\nrecodes = [{ items = ["a"], map = { "0" = 6 } }]', "'a' is recoded to 6"),
        ('columns = "{item}"\nnames = "2015"', "the binding is not clear"),
        ('asked_at = ["start"]', "the binding is not clear"),
    ],
)
def test_a_binding_that_misses_an_item(folder, new, found):
    edit(folder / "study.toml", 'columns = "{item}"', new)
    assert any(problem.startswith("study.toml: instruments.mood at start") and found in problem for problem in problems(folder))


def test_two_items_of_a_pattern_share_a_column(folder):
    """The digits of rp2, re2, bp2, vt2 and sf2 are the same."""
    edit(folder / "study.toml", '[instruments.mood]\ncolumns = "{item}"', '[instruments.sf12_v1]\ncolumns = "SF_{number}"')
    edit(folder / "study.toml", 'scale = "mood.total"', 'scale = "sf12_v1.pcs"')
    assert any("column 'SF_2' stands for items bp2, sf2, rp2, re2, vt2" in problem for problem in problems(folder))


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ('id = "later"', 'id = "start"', "waves: 'start' stands twice"),
        ('id = "south"', 'id = "north"', "sites: 'north' stands twice"),
        ('scale = "pain"', 'scale = "mood.total"', "outcomes: 'mood.total' stands twice"),
        ('codes = ["S"]', 'codes = ["S", "N"]', "sites: code 'N' stands for two sites"),
    ],
)
def test_what_must_stand_once(folder, old, new, found):
    edit(folder / "study.toml", old, new)
    assert any(problem.startswith(f"study.toml: {found}") for problem in problems(folder))


@pytest.mark.parametrize(("one", "other"), [("1", '"1"'), ("1", "1.0"), ('"1"', '" 1.0"'), ('"N"', '" N "')])
def test_a_site_code_as_text_and_as_a_number_is_one_code(folder, one, other):
    """Readers take `1`, `"1"` and `1.0` for the same answer, so they cannot stand for two sites."""
    edit(folder / "study.toml", 'codes = ["N"]', f"codes = [{one}]")
    edit(folder / "study.toml", 'codes = ["S"]', f"codes = [{other}]")
    assert any("stands for two sites" in problem for problem in problems(folder))


@pytest.mark.parametrize("file", ["/etc/passwd", "../later.csv", "raw/../../later.csv"])
def test_a_path_outside_the_study(folder, file):
    edit(folder / "study.toml", "raw/later.csv", file)
    assert problems(folder) == [f"study.toml: waves[later].file: {file!r}; expected a path inside the study's folder"]


def test_a_missing_code_that_is_an_answer(folder):
    """9 is "not stated" for most items of the CCHS, and nearly the best of lives for one."""
    general = '[instruments.cchs_general]\nnames = "{}"\n\n[instruments.mood]'
    edit(folder / "study.toml", 'file = "raw/later.csv"', 'file = "raw/later.csv"\nmissing = { refused = [9] }')
    edit(folder / "study.toml", "[instruments.mood]", general.format("2015-2021"))
    found = "waves[later].missing: a missing code is an answer of cchs_general.life_satisfaction"
    assert any(problem.startswith(f"study.toml: {found}") for problem in problems(folder))
    edit(folder / "study.toml", "2015-2021", "2007-2008")  # satisfaction with life was not asked then
    assert load(folder).study.waves[1].missing == {"refused": (9,)}


def test_a_category_cannot_be_an_outcome(folder):
    edit(folder / "study.toml", "[instruments.mood]", '[instruments.cchs_smoking]\nnames = "2015-2021"\n\n[instruments.mood]')
    edit(folder / "study.toml", 'scale = "pain"', 'scale = "cchs_smoking.smoking_status"')
    assert "outcomes[cchs_smoking.smoking_status].scale: its values are categories, not amounts" in problems(folder)[0]


def test_everything_is_listed_at_once(folder):
    """Broken keys in both files, and broken references, in one go: nobody should have to run it six times."""
    edit(folder / "study.toml", "threshold = 5", "threshold = 0")
    edit(folder / "study.toml", 'role = "secondary"', 'role = "main"')
    edit(folder / "instruments" / "mood.toml", 'better = "higher"', 'beter = "higher"')
    text = "\n".join(problems(folder))
    for place in ("privacy.threshold", "outcomes[pain].role", "mood.toml: scales.total.beter"):
        assert place in text


def test_all_broken_references_are_listed_at_once(folder):
    edit(folder / "study.toml", 'scale = "pain"', 'scale = "pian"')
    edit(folder / "study.toml", 'codes = ["S"]', 'codes = ["N"]')
    edit(folder / "study.toml", "[instruments.mood]", '[instruments.sf13_v1]\ncolumns = "x"\n\n[instruments.mood]')
    edit(folder / "study.toml", "raw/later.csv", "../later.csv")
    text = "\n".join(problems(folder))
    for place in (
        "unknown instrument 'sf13_v1'",
        "unknown outcome 'pian'",
        "code 'N' stands for two sites",
        "waves[later].file",
    ):
        assert place in text


def test_an_outcome_of_an_instrument_that_cannot_be_read_is_no_second_problem(folder):
    edit(folder / "instruments" / "mood.toml", "[[items]]", "[[item]]")
    assert all("outcome" not in problem for problem in problems(folder))


def test_a_studys_own_instrument_wins_over_the_library(folder):
    (folder / "instruments" / "jss.toml").write_text(
        (folder / "instruments" / "mood.toml").read_text().replace('id = "mood"', 'id = "jss"'), encoding="utf-8"
    )
    edit(folder / "study.toml", "[instruments.mood]", "[instruments.jss]")
    edit(folder / "study.toml", "mood.total", "jss.total")
    assert load(folder).instruments["jss"].item_ids == ("a", "b", "c")


def test_an_instrument_is_named_like_its_file(folder):
    edit(folder / "instruments" / "mood.toml", 'id = "mood"', 'id = "moody"')
    assert any("expected the file's own name, 'mood'" in problem for problem in problems(folder))


def test_an_instrument_by_its_id_or_its_file(folder):
    assert load_instrument("sf12_v1").id == "sf12_v1"
    assert load_instrument(folder / "instruments" / "mood.toml").id == "mood"
    with pytest.raises(DefinitionError, match="Did you mean 'sf12_v1'"):
        load_instrument("sf12_v")
    with pytest.raises(DefinitionError, match="unknown instrument"):
        load_instrument(str(Path(folder) / "instruments"))


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ('licence = "MIT"', "", "licence: this key is missing"),
        ('licence = "MIT"', 'licence = ""', "licence: "),
        ('licence = "MIT"', 'licence = "  "', "licence: "),
        ('[[sources]]\nid = "here"\ntext = "Written for the tests."\n', "", "sources: this key is missing"),
        ("[[examples]]", "[[exampels]]", "unknown key 'exampels'"),
        ('sources = ["here"]', 'sources = ["there"]', "total: 'there' is not a source"),
        ('sources = ["here"]', "sources = []", "scales.total.sources: "),
        ("codes = [1, 2, 3, 4, 5]", "codes = [5, 4, 3, 2, 1]", "codes must ascend"),
        ("codes = [1, 2, 3, 4, 5]", "codes = [1, 2, 3, 4, 5]\nrange = [1, 5]", "either codes or range"),
        ("refused = [8]", "refused = [5]", "a reserved code stands twice, or is also an answer"),
        ("refused = [8]", "refused = [8], skipped = [8]", "a reserved code stands twice, or is also an answer"),
        ("refused = [8]", "refusd = [8]", "reserved.refusd"),
        ('ids = ["a", "b", "c"]', 'ids = ["a", "b", "c", "a"]', "an item is listed twice"),
        ('items = ["a", "b", "c"]', 'items = ["a", "b", "d"]', "total: 'd' is not an item"),
        ('items = ["a", "b", "c"]', 'items = ["a", "b", "b"]', "an item stands twice"),
        ('items = ["a", "b", "c"]', 'items = ["a", "b"]\nreverse = ["c"]', "reversed item 'c' is not in items"),
        ('items = ["a", "b", "c"]', 'items = ["a"]\nmin_answered = 2', "min_answered is 2, but there are 1 items"),
        ('kind = "sum"', 'kind = "weighted"', "a scale of kind 'weighted' needs weights"),
        ('kind = "sum"', 'kind = "total"', "scales.total.kind"),
        ("range = [3, 15]", "", "the range of possible scores is needed"),
        ('better = "higher"', "", "better is needed"),
        ("answers = { a = 1,", "answers = { z = 1,", "example: 'z' is not an item"),
        ("expect = { total = 6 }", "expect = { totl = 6 }", "example: 'totl' is not a scale"),
        ("reserved = { refused = [8] }", "asked_if = { z = [1] }", "asked_if names 'z', which is not an item"),
        ("reserved = { refused = [8] }", "asked_if = { a = [6] }", "asked_if names 6, which is no answer of 'a'"),
    ],
)
def test_an_instrument_file_that_is_refused(folder, old, new, found):
    edit(folder / "instruments" / "mood.toml", old, new)
    assert any(problem.startswith("instruments/mood.toml: ") and found in problem for problem in problems(folder))


BANDS = 'range = [3, 15]\nbands = [{}, {{ label = {{ en = "high" }} }}]'
LOW = '{{ {} = {}, label = {{ en = "low" }} }}'


@pytest.mark.parametrize(
    "bands",
    [
        [LOW.format("upto", 9), LOW.format("below", 6)],
        [LOW.format("upto", 9), LOW.format("below", 9)],
        ['{ label = { en = "open" } }'],
    ],
)
def test_bands_leave_no_gap_and_no_overlap(folder, bands):
    edit(folder / "instruments" / "mood.toml", "range = [3, 15]", BANDS.format(", ".join(bands)))
    assert any("bands must ascend" in problem for problem in problems(folder))


AMOUNT = 'title = { en = "t" }\nbetter = "higher"\nrange = [1, 5]\nsources = ["here"]\n'
EACH = "map = { 1 = 1, 2 = 2, 3 = 3, 4 = 4, 5 = 5 }"
WEIGHTED = 'kind = "weighted"\nweights = { a = { 1 = 1, 2 = 2, 3 = 3, 4 = 4 } }'
RECODED = 'kind = "recoded"\nitems = ["a", "b"]\nrecode = [{ items = ["a"], %s }]'
JOINT = f'kind = "recoded"\nitems = ["a", "b"]\nrecode = [{{ items = ["a", "b"], {EACH} }}, %s]'
CATEGORY = 'kind = "category"\ntitle = { en = "t" }\nsources = ["here"]\nrules = [{ value = 1, when = { %s } }]\n'
CATEGORY += 'categories = { 1 = { en = "one" } }'


@pytest.mark.parametrize(
    ("scale", "found"),
    [
        (AMOUNT + WEIGHTED, "item 'a' has codes [1, 2, 3, 4, 5], its table [1, 2, 3, 4]"),
        (AMOUNT + RECODED % EACH, "item 'b' has no recode"),
        (AMOUNT + JOINT % '{ items = ["b"], given = { z = [1] }, map = { 1 = 9 } }', "total names 'z', which is not an item"),
        (
            AMOUNT + JOINT % '{ items = ["z"], given = { a = [1] }, map = { 1 = 9 } }',
            "a recode names 'z', which is not among its items",
        ),
        (
            AMOUNT + JOINT % '{ items = ["b"], given = { a = [6] }, map = { 1 = 9 } }',
            "total names 6, which is no answer of 'a'",
        ),
        (AMOUNT + JOINT % '{ items = ["b"], given = { a = [1], c = [1] }, map = { 1 = 9 } }', "'b' has several gates"),
        (CATEGORY % "z = [1]", "'z' is not an item"),
        (CATEGORY % "a = [6]", "total names 6, which is no answer of 'a'"),
    ],
)
def test_a_table_that_would_lose_an_answer(folder, scale, found):
    """A code without its number would score as nothing, which is often the best health."""
    path = folder / "instruments" / "mood.toml"
    before, _, rest = path.read_text().partition("[scales.total]")
    path.write_text(f"{before}[scales.total]\n{scale}\n[[examples]]{rest.partition('[[examples]]')[2]}", encoding="utf-8")
    assert any(found in problem for problem in problems(folder))
