"""What the tests of the broker adapter send orders for."""

from __future__ import annotations

from decimal import Decimal

from ib_trading.core.instruments import Instrument

AAPL = Instrument(
    con_id=265598,
    local_symbol="AAPL",
    symbol="AAPL",
    sec_type="STK",
    exchange="SMART",
    primary_exchange="NASDAQ",
    currency="USD",
    multiplier=Decimal(1),
    price_magnifier=Decimal(1),
    size_increment=Decimal(1),
    price_steps=(),
    order_types=frozenset({"MKT"}),
    liquid_hours=(),
    time_zone="US/Eastern",
)
