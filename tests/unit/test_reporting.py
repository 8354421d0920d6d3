"""The two pages: whole, self-contained, in order, escaped, honest about synthetic data, and silent about causes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example as this_too
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.definitions.load import load
from pipeline.disclosure.public import PublicEstimate
from pipeline.gates.finding import Gates
from pipeline.pairing.link import ALL
from pipeline.reporting.figures.interval import WIDTH, axis, mark
from pipeline.reporting.render import headline, render
from pipeline.reporting.report import Report, direction
from pipeline.reporting.sections import quality
from pipeline.results import verdict
from pipeline.run.stages import work_out
from pipeline.sources.waves import read
from pipeline.words import en
from tests.conftest import HELP_INSTALLED, ROOT
from tests.small import edit, report_of, small_waves, worked_out, write_wide_study

PAGES = ("funder", "evaluator")
VOID = {"meta", "br", "link", "img", "input", "hr", "line", "rect", "path", "circle"}


@dataclass
class Element:
    """One element of a page."""

    tag: str
    attributes: dict[str, str | None]
    children: list[Element] = field(default_factory=list)
    text: list[str] = field(default_factory=list)

    def all(self, *tags: str) -> list[Element]:
        """This element's descendants of these kinds, in their order."""
        return [found for child in self.children for found in ([child] if child.tag in tags else []) + child.all(*tags)]

    def words(self) -> str:
        """The text that a reader sees or hears in it."""
        return " ".join(" ".join(self.text).split())


class Page(HTMLParser):
    """A page as a tree; an element that is not closed where it should be is an error."""

    def __init__(self, html: bytes) -> None:
        super().__init__()
        self.root = Element("", {})
        self.open = [self.root]
        self.feed(html.decode("utf-8"))
        assert self.open == [self.root], f"not closed: {[element.tag for element in self.open[1:]]}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"an attribute twice in <{tag}>"
        element = Element(tag, dict(attrs))
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        if not any(element.tag == "style" for element in self.open):
            for element in self.open:
                element.text.append(data)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The report of the small study."""
    return report_of(worked_out(write_wide_study(tmp_path_factory.mktemp("small"))))


@pytest.fixture(scope="module")
def example() -> Report:
    """The report of the example study."""
    definitions = load(ROOT / "data" / "example")
    return report_of(work_out(definitions, read(definitions), Gates(1, 1, ())))


@pytest.fixture(params=[f"{study}-{page}" for study in ("report", "example") for page in PAGES])
def page(request: pytest.FixtureRequest) -> Element:
    """Each page of the small study and of the example."""
    study, _, name = request.param.partition("-")
    return Page(render(request.getfixturevalue(study), name)).root


# The page as a document


def test_a_page_says_what_it_is(page: Element) -> None:
    (html,) = page.all("html")
    assert html.attributes["lang"] == "en"
    (title,), (h1,) = page.all("head")[0].all("title"), page.all("h1")
    assert h1.words() in title.words()
    assert len(page.all("main")) == len(page.all("footer")) == 1


def test_nothing_comes_from_outside(page: Element) -> None:
    assert page.all("script", "link", "img", "iframe", "object", "embed", "base", "form") == []
    (policy,) = [m for m in page.all("meta") if m.attributes.get("http-equiv") == "Content-Security-Policy"]
    assert policy.attributes["content"] == "default-src 'none'; style-src 'unsafe-inline'"
    for element in page.all("*", *{e.tag for e in everything(page)}):
        for name, value in element.attributes.items():
            assert not name.startswith("on")
            assert name not in ("src", "srcset", "style", "data", "background", "xlink:href")
            if name == "href":
                assert value is not None
                assert value.startswith(("#", "https://doi.org/"))


def everything(element: Element) -> list[Element]:
    return [found for child in element.children for found in (child, *everything(child))]


@pytest.mark.parametrize("name", PAGES)
def test_styles_load_nothing(report: Report, name: str) -> None:
    html = render(report, name).decode("utf-8")
    styles = "".join(re.findall(r"<style>(.*?)</style>", html, re.S))
    assert styles
    assert not re.search(r"@import|@font-face|url\(|https?:|expression\(", styles)


def test_links_inside_the_page_lead_somewhere_and_ids_are_unique(page: Element) -> None:
    ids = [element.attributes["id"] for element in everything(page) if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    for element in everything(page):
        for name in ("aria-labelledby", "aria-describedby"):
            assert element.attributes.get(name) is None or set(str(element.attributes[name]).split()) <= set(ids)
        if (target := element.attributes.get("href")) and target.startswith("#"):
            assert target[1:] in ids


def test_headings_stand_in_order(page: Element) -> None:
    levels = [int(heading.tag[1]) for heading in page.all("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert all(heading.words() for heading in page.all("h1", "h2", "h3", "h4"))


def test_tables_have_a_caption_and_header_cells_with_scope(page: Element) -> None:
    tables = page.all("table")
    assert tables
    for table in tables:
        assert table.children[0].tag == "caption"
        assert table.children[0].words()
        assert all(cell.attributes.get("scope") in ("col", "row", "rowgroup", "colgroup") for cell in table.all("th"))
        assert table.all("thead")
        columns = sum(int(cell.attributes.get("colspan") or 1) for cell in table.all("thead")[0].all("th", "td"))
        for row in table.all("tr"):
            assert sum(int(cell.attributes.get("colspan") or 1) for cell in row.all("th", "td")) == columns, row.words()


def test_drawings_are_named_or_hidden(page: Element) -> None:
    for drawing in page.all("svg"):
        hidden = drawing.attributes.get("aria-hidden") == "true"
        named = drawing.attributes.get("role") == "img" and drawing.all("title")
        assert hidden or named


@pytest.mark.parametrize("name", PAGES)
def test_synthetic_data_are_named_on_every_page(tmp_path: Path, report: Report, name: str) -> None:
    page = Page(render(report, name)).root
    (body,) = page.all("body")
    assert body.children[0].words() == en.SYNTHETIC  # before anything else
    assert en.SYNTHETIC in page.all("footer")[0].words()
    folder = write_wide_study(tmp_path)
    edit(folder / "study.toml", "synthetic = true", "synthetic = false")
    assert en.SYNTHETIC.encode() not in render(report_of(worked_out(folder)), name)


@pytest.mark.parametrize("name", PAGES)
def test_the_same_report_is_the_same_bytes(tmp_path: Path, report: Report, name: str) -> None:
    again = report_of(worked_out(write_wide_study(tmp_path)))
    assert render(again, name) == render(report, name)


def test_only_the_evaluator_sees_the_full_results(report: Report) -> None:
    funder, evaluator = (Page(render(report, name)).root for name in PAGES)
    public = {section.attributes["id"] for section in funder.all("section")}
    full = {section.attributes["id"] for section in evaluator.all("section")}
    assert not public & {"estimates", "denominators", "missing", "gates", "instruments"}
    assert full >= {"estimates", "denominators", "missing", "gates", "instruments"}
    assert "not for publication" in evaluator.all("title")[0].words()


# What somebody else wrote into the study file


NASTY = """<b>&\\"'{{ 7 * 7 }}<script>alert(1)</script></style>"""


