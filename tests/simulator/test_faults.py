"""The language of misbehaviour: what may be said, and which occasions count."""

from __future__ import annotations

from typing import Any

import pytest

from ib_trading_simulator.misbehaving.faults import FaultError, Faults, Occasion, Place, fault_of

MESSAGES = frozenset({"placeOrder", "reqMktData", "positionEnd"})


def spoken(what: str | dict[str, Any], **when: Any) -> Faults:
    faults = Faults()
    faults.all.append(fault_of({"when": when, "what": what}, MESSAGES))
    return faults


def acts(faults: Faults, place: Place, *occasions: Occasion) -> list[bool]:
    return [bool(faults.struck(place, occasion)) for occasion in occasions]


AAPL, MSFT = Occasion("placeOrder", symbol="AAPL"), Occasion("placeOrder", symbol="MSFT")


def test_a_fault_acts_once_unless_it_is_told_otherwise() -> None:
    assert acts(spoken("reject"), Place.ORDER, AAPL, AAPL) == [True, False]
    assert acts(spoken("reject", times=2), Place.ORDER, AAPL, AAPL, AAPL) == [True, True, False]
    assert acts(spoken("reject", times="always"), Place.ORDER, *[AAPL] * 5) == [True] * 5


def test_only_occasions_that_agree_are_counted() -> None:
    faults = spoken("reject", symbol="AAPL", nth=2)
    assert acts(faults, Place.ORDER, MSFT, AAPL, MSFT, AAPL, AAPL) == [False, False, False, True, False]


def test_an_order_is_known_by_its_reference() -> None:
    faults = spoken("inactive", orderRef="ib-7")
    assert acts(faults, Place.ORDER, AAPL, Occasion("placeOrder", "ib-7", "AAPL")) == [False, True]


def test_a_deed_of_another_place_is_not_an_occasion() -> None:
    assert acts(spoken("reject"), Place.REQUEST, AAPL) == [False]


def test_a_fault_that_is_spent_waits_nowhere() -> None:
    faults = spoken("drop")
    assert faults.waits_at(Place.REQUEST)
    faults.struck(Place.REQUEST, AAPL)
    assert not faults.waits_at(Place.REQUEST)


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ({}, "what"),
        ({"what": "explode"}, "explode"),
        ({"what": {"do": "reject", "cause": "x"}}, "cause"),
        ({"what": "reject", "if": {}}, "if"),
        ({"what": "reject", "when": {"simbol": "AAPL"}}, "simbol"),
        ({"what": "reject", "when": {"nth": 0}}, "nth"),
        ({"what": "reject", "when": {"times": "often"}}, "times"),
        ({"what": "reject", "when": {"message": "placeOrder"}}, "message"),
        ({"what": "reject", "when": {"now": True}}, "now"),
        ({"what": "reject", "when": "soon"}, "soon"),
        ({"what": "refuse"}, "code"),
        ({"what": "partial fill"}, "quantity"),
        ({"what": {"do": "partial fill", "quantity": "some"}}, "some"),
        ({"what": {"do": "acknowledge late"}}, "seconds"),
        ({"what": {"do": "acknowledge late", "seconds": 1, "realSeconds": 1}}, "one of"),
        ({"what": {"do": "disconnect", "answered": "yes"}}, "answered"),
        ({"what": "omit"}, "message"),
        ({"what": "omit", "when": {"message": "positionsEnd"}}, "positionsEnd"),
        ({"what": "omit account value"}, "key"),
        ({"what": "stale quote"}, "symbol"),
        ({"what": "liquidate"}, "symbol"),
    ],
)
def test_what_cannot_be_followed_is_refused_in_a_sentence(said: dict[str, Any], word: str) -> None:
    with pytest.raises(FaultError, match=word):
        fault_of(said, MESSAGES)
