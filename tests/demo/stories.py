"""A small story, made by hand: two days' trading in two stocks by one strategy, in which every claim holds.

`a_story` gives it; the tests change one thing and see who notices.
"""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from demo.exchanges import Response
from demo.month import AccountAt, Holding
from demo.recorded_closes import RecordedCloses
from demo.story import Story, Trading

ACCOUNT = "DU1"
SYMBOLS = [f"S{number:02}" for number in range(5)] + ["<&>"]
"""The last one would break a page that escapes nothing."""

FIRST = datetime(2019, 6, 3, 15, tzinfo=UTC)
CLOSE = datetime(2019, 6, 3, 20, tzinfo=UTC)
LAST = datetime(2019, 6, 4, 15, tzinfo=UTC)
RECORDED = RecordedCloses((date(2019, 6, 3), date(2019, 6, 4)), dict.fromkeys(SYMBOLS, ("11.004", "12.001")))


def a_story() -> Story:
    """Buys ten shares of each symbol at 10.00, and on the next day ten more at 12.00."""
    before = AccountAt(FIRST, Decimal(100_000), Decimal(100_000), ())
    refs = [(day, symbol) for day in (1, 2) for symbol in SYMBOLS]
    return Story(
        account=ACCOUNT,
        begin=before,
        first_summary=_response({"netLiquidation": 100000}),
        collected=_response({"stored": 4}),
        first=_trading(1, FIRST, "10.00", None),
        orders_after_first=len(SYMBOLS),
        repeated=_run(1, replayed=True),
        orders_after_repeated=len(SYMBOLS),
        unchanged=_response({"plan": {"orders": []}, "orders": []}),
        orders_after_unchanged=len(SYMBOLS),
        closes=(_account(CLOSE, 10, "11.00", None),),
        collected_again=_response({"stored": 2}),
        second=_trading(2, LAST, "12.00", "11.004"),
        control={
            "orders": [_control_order(day, symbol) for day, symbol in refs],
            "executions": [_control_execution(day, symbol) for day, symbol in refs],
        },
    )


def altered(response: Response, change: dict[str, Any]) -> Response:
    """`response` with other top-level members."""
    document = json.loads(response.text) | deepcopy(change)
    return Response(response.status, response.headers, _text(document))


def _trading(day: int, at: datetime, price: str, previous_close: str | None) -> Trading:
    shares, profit = 10 * day, (0 if day == 1 else 10 * 2 * len(SYMBOLS)) - len(SYMBOLS) * day
    summary = {
        "holdings": {"trend": dict.fromkeys(SYMBOLS, shares), "unassigned": {}},
        "positions": [],
        "profit": {"trend": {"marketValue": 0, "commissions": len(SYMBOLS) * day, "profit": profit}},
    }
    return Trading(_dry_run(day), _run(day), _response(summary), _account(at, shares, price, previous_close))


def _account(at: datetime, shares: int, price: str, previous_close: str | None) -> AccountAt:
    holdings = tuple(
        Holding(
            symbol,
            Decimal(shares),
            Decimal(price),
            None if previous_close is None else Decimal(previous_close),
        )
        for symbol in SYMBOLS
    )
    cash = Decimal(100_000) - len(SYMBOLS) * (101 if shares == 10 else 101 + 121)
    return AccountAt(at, cash + sum(holding.value for holding in holdings), cash, holdings)


def _plan(day: int) -> dict[str, Any]:
    return {
        "strategies": ["trend"],
        "contractIds": {symbol: number for number, symbol in enumerate(SYMBOLS)},
        "capital": {"trend": 95000},
        "netLiquidation": 100000,
        "baseCurrency": "USD",
        "signals": {"trend": dict.fromkeys(SYMBOLS, 0.001)},
        "holdings": {"trend": dict.fromkeys(SYMBOLS, 10 * (day - 1))},
        "targetPositions": {"trend": dict.fromkeys(SYMBOLS, 10 * day)},
        "consolidatedTrades": dict.fromkeys(SYMBOLS, 10),
        "internalCrosses": [],
        "prices": {str(number): {"price": 10} for number in range(len(SYMBOLS))},
        "limits": [],
    }


def _dry_run(day: int) -> Response:
    return _response(_plan(day) | {"plan": _plan(day), "orders": [], "dryRun": True})


def _run(day: int, *, replayed: bool = False) -> Response:
    orders = [_service_order(day, symbol) for symbol in SYMBOLS]
    response = _response(_plan(day) | {"plan": _plan(day), "orders": orders, "dryRun": False})
    headers = {**response.headers, "idempotency-replayed": "true"} if replayed else response.headers
    return Response(200, headers, response.text)


def _price(day: int) -> str:
    return {1: "10.00", 2: "12.00"}[day]


def _service_order(day: int, symbol: str) -> dict[str, Any]:
    fill = {"execId": f"{day}-{symbol}", "quantity": 10, "price": float(_price(day)), "commission": 1}
    return {
        "orderRef": f"ref-{day}-{symbol}",
        "localSymbol": symbol,
        "action": "BUY",
        "quantity": 10,
        "status": "filled",
        "averagePrice": float(_price(day)),
        "commission": 1,
        "fills": [fill],
    }


def _control_order(day: int, symbol: str) -> dict[str, Any]:
    return {"orderRef": f"ref-{day}-{symbol}", "symbol": symbol, "status": "Filled", "filled": "10"}


def _control_execution(day: int, symbol: str) -> dict[str, Any]:
    return {
        "execId": f"{day}-{symbol}",
        "orderRef": f"ref-{day}-{symbol}",
        "symbol": symbol,
        "side": "BOT",
        "shares": "10",
        "price": _price(day),
        "bid": str(Decimal(_price(day)) - Decimal("0.01")),
        "ask": _price(day),
        "commission": "1",
    }


def _response(document: dict[str, Any]) -> Response:
    return Response(200, {"content-type": "application/json"}, _text(document))


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"), sort_keys=True)
