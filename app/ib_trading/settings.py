"""Turns the environment into frozen Settings; the only reader of os.environ.

A setting that is wrong is one sentence that names the variable and the remedy.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ib_trading.core.mode import TradingMode
from ib_trading.core.strategy import ENVIRONMENT_SEEN
from ib_trading.schema.strict import nearest

_GOOGLE_NAMES = {
    "PROJECT_ID": "the Google Cloud project's id",
    "FIRESTORE_DATABASE": "the name of the Firestore database",
    "BIGQUERY_DATASET": "the name of the BigQuery dataset",
}


class SettingsError(ValueError):
    """An environment variable is unusable; the text is one sentence for the person who set it."""


@dataclass(frozen=True, slots=True)
class GatewayAddress:
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class OwnGateway:
    """How the service runs IB Gateway itself (IB_GATEWAY=ibc). `environment` is all of ours that the gateway sees;
    `second_factor_device` which of a user's devices is asked, "" where there is one; `log_components` of which windows
    IBC writes down what they consist of."""

    always: bool
    ibc_path: Path
    tws_path: Path
    folder: Path
    port: int
    environment: Mapping[str, str]
    second_factor_device: str
    log_components: str


@dataclass(frozen=True, slots=True)
class Settings:
    """`service` is the Cloud Run service's name, elsewhere what it would be called: its scheduler's jobs carry it.
    `gateway` is None where the service starts IB Gateway itself, as `own_gateway` says; `port` 0 picks a free one;
    `strategy_python` is the interpreter that has the strategies' libraries, our own unless said otherwise,
    and `strategy_environment` all that their process sees of ours;
    `trading_account` stands in for an account that the stack file keeps encrypted; the emulators are host:port.
    FIRESTORE_EMULATOR_HOST is checked here and read by Google's client itself."""

    service: str
    mode: TradingMode
    project_id: str
    backend: str
    port: int
    on_cloud_run: bool
    local_data_dir: Path
    gateway: GatewayAddress | None
    own_gateway: OwnGateway
    clock: str
    trading_config: Path
    trading_account: str | None
    strategy_python: Path
    strategy_environment: Mapping[str, str]
    firestore_database: str
    bigquery_dataset: str
    secret_name: str
    bigquery_emulator: str | None
    secret_manager_emulator: str | None


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from `environment` (the process's own by default), or SettingsError."""
    given = os.environ if environment is None else environment
    on_cloud_run = bool(given.get("K_SERVICE"))
    mode = TradingMode(_one_of(given, "TRADING_MODE", ("paper", "live"), default="paper"))
    backend = _one_of(given, "BACKEND", ("local", "google"), default="google" if on_cloud_run else "local")
    clock = _one_of(given, "CLOCK", ("system", "broker"), default="system")
    if clock == "broker" and mode is TradingMode.LIVE:
        raise SettingsError("CLOCK=broker is for simulations and refused in live mode; unset CLOCK")
    _require_google_names(given, backend)
    _refuse_unread_account(given, backend)
    _emulator(given, "FIRESTORE_EMULATOR_HOST", mode)
    return Settings(
        service=given.get("K_SERVICE") or f"ib-{mode.value}",
        mode=mode,
        project_id=given.get("PROJECT_ID", ""),
        backend=backend,
        port=_port(given.get("PORT", "8080"), "PORT"),
        on_cloud_run=on_cloud_run,
        local_data_dir=Path(given.get("LOCAL_DATA_DIR") or ".local"),
        gateway=_gateway(given.get("IB_GATEWAY") or ("ibc" if backend == "google" else "127.0.0.1:4002")),
        own_gateway=_own_gateway(given, mode),
        clock=clock,
        trading_config=Path(given.get("TRADING_CONFIG") or f"Pulumi.{mode.value}.yaml"),
        trading_account=given.get("TRADING_ACCOUNT") or None,
        strategy_python=Path(given.get("STRATEGY_PYTHON") or sys.executable),
        strategy_environment=strategy_environment(given),
        firestore_database=given.get("FIRESTORE_DATABASE", ""),
        bigquery_dataset=given.get("BIGQUERY_DATASET", ""),
        secret_name=given.get("SECRET_NAME", ""),
        bigquery_emulator=_emulator(given, "BIGQUERY_EMULATOR_HOST", mode),
        secret_manager_emulator=_emulator(given, "SECRET_MANAGER_EMULATOR_HOST", mode),
    )


def strategy_environment(given: Mapping[str, str]) -> dict[str, str]:
    """What of an environment the strategies' process sees: no credentials, and nothing that a strategy could decide
    on."""
    return {name: given[name] for name in ENVIRONMENT_SEEN if name in given}


def _require_google_names(given: Mapping[str, str], backend: str) -> None:
    if backend != "google":
        return
    for name, what in _GOOGLE_NAMES.items():
        if not given.get(name):
            raise SettingsError(f"{name} is not set; BACKEND=google needs {what}")


def _refuse_unread_account(given: Mapping[str, str], backend: str) -> None:
    """Whoever sets an account that nobody reads would believe that it is the one that trades."""
    if given.get("TRADING_ACCOUNT") and backend == "google":
        raise SettingsError(
            "TRADING_ACCOUNT is not read with BACKEND=google, where Pulumi writes the account into Firestore; unset it,"
            " and set ib-trading:trading.account in the stack file (pulumi config set --secret --path)"
        )


def _emulator(given: Mapping[str, str], name: str, mode: TradingMode) -> str | None:
    text = given.get(name)
    if not text:
        return None
    if mode is TradingMode.LIVE:
        raise SettingsError(f"{name} points at an emulator and is refused in live mode; unset {name}")
    host, colon, port = text.rpartition(":")
    if not (host and colon):
        raise SettingsError(f"{name}={text!r} is not host:port; give e.g. 127.0.0.1:9250")
    _port(port, name)
    return text


def _one_of(given: Mapping[str, str], name: str, known: tuple[str, ...], default: str) -> str:
    value = given.get(name) or default
    if value not in known:
        raise SettingsError(f"{name}={value!r} is not one of {', '.join(known)}; {nearest(value, known)}")
    return value


def _port(text: str, name: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        raise SettingsError(f"{name}: {text!r} is not a port; give a number from 0 to 65535")
    return int(text)


def _own_gateway(given: Mapping[str, str], mode: TradingMode) -> OwnGateway:
    # The gateway's own defaults for its API.
    port = _port(
        given.get("GATEWAY_PORT") or ("4002" if mode is TradingMode.PAPER else "4001"), "GATEWAY_PORT"
    )
    if port == 0:
        raise SettingsError("GATEWAY_PORT=0 names no port; give one, e.g. 4002")
    passed_on = {name: given[name] for name in ("PATH", "HOME", "DISPLAY") if given.get(name)}
    return OwnGateway(
        always=_one_of(given, "GATEWAY_LIFETIME", ("request", "always"), default="request") == "always",
        ibc_path=Path(given.get("IBC_PATH") or "/opt/ibc"),
        tws_path=Path(given.get("TWS_PATH") or "/opt"),
        folder=Path(given.get("GATEWAY_FOLDER") or f"/dev/shm/ib-gateway-{mode.value}"),  # noqa: S108 - memory
        port=port,
        environment=passed_on | {"TZ": "Etc/UTC", "LANG": "C.UTF-8"},
        second_factor_device=given.get("SECOND_FACTOR_DEVICE", ""),
        # IBC's own words, in its config.ini.
        log_components=_one_of(
            given, "LOG_COMPONENTS", ("never", "open", "activate", "openclose"), default="never"
        ),
    )


def _gateway(text: str) -> GatewayAddress | None:
    if text == "ibc":
        return None
    host, colon, port = text.rpartition(":")
    if not (host and colon):
        raise SettingsError(f"IB_GATEWAY={text!r} is neither 'ibc' nor host:port; give e.g. 127.0.0.1:4002")
    return GatewayAddress(host, _port(port, "IB_GATEWAY"))
