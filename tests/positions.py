"""What is held of each contract, by the simulator's own record and by the ledger: tests compare the two."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeVar

from ib_trading_simulator.launch import Launched

Contract = TypeVar("Contract")


def broker_positions(simulator: Launched) -> dict[int, Decimal]:
    """Contract id → signed quantity, none at zero."""
    return {row["conId"]: quantity for row, quantity in _rows(simulator)}


def broker_positions_by_symbol(simulator: Launched) -> dict[str, Decimal]:
    return {row["symbol"]: quantity for row, quantity in _rows(simulator)}


def together(holdings: Mapping[str, Mapping[Contract, Any]]) -> dict[Contract, Decimal]:
    """What strategies and nobody hold together of each contract, none at zero."""
    totals: dict[Contract, Decimal] = {}
    for held in holdings.values():
        for contract, quantity in held.items():
            totals[contract] = totals.get(contract, Decimal(0)) + Decimal(str(quantity))
    return {contract: quantity for contract, quantity in totals.items() if quantity}


def _rows(simulator: Launched) -> list[tuple[Any, Decimal]]:
    rows: list[Any] = simulator.state(messages=False)["positions"]
    return [(row, Decimal(str(row["quantity"]))) for row in rows if Decimal(str(row["quantity"]))]
