"""The account as one HTML page: self-contained, for light and dark, for desks and phones.

Decides which figures go where on the page; page.html and page.css decide how it looks, charts.py draws.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from demo.account import figure, price, shares
from demo.charts import SIZES, moment, position_chart, value_chart
from demo.checks import Check
from demo.figures import decisions, filled_orders, gain, holdings, profits
from demo.month import NEW_YORK, AccountAt
from demo.story import CASH, Story, Trading

_HERE = Path(__file__).parent


def render_page(story: Story, checks: Sequence[Check], seconds: Mapping[str, float]) -> str:
    """The whole page; it refers to nothing outside itself."""
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "money": figure,
        "price": price,
        "shares": shares,
        "signed": _signed,
        "percent": _percent,
    }
    accounts = (story.begin, *story.closes, story.second.account)
    return environment.get_template("page.html").render(
        style=Markup((_HERE / "page.css").read_text(encoding="utf-8")),  # noqa: S704  our own file
        first=story.first.account.at.astimezone(NEW_YORK),
        last=story.second.account.at.astimezone(NEW_YORK),
        account=story.account,
        cash=CASH,
        end=story.second.account,
        gain=gain(story),
        value_charts=[Markup(value_chart(accounts, size)) for size in SIZES],  # noqa: S704  escaped by charts.py
        position_charts=[Markup(position_chart(accounts, size)) for size in SIZES],  # noqa: S704  the same
        tradings=[_trading(story, trading) for trading in story.tradings],
        days=_days(accounts),
        holdings=holdings(story),
        profits=profits(story),
        checks=checks,
        seconds=seconds,
        orders_filled=sum(order["status"] == "Filled" for order in story.control["orders"]),
    )


def _trading(story: Story, trading: Trading) -> dict[str, object]:
    plan = trading.run.document
    return {
        "at": trading.account.at.astimezone(NEW_YORK),
        "capital": plan["capital"],
        "strategies": plan["strategies"],
        "netLiquidation": plan["netLiquidation"],
        "decisions": decisions(trading),
        "orders": filled_orders(trading, story.control),
        "limits": len(plan["limits"]),
    }


def _days(accounts: Sequence[AccountAt]) -> list[dict[str, object]]:
    """Each moment of the month, for those who would rather read than look."""
    before = accounts[0].net_liquidation
    rows: list[dict[str, object]] = []
    for account in accounts:
        change = account.net_liquidation - before
        rows.append(
            {"moment": moment(account), "account": account, "change": change, "count": len(account.holdings)}
        )
        before = account.net_liquidation
    return rows


def _signed(amount: Decimal) -> str:
    return f"{amount:+,.2f}".replace("-", "−")


def _percent(part: Decimal) -> str:
    return f"{part:.1%}"
