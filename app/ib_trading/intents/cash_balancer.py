"""cash-balancer: turns foreign cash balances into base currency, towards zero and never past it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ib_trading.core.cash import balance_cash, conversion_venues
from ib_trading.core.instruments import Instrument
from ib_trading.core.market import Quote
from ib_trading.core.plan import Decision
from ib_trading.core.refusals import Refusal
from ib_trading.core.snapshot import Forming, Snapshot
from ib_trading.intents.compare import Comparison
from ib_trading.intents.intent import Answer, Call
from ib_trading.intents.leased_ledger import LeasedLedger
from ib_trading.intents.phases import Phases
from ib_trading.intents.read_rates import QUOTED_ON, listed_pair, read_rates
from ib_trading.intents.read_snapshot import read_account
from ib_trading.intents.services import Services
from ib_trading.intents.trading_result import TradingResult
from ib_trading.intents.trading_run import TRADING_REFUSALS, TradingRun
from ib_trading.ports.broker import Broker
from ib_trading.schema.requests import CashBalancerRequest
from ib_trading.schema.trading_config import TradingConfig


@dataclass(frozen=True, slots=True)
class CashBalancer:
    services: Services
    name: str = "cash-balancer"
    only_closes: bool = False
    request_type: type[CashBalancerRequest] = CashBalancerRequest
    result_type: type[TradingResult] = TradingResult
    refusals: tuple[type[Refusal], ...] = TRADING_REFUSALS

    def answer(self, call: Call[CashBalancerRequest]) -> Answer:
        return TradingRun(self.services, self, call, self.services.config.read(), Phases()).answer()

    def check(self, request: CashBalancerRequest, config: TradingConfig) -> None:
        """Nothing that a request could say wrongly."""

    def collect(self, broker: Broker, request: CashBalancerRequest, config: TradingConfig) -> Forming:
        """Nothing: no strategy is asked."""
        del broker, request, config
        return {}

    def prepare(
        self, broker: Broker, account: str, ledger: LeasedLedger, request: CashBalancerRequest
    ) -> None:
        """Nothing: a conversion that still works is seen by the limits."""

    def read(
        self,
        broker: Broker,
        compared: Comparison,
        request: CashBalancerRequest,  # noqa: ARG002 says nothing more
        config: TradingConfig,
        forming: Forming,  # noqa: ARG002 no strategy is asked
    ) -> Snapshot:
        snapshot = read_account(self.services, broker, config, compared)
        foreign = {
            currency
            for currency, amount in snapshot.cash.items()
            if amount and currency != snapshot.base_currency
        }
        state = broker.account(snapshot.account)
        rates = read_rates(broker, config, state, foreign, snapshot.at)
        pairs, quotes = _pairs(broker, config, foreign, snapshot.base_currency)
        return replace(
            snapshot,
            fx=dict(snapshot.fx) | rates,
            instruments=dict(snapshot.instruments) | pairs,
            quotes=dict(snapshot.quotes) | quotes,
        )

    def decide(self, snapshot: Snapshot, request: CashBalancerRequest) -> Decision:  # noqa: ARG002 says nothing more
        return Decision(balance_cash(snapshot))


def _pairs(
    broker: Broker, config: TradingConfig, currencies: set[str], base: str
) -> tuple[dict[int, Instrument], dict[int, Quote]]:
    """The pair of each currency at the venue that converts it, with the price it is quoted at on IDEALPRO."""
    pairs: dict[int, Instrument] = {}
    quotes: dict[int, Quote] = {}
    for currency in sorted(currencies):
        quoted = listed_pair(broker, currency, base, QUOTED_ON)
        found = (listed_pair(broker, currency, base, venue) for venue in conversion_venues(config))
        pair = next((one for one in found if one is not None), None)
        if pair is None or quoted is None or pair.symbol != quoted.symbol:
            continue
        pairs[pair.con_id] = pair
        quote = broker.quotes([quoted]).get(quoted.con_id)
        if quote is not None:
            quotes[pair.con_id] = quote
    return pairs, quotes
