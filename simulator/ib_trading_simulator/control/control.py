"""The control port: what a test may see of the simulator and do to it, over HTTP and JSON.

    GET  /state              everything there is to know; ?since=N shows the message log from entry N on,
                             ?messages=no leaves it out
    POST /advance            {"to": "2019-01-03T14:30:00Z"} or {"by": 90} or {"by": "1 day"}
    POST /trade              a trade by hand: {"symbol", "action", "quantity"[, "price", "account", "orderRef"]}
    POST /cash               {"amount": 5000[, "currency", "account"]}: a deposit; a withdrawal is below 0
    POST /price              {"symbol", "price"}: quotes centre on it from now until the session's close
    POST /restart            {}, or {"down": seconds}: sockets close, the port comes back
    POST /fault              {"when": ..., "what": ...}: misbehaviour on request, see faults.py; {"clear": true}

Decides how these are read and shown; what they do is done elsewhere. An error is a JSON object with the
sentence `error`: 400 for what was asked wrongly, 404 and 405 for what there is not.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ib_trading_simulator.brokerage import manual
from ib_trading_simulator.brokerage.orders import Ticket
from ib_trading_simulator.brokerage.refusal import Refusal
from ib_trading_simulator.control.clock import UnreadableTime, covered, duration_of, moment_of
from ib_trading_simulator.control.control_http import HttpError, HttpRequest, answer_one
from ib_trading_simulator.control.server import LOOPBACK, Simulator
from ib_trading_simulator.control.state import state
from ib_trading_simulator.market.contracts import Contract
from ib_trading_simulator.market.market import MarketError
from ib_trading_simulator.market.rates import CURRENCIES
from ib_trading_simulator.messages.wire import decimal_text

Body = dict[str, Any]


class Control:
    """One control port; `port` is known after `start`."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._listening: asyncio.Server | None = None
        self._actions: dict[str, Callable[[Body], Awaitable[Body]]] = {
            "/advance": self._advance,
            "/trade": self._trade,
            "/cash": self._cash,
            "/price": self._price,
            "/restart": self._restart,
            "/fault": self._fault,
        }

    async def start(self, port: int) -> int:
        """Raises OSError where the port cannot be had."""
        self._listening = await asyncio.start_server(self._serve, LOOPBACK, port)
        return self._listening.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._listening:
            self._listening.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer_one(reader, writer, self._answer)
        except asyncio.CancelledError:
            # The simulator ends in the middle of an answer (a long /advance): the asker is hung up on, and asyncio
            # 3.11 would print the cancellation of this task as an error.
            return
        finally:
            writer.close()

    async def _answer(self, request: HttpRequest) -> Body:
        address = urlsplit(request.target)
        if address.path == "/state":
            if request.method != "GET":
                raise HttpError(405, "/state is read with GET")
            return self._state({name: values[-1] for name, values in parse_qs(address.query).items()})
        action = self._actions.get(address.path)
        if action is None:
            raise HttpError(404, f"there is no {address.path}; there are /state, {', '.join(self._actions)}")
        if request.method != "POST":
            raise HttpError(405, f"{address.path} is asked for with POST")
        try:
            return await action(_body(request.body))
        except (UnreadableTime, MarketError, ValueError) as error:
            raise HttpError(400, str(error)) from None
        except Refusal as refusal:
            raise HttpError(400, refusal.text) from None

    def _state(self, query: dict[str, str]) -> Body:
        self._simulator.catch_up()
        self._simulator.settle()
        since = query.get("since", "0")
        if not since.isdigit():
            raise HttpError(400, f"since is {since!r}, which is no number of a message")
        return state(self._simulator, None if query.get("messages") == "no" else int(since))

    async def _advance(self, body: Body) -> Body:
        _only(body, "to", "by")
        if ("to" in body) == ("by" in body):
            raise ValueError('give either "to", a moment, or "by", a duration')
        now = self._simulator.catch_up()
        to = moment_of(str(body["to"])) if "to" in body else covered(now + duration_of(body["by"]))
        await self._simulator.advance(to)
        return self._time()

    async def _trade(self, body: Body) -> Body:
        _only(body, "symbol", "conId", "action", "quantity", "price", "account", "orderRef")
        simulator = self._simulator
        simulator.catch_up()
        action = str(body.get("action", "")).upper()
        if action not in {"BUY", "SELL"}:
            raise ValueError(f"action is {body.get('action')!r}: BUY or SELL")
        account = self._account(body)
        contract = self._contract(body)
        if not contract.tradable:
            raise ValueError(f"{contract.symbol} cannot be traded")
        ticket = Ticket(
            con_id=contract.con_id,
            account=account,
            action=action,
            quantity=_positive(body, "quantity"),
            order_type="MKT",
            limit=None,
            tif="DAY",
            order_ref=str(body.get("orderRef", "")),
        )
        order = manual.trade(simulator.broker, ticket, _positive(body, "price") if "price" in body else None)
        simulator.settle()
        return self._time() | {"permId": order.perm_id, "averagePrice": str(order.average_price)}

    async def _cash(self, body: Body) -> Body:
        _only(body, "amount", "currency", "account")
        simulator = self._simulator
        simulator.catch_up()
        accounts = simulator.broker.accounts
        account, currency = self._account(body), str(body.get("currency", accounts.base_currency))
        if currency not in CURRENCIES:
            raise ValueError(f"currency is {currency!r}: one of {', '.join(CURRENCIES)}")
        manual.transfer(simulator.broker, account, currency, _amount(body, "amount"))
        simulator.settle()
        simulator.gateway.account_feed.publish(simulator.gateway.clients.values())
        simulator.settle()
        return self._time() | {"balance": decimal_text(accounts.holdings[account].cash[currency])}

    async def _price(self, body: Body) -> Body:
        _only(body, "symbol", "conId", "price")
        simulator = self._simulator
        now = simulator.catch_up()
        contract = self._contract(body)
        simulator.broker.set_price(contract.con_id, _positive(body, "price"))
        simulator.settle()
        quote = simulator.broker.market.quote(contract.con_id, now)
        return self._time() | {"bid": str(quote.bid), "ask": str(quote.ask)}

    async def _restart(self, body: Body) -> Body:
        _only(body, "down")
        down = body.get("down", 0)
        if isinstance(down, bool) or not isinstance(down, int | float) or not 0 <= down <= 3600:
            raise ValueError(f"down is {down!r}: seconds between 0 and 3600")
        await self._simulator.restart(down)
        return self._time()

    async def _fault(self, body: Body) -> Body:
        simulator = self._simulator
        simulator.catch_up()
        if body == {"clear": True}:
            simulator.gateway.behave()
        else:
            simulator.gateway.misbehave(body)
        simulator.settle()
        return self._time() | {"faults": len(simulator.gateway.misbehaviour.faults.all)}

    def _time(self) -> Body:
        return {"time": self._simulator.broker.now.isoformat()}

    def _account(self, body: Body) -> str:
        accounts = self._simulator.broker.accounts.names
        account = str(body.get("account", accounts[0]))
        if account not in accounts:
            raise ValueError(f"account is {account!r}: one of {', '.join(accounts)}")
        return account

    def _contract(self, body: Body) -> Contract:
        book = self._simulator.broker.market.book
        if "conId" in body:
            found = [c for c in book.all() if c.con_id == body["conId"]]
        else:
            found = [c for c in book.all() if c.name == body.get("symbol")]
        if len(found) != 1:
            named = body.get("conId", body.get("symbol"))
            raise ValueError(f"{named!r} names {len(found)} contracts; give the symbol or the conId of one")
        return found[0]


def _body(raw: bytes) -> Body:
    try:
        body = json.loads(raw or b"{}")
    except ValueError:
        raise ValueError("the body is no JSON") from None
    if isinstance(body, dict):
        return body
    raise ValueError("the body has to be a JSON object")


def _only(body: Body, *known: str) -> None:
    unknown = sorted(set(body) - set(known))
    if unknown:
        raise ValueError(f"{unknown[0]!r} is not known here; known are {', '.join(known)}")


def _positive(body: Body, name: str) -> Decimal:
    number = _number(body, name)
    if number <= 0:
        raise ValueError(f"{name} is {body.get(name)!r}: a number above 0")
    return number


def _amount(body: Body, name: str) -> Decimal:
    number = _number(body, name)
    if not number:
        raise ValueError(f"{name} is {body.get(name)!r}: a number above or below 0")
    return number


def _number(body: Body, name: str) -> Decimal:
    """0 for what is no number: neither a price nor an amount can be that."""
    try:
        number = Decimal(str(body.get(name, "")))
    except InvalidOperation:
        return Decimal(0)
    return number if number.is_finite() else Decimal(0)
