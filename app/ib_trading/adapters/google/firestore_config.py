"""The trading configuration out of the document that Pulumi wrote on deployment; the service never writes it.

The account is in it in the clear, also where the stack file keeps it secret: Pulumi decrypts it on deployment. So
TRADING_ACCOUNT, which stands in for what only Pulumi can read, is refused with this backend (settings.py). What
the configuration means and which keys it may have is decided in schema/trading_config.py, for this reader, the local
one and the deployment alike.
"""

from __future__ import annotations

from ib_trading.adapters.google.firestore_database import FirestoreDatabase
from ib_trading.core.mode import TradingMode
from ib_trading.core.refusals import ConfigurationFault
from ib_trading.schema.documents import TRADING_FIELD, configuration_path
from ib_trading.schema.trading_config import SECTION, TradingConfig, TradingConfigError, read_trading_config


class FirestoreConfig:
    """TradingConfigSource on a Firestore database."""

    def __init__(self, database: FirestoreDatabase, mode: TradingMode) -> None:
        self._database = database
        self._mode = mode

    def read(self) -> TradingConfig:
        path = configuration_path(self._mode.value)
        stack_file = f"Pulumi.{self._mode.value}.yaml"
        fields = self._database.get(self._database.document(path)).to_dict() or {}
        if TRADING_FIELD not in fields:
            raise ConfigurationFault(
                f"{path} in {self._database.name} holds no trading configuration; `pulumi up` writes it from"
                f" {SECTION} in {stack_file}"
            )
        try:
            return read_trading_config(fields[TRADING_FIELD], f"{path} (from {stack_file})")
        except TradingConfigError as error:
            raise ConfigurationFault(str(error)) from None
