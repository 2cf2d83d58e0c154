"""The two charts of the page as inline SVG: the account's value, and what it consists of, over time.

Decides shapes, scales and labels; colours are the page's (page.css). Why there is no charting library here:
docs/decisions/0010-charts.md. Each chart comes in a size for desks and one for phones, so that its text keeps its
own size on both, and carries its figures as titles, which browsers show on pointing and screen readers read.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from xml.etree import ElementTree as Xml

from demo.month import NEW_YORK, AccountAt


@dataclass(frozen=True, slots=True)
class Size:
    """In CSS pixels; `labels` is how many days have their date written below."""

    name: str
    width: int
    height: int
    labels: int
    left: int = 56
    right: int = 56
    top: int = 22
    bottom: int = 28


SIZES = (Size("wide", 1000, 400, 8, right=46), Size("narrow", 360, 320, 3, left=42, right=38))
"""Which of the two is seen, the page's style sheet decides by the window's width."""

_LABEL_WIDTH = 52


@dataclass(frozen=True, slots=True)
class Frame:
    """Maps days (by position) and money to pixels, between `low` and `high`."""

    size: Size
    days: int
    low: float
    high: float

    @property
    def step(self) -> float:
        return (self.size.width - self.size.left - self.size.right) / self.days

    def x(self, day: int) -> float:
        """The middle of a day's column."""
        return self.size.left + self.step * (day + 0.5)

    def y(self, money: Decimal | float) -> float:
        height = self.size.height - self.size.top - self.size.bottom
        return self.size.top + height * (1 - (float(money) - self.low) / (self.high - self.low))


def value_chart(accounts: Sequence[AccountAt], size: Size) -> str:
    """The account's value at each of `accounts`; dashed, where it began."""
    values = [account.net_liquidation for account in accounts]
    low, high, ticks = scale(float(min(values)), float(max(values)))
    frame = Frame(size, len(accounts), low, high)
    svg = _drawing(frame, f"Account value, from {values[0]:,.0f} to {values[-1]:,.0f} US dollars")
    _axes(svg, frame, accounts, ticks)
    points = [f"{frame.x(day):.1f} {frame.y(value):.1f}" for day, value in enumerate(values)]
    floor = size.height - size.bottom
    area = f"M{frame.x(0):.1f} {floor}L{'L'.join(points)}L{frame.x(len(values) - 1):.1f} {floor}Z"
    _add(svg, "path", d=area, attributes={"class": "area"})
    start = frame.y(values[0])
    _add(svg, "path", d=f"M{size.left} {start:.1f}H{size.width - size.right}", attributes={"class": "start"})
    _add(svg, "path", d=f"M{'L'.join(points)}", attributes={"class": "curve"})
    for day, account in enumerate(accounts):
        value = account.net_liquidation
        group = _add(svg, "g", attributes={"class": "day"})
        Xml.SubElement(group, "title").text = f"{moment(account)}: {value:,.2f} USD"
        _add(
            group,
            "rect",
            x=frame.x(day) - frame.step / 2,
            y=size.top,
            width=frame.step,
            height=floor - size.top,
        )
        _add(group, "circle", cx=frame.x(day), cy=frame.y(value), r=3)
    # Above the curve's end, and above as much of the curve as the figure is wide.
    covered = values[-math.ceil(_LABEL_WIDTH / frame.step) - 1 :]
    label = _add(svg, "text", {"class": "last"}, x=frame.x(len(values) - 1) + 4, y=frame.y(max(covered)) - 10)
    label.text = f"{values[-1]:,.0f}"
    return Xml.tostring(svg, encoding="unicode")


def position_chart(accounts: Sequence[AccountAt], size: Size) -> str:
    """What the account consists of: a column a day, a band a stock, the largest at the bottom, cash on top."""
    symbols = by_final_value(accounts)
    totals = [account.invested + max(account.cash, Decimal(0)) for account in accounts]
    low, _, ticks = scale(0.0, float(max(totals)))
    frame = Frame(size, len(accounts), low, float(max(totals)))
    svg = _drawing(frame, f"Value of each of {len(symbols)} positions and of the cash, day by day")
    _axes(svg, frame, accounts, ticks)
    tops = [Decimal(0)] * len(accounts)
    for number, symbol in enumerate((*symbols, "cash")):
        band = _add(svg, "g", attributes={"class": "band cash" if symbol == "cash" else "band"})
        band.set("style", f"--hue:{round(205 + number * 250 / (len(symbols) + 1)) % 360};--odd:{number % 2}")
        for day, account in enumerate(accounts):
            amount = account.cash if symbol == "cash" else _value(account, symbol)
            if amount > 0:
                _column(
                    band, frame, day, tops[day], amount
                ).text = f"{moment(account)}: {symbol} {amount:,.0f} USD"
                tops[day] += amount
        _band_label(band, frame, symbol, tops[-1], accounts[-1])
    return Xml.tostring(svg, encoding="unicode")


