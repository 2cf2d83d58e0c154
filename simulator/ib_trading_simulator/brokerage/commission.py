"""What an order costs: Interactive Brokers' fixed pricing for stocks and ETFs, and its pricing for currencies.

Source: IBKR, "Commissions - Stocks, ETFs (ETPs) and Warrants", United States, fixed pricing: USD 0.005 a
share, minimum USD 1.00 an order, maximum 1 % of the trade value; where the maximum is below the minimum, the
maximum applies. Exchange and regulatory fees on sales are not charged here. "Commissions - Spot Currencies", first
tier: 0.20 basis points of the trade value, minimum USD 2.00 an order.

Abroad a part of the trade value, with a minimum: "Europe", fixed with smart routing, 0.05 % and EUR 3.00 (as
interactivebrokers.com.hk/en/pricing/commissions-stocks-europe.php has it); "Hong Kong", fixed, 0.08 % and HKD 18.00.
Pounds and francs are charged like euros, yen like Hong Kong dollars, with minima that were not looked up. Fees and
stamp duties are left out.
"""

from __future__ import annotations

from decimal import Decimal

PER_SHARE = Decimal("0.005")
MINIMUM = Decimal("1.00")
LARGEST_PART_OF_VALUE = Decimal("0.01")

PART_OF_FOREX = Decimal("0.00002")
MINIMUM_OF_FOREX = Decimal("2.00")

# Outside the United States: the part of the trade value and the least, by the currency of both.
ABROAD = {
    "EUR": (Decimal("0.0005"), Decimal("3.00")),
    "GBP": (Decimal("0.0005"), Decimal("3.00")),
    "CHF": (Decimal("0.0005"), Decimal("5.00")),
    "HKD": (Decimal("0.0008"), Decimal("18.00")),
    "JPY": (Decimal("0.0008"), Decimal("80.00")),
}

_STEP = Decimal("0.000001")


def of_order(shares: Decimal, value: Decimal, currency: str = "USD") -> Decimal:
    """The commission of one order that traded so many shares for so much, in the currency of `value`."""
    if not shares:
        return Decimal(0)
    if currency in ABROAD:
        part, least = ABROAD[currency]
        return max(value * part, least).quantize(_STEP)
    charged = max(shares * PER_SHARE, MINIMUM)
    return min(charged, value * LARGEST_PART_OF_VALUE).quantize(_STEP)


def of_forex(value: Decimal) -> Decimal:
    """The commission of one order that exchanged so much, both in USD."""
    return max(value * PART_OF_FOREX, MINIMUM_OF_FOREX).quantize(_STEP) if value else Decimal(0)