@pytest.mark.parametrize("name", PAGES)
def test_labels_of_the_study_file_are_text(tmp_path: Path, name: str) -> None:
    folder = write_wide_study(tmp_path)
    for label in ("North", "A small study", "at one year", "gender", "woman"):
        edit(folder / "study.toml", f'"{label}"', f'"{label} {NASTY}"')
    edit(folder / "instruments" / "mood.toml", 'en = "mood"', f'en = "mood {NASTY}"')
    html = render(report_of(worked_out(folder)), name)
    page = Page(html).root
    assert page.all("script", "b") == []
    assert b"{{ 7 * 7 }}" in html
    shown = NASTY.replace("\\", "")
    assert f"A small study {shown}" in page.all("h1")[0].words()
    assert any(f"North {shown}" == cell.words() for cell in page.all("th"))
    assert any(element.attributes.get("data-label") == f"North {shown}" for element in page.all("td")) or name == "evaluator"
    # Nothing closes the style element early.
    assert html.count(b"</style>") == html.count(b"<style>") == 1


# Words


# voice.md, "Never", for a design with one group. "Causes" stands in the design sentence, which says there may be others.
NEVER = r"\b(caused|led to|resulted in|due to|because of|effects? of|impacts? of|works|proven?|proves|success(es|ful|fully)?)\b"
NEVER_EITHER = r"\b(failed to|trend(s|ing)? towards?|addicts?|abusers?)\b"
NOT_ALONE = r"(?<!statistically )\bsignifican(t|ce|tly)\b"


def claims(text: str) -> list[str]:
    return [found[0] for pattern in (NEVER, NEVER_EITHER, NOT_ALONE) for found in re.finditer(pattern, text, re.I)]


def test_the_scan_for_claims_finds_them() -> None:
    bad = "This led to a significant effect of the programme, which works; they failed to show a trend towards success."
    assert [claim.lower() for claim in claims(bad)] == [
        "led to", "effect of", "works", "success", "failed to", "trend towards", "significant"
    ]  # fmt: skip
    assert claims("A statistically significant change; Causes unknown; workshop, peer workers, effectively") == []


