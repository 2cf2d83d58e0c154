"""A request as it was read off the wire: its name, its fields, and the usual ways to look at them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from ib_trading_simulator.brokerage.refusal import Refusal, invalid
from ib_trading_simulator.gateway.client import NO_ID
from ib_trading_simulator.market.contracts import Contract, ContractBook, ContractQuery
from ib_trading_simulator.messages.wire import UnreadableField, decimal_of, flag_of, given, integer_of

# Those of the broker's Contract.SecType (https://interactivebrokers.github.io/tws-api/classIBApi_1_1Contract.html).
_SECURITY_TYPES = frozenset(
    "STK OPT FUT CONTFUT FUT+CONTFUT IND FOP CASH BAG WAR BOND CMDTY NEWS FUND CFD CRYPTO IOPT".split()
)
_NO_DEFINITION = "No security definition has been found for the request"


@dataclass(frozen=True, slots=True)
class Request:
    """`fields` are named as in messages/incoming.py."""

    name: str
    fields: Mapping[str, str | tuple[dict[str, str], ...]]

    def text(self, name: str) -> str:
        """The field, empty where it says "not set"."""
        value = self.fields[name]
        return given(value) if isinstance(value, str) else ""

    def integer(self, name: str, default: int = 0) -> int:
        """Raises UnreadableField."""
        return integer_of(self.text(name), name, default)

    def flag(self, name: str) -> bool:
        return flag_of(self.text(name))

    @property
    def request_id(self) -> int:
        """The id an answer or an error is keyed to; -1 for requests that have none."""
        for name in ("reqId", "orderId"):
            if name in self.fields:
                try:
                    return self.integer(name)
                except UnreadableField:
                    return NO_ID
        return NO_ID

    def contracts(self, book: ContractBook) -> tuple[Contract, ...]:
        """The contracts that the request's contract fields mean. Raises Refusal when there is none."""
        kind = self.text("secType")
        if (kind and kind not in _SECURITY_TYPES) or not (kind or self.integer("conId")):
            # Recorded for a wrong type: 321, and not 200.
            raise invalid("Please enter a valid security type")
        found = book.find(
            ContractQuery(
                con_id=self.integer("conId"),
                symbol=self.text("symbol"),
                sec_type=self.text("secType"),
                exchange=self.text("exchange"),
                primary_exchange=self.text("primaryExchange"),
                currency=self.text("currency"),
                local_symbol=self.text("localSymbol"),
                trading_class=self.text("tradingClass"),
                last_trade_date=self.text("lastTradeDateOrContractMonth"),
                strike=decimal_of(self.text("strike"), "strike") or Decimal(0),
                right=self.text("right").strip("?0"),
                multiplier=self.text("multiplier"),
                include_expired="includeExpired" in self.fields and self.flag("includeExpired"),
            )
        )
        if not found:
            raise Refusal(200, _NO_DEFINITION)
        return found

    def contract(self, book: ContractBook) -> Contract:
        """The one contract it means. Raises Refusal when there is none, or more than one."""
        found = self.contracts(book)
        if len(found) > 1:
            raise Refusal(200, f"The contract description specified for {self.text('symbol')} is ambiguous.")
        return found[0]
