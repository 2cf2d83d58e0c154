"""IBC's config.ini and the gateway's jts.ini, as this service needs them.

config.ini holds the password: readable by this user alone, in memory only, and gone as soon as IBC has read it. Every
other setting is here because its default would be wrong for a service: see the remarks.
"""

from __future__ import annotations

import os
from contextlib import suppress

from ib_trading.adapters.ib.gateway.installation import Installation
from ib_trading.schema.credentials import GatewayCredentials

RESTART_TIME = "04:50 AM"
"""UTC, as the gateway's time zone is: 23:50 or 00:50 in New York, within the broker's own nightly reset and with every
US market closed. A restart at a fixed time needs no login; without one the gateway logs off once a day."""

_SETTINGS = {
    "FIX": "no",
    "StoreSettingsOnServer": "no",
    "MinimizeMainWindow": "no",
    # A login of ours ends a forgotten one; a person who logs in later may end ours. With `primary` two services with
    # the same user would throw each other out for ever, with `manual` a dialog would wait that nobody sees.
    "ExistingSessionDetectedAction": "primaryoverride",
    # Connections from this machine are trusted without a dialog; one from elsewhere is refused.
    "AcceptIncomingConnectionAction": "reject",
    "ReadOnlyLogin": "no",
    "ReadOnlyApi": "no",
    # A precaution is a dialog on a screen that nobody sees, and the order waits behind it. Ours are in core/limits.
    "BypassOrderPrecautions": "yes",
    "BypassRedirectOrderWarning": "yes",
    "BypassNoOverfillProtectionPrecaution": "yes",
    "AllowBlindTrading": "yes",
    # A new order id sequence could name an order twice.
    "ResetOrderIdsAtStart": "no",
    "SendMarketDataInLotsForUSstocks": "no",
    "AcceptBidAskLastSizeDisplayUpdateNotification": "accept",
    "LoginDialogDisplayTimeout": "60",
    "ReloginAfterSecondFactorAuthenticationTimeout": "yes",
    "SecondFactorAuthenticationTimeout": "180",
    "SecondFactorAuthenticationExitInterval": "60",
    "AutoRestartTime": RESTART_TIME,
    "DismissPasswordExpiryWarning": "no",
    "DismissNSEComplianceNotice": "yes",
    # No command server: it would listen on every interface.
    "CommandServerPort": "0",
    "BindAddress": "127.0.0.1",
    "ControlFrom": "127.0.0.1",
    "SuppressInfoMessages": "yes",
}

_JTS_INI = """\
[IBGateway]
ApiOnly=true
LocalServerPort={port}
TrustedIPs=127.0.0.1
WriteDebug=false
[Logon]
Locale=en
TimeZone=Etc/UTC
UseSSL=true
displayedproxymsg=1
s3store=true
[Communication]
ctciAutoEncrypt=true
"""
"""The time zone: times that the gateway tells without one are read as UTC (replies.py), and which day it is for the
broker follows from them (core/broker_day.py)."""


def config_ini(installation: Installation, credentials: GatewayCredentials) -> bytes:
    """As Java's Properties reads it. A user name or password may have any character."""
    login = {
        "IbLoginId": _escaped(credentials.user_name),
        "IbPassword": _escaped(credentials.password),
        "TradingMode": installation.mode.value,
        "AcceptNonBrokerageAccountWarning": "yes" if installation.mode.value == "paper" else "no",
        "OverrideTwsApiPort": str(installation.port),
        "IbDir": _escaped(str(installation.settings_path)),
        "LogComponents": installation.log_components,
    }
    if installation.second_factor_device:
        login["SecondFactorDevice"] = _escaped(installation.second_factor_device)
    return "".join(f"{key}={value}\n" for key, value in (login | _SETTINGS).items()).encode("ascii")


def _escaped(text: str) -> str:
    """Java's own escapes: a backslash would vanish, a leading blank too, and what is not Latin-1 cannot be said."""
    units = text.encode("utf-16-be")
    codes = [int.from_bytes(units[at : at + 2], "big") for at in range(0, len(units), 2)]
    plain = {code for code in range(0x21, 0x7F) if chr(code) not in "\\#!=:"}
    return "".join(chr(code) if code in plain else f"\\u{code:04x}" for code in codes)


def write(installation: Installation, credentials: GatewayCredentials) -> None:
    """Both files, anew. The folders are made for this user alone."""
    remove_config_ini(installation)
    installation.settings_path.mkdir(mode=0o700, parents=True, exist_ok=True)
    installation.folder.chmod(0o700)
    jts_ini = installation.settings_path / "jts.ini"
    if not jts_ini.exists():
        jts_ini.write_text(_JTS_INI.format(port=installation.port))
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(installation.config_ini, flags, 0o600), "wb") as file:
        file.write(config_ini(installation, credentials))


def remove_config_ini(installation: Installation) -> None:
    with suppress(FileNotFoundError):
        installation.config_ini.unlink()
