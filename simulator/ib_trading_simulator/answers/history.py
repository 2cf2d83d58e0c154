"""Answers about the past: bars and how far back they go."""

from __future__ import annotations

from datetime import datetime

from ib_trading_simulator.brokerage.refusal import Refusal
from ib_trading_simulator.gateway.client import Client
from ib_trading_simulator.gateway.gateway import Gateway
from ib_trading_simulator.gateway.request import Request
from ib_trading_simulator.market import history
from ib_trading_simulator.market.contracts import Contract
from ib_trading_simulator.market.history_pacing import Asked
from ib_trading_simulator.market.market import Bar
from ib_trading_simulator.messages import outgoing
from ib_trading_simulator.messages.wire import UnreadableField, Value, moment_of, time_text

# formatDate: 1 is a date and time in words, 2 is seconds since the epoch.
_EPOCH = 2
# Seen by users of real gateways, and in other re-implementations of them; the letters differ between builds.
_NO_END = 321, "Error validating request.-'bK' : cause - End date not supported with adjusted last"


def bars(gateway: Gateway, client: Client, request: Request) -> None:
    broker = gateway.broker
    contract = request.contract(broker.market.book)
    if request.flag("keepUpToDate"):
        raise Refusal(
            162,
            "Historical Market Data Service error message:Live updates are not available: the simulator has not "
            "built keepUpToDate",
        )
    asked_end = _end(request, contract)
    if asked_end and request.text("whatToShow") == "ADJUSTED_LAST":
        raise Refusal(*_NO_END)
    if not gateway.history_pacing.admits(_asked(gateway, client, request, contract)):
        raise Refusal(
            162, "Historical Market Data Service error message:Historical data request pacing violation"
        )
    end = min(asked_end or broker.now, broker.now)

    def answer() -> None:
        # Nobody waits any more who cancelled, or left.
        if gateway.history_pacing.answered(client.client_id, request.request_id):
            _answer(gateway, client, request, contract, end)

    if gateway.history_latency:
        broker.schedule.call_at(broker.now + gateway.history_latency, answer)
    else:
        answer()


def _asked(gateway: Gateway, client: Client, request: Request, contract: Contract) -> Asked:
    what = request.text("whatToShow")
    named = ("endDateTime", "durationStr", "barSizeSetting", "useRTH", "whatToShow")
    return Asked(
        at=gateway.broker.now,
        client_id=client.client_id,
        request_id=request.request_id,
        series=(contract.con_id, contract.exchange, what),
        bar_size=request.text("barSizeSetting"),
        question=(str(contract.con_id), contract.exchange, *(request.text(name) for name in named)),
    )


def _answer(gateway: Gateway, client: Client, request: Request, contract: Contract, end: datetime) -> None:
    try:
        found = history.bars(
            gateway.broker.market,
            contract.con_id,
            end=end,
            duration=request.text("durationStr"),
            bar_size=request.text("barSizeSetting"),
            use_rth=request.flag("useRTH"),
            what=request.text("whatToShow"),
        )
    except history.HistoryError as error:
        client.error(request.request_id, error.code, error.text)
        return
    epoch = request.integer("formatDate", 1) == _EPOCH
    zone = contract.time_zone_id
    client.send(
        outgoing.HISTORICAL_BARS,
        reqId=request.request_id,
        start=time_text(found[0].start if found else end, zone, client.version),
        end=time_text(end, zone, client.version),
        bars=tuple(_bar(bar, epoch, zone, client.version) for bar in found),
    )


def _end(request: Request, contract: Contract) -> datetime | None:
    try:
        return moment_of(request.text("endDateTime"), "endDateTime", contract.time_zone_id)
    except UnreadableField as error:
        raise Refusal(
            10314, f"End Date/Time: The date, time, or time-zone entered is invalid. ({error})"
        ) from None


def _bar(bar: Bar, epoch: bool, zone: str, version: int) -> dict[str, Value]:
    """A bar of a day or longer is dated by its day, whatever the format asked for."""
    if bar.day is not None:
        when = f"{bar.day:%Y%m%d}"
    elif epoch:
        when = str(int(bar.start.timestamp()))
    else:
        when = time_text(bar.start, zone, version)
    return {
        "date": when,
        "open": bar.open,
        "high": bar.high,
        "low": bar.low,
        "close": bar.close,
        "volume": bar.volume,
        "wap": bar.wap,
        "count": bar.count,
    }


def head_timestamp(gateway: Gateway, client: Client, request: Request) -> None:
    contract = request.contract(gateway.broker.market.book)
    try:
        head = history.head_timestamp(gateway.broker.market, contract.con_id, request.text("whatToShow"))
    except history.HistoryError as error:
        raise Refusal(error.code, error.text) from None
    epoch = request.integer("formatDate", 1) == _EPOCH
    spelled = str(int(head.timestamp())) if epoch else f"{head:%Y%m%d-%H:%M:%S}"
    client.send(outgoing.HEAD_TIMESTAMP, reqId=request.request_id, headTimestamp=spelled)


def cancel(gateway: Gateway, client: Client, request: Request) -> None:
    """Without --history-latency questions are answered at once, so that there is never one left to cancel."""
    if gateway.history_pacing.answered(client.client_id, request.request_id):
        text = f"API historical data query cancelled: {request.request_id}"
        raise Refusal(162, f"Historical Market Data Service error message:{text}")
    raise Refusal(366, f"No historical data query found for ticker id:{request.request_id}")


def cancel_head_timestamp(gateway: Gateway, client: Client, request: Request) -> None:
    """Clients send it after every answer; the gateway keeps silent."""


ANSWERS = {
    "reqHistoricalData": bars,
    "cancelHistoricalData": cancel,
    "reqHeadTimeStamp": head_timestamp,
    "cancelHeadTimeStamp": cancel_head_timestamp,
}
