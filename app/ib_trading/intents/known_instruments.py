"""Asks for contracts of which the broker may know some no more: delisted shares, expired futures."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ib_trading.core.instruments import Instrument
from ib_trading.core.refusals import ContractsUnknown
from ib_trading.intents.broker_records import BrokerRecords


def known_instruments(broker: BrokerRecords, con_ids: Collection[int]) -> Mapping[int, Instrument]:
    """By contract id, without those that the broker does not know."""
    try:
        return broker.instruments_by_id(con_ids)
    except ContractsUnknown as gone:
        return broker.instruments_by_id([con_id for con_id in con_ids if con_id not in gone.con_ids])
