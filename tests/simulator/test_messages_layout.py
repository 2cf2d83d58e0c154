"""The message tables, held against an independent reading of the protocol: ib_insync's own encoder and
decoder.

Every server version from 157 to 176 is tried. ib_insync is the judge: what it encodes our tables must decode,
and what our tables encode it must decode, field by field.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, cast

import pytest
from ib_insync import Contract, LimitOrder, Order, TagValue
from ib_insync.client import Client
from ib_insync.decoder import Decoder
from ib_insync.wrapper import Wrapper

from ib_trading_simulator.messages import incoming, outgoing
from ib_trading_simulator.messages.framing import fields_of
from ib_trading_simulator.messages.reading import IncompleteMessage
from ib_trading_simulator.messages.table import Table

VERSIONS = range(157, 177)

AAPL = Contract(
    conId=265598,
    symbol="AAPL",
    secType="STK",
    exchange="SMART",
    primaryExchange="NASDAQ",
    currency="USD",
    localSymbol="AAPL",
    tradingClass="NMS",
)


@dataclass
class Recorder:
    """Takes the place of ib_insync's wrapper and keeps what it is called with, by name."""

    calls: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    ib: Any = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *arguments: self.calls.__setitem__(name, arguments)


class Encoder(Client):
    """ib_insync's client, of one server version, that keeps what it would send."""

    def __init__(self, version: int) -> None:
        super().__init__(Recorder())
        self._serverVersion = version
        self.connState = Client.CONNECTED
        self.sent = ""

    def sendMsg(self, msg: str) -> None:
        self.sent = msg


def decoded_by_ib_insync(table: Table, version: int, **values: Any) -> dict[str, tuple[Any, ...]]:
    """What ib_insync calls when it reads our message."""
    recorder = Recorder()
    payload = table.encode(version, values)[4:]
    Decoder(cast("Wrapper", recorder), version).interpret(list(fields_of(payload)))
    return recorder.calls


def decoded_by_us(encoder: Encoder) -> dict[str, Any]:
    """What our table reads in ib_insync's message."""
    number, *fields = fields_of(encoder.sent.encode())
    return incoming.TABLES[int(number)].decode(fields, encoder.serverVersion())


