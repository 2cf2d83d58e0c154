"""As what kind of account one is told: which keys its download has, how they are spelled, and what else is in it.

Decides nothing about what an account holds or may do; that is brokerage/'s. Each difference has a source beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from ib_trading_simulator.brokerage import valuation
from ib_trading_simulator.brokerage.foreign import Foreign

Lines = tuple[tuple[str, str, str], ...]

PREFIX = "$LEDGER-"
LEDGER_KEYS = frozenset({"Currency", "ExchangeRate", *valuation.LEDGER})

_PREVIOUS = "PreviousDayEquityWithLoanValue"
_CASH = "CashBalance"


@dataclass(frozen=True, slots=True)
class Kind:
    """`missing` are keys that the download has not; `swept` is the part of a currency's cash that CashBalance counts
    once more, `segment` the part of the account of which the previous day's equity is told."""

    missing: frozenset[str] = frozenset()
    swept: Decimal = Decimal(0)
    segment: Decimal = Decimal(1)


PROFILES: Mapping[str, Kind] = {
    "us-margin": Kind(),
    # Recorded downloads of accounts in EUR and HKD have no such line.
    "eu-margin": Kind(missing=frozenset({_PREVIOUS})),
    # Recorded: 383,679.21 beside a net liquidation of 868,469.71.
    "segments": Kind(segment=Decimal("0.4418")),
    # Recorded in QuantConnect/Lean.Brokerages.InteractiveBrokers, issue 162: CashBalance 2,689,095.823 beside
    # TotalCashBalance 1,863,414.543; issue 200 says that it is what was swept the day before.
    "sweep": Kind(swept=Decimal("0.4431")),
}


@dataclass(frozen=True, slots=True)
class AccountProfile:
    """`prefixed`: per-currency keys of multi updates begin with `$LEDGER-`, as of release 10.47 on."""

    kind: Kind = field(default_factory=Kind)
    prefixed: bool = False
    foreign: tuple[Foreign, ...] = ()

    def told(self, lines: Lines, base: str, rate_of: Callable[[str], Decimal]) -> Lines:
        """An account's lines as this kind of account is told."""
        told = [self._line(*line) for line in lines if line[0] not in self.kind.missing]
        return tuple(self._with_foreign(told, base, rate_of) if self.foreign else told)

    def spelled(self, key: str) -> str:
        """A key of a multi update."""
        return PREFIX + key if self.prefixed and key in LEDGER_KEYS else key

    def _line(self, key: str, value: str, currency: str) -> tuple[str, str, str]:
        if key == _CASH and self.kind.swept:
            value = valuation.money(Decimal(value) * (1 + self.kind.swept))
        elif key == _PREVIOUS:
            value = valuation.money(Decimal(value) * self.kind.segment)
        return key, value, currency

    def _with_foreign(
        self, lines: list[tuple[str, str, str]], base: str, rate_of: Callable[[str], Decimal]
    ) -> list[tuple[str, str, str]]:
        counted = [one for one in self.foreign if one.ledger]
        gross = sum((abs(one.value) for one in counted if one.counts_as_gross), Decimal(0))
        worth = sum((one.value for one in counted), Decimal(0))
        # All of them are in one currency.
        currency = self.foreign[0].currency
        rate = rate_of(currency)
        more = {
            ("NetLiquidation", base): worth * rate,
            ("EquityWithLoanValue", base): worth * rate,
            ("GrossPositionValue", base): gross * rate,
            ("NetLiquidationByCurrency", currency): worth,
            ("NetLiquidationByCurrency", "BASE"): worth * rate,
        }
        for one in counted:
            for of, figure in ((currency, one.value), ("BASE", one.value * rate)):
                more[one.ledger, of] = more.get((one.ledger, of), Decimal(0)) + figure
        told = []
        for key, value, of in lines:
            extra = more.pop((key, of), None)
            told.append((key, value if extra is None else valuation.money(Decimal(value) + extra), of))
        return [*told, *((key, valuation.money(value), of) for (key, of), value in more.items())]
