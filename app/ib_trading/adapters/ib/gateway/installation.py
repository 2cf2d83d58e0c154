"""Where IBC and the gateway are installed, and the command that starts them.

User name and password are in neither argument nor environment: every process of the machine could read them there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ib_trading.core.mode import TradingMode
from ib_trading.core.refusals import GatewayNotReady


@dataclass(frozen=True, slots=True)
class Installation:
    """`folder` is a private one in memory (tmpfs) for what is written; `environment` all that IBC gets of ours."""

    ibc_path: Path
    tws_path: Path
    folder: Path
    port: int
    mode: TradingMode
    environment: Mapping[str, str] = field(default_factory=dict)
    second_factor_device: str = ""
    log_components: str = "never"

    @property
    def config_ini(self) -> Path:
        return self.folder / "config.ini"

    @property
    def settings_path(self) -> Path:
        """The gateway's own settings, and its key for the nightly restart without a login."""
        return self.folder / "settings"

    @property
    def script(self) -> Path:
        return self.ibc_path / "scripts" / "ibcstart.sh"

    def version(self) -> str:
        """The one gateway that is installed; GatewayNotReady for none and for several."""
        home = self.tws_path / "ibgateway"
        found = sorted(path.name for path in home.glob("*") if path.is_dir() and path.name[:1].isdigit())
        if len(found) != 1:
            raise GatewayNotReady(
                f"{home} holds {len(found)} versions of the gateway ({', '.join(found) or 'none'}); the image must have"
                " exactly one",
                retry_after=None,
            )
        return found[0]

    def command(self) -> list[str]:
        """GatewayNotReady where nothing is installed.

        `--on2fatimeout=exit`: with `restart`, and for status 88 always, IBC's script starts the gateway anew without
        any pause; 221 starts in 3 s were seen. Starting again is our decision (supervisor.py).
        """
        if not self.script.is_file():
            raise GatewayNotReady(f"there is no {self.script}; the image must have IBC", retry_after=None)
        return [
            str(self.script),
            self.version(),
            "--gateway",
            f"--tws-path={self.tws_path}",
            f"--tws-settings-path={self.settings_path}",
            f"--ibc-path={self.ibc_path}",
            f"--ibc-ini={self.config_ini}",
            f"--mode={self.mode.value}",
            "--on2fatimeout=exit",
        ]