def test_no_page_claims_a_cause(page: Element) -> None:
    assert claims(page.words()) == []
    for element in everything(page):
        assert (
            claims(" ".join(str(element.attributes.get(name) or "") for name in ("title", "aria-label", "alt", "content")))
            == []
        )


@pytest.mark.skipif(not HELP_INSTALLED, reason="the HELP study's rows are not installed: run 'make setup'")
@pytest.mark.parametrize("name", PAGES)
def test_no_page_of_a_real_study_claims_a_cause(name: str) -> None:
    definitions = load(ROOT / "data" / "help")
    report = report_of(work_out(definitions, read(definitions), Gates(1, 1, ())))
    page = Page(render(report, name)).root
    assert claims(page.words()) == []
    assert "synthetic" not in page.words().lower()
    # Its sites have 60 pairs and more, and most of them improved.
    assert "few people answered both times" not in page.words()


def test_no_sentence_ends_twice(page: Element) -> None:
    assert not re.search(r"(?<!\.)\.\.(?!\.)", page.words())


def test_a_p_value_stands_beside_its_change_and_interval(report: Report) -> None:
    assert not re.search(r"\bp\s*[=<]", Page(render(report, "funder")).root.words())
    evaluator = Page(render(report, "evaluator")).root
    rows = [row for row in evaluator.all("tr") if any(c.attributes.get("data-label") == "p (adjusted)" for c in row.all("td"))]
    assert rows
    for row in rows:
        assert {"Change (95% CI)", "SE (df)"} <= {cell.attributes.get("data-label") for cell in row.all("td")}


VERDICTS = {
    "improved": "Mood improved by a meaningful amount.",
    "improved_size_uncertain": "Mood improved; whether by a meaningful amount is uncertain.",
    "slightly_improved": "Mood improved slightly, less than what is considered meaningful.",
    "no_meaningful_change": "Mood: no meaningful change.",
    "inconclusive": "Mood: too uncertain to say whether it changed.",
    "worsened": "Mood worsened by a meaningful amount.",
    "worsened_size_uncertain": "Mood worsened; whether by a meaningful amount is uncertain.",
    "slightly_worsened": "Mood worsened slightly, less than what is considered meaningful.",
    "improved_no_mid": "Mood improved; no size is set that would count as meaningful.",
    "worsened_no_mid": "Mood worsened; no size is set that would count as meaningful.",
}
WAYS = {"improved": "better", "worsened": "worse"}


def shown(report: Report, **changes: object) -> str:
    estimate = replace(report.public.at("mood.total", ALL), **changes)  # type: ignore[arg-type]
    return report.verdict_sentence(estimate)


@pytest.mark.parametrize("found", VERDICTS)
def test_every_verdict_has_its_sentence_its_word_and_its_colour(report: Report, found: str) -> None:
    plain = {"verdict": found, "rules_out": "", "allowed_for_others": False}
    assert shown(report, **plain) == VERDICTS[found]
    assert shown(report, **plain | {"allowed_for_others": True}) == (
        VERDICTS[found].removesuffix(".") + ", once the number of outcomes is allowed for."
    )
    assert en.SHORT_VERDICTS[found]
    expected = next((way for word, way in WAYS.items() if word in found), "uncertain")
    assert direction(found) == expected


@given(st.floats(-9, 9), st.floats(-9, 9), st.none() | st.floats(0.1, 5))
@settings(derandomize=True, deadline=None)
def test_no_verdict_is_without_words(a: float, b: float, mid: float | None) -> None:
    found = verdict(*sorted((a, b)), mid)
    assert found in VERDICTS
    assert set(en.VERDICTS) == set(en.SHORT_VERDICTS) == set(VERDICTS)


def test_an_inconclusive_verdict_says_what_it_rules_out(report: Report) -> None:
    said = {
        rules_out: shown(report, verdict="inconclusive", rules_out=rules_out, allowed_for_others=False)
        for rules_out in ("meaningful_worsening", "meaningful_improvement", "none")
    }
    start = "Mood: too uncertain to say whether it changed"
    assert said == {
        "meaningful_worsening": f"{start}; a meaningful worsening can be ruled out.",
        "meaningful_improvement": f"{start}; a meaningful improvement can be ruled out.",
        "none": f"{start}.",
    }


def test_what_is_not_shown_says_why(report: Report) -> None:
    assert shown(report, status="withheld") == "Mood: withheld to protect privacy."
    assert (
        shown(report, status="not_estimated", reason="not asked at baseline") == "Mood: not estimated, not asked at baseline."
    )


