"""Where the gateway's credentials come from; read anew for every start of the gateway, so that a changed password
needs no deployment.
"""

from __future__ import annotations

from typing import Protocol

from ib_trading.schema.credentials import GatewayCredentials


class SecretSource(Protocol):
    def credentials(self) -> GatewayCredentials:
        """GatewayNotReady with the remedy, which never repeats what is kept."""
        ...