def an_order() -> Order:
    return LimitOrder(
        "SELL",
        300,
        12.5,
        tif="GTC",
        orderRef="ib-abc",
        account="DU1",
        goodAfterTime="20190102-15:00:00",
        algoStrategy="Adaptive",
        algoParams=[TagValue("adaptivePriority", "Patient")],
        whatIf=True,
        usePriceMgmtAlgo=True,
        outsideRth=True,
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_an_order_is_read_as_ib_insync_writes_it_at_every_version(version: int) -> None:
    encoder = Encoder(version)
    encoder.placeOrder(41, AAPL, an_order())
    read = decoded_by_us(encoder)
    chosen = "orderId conId symbol action totalQuantity orderType lmtPrice tif orderRef account goodAfterTime".split()
    assert [read[name] for name in chosen] == [
        *("41", "265598", "AAPL", "SELL", "300", "LMT", "12.5", "GTC", "ib-abc", "DU1", "20190102-15:00:00")
    ]
    assert read["algoParams"] == ({"tag": "adaptivePriority", "value": "Patient"},)
    assert (read["whatIf"], read["outsideRth"], read["usePriceMgmtAlgo"]) == ("1", "1", "1")
    # The fields of the newest versions come last: had one too many or too few been read, these would be
    # others.
    newest = {"duration": 158, "postToAts": 160, "autoCancelParent": 162, "advancedErrorOverride": 166}
    assert {name: name in read for name in newest} == {
        name: version >= since for name, since in newest.items()
    }


@pytest.mark.parametrize("version", VERSIONS)
def test_nothing_of_an_order_is_left_over_at_any_version(version: int) -> None:
    encoder = Encoder(version)
    encoder.placeOrder(41, AAPL, an_order())
    number, *fields = fields_of(encoder.sent.encode())
    with pytest.raises(IncompleteMessage):
        incoming.TABLES[int(number)].decode(fields[:-1], version)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("order_type", ["PEG BENCH", "PEG MID", "PEG BEST"])
def test_orders_of_unbuilt_types_are_still_read_to_their_end(order_type: str, version: int) -> None:
    order = Order(
        action="BUY", totalQuantity=1, orderType=order_type, tif="DAY", hedgeType="D", hedgeParam="x"
    )
    encoder = Encoder(version)
    encoder.placeOrder(41, AAPL, order)
    number, *fields = fields_of(encoder.sent.encode())
    table = incoming.TABLES[int(number)]
    assert table.decode(fields, version)["hedgeParam"] == "x"
    with pytest.raises(IncompleteMessage):
        table.decode(fields[:-1], version)


@pytest.mark.parametrize("version", VERSIONS)
def test_an_open_order_is_read_by_ib_insync_at_every_version(version: int) -> None:
    calls = decoded_by_ib_insync(
        outgoing.OPEN_ORDER,
        version,
        orderId=41,
        conId=265598,
        symbol="AAPL",
        secType="STK",
        action="BUY",
        totalQuantity=Decimal(300),
        orderType="LMT",
        lmtPrice=Decimal("12.50"),
        tif="GTC",
        orderRef="ib-abc",
        clientId=3,
        permId=99,
        algoStrategy="Adaptive",
        algoParams=({"tag": "adaptivePriority", "value": "Urgent"},),
        status="Submitted",
        commission=Decimal("1.25"),
        usePriceMgmtAlgo=True,
    )
    order_id, contract, order, state = calls["openOrder"]
    assert (order_id, contract.conId, order.totalQuantity, order.lmtPrice) == (41, 265598, 300.0, 12.5)
    assert (order.orderRef, order.clientId, order.permId, order.tif) == ("ib-abc", 3, 99, "GTC")
    assert [(p.tag, p.value) for p in order.algoParams] == [("adaptivePriority", "Urgent")]
    assert (state.status, state.commission, order.usePriceMgmtAlgo) == ("Submitted", 1.25, True)
    assert (order.duration, order.minTradeQty) == (2147483647, 2147483647)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_completed_order_is_read_by_ib_insync_at_every_version(version: int) -> None:
    calls = decoded_by_ib_insync(
        outgoing.COMPLETED_ORDER,
        version,
        conId=265598,
        symbol="AAPL",
        action="SELL",
        orderType="MKT",
        tif="DAY",
        orderRef="ib-abc",
        permId=99,
        status="Filled",
        filledQuantity=Decimal(300),
        completedTime="20190102 09:30:00 US/Eastern",
        completedStatus="Filled Size: 300",
    )
    contract, order, state = calls["completedOrder"]
    assert (contract.symbol, order.orderRef, order.permId, order.filledQuantity) == (
        "AAPL",
        "ib-abc",
        99,
        300.0,
    )
    assert (state.status, state.completedStatus) == ("Filled", "Filled Size: 300")


@pytest.mark.parametrize("version", VERSIONS)
def test_contract_details_are_read_by_ib_insync_at_every_version(version: int) -> None:
    calls = decoded_by_ib_insync(
        outgoing.CONTRACT_DETAILS,
        version,
        reqId=5,
        symbol="AAPL",
        secType="STK",
        conId=265598,
        minTick=Decimal("0.01"),
        longName="APPLE INC",
        marketRuleIds="26,26",
        stockType="COMMON",
        suggestedSizeIncrement=Decimal(100),
    )
    request_id, details = calls["contractDetails"]
    assert (request_id, details.contract.conId, details.minTick) == (5, 265598, 0.01)
    assert (details.longName, details.marketRuleIds, details.stockType) == ("APPLE INC", "26,26", "COMMON")
    if version >= 164:
        assert details.suggestedSizeIncrement == 100


@pytest.mark.parametrize(("version", "told"), [(165, ""), (166, ""), (176, "")])
def test_errors_have_one_more_field_from_166_on(version: int, told: str) -> None:
    calls = decoded_by_ib_insync(outgoing.ERROR, version, id=7, errorCode=200, errorString="No such thing")
    assert calls["error"] == (7, 200, "No such thing", told)
    fields = fields_of(outgoing.ERROR.encode(version, {})[4:])
    assert len(fields) == (6 if version >= 166 else 5)


def test_counts_of_fields_are_those_of_recorded_frames() -> None:
    """Real gateways of server version 176 were seen to send so many."""
    counted = {
        table.name: len(fields_of(table.encode(176, {"orderType": "MKT"})[4:]))
        for table in (
            outgoing.OPEN_ORDER,
            outgoing.EXECUTION,
            outgoing.ORDER_STATUS,
            outgoing.COMMISSION_REPORT,
        )
    }
    assert counted == {"openOrder": 136, "execDetails": 31, "orderStatus": 12, "commissionReport": 8}


def test_no_number_is_both_read_and_refused() -> None:
    assert not set(incoming.TABLES) & set(incoming.NOT_BUILT)


def test_every_request_that_ib_insync_can_make_is_known_by_its_number() -> None:
    """104 is the last request of this protocol at version 176."""
    unassigned = {*range(26, 49), 60}
    assert set(incoming.TABLES) | set(incoming.NOT_BUILT) == set(range(1, 105)) - unassigned
