"""Details of contracts: a bond's come in a message of their own, and what cannot be read does not mean "gone"."""

from __future__ import annotations

import pytest

from ib_trading.core.refusals import BrokerFault, ContractsUnknown
from ib_trading_simulator.messages import outgoing
from tests.wire.scripted import Talk, told

CON_ID = 15960357
CLOCK = told(outgoing.CURRENT_TIME, time=1559574000)


def bond(fields: list[str], coupon: str, **more: str) -> bytes:
    """Request id at the second place of a request for details: 9, version, request id."""
    details = told(
        outgoing.BOND_CONTRACT_DETAILS,
        reqId=fields[2],
        symbol="US-T",
        secType="BOND",
        cusip="912810TL8",
        exchange="SMART",
        currency="USD",
        conId=CON_ID,
        minTick="0.015625",
        coupon=coupon,
        **more,
    )
    return details + told(outgoing.CONTRACT_DETAILS_END, reqId=fields[2])


@pytest.mark.parametrize("coupon", ["3", "3.375", "0", "", "4.25e0"])
def test_a_bond_is_known_whatever_its_coupon(scripted: Talk, coupon: str) -> None:
    """3.375 raised inside the library, and what came of it read as "the contract is gone"."""
    _, way = scripted({49: CLOCK, 9: lambda fields: bond(fields, coupon)})
    with way.session() as broker:
        found = broker.instruments_by_id([CON_ID])[CON_ID]
    assert (found.local_symbol, found.sec_type, found.currency) == ("912810TL8", "BOND", "USD")


@pytest.mark.parametrize("unreadable", [{"conId": "many"}, {"minTick": "a sixty-fourth"}])
def test_details_that_cannot_be_read_are_a_fault(scripted: Talk, unreadable: dict[str, str]) -> None:
    def answer(fields: list[str]) -> bytes:
        return told(
            outgoing.BOND_CONTRACT_DETAILS,
            **{"reqId": fields[2], "symbol": "US-T", "secType": "BOND", "conId": CON_ID, "minTick": "1"}
            | unreadable,
        ) + told(outgoing.CONTRACT_DETAILS_END, reqId=fields[2])

    _, way = scripted({49: CLOCK, 9: answer})
    with way.session() as broker, pytest.raises(BrokerFault, match=r"message 18 .* could not be read"):
        broker.instruments_by_id([CON_ID])


def test_only_the_broker_s_own_word_means_that_a_contract_is_gone(scripted: Talk) -> None:
    def answer(fields: list[str]) -> bytes:
        text = "No security definition has been found for the request"
        return told(outgoing.ERROR, id=fields[2], errorCode=200, errorString=text)

    _, way = scripted({49: CLOCK, 9: answer})
    with way.session() as broker, pytest.raises(ContractsUnknown):
        broker.instruments_by_id([CON_ID])
