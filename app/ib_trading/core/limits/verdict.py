"""What a limit says: passed or refused, of what, and what a person can do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from ib_trading.core.canonical import plain

PASSED, REFUSED = "passed", "refused"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One limit, asked: `limit` and `value` as text with their units, `subject` what was looked at ("" the run).

    `verdict` is passed or refused, `remedy` what a person can do about a refusal.
    """

    rule: str
    limit: str
    value: str
    verdict: str
    subject: str
    remedy: str

    @property
    def passed(self) -> bool:
        return self.verdict == PASSED


def asked(rule: str, limit: str, value: str, passed: bool, subject: str = "", remedy: str = "") -> Verdict:
    return Verdict(rule, limit, value, PASSED if passed else REFUSED, subject, "" if passed else remedy)


def at_most(rule: str, limit: Decimal, value: Decimal, subject: str, remedy: str) -> Verdict:
    shown = (
        plain(value.quantize(Decimal("0.0001"))) if value.is_finite() else "net liquidation is not above 0"
    )
    return asked(rule, plain(limit), shown, value <= limit, subject, remedy)


def unless(verdict: Verdict, excused: bool, why: str) -> Verdict:
    """A limit that guards new exposure does not forbid the way back."""
    if verdict.passed or not excused:
        return verdict
    return asked(verdict.rule, verdict.limit, f"{verdict.value}, {why}", True, verdict.subject)


def said_together(refusals: Iterable[Verdict]) -> str:
    """One sentence a rule: what it refused of what, and the remedy once."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for verdict in refusals:
        said = f"{verdict.subject} {verdict.value}".strip()
        groups.setdefault((verdict.rule, verdict.limit, verdict.remedy), []).append(said)
    return "; ".join(
        f"{rule}: {', '.join(said)} (limit: {limit}): {remedy}"
        for (rule, limit, remedy), said in groups.items()
    )
