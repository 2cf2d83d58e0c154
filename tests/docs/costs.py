"""What a month costs, computed from docs/costs.yaml and written into docs/costs.md.

`python -m tests.docs.costs` writes the page's tables anew; a test compares them. The free units are a billing account's
and are given once: to the first parts that use them, within one configuration.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import yaml

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "costs.md"
FIGURES = DOCS / "costs.yaml"
COMMAND = "python -m tests.docs.costs"
BLOCK = "<!-- {name} -->\n\n{text}\n\n<!-- end of {name} -->"


@dataclass(frozen=True, slots=True)
class Price:
    usd: Decimal
    unit: str
    free: Decimal
    source: str
    read: str


@dataclass(frozen=True, slots=True)
class Part:
    why: str
    uses: dict[str, Decimal]


@dataclass(frozen=True, slots=True)
class Costs:
    prices: dict[str, Price]
    parts: dict[str, Part]
    configurations: dict[str, list[str]]

    def of_part(self, name: str) -> Decimal:
        """Dollars a month, nothing free."""
        return sum(
            (self.prices[price].usd * units for price, units in self.parts[name].uses.items()), Decimal()
        )

    def of(self, parts: Iterable[str], *, with_free: bool) -> Decimal:
        """Dollars a month of a configuration."""
        units: dict[str, Decimal] = {}
        total = Decimal()
        for part in parts:
            for price, used in self.parts[part].uses.items():
                units[price] = units.get(price, Decimal()) + used
        for price, used in units.items():
            free = self.prices[price].free if with_free else Decimal()
            total += self.prices[price].usd * max(Decimal(), used - free)
        return total


def read() -> Costs:
    given = yaml.safe_load(FIGURES.read_text(encoding="utf-8"))
    prices = {
        name: Price(Decimal(one["usd"]), one["unit"], Decimal(str(one["free"])), one["source"], one["read"])
        for name, one in given["prices"].items()
    }
    parts = {
        name: Part(one["why"], {price: Decimal(str(units)) for price, units in one["uses"].items()})
        for name, one in given["parts"].items()
    }
    return Costs(prices, parts, given["configurations"])


def money(amount: Decimal) -> str:
    return f"{amount.quantize(Decimal('0.01'), ROUND_HALF_UP):,}"


def tables(costs: Costs) -> dict[str, str]:
    configurations = [
        f"| {name} | {money(costs.of(parts, with_free=True))} | {money(costs.of(parts, with_free=False))} |"
        for name, parts in costs.configurations.items()
    ]
    parts = [f"| {name} | {money(costs.of_part(name))} | {part.why} |" for name, part in costs.parts.items()]
    prices = [
        f"| {one.unit} | {one.usd.normalize():f} | {one.free.normalize():,f} | {_source(one)} |"
        for one in costs.prices.values()
    ]
    return {
        "configurations": _table("configuration", "a month", "with nothing free", rows=configurations),
        "parts": _table("part", "a month, nothing free", "because", rows=parts),
        "prices": _table("of one", "dollars", "free a month", "source", rows=prices),
    }


def _source(price: Price) -> str:
    return f"{price.source}, {price.read}" if price.read else price.source


def _table(*head: str, rows: list[str]) -> str:
    rule = ["---", *("---:" if name in _FIGURES else "---" for name in head[1:])]
    return "\n".join([f"| {' | '.join(head)} |", f"| {' | '.join(rule)} |", *rows])


_FIGURES = {"a month", "with nothing free", "a month, nothing free", "dollars", "free a month"}


def written(page: str, costs: Costs) -> str:
    """The page with its tables as they are computed; LookupError if a place for one is missing."""
    for name, table in tables(costs).items():
        place = re.compile(rf"<!-- {name} -->.*?<!-- end of {name} -->", re.DOTALL)
        block = BLOCK.format(name=name, text=table)
        page, count = place.subn(lambda _, block=block: block, page)
        if count != 1:
            raise LookupError(f"costs.md has {count} places for {name}")
    return page


def main() -> None:
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), read()), encoding="utf-8")


if __name__ == "__main__":
    main()
