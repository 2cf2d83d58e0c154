"""docs/costs.md adds up: its tables are what its figures make."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.docs.costs import COMMAND, PAGE, Costs, Part, Price, read, tables, written


def test_the_page_says_what_its_figures_make() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert written(page, read()) == page, f"if this is meant, write it anew with: {COMMAND}"


def test_every_price_says_where_it_was_read_and_when_or_that_it_is_assumed() -> None:
    for name, price in read().prices.items():
        assert price.source.startswith("https://") == bool(price.read), name
        assert price.read or price.source.startswith("assumed"), name


def test_nothing_is_priced_that_nothing_uses_and_every_part_is_in_a_configuration() -> None:
    costs = read()
    assert {price for part in costs.parts.values() for price in part.uses} == set(costs.prices)
    assert {part for parts in costs.configurations.values() for part in parts} == set(costs.parts)


def test_what_is_free_is_free_once_however_many_parts_use_it() -> None:
    price = Price(Decimal(2), "piece", Decimal(5), "assumed", "")
    part = Part("", {"piece": Decimal(4)})
    costs = Costs({"piece": price}, {"one": part, "other": part}, {"both": ["one", "other"]})
    assert costs.of(["one", "other"], with_free=True) == Decimal(6)
    assert costs.of(["one", "other"], with_free=False) == Decimal(16)
    assert costs.of(["one"], with_free=True) == 0


def test_a_sum_is_rounded_once_at_the_end() -> None:
    price = Price(Decimal("0.004"), "piece", Decimal(), "assumed", "")
    costs = Costs(
        {"piece": price}, {"one": Part("", {"piece": Decimal(1)})}, {"three": ["one", "one", "one"]}
    )
    assert "| three | 0.01 | 0.01 |" in tables(costs)["configurations"]


def test_a_page_without_a_place_for_a_table_is_an_error() -> None:
    with pytest.raises(LookupError, match="0 places for configurations"):
        written("# What a month costs\n", read())


def test_an_always_on_gateway_costs_more_than_everything_of_paper_together() -> None:
    """What the page says in words."""
    costs = read()
    paper = costs.of(costs.configurations["paper, gateway per request"], with_free=False)
    assert costs.of_part("always on") > 2 * paper
