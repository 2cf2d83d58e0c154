"""Which pairs the broker is asked for, and what its answers come to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, cast

from ib_trading.core.account import AccountState
from ib_trading.core.fx import FxRate
from ib_trading.core.instruments import ContractSpec, Instrument
from ib_trading.core.market import Quote
from ib_trading.core.refusals import RequestError
from ib_trading.intents.read_rates import read_rates
from ib_trading.ports.broker import Broker
from tests.core.builders import NOW, config, quote, stock

USD_CHF = replace(stock(12, "USD", currency="CHF", sec_type="CASH"), local_symbol="USD.CHF")
EUR_USD = replace(stock(11, "EUR", currency="USD", sec_type="CASH"), local_symbol="EUR.USD")


@dataclass(frozen=True)
class ForexDesk:
    """Lists USD.CHF and EUR.USD, the one quoted at 0.80, the other not at all."""

    def instruments(self, specs: Iterable[ContractSpec]) -> Mapping[ContractSpec, Instrument]:
        (spec,) = specs
        for pair in (USD_CHF, EUR_USD):
            if (spec.symbol, spec.currency, spec.exchange) == (pair.symbol, pair.currency, "IDEALPRO"):
                return {spec: pair}
        raise RequestError(f"there is no {spec}")

    def quotes(self, instruments: Iterable[Instrument]) -> Mapping[int, Quote]:
        return {pair.con_id: quote("0.80") for pair in instruments if pair is USD_CHF}


def rates_of(*currencies: str, account_rates: dict[str, Decimal] | None = None) -> Any:
    state = AccountState("DU1", "USD", Decimal(1), {}, account_rates or {}, {})
    return read_rates(cast("Broker", ForexDesk()), config(), state, currencies, NOW)


def test_a_pair_listed_the_other_way_round_is_inverted_and_kept_beside_the_account_s_own_rate() -> None:
    rates = rates_of("USD", "CHF", account_rates={"CHF": Decimal("1.24")})
    assert rates["CHF"] == FxRate("CHF", Decimal("1.25"), "USD.CHF", NOW, Decimal("1.24"))
    assert rates["USD"].rate == 1


def test_a_currency_without_a_pair_or_without_a_price_has_no_rate() -> None:
    assert set(rates_of("EUR", "SEK")) == {"USD"}
