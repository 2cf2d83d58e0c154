"""The rules that limit a run, and what one says: passed or refused, of what, and what a person can do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from ib_trading.core.canonical import plain


class Rule(StrEnum):
    """Every rule by its name in a plan."""

    TRADING_ENABLED = "trading enabled"
    ACCOUNT_OF_MODE = "account fits the trading mode"
    MARKET_OPEN = "exchange open for a market order"
    RECONCILIATION_FOLLOWS = "reconciliation after an order that outlives its request"
    ORDERS_PER_RUN = "orders per run"
    NOTIONAL_PER_ORDER = "notional per order"
    GROSS_LEVERAGE = "gross leverage after the run"
    NET_LEVERAGE = "net leverage after the run"
    WEIGHT_PER_INSTRUMENT = "weight per instrument"
    ALLOWED_INSTRUMENTS = "allowed instruments"
    PRICE_MOVE = "price move in % since the stored close"
    DAILY_LOSS = "daily loss in %"
    WHAT_IF_MARGIN = "margin by the broker's what-if"
    NO_LIVE_ORDER = "no live order of ours on the contract"


class Judgement(StrEnum):
    PASSED = "passed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One limit, asked: `limit` and `value` as text with their units, `subject` what was looked at ("" the run).

    `remedy` is what a person can do about a refusal.
    """

    rule: Rule
    limit: str
    value: str
    verdict: Judgement
    subject: str
    remedy: str

    @property
    def passed(self) -> bool:
        return self.verdict is Judgement.PASSED


def asked(rule: Rule, limit: str, value: str, passed: bool, *, remedy: str, subject: str = "") -> Verdict:
    judgement = Judgement.PASSED if passed else Judgement.REFUSED
    return Verdict(rule, limit, value, judgement, subject, "" if passed else remedy)


def at_most(rule: Rule, limit: Decimal, value: Decimal, subject: str, remedy: str) -> Verdict:
    shown = (
        plain(value.quantize(Decimal("0.0001"))) if value.is_finite() else "net liquidation is not above 0"
    )
    return asked(rule, plain(limit), shown, value <= limit, subject=subject, remedy=remedy)


def unless(verdict: Verdict, excused: bool, why: str) -> Verdict:
    """A limit that guards new exposure does not forbid the way back."""
    if verdict.passed or not excused:
        return verdict
    return replace(verdict, value=f"{verdict.value}, {why}", verdict=Judgement.PASSED, remedy="")


def said_together(refusals: Iterable[Verdict]) -> str:
    """One sentence a rule: what it refused of what, and the remedy once."""
    groups: dict[tuple[Rule, str, str], list[str]] = {}
    for verdict in refusals:
        said = f"{verdict.subject} {verdict.value}".strip()
        groups.setdefault((verdict.rule, verdict.limit, verdict.remedy), []).append(said)
    return "; ".join(
        f"{rule}: {', '.join(said)} (limit: {limit}): {remedy}"
        for (rule, limit, remedy), said in groups.items()
    )
