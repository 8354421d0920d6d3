"""An error says where, what was found, what was expected, and the nearest right name; its exit code is the promised one."""

import pytest

from pipeline import errors
from pipeline.errors import Problem, nearest


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Problem("study.toml", "empty"), "study.toml: empty"),
        (Problem("a", "b", "c"), "a: b; expected c"),
        (Problem("a", "b", "c", "Do d."), "a: b; expected c. Do d."),
        (Problem("a", "b", hint="Do d."), "a: b. Do d."),
        (
            Problem.unknown_name("a", "wave", "yaer1", ["year1", "baseline", "year1"]),
            "a: unknown wave 'yaer1'; expected one of baseline, year1. Did you mean 'year1'?",
        ),
        (Problem.unknown_name("a", "wave", "x", []), "a: unknown wave 'x'; expected none to be named here"),
    ],
)
def test_the_text_of_a_problem(problem, text):
    assert str(problem) == text


@pytest.mark.parametrize(
    ("name", "known", "found"),
    [
        ("treshold", ["threshold", "profile"], "threshold"),
        ("GEN_005", ["gen_005", "gen_010"], "gen_005"),
        ("Victoria", ["VICTORIA"], "VICTORIA"),
        ("xyz", ["threshold"], ""),
        ("", ["a"], ""),
        ("a", [], ""),
    ],
)
def test_the_nearest_right_name(name, known, found):
    assert nearest(name, known) == (f"Did you mean {found!r}?" if found else "")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.UsageError, 2),
        (errors.DefinitionError, 10),
        (errors.InputError, 11),
        (errors.GateError, 12),
        (errors.ModelError, 13),
        (errors.OutputError, 14),
        (errors.LockedError, 75),
    ],
)
def test_the_exit_codes_that_users_rely_on(error, code):
    """DESIGN.md, Contracts."""
    assert error.exit_code == code
    raised = error([Problem("a", "b"), Problem("c", "d")])
    assert str(raised) == f"{error.headline}\n  a: b\n  c: d"
    assert error(Problem("a", "b")).problems == (Problem("a", "b"),)


def test_no_error_of_a_user_leaves_as_a_bug_of_ours():
    assert all(each.exit_code not in (0, errors.EXIT_BUG) and each.headline for each in errors.RosewaveError.__subclasses__())
