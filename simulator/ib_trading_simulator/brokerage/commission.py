"""What an order costs: Interactive Brokers' pricing for US stocks and ETFs (fixed) and for currencies.

Source: IBKR, "Commissions - Stocks, ETFs (ETPs) and Warrants", United States, fixed pricing: USD 0.005 a
share, minimum USD 1.00 an order, maximum 1 % of the trade value; where the maximum is below the minimum, the
maximum applies. Exchange and regulatory fees on sales are not charged here. "Commissions - Spot Currencies",
first tier: 0.20 basis points of the trade value, minimum USD 2.00 an order.
"""

from __future__ import annotations

from decimal import Decimal

PER_SHARE = Decimal("0.005")
MINIMUM = Decimal("1.00")
LARGEST_PART_OF_VALUE = Decimal("0.01")

PART_OF_FOREX = Decimal("0.00002")
MINIMUM_OF_FOREX = Decimal("2.00")

_STEP = Decimal("0.000001")


def of_order(shares: Decimal, value: Decimal) -> Decimal:
    """The commission of one order that traded so many shares for so much, in USD."""
    if not shares:
        return Decimal(0)
    charged = max(shares * PER_SHARE, MINIMUM)
    return min(charged, value * LARGEST_PART_OF_VALUE).quantize(_STEP)


def of_forex(value: Decimal) -> Decimal:
    """The commission of one order that exchanged so much, both in USD."""
    return max(value * PART_OF_FOREX, MINIMUM_OF_FOREX).quantize(_STEP) if value else Decimal(0)
