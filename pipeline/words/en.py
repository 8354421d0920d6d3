"""English: verdicts, sentence patterns and how numbers are written.

No sentence claims a cause: with one group and no comparison, the design cannot carry it.
"""

from __future__ import annotations

import datetime as dt

VERDICTS = {
    "improved": "improved by a meaningful amount",
    "improved_size_uncertain": "improved; whether by a meaningful amount is uncertain",
    "slightly_improved": "improved slightly, less than what is considered meaningful",
    "no_meaningful_change": "no meaningful change",
    "inconclusive": "too uncertain to say",
    "worsened": "worsened by a meaningful amount",
    "worsened_size_uncertain": "worsened; whether by a meaningful amount is uncertain",
    "slightly_worsened": "worsened slightly, less than what is considered meaningful",
    "improved_no_mid": "improved; no size is set that would count as meaningful",
    "worsened_no_mid": "worsened; no size is set that would count as meaningful",
}
SHORT_VERDICTS = {
    "improved": "improved",
    "improved_size_uncertain": "improved, size uncertain",
    "slightly_improved": "improved slightly",
    "no_meaningful_change": "no meaningful change",
    "inconclusive": "uncertain",
    "worsened": "worsened",
    "worsened_size_uncertain": "worsened, size uncertain",
    "slightly_worsened": "worsened slightly",
    "improved_no_mid": "improved",
    "worsened_no_mid": "worsened",
}
RULES_OUT = {
    "meaningful_worsening": "; a meaningful worsening can be ruled out",
    "meaningful_improvement": "; a meaningful improvement can be ruled out",
    "none": "",
    "": "",
}
REASONS = {
    "refused": "refused",
    "dont_know": "don't know",
    "not_applicable": "not applicable",
    "not_asked": "not asked",
    "skipped": "skipped",
    "out_of_range": "undeclared code",
}
ROLES = {"primary": "primary outcome", "secondary": "secondary outcome", "exploratory": "exploratory outcome"}
DELIVERED = {"yes": "delivered", "partly": "delivered in part", "not_possible": "not possible"}
LEVELS = {
    "individual": "individual",
    "interpersonal": "interpersonal",
    "organizational": "organizational",
    "community": "community",
    "societal": "societal",
}
ANALYSES = {"paired_t": "paired t test", "mmrm": "mixed model", "mmrm_site": "mixed model, all sites' variance"}
ALL_SITES = "All sites"
WITHHELD = "withheld to protect privacy"
NOT_SHOWN = "not shown"
NOT_ESTIMATED = "not estimated"
SYNTHETIC = "Synthetic data: every person and every answer on this page is invented."
SITE = "Site"
UNKNOWN = "not known"
NOT_PLANNED = "not planned here"
EVENTS_UNKNOWN = "other events of that time"


def number(value: float, places: int = 1, sign: bool = False) -> str:
    """A number with a real minus sign: −1.5, and +1.5 where the sign is asked for."""
    text = f"{abs(value):,.{places}f}"
    if float(text.replace(",", "")) == 0:
        return text
    return ("−" if value < 0 else "+" if sign else "") + text


def places(step: float) -> int:
    """How many decimals a number rounded to `step` is shown with."""
    return next(decimals for decimals in range(10) if abs(step - round(step, decimals)) < 1e-12)


def period(first: dt.date, last: dt.date) -> str:
    """A stretch of days: 3 September to 31 October 2019."""
    start = f"{first.day} {first:%B}" + (f" {first.year}" if first.year != last.year else "")
    return f"{start} to {last.day} {last:%B} {last.year}"


def people(n: int) -> str:
    """A number of people."""
    return f"{n:,} person" if n == 1 else f"{n:,} people"


def capital(text: str) -> str:
    """The text with its first letter large."""
    return text[:1].upper() + text[1:]


def verdict(scale: str, verdict_id: str, rules_out: str, allowed_for_others: bool) -> str:
    """What can be said of one outcome, from its verdict alone."""
    if verdict_id == "inconclusive":
        said = f"{capital(scale)}: too uncertain to say whether it changed{RULES_OUT[rules_out]}"
    elif verdict_id == "no_meaningful_change":
        said = f"{capital(scale)}: no meaningful change"
    else:
        said = f"{capital(scale)} {VERDICTS[verdict_id]}"
    return said + (", once the number of outcomes is allowed for." if allowed_for_others else ".")


def change(scale: str, wave: str, first_wave: str, estimate: float, interval: str, who: str, places: int) -> str:
    """By how much the average changed, with its interval and its people."""
    if float(f"{abs(estimate):.{places}f}") == 0:
        moved = f"about the same as {first_wave}"
    else:
        moved = f"{number(abs(estimate), places)} points {'higher' if estimate > 0 else 'lower'} than {first_wave}"
    return f"{capital(wave)}, average {scale} was {moved} ({interval}; {who})."


def interval(low: float, high: float, places: int) -> str:
    """A 95% interval as text."""
    return f"95% CI {number(low, places)} to {number(high, places)}"


def answered(n: int, pairs: int) -> str:
    """How many people an estimate is of, and how many of them answered both times."""
    if n == pairs:
        return f"{people(n)} answered both times"
    return f"{people(n)}, {pairs:,} of whom answered both times"


def band(low: int, high: int) -> str:
    """A number of people as a range."""
    return f"{low} to {high}"


def answered_band(low: int, high: int) -> str:
    """How many people an estimate is of, where the exact number is not shown."""
    return f"{band(low, high)} people answered both times"


def agreement(holds: int, of: int) -> str:
    """In how many analyses the verdict holds."""
    return f"The verdict holds in {holds} of {of} analyses."


def share(n: int, total: int) -> str:
    """People before percentages: a percentage only where 20 or more people stand under it."""
    return f"{n} of {total} people" + (f" ({round(100 * n / total)}%)" if total >= 20 else "")


def one_group(events: str) -> str:
    """What a design with one group can carry, said once near the top."""
    return (
        "Everyone took part in the programme and there was no comparison group. "
        f"Change over the year can have other causes, among them {events or EVENTS_UNKNOWN}."
    )


def cohort(events: str) -> str:
    """What following people without comparing them can carry."""
    return (
        "These people were followed over time; this report compares them with nobody else. "
        f"Change can have many causes, among them {events or EVENTS_UNKNOWN}."
    )


DESIGNS = {"one_group": one_group, "cohort": cohort}


def means(first_wave: str, last_wave: str, mean_first: float, n_first: int, mean_last: float, n_last: int, places: int) -> str:
    """The averages of everybody who answered in each wave."""
    first, last = (
        f"{number(mean_first, places)} {first_wave} ({people(n_first)})",
        f"{number(mean_last, places)} {last_wave} ({people(n_last)})",
    )
    why = "the change allows for those who answered only once, so it can differ from the difference of the two"
    return f"The average was {first} and {last}; {why}."


def tick(value: float) -> str:
    """A number on an axis."""
    return number(value, 2).rstrip("0").rstrip(".")


def p_value(p: float) -> str:
    """A p value, never zero."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def headline(study: str, sentences: list[str]) -> str:
    """One line for the terminal."""
    return f"{study}: {' '.join(sentences)}" if sentences else f"{study}: nothing could be estimated."
