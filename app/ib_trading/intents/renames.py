"""Does what the configuration says of strategies' former names: a run before it decides anything, and a dry-run without
writing it. What may be done decides core/former_names.py."""

from __future__ import annotations

from ib_trading.core.former_names import renames_due
from ib_trading.intents.leased_ledger import LeasedLedger
from ib_trading.intents.ledger import Ledger
from ib_trading.schema.trading_config import TradingConfig


def rename(ledger: LeasedLedger, config: TradingConfig) -> None:
    """Once; nothing is written where all is done. ConfigurationFault where it contradicts what was done before."""
    due = renames_due(config, ledger.former_names())
    if due:
        ledger.rename(due)


def with_renames(ledger: Ledger, config: TradingConfig) -> Ledger:
    """As `rename` would leave it; to read. ConfigurationFault as there."""
    return ledger.with_unwritten((), (), renames_due(config, ledger.former_names()))