def changed(report: Report, **changes: object) -> str:
    outcome = report.definitions.study.outcomes[0]
    estimate: PublicEstimate = replace(report.public.at("mood.total", ALL), n=43, n_pairs=22, **changes)  # type: ignore[arg-type]
    return report.change_sentence(outcome, estimate)


def test_the_sentence_of_a_change(report: Report) -> None:
    assert changed(report, estimate=1.1, conf_low=-0.2, conf_high=2.4) == (
        "At one year, average mood was 1.1 points higher than at the start "
        "(95% CI −0.2 to 2.4; 43 people, 22 of whom answered both times)."
    )
    assert "2.0 points lower than at the start (95% CI −3.0 to −1.0;" in changed(
        report, estimate=-2.0, conf_low=-3.0, conf_high=-1.0
    )
    assert "was about the same as at the start (95% CI −1.0 to 1.0;" in changed(
        report, estimate=0.0, conf_low=-1.0, conf_high=1.0
    )
    assert changed(report, estimate=None) == ""


@pytest.mark.parametrize(
    ("value", "places", "sign", "expected"),
    [
        (1.25, 1, False, "1.2"),
        (-1.5, 1, False, "−1.5"),
        (1.5, 1, True, "+1.5"),
        (-0.04, 1, False, "0.0"),
        (-0.04, 1, True, "0.0"),
        (0.0, 0, True, "0"),
        (-0.4, 0, True, "0"),
        (12345.678, 1, False, "12,345.7"),
        (-1234.0, 0, False, "−1,234"),
    ],
)
def test_numbers_have_a_real_minus_and_zero_has_no_sign(value: float, places: int, sign: bool, expected: str) -> None:
    assert en.number(value, places, sign) == expected


def test_no_number_of_a_page_has_a_hyphen_for_a_minus(page: Element) -> None:
    assert not re.search(r"(?<![\w.,-])-\d", page.words())


@pytest.mark.parametrize(
    ("n", "total", "expected"),
    [
        (7, 23, "7 of 23 people (30%)"),
        (7, 19, "7 of 19 people"),
        (5, 20, "5 of 20 people (25%)"),
        (0, 30, "0 of 30 people (0%)"),
    ],
)
def test_people_come_before_percentages(n: int, total: int, expected: str) -> None:
    assert en.share(n, total) == expected


def test_other_small_formats() -> None:
    assert (en.people(1), en.people(2), en.people(1234)) == ("1 person", "2 people", "1,234 people")
    assert [en.places(step) for step in (0.1, 0.5, 1.0, 1.5, 3.0, 10.0)] == [1, 1, 0, 1, 0, 0]
    assert [en.tick(value) for value in (-10.0, -0.5, 0.0, 100.0, 0.25)] == ["−10", "−0.5", "0", "100", "0.25"]
    assert [en.p_value(p) for p in (0.0, 0.00099, 0.001, 0.0499)] == ["< 0.001", "< 0.001", "0.001", "0.050"]
    assert en.answered(9, 9) == "9 people answered both times"


# Figures


@given(st.lists(st.floats(-200, 200), min_size=2, max_size=8), st.none() | st.floats(0.1, 60))
@this_too([0.0, 0.0], None)
@this_too([0.0, 0.1], None)
@settings(derandomize=True, deadline=None)
def test_an_axis_holds_all_that_it_shows(limits: list[float], mid: float | None) -> None:
    on = axis(limits, mid)
    assert on.low <= min(limits) <= max(limits) <= on.high
    assert on.low <= 0 <= on.high
    for value in [0.0, *limits, *([mid, -mid] if mid else [])]:
        assert 10 <= on.x(value) <= WIDTH - 10
    assert (on.x(on.low), on.x(on.high)) == (10, WIDTH - 10)
    assert 2 <= len(on.ticks) <= 9
    assert (on.ticks[0], on.ticks[-1]) == (pytest.approx(on.low), pytest.approx(on.high))
    steps = [after - before for before, after in pairwise(on.ticks)]
    assert steps == pytest.approx([steps[0]] * len(steps), abs=1e-5)
    assert 0.0 in [round(tick, 6) for tick in on.ticks]


def test_an_axis_is_linear_and_runs_upwards() -> None:
    on = axis([-4.0, 6.0], 3.0)
    assert on.x(-4) < on.x(0) < on.x(3) < on.x(6)
    assert on.x(3) - on.x(0) == pytest.approx(on.x(0) - on.x(-3), abs=0.11)
    drawn = mark(on, -4.0, 6.0, 1.0, 10, 40, "better")
    assert (drawn.low, drawn.point, drawn.high) == (on.x(-4), on.x(1), on.x(6))