def scale(low: float, high: float) -> tuple[float, float, tuple[float, ...]]:
    """Round ends around `low` and `high`, and four to eight round figures from one end to the other."""
    span = (high - low) or max(abs(high), 1.0)
    power = 10.0 ** math.floor(math.log10(span / 4))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if span / (factor * power) <= 6)
    first, last = math.floor(low / step), math.ceil(high / step)
    ticks = tuple(step * number for number in range(first, max(last, first + 1) + 1))
    return ticks[0], ticks[-1], ticks


def by_final_value(accounts: Sequence[AccountAt]) -> tuple[str, ...]:
    """Every symbol that was ever held, the most valuable at the end first."""
    symbols = {holding.symbol for account in accounts for holding in account.holdings}
    return tuple(sorted(symbols, key=lambda symbol: (-_value(accounts[-1], symbol), symbol)))


def moment(account: AccountAt) -> str:
    """3 June, 16:00."""
    at = account.at.astimezone(NEW_YORK)
    return f"{at.day} {at:%B, %H:%M}"


def _value(account: AccountAt, symbol: str) -> Decimal:
    return next((holding.value for holding in account.holdings if holding.symbol == symbol), Decimal(0))


def _drawing(frame: Frame, title: str) -> Xml.Element:
    size = frame.size
    svg = Xml.Element(
        "svg", {"class": size.name, "viewBox": f"0 0 {size.width} {size.height}", "role": "img"}
    )
    svg.set("width", str(size.width))
    svg.set("height", str(size.height))
    svg.set("aria-label", title)
    return svg


def _axes(svg: Xml.Element, frame: Frame, accounts: Sequence[AccountAt], ticks: Sequence[float]) -> None:
    size = frame.size
    for tick in (tick for tick in ticks if tick <= frame.high):
        y = frame.y(tick)
        _add(svg, "path", d=f"M{size.left} {y:.1f}H{size.width - size.right}", attributes={"class": "grid"})
        label = _add(svg, "text", x=size.left - 8, y=y + 4, attributes={"class": "money"})
        label.text = f"{tick / 1000:,g}k" if tick else "0"
    every = max(1, math.ceil(len(accounts) / size.labels))
    for day in range(0, len(accounts), every):
        label = _add(svg, "text", x=frame.x(day), y=size.height - 8, attributes={"class": "date"})
        at = accounts[day].at.astimezone(NEW_YORK)
        label.text = f"{at.day} {at:%b}"


def _column(band: Xml.Element, frame: Frame, day: int, below: Decimal, amount: Decimal) -> Xml.Element:
    """One day of a band; gives its title."""
    gap = min(3.0, frame.step * 0.12)
    top, bottom = frame.y(below + amount), frame.y(below)
    x = frame.x(day) - frame.step / 2 + gap / 2
    column = _add(band, "rect", x=x, y=top, width=frame.step - gap, height=bottom - top)
    return Xml.SubElement(column, "title")


def _band_label(band: Xml.Element, frame: Frame, symbol: str, top: Decimal, last: AccountAt) -> None:
    """The symbol beside the last column, where its band is high enough to be read."""
    amount = last.cash if symbol == "cash" else _value(last, symbol)
    height = frame.y(top - amount) - frame.y(top)
    if amount > 0 and height >= 9:
        label = _add(
            band, "text", x=frame.size.width - frame.size.right + 6, y=frame.y(top) + height / 2 + 3.5
        )
        label.text = symbol


def _add(
    parent: Xml.Element, tag: str, attributes: dict[str, str] | None = None, **figures: float | str
) -> Xml.Element:
    """An element with `figures` as attributes, to a tenth of a pixel."""
    spelled = {name: value if isinstance(value, str) else f"{value:.1f}" for name, value in figures.items()}
    return Xml.SubElement(parent, tag, {**(attributes or {}), **spelled})
