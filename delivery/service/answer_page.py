"""Lays an answer of the service out for a person: orders, limits, holdings and whatever else it has, in tables.

Decides what comes first and what goes without saying; `--json` shows everything. Pure. What it does not know by name it
still shows: a new member of an answer is never lost.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from delivery.console.table import is_number, spelled, table, words

ENVELOPE = ("intent", "tradingMode", "runId", "utcTimestamp", "type")
ORDER = (
    *("localSymbol", "action", "quantity", "filled", "averagePrice", "status", "orderRef", "commission"),
    *("price", "worth", "orderType", "limitPrice", "tif", "source"),
)
POSITION = ("localSymbol", "quantity", "price", "marketValue", "averageCost", "currency")
FIRST = ("runId", "localSymbol", "name", "strategy", "id", "kind", "intent", "state", "status")
"""What a table that is not known by name begins with."""
NUMBERS = ("conId", "permId")
"""The broker's own, of use to programs only."""
ACCOUNT_FIGURES = (
    *("AvailableFunds", "BuyingPower", "ExcessLiquidity", "GrossPositionValue", "InitMarginReq"),
    *("MaintMarginReq", "RealizedPnL", "UnrealizedPnL"),
)
"""Of the broker's thirty, those that say how an account stands."""


def page(body: Mapping[str, Any], width: int) -> list[str]:
    """The lines of one answer, no longer than `width` where words can be broken."""
    head = " · ".join(spelled(body[key]) for key in ("intent", "tradingMode") if body.get(key))
    if "plan" in body and "dryRun" in body:
        return [*_head(head, body), *_trading(body, width)]
    if "positions" in body and "values" in body:
        return [*_head(head, body), *_summary(body, width)]
    if "outcome" in body and "run" in body:
        run = body["run"]
        told = body["outcome"] or {}
        orders = {"orders": told.get("orders") or body["orders"]}
        rest = {"run": run} | ({"plan": {}, "dryRun": False} | told | orders if told else orders)
        return [*_head(head, run), *_members({"run": run}, width), *_trading(rest, width)]
    return [*_head(head, body), *_members(body, width)]


def problem_page(body: Mapping[str, Any], width: int) -> list[str]:
    """A problem document: the sentence with its remedy, then what it carries besides."""
    lines = [f"{body.get('status', '')} {body.get('title', 'refused')}".strip()]
    lines += _wrapped(str(body.get("detail", "")), width)
    said = str(body.get("detail", ""))
    for error in body.get("errors") or ():
        text = f"{error.get('path')}: {error.get('message')}"
        if text not in said:
            lines += _wrapped(f"- {text}", width)
    if body.get("runId"):
        lines.append(f"  run {body['runId']}")
    if "plan" in body:
        lines += _trading(body, width)
    else:
        told = ("status", "title", "detail", "errors")
        lines += _members({key: value for key, value in body.items() if key not in told}, width)
    return lines


def _head(head: str, body: Mapping[str, Any]) -> list[str]:
    run = f" · run {body['runId']}" if body.get("runId") else ""
    return [f"{head}{run}"] if head or run else []


def _trading(body: Mapping[str, Any], width: int) -> list[str]:
    plan = body.get("plan") or {}
    lines = []
    if plan:
        dry = "planned only, nothing was sent" if body.get("dryRun") else "planned and sent"
        account = f"account {plan['account']}, {spelled(plan['netLiquidation'])} {plan['baseCurrency']}"
        lines += [f"{account}, as of {plan['asOf']}", dry.capitalize() + "."]
    orders = body.get("orders") or [_planned(order, plan) for order in plan.get("orders") or ()]
    lines += _titled("Orders", table(ORDER, orders, width)) if orders else ["", "No orders."]
    if crosses := plan.get("internalCrosses"):
        lines += _titled("Between strategies", _generic(_with_symbols(crosses, plan), width))
    lines += _limits(plan.get("limits") or (), width)
    for name in ("locks", "repairs"):
        if found := body.get(name):
            lines += _titled(words(name).capitalize(), _generic(found, width))
    messages = [
        f"{order['localSymbol']}: {text}"
        for order in body.get("orders") or ()
        for text in order.get("messages", ())
    ]
    lines += _list("What the broker said", messages, width)
    lines += _list("Warnings", body.get("warnings") or (), width)
    targets = plan.get("targetPositions") or {}
    wanted = {name: {key: value for key, value in held.items() if value} for name, held in targets.items()}
    if any(wanted.values()):
        lines += _titled("Target positions", _matrix(wanted, width))
    return lines


def _planned(order: Mapping[str, Any], plan: Mapping[str, Any]) -> dict[str, Any]:
    """With the price that it was sized at."""
    price = (plan.get("prices") or {}).get(str(order["conId"]))
    return {**order, "price": price["price"] if price else None}


def _with_symbols(crosses: Iterable[Mapping[str, Any]], plan: Mapping[str, Any]) -> list[dict[str, Any]]:
    symbols = {con_id: symbol for symbol, con_id in (plan.get("contractIds") or {}).items()}
    return [{"localSymbol": symbols.get(cross["conId"], cross["conId"]), **cross} for cross in crosses]


