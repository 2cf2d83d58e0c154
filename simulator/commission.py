"""What an order costs: Interactive Brokers' fixed pricing for US stocks and ETFs.

Source: IBKR, "Commissions - Stocks, ETFs (ETPs) and Warrants", United States, fixed pricing: USD 0.005 a
share, minimum USD 1.00 an order, maximum 1 % of the trade value; where the maximum is below the minimum, the
maximum applies. Exchange and regulatory fees on sales are not charged here.
"""

from __future__ import annotations

from decimal import Decimal

PER_SHARE = Decimal("0.005")
MINIMUM = Decimal("1.00")
LARGEST_PART_OF_VALUE = Decimal("0.01")

_STEP = Decimal("0.000001")


def of_order(shares: Decimal, value: Decimal) -> Decimal:
    """The commission of one order that traded so many shares for so much, in USD."""
    if not shares:
        return Decimal(0)
    charged = max(shares * PER_SHARE, MINIMUM)
    return min(charged, value * LARGEST_PART_OF_VALUE).quantize(_STEP)


def of_fill(shares_before: Decimal, value_before: Decimal, shares: Decimal, price: Decimal) -> Decimal:
    """What one more fill adds to its order's commission; the minimum is an order's, not a partial fill's."""
    before = of_order(shares_before, value_before)
    return of_order(shares_before + shares, value_before + shares * price) - before
