"""Whether it happened as it was told: each claim of the demonstration, checked.

The judge is the simulator's record, read from its control port, and the file of recorded closes. The service's own
word is what is judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from demo.figures import profits
from demo.month import AccountAt
from demo.recorded_closes import RecordedCloses
from demo.story import CASH, Story, Trading

LEAST_FILLED_ORDERS = 10
TICK = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Check:
    """`detail` is the evidence; where it failed, what differed."""

    name: str
    passed: bool
    detail: str


def check(story: Story, recorded: RecordedCloses) -> tuple[Check, ...]:
    """All claims, in the order in which they are told."""
    return (
        _plans_are_the_same_bytes(story),
        _enough_filled(story),
        _fills_at_bid_or_ask(story),
        _fills_as_reported(story),
        _repetition_is_stored(story),
        _unchanged_market_means_no_order(story),
        _each_order_once(story),
        _closes_as_recorded(story, recorded),
        _holdings_equal_positions(story),
        _profit_explains_the_account(story),
    )


def _judged(name: str, evidence: str, differences: Iterable[str]) -> Check:
    found = tuple(differences)
    return Check(name, not found, evidence if not found else "; ".join(found))


def _plans_are_the_same_bytes(story: Story) -> Check:
    pairs = [(trading.dry_run.member("plan"), trading.run.member("plan")) for trading in story.tradings]
    evidence = " and ".join(f"{len(run.encode()):,}" for _, run in pairs) + " bytes"
    differing = [f"plans differ from {_first_difference(*pair)}" for pair in pairs if pair[0] != pair[1]]
    return _judged("dry-run and run have the same plan, byte for byte", evidence, differing)


def _enough_filled(story: Story) -> Check:
    filled = [order for order in story.control["orders"] if order["status"] == "Filled"]
    others = [
        f"{order['symbol']} is {order['status']}" for order in story.control["orders"] if order not in filled
    ]
    if len(filled) < LEAST_FILLED_ORDERS:
        others.append(f"only {len(filled)} orders filled")
    shares = sum((Decimal(order["filled"]) for order in filled), Decimal(0))
    return _judged("every order filled", f"{len(filled)} orders, {shares:,} shares", others)


def _fills_at_bid_or_ask(story: Story) -> Check:
    wrong = []
    for execution in story.control["executions"]:
        side = "ask" if execution["side"] == "BOT" else "bid"
        if execution[side] is None or Decimal(execution["price"]) != Decimal(execution[side]):
            wrong.append(f"{execution['symbol']} at {execution['price']}, {side} {execution[side]}")
    evidence = f"{len(story.control['executions'])} fills"
    return _judged("each buy at the ask of its instant, each sale at the bid", evidence, wrong)


def _fills_as_reported(story: Story) -> Check:
    """execId → (signed shares, price, commission): the service's against the simulator's."""
    theirs = {
        execution["execId"]: (
            Decimal(execution["shares"]) * (1 if execution["side"] == "BOT" else -1),
            Decimal(execution["price"]),
            Decimal(execution["commission"]),
        )
        for execution in story.control["executions"]
    }
    ours = {
        fill["execId"]: (fill["quantity"], fill["price"], fill["commission"])
        for trading in story.tradings
        for order in trading.run.document["orders"]
        for fill in order["fills"]
    }
    return _judged(
        "the service reports the simulator's fills, prices and commissions",
        f"{len(theirs)} fills, {sum((fee for _, _, fee in theirs.values()), Decimal(0))} USD commission",
        _differences(ours, theirs),
    )


def _repetition_is_stored(story: Story) -> Check:
    wrong = []
    if story.repeated.headers.get("idempotency-replayed") != "true":
        wrong.append("the answer has no header Idempotency-Replayed: true")
    if story.repeated.text != story.first.run.text:
        wrong.append("the answer is not the first one")
    new = story.orders_after_repeated - story.orders_after_first
    if new:
        wrong.append(f"{new} orders reached the simulator")
    evidence = "same bytes, Idempotency-Replayed: true, no order"
    return _judged("the same request with the same key gets the stored answer", evidence, wrong)


def _unchanged_market_means_no_order(story: Story) -> Check:
    answer = story.unchanged.document
    wrong = [f"the plan has {order['action']} {order['localSymbol']}" for order in answer["plan"]["orders"]]
    new = story.orders_after_unchanged - story.orders_after_repeated
    if new or answer["orders"]:
        wrong.append(f"{new} orders reached the simulator")
    return _judged(
        "trend alone under a new key, market unchanged: nothing to do", "a plan of 0 orders", wrong
    )


def _each_order_once(story: Story) -> Check:
    reported = [order["orderRef"] for trading in story.tradings for order in trading.run.document["orders"]]
    arrived = [order["orderRef"] for order in story.control["orders"]]
    wrong = [
        f"{ref} arrived {arrived.count(ref)} times"
        for ref in dict.fromkeys(reported)
        if arrived.count(ref) != 1
    ]
    wrong += [f"{ref} was never reported" for ref in arrived if ref not in reported]
    return _judged(
        "each order arrived exactly once", f"{len(arrived)} orders, each with its own orderRef", wrong
    )


def _closes_as_recorded(story: Story, recorded: RecordedCloses) -> Check:
    """The last price of a session is the recorded close on the tick; the next session quotes it with all decimals."""
    compared = 0
    wrong = []
    before = story.begin
    for close in (*story.closes, story.second.account):
        for symbol, shown, expected in _close_figures(close, before, story, recorded):
            compared += 1
            if shown != expected:
                wrong.append(f"{symbol} {close.day}: {shown}, recorded {expected}")
        before = close
    if not compared:
        wrong.append("nothing was held at any close")
    evidence = f"{len(story.closes)} days, {compared} prices"
    return _judged("each day ends on the recorded closes", evidence, wrong)


def _close_figures(
    at: AccountAt, before: AccountAt, story: Story, recorded: RecordedCloses
) -> Iterator[tuple[str, Decimal | None, Decimal]]:
    """Symbol, the simulator's figure, the record's."""
    for holding in at.holdings:
        if at in story.closes:
            yield holding.symbol, holding.price, recorded.close(holding.symbol, at.day).quantize(TICK)
        if before in story.closes:
            yield holding.symbol, holding.previous_close, recorded.close(holding.symbol, before.day)


def _holdings_equal_positions(story: Story) -> Check:
    wrong = [difference for trading in story.tradings for difference in _holding_differences(trading)]
    counts = " and ".join(str(len(trading.account.holdings)) for trading in story.tradings)
    return _judged(
        "the strategies' holdings add up to the simulator's positions", f"{counts} positions", wrong
    )


def _holding_differences(trading: Trading) -> Iterator[str]:
    together: dict[str, Decimal] = {}
    for held in trading.summary.document["holdings"].values():
        for symbol, quantity in held.items():
            together[symbol] = together.get(symbol, Decimal(0)) + quantity
    held = {symbol: quantity for symbol, quantity in together.items() if quantity}
    return _differences(held, trading.account.quantities())


def _profit_explains_the_account(story: Story) -> Check:
    account = story.second.account.net_liquidation
    profit = profits(story)[-1].profit
    wrong = [] if CASH + profit == account else [f"{CASH:,} + {profit:,} is not {account:,}"]
    evidence = f"{CASH:,} {profit:+,.2f} = {account:,.2f} USD"
    return _judged("the strategies' profits explain the account to the cent", evidence, wrong)


def _differences(ours: Mapping[Any, Any], theirs: Mapping[Any, Any]) -> Iterator[str]:
    for name in sorted({*ours, *theirs}):
        if ours.get(name) != theirs.get(name):
            yield f"{name}: service {_told(ours.get(name))}, simulator {_told(theirs.get(name))}"


def _told(figure: Any) -> str:
    if isinstance(figure, tuple):
        return " ".join(map(str, figure))
    return "nothing" if figure is None else str(figure)


def _first_difference(one: str, other: str) -> str:
    """Where two texts part, with a few words before to see where that is."""
    pairs = enumerate(zip(one, other, strict=False))
    at = next((number for number, (a, b) in pairs if a != b), min(len(one), len(other)))
    return f"{one[max(0, at - 30) : at + 30]!r} to {other[max(0, at - 30) : at + 30]!r}"