def test_the_area_of_a_point_goes_with_n() -> None:
    on = axis([-4.0, 6.0], None)
    sizes = [mark(on, 0, 1, 0.5, n, 100, "better").size for n in (1, 25, 100)]
    assert sizes == sorted(sizes)
    assert sizes[-1] == 6.0
    assert mark(on, 0, 1, 0.5, 0, 0, "better").size > 0


def test_a_forest_plot_draws_the_published_numbers(report: Report) -> None:
    page = Page(render(report, "funder")).root
    for outcome in report.definitions.study.outcomes:
        places = [report.public.at(outcome.scale, site) for site, _ in report.sites]
        on = axis([limit for e in places for limit in (e.conf_low, e.conf_high) if limit is not None], report.mid(outcome))
        for e in places:
            identity = f"small/{e.outcome}/{e.site}/{e.analysis}"
            (row,) = [r for r in page.all("tr") if r.attributes.get("data-estimate") == identity]
            (limits,) = [line for line in row.all("line") if line.attributes["class"] == "limits"]
            assert e.conf_low is not None
            assert e.conf_high is not None
            assert (limits.attributes["x1"], limits.attributes["x2"]) == (str(on.x(e.conf_low)), str(on.x(e.conf_high)))
            way = {"better": "improved", "worse": "worsened"}.get(direction(e.verdict), "n")
            assert way in row.words()


def test_all_sites_stand_last_and_every_row_has_its_n(report: Report) -> None:
    page = Page(render(report, "funder")).root
    for table in [t for t in page.all("table") if "forest" in str(t.attributes.get("class"))]:
        rows = table.all("tbody")[0].all("tr")
        assert [row.all("th")[0].words() for row in rows] == ["North", "South", "All sites"]
        assert [row.all("td")[0].words() for row in rows] == ["11 to 13", "8 to 10", "43"]


# Failure and scarcity


@pytest.mark.parametrize("name", ["funder"])
def test_a_section_that_fails_is_an_error_and_not_left_out(report: Report, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def broken(_: Report) -> dict[str, object]:
        raise ZeroDivisionError("a section failed")

    monkeypatch.setattr(quality, "context", broken)
    with pytest.raises(ZeroDivisionError):
        render(report, name)
    monkeypatch.setattr(quality, "context", lambda _: {})
    with pytest.raises(Exception, match="undefined"):
        render(report, name)


def test_a_study_where_all_is_withheld_still_has_a_page(tmp_path: Path) -> None:
    folder = write_wide_study(tmp_path)
    edit(folder / "study.toml", "threshold = 5", "threshold = 40")
    report = report_of(worked_out(folder))
    for name in PAGES:
        assert Page(render(report, name)).root.all("h1")
    text = Page(render(report, "funder")).root.all("main")[0].words()
    assert "withheld to protect privacy" in text
    assert "6 results were withheld" in text
    assert not re.search(r"\b(34|31|22|43)\b", text)


def test_an_instruments_own_mid_is_shown_with_its_source(tmp_path: Path) -> None:
    folder = write_wide_study(tmp_path)
    edit(folder / "study.toml", 'mid = 3\nmid_source = "Written for the tests"\n', "")
    scale = 'sources = ["here"]\n\n[[examples]]'
    edit(
        folder / "instruments" / "mood.toml",
        scale,
        'sources = ["here"]\nmid = { value = 4, source = "A. Nobody (2020)" }\n\n[[examples]]',
    )
    study = worked_out(folder)
    said = Page(render(report_of(study), "funder")).root.words()
    assert "A change of 4 points or more counts as meaningful: A. Nobody (2020)." in said
    assert "No size of change is set that would count as meaningful" in said  # of pain


def test_the_line_for_the_terminal(report: Report) -> None:
    said = headline(report)
    assert said.startswith("A small study: Mood")
    assert "\n" not in said
    assert "pain" not in said.lower()  # a secondary outcome


def test_a_study_of_one_site(tmp_path: Path) -> None:
    waves = {name: [row for row in rows if row["site"] == "N"] for name, rows in small_waves().items()}
    folder = write_wide_study(tmp_path, waves)
    edit(folder / "study.toml", '[[sites]]\nid = "south"\nlabel = { en = "South" }\ncodes = ["S"]\n', "")
    who = Page(render(report_of(worked_out(folder)), "funder")).root.all("header")[0].words()
    assert "16 people. North." in who