def _limits(limits: Sequence[Mapping[str, Any]], width: int) -> list[str]:
    if not limits:
        return []
    refused = [limit for limit in limits if limit["verdict"] != "passed"]
    if not refused:
        return ["", f"Limits: all {len(limits)} passed."]
    lines = _titled(
        f"Limits: {len(refused)} of {len(limits)} refused",
        table(("rule", "subject", "value", "limit"), refused, width),
    )
    return lines + _list("", [limit["remedy"] for limit in refused if limit["remedy"]], width)


def _summary(body: Mapping[str, Any], width: int) -> list[str]:
    base = body["baseCurrency"]
    lines = [f"account {body['account']}, {spelled(body['netLiquidation'])} {base}, at {body['brokerTime']}"]
    values = {name: body["values"][name] for name in ACCOUNT_FIGURES if name in body["values"]}
    lines += _titled("Account", _pairs({"cash": body["cash"]} | values, width))
    positions = [{**each, "price": (each["price"] or {}).get("price")} for each in body["positions"]]
    lines += _titled("Positions", table(POSITION, positions, width)) if positions else ["", "No positions."]
    held = {name: holding for name, holding in body["holdings"].items() if holding}
    lines += _titled("Who holds them", _matrix(held, width)) if held else []
    earned = [{"strategy": name, **each} for name, each in body["profit"].items()]
    lines += _titled(f"Profit in {base}", _generic(earned, width)) if earned else []
    shown = {
        "account",
        "baseCurrency",
        "netLiquidation",
        "brokerTime",
        "cash",
        "values",
        "positions",
        "holdings",
        "profit",
    }
    return lines + _members({key: value for key, value in body.items() if key not in shown}, width)


def _matrix(holdings: Mapping[str, Mapping[str, Any]], width: int) -> list[str]:
    """Strategies side by side, a line for each symbol."""
    symbols = sorted({symbol for held in holdings.values() for symbol in held})
    rows = [{" ": symbol} | {name: held.get(symbol) for name, held in holdings.items()} for symbol in symbols]
    return table((" ", *holdings), rows, width)


def _members(body: Mapping[str, Any], width: int) -> list[str]:
    """Whatever is there, by its shape: single values, then tables. What is empty is not shown."""
    # Why an order is there comes before what became of it.
    why = {"strategies": body["strategies"]} if "strategies" in body else {}
    told = {
        key: value
        for key, value in (why | dict(body)).items()
        if key not in ENVELOPE and value not in (None, [], {}, "")
    }
    single = {key: value for key, value in told.items() if not isinstance(value, list | dict)}
    lines = ["", *_pairs(single, width)] if single else []
    for key, value in told.items():
        title = words(key).capitalize()
        match value:
            case [{"verdict": _}, *_]:
                lines += _limits(value, width)
            case [dict(), *_]:
                lines += _titled(title, _generic(value, width))
            case list():
                lines += _list(title, map(spelled, value), width)
            case dict() if key == "holdings":
                lines += _titled(title, _matrix(value, width))
            case dict() if all(isinstance(each, dict) for each in value.values()):
                lines += _titled(
                    title, _generic([{"name": name, **each} for name, each in value.items()], width)
                )
            case dict():
                lines += _titled(title, _pairs(value, width))
    return lines


def _generic(rows: Sequence[Mapping[str, Any]], width: int) -> list[str]:
    """Long texts are no column: they stand below, a line of the table each."""
    keys = dict.fromkeys(key for row in rows for key in row if key not in NUMBERS)
    long = [key for key in keys if any(len(spelled(row.get(key))) > width // 2 for row in rows)]
    columns = [key for key in FIRST if key in keys and key not in long]
    columns += [key for key in keys if key not in columns and key not in long]
    lines = table(columns, rows, width) if columns else []
    for row in rows:
        for key in long:
            if row.get(key):
                mark = f"{spelled(row[columns[0]])}, " if columns else ""
                lines += _wrapped(f"{mark}{words(key)}: {spelled(row[key])}", width)
    return lines


def _pairs(values: Mapping[str, Any], width: int) -> list[str]:
    values = {key: value for key, value in values.items() if value is not None and key not in NUMBERS}
    if not values:
        return []
    room = max(len(words(key)) for key in values)
    figures = max((len(spelled(value)) for value in values.values() if is_number(value)), default=0)
    lines = []
    for key, value in values.items():
        text = spelled(value).rjust(figures) if is_number(value) else spelled(value)
        lines += (
            textwrap.wrap(
                text,
                width,
                initial_indent=f"  {words(key):<{room}}  ",
                subsequent_indent=" " * (room + 4),
                drop_whitespace=True,
                break_long_words=False,
            )
            if not is_number(value)
            else [f"  {words(key):<{room}}  {text}"]
        )
    return lines


def _titled(title: str, lines: Iterable[str]) -> list[str]:
    return ["", title, *lines]


def _list(title: str, texts: Iterable[str], width: int) -> list[str]:
    found = [line for text in texts for line in _wrapped(f"- {text}", width)]
    return (_titled(title, found) if title else found) if found else []


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, initial_indent="  ", subsequent_indent="    ", break_long_words=False)
