"""The trading configuration out of `Pulumi.<stack>.yaml`, without Pulumi: the file that is deployed is the file that
is tried out locally.

Decides where in the file the section stands and what only Pulumi can read; what the section means and which keys it
may have is decided in schema/trading_config.py, for this reader and for the deployment alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from ib_trading.core.mode import TradingMode
from ib_trading.core.refusals import ConfigurationFault
from ib_trading.schema.strict import nearest
from ib_trading.schema.trading_config import SECTION, TradingConfig, TradingConfigError, read_trading_config

ACCOUNT_VARIABLE = "TRADING_ACCOUNT"
"""The environment variable that names the account where the file keeps it secret."""

_MODE_KEY = "ib-trading:tradingMode"


class StackFile:
    """TradingConfigSource on the stack file at `path`, for a service that trades in `mode`.

    `account` is the value of TRADING_ACCOUNT: it stands in for an account that the file keeps encrypted.
    """

    def __init__(self, path: Path, mode: TradingMode, account: str | None = None) -> None:
        self._path = path
        self._mode = mode
        self._account = account

    def read(self) -> TradingConfig:
        settings = self._settings()
        self._refuse_other_mode(settings)
        section = self._section(settings)
        self._refuse_secrets(section)
        try:
            return read_trading_config(section, self._path.name)
        except TradingConfigError as error:
            raise ConfigurationFault(str(error)) from None

    def _settings(self) -> Mapping[str, object]:
        """What stands under `config:`."""
        # Imported here: a service that has its configuration from elsewhere has no YAML library.
        from ib_trading.schema.stack_yaml import StackYamlError, read_config

        try:
            settings = read_config(self._path.read_bytes())
        except OSError as error:
            remedy = f"write one, with a section {SECTION}, or start the service in the folder that has it"
            raise ConfigurationFault(f"{self._path}: {error.strerror}; {remedy}") from error
        except StackYamlError as error:
            raise self._fault(f"is not YAML: {error}") from error
        if settings is None:
            raise self._fault(f"has no config: with {SECTION} in it")
        return settings

    def _section(self, settings: Mapping[str, object]) -> object:
        """The value of `ib-trading:trading`, whichever way `pulumi config set` has written it."""
        from ib_trading.schema.stack_yaml import read_json

        for key in settings:
            if key.startswith(f"{SECTION}."):
                # Written without --path. Pulumi takes it for a key of its own, and the deployment would not see it.
                raise self._fault(f"{key}: write it inside {SECTION} (pulumi config set --path {key} …)")
        if SECTION not in settings:
            raise self._fault(f"{SECTION} is missing; {nearest(SECTION, tuple(settings))}")
        section = settings[SECTION]
        if isinstance(section, str):
            try:
                section = read_json(section)
            except ValueError as error:
                raise self._fault(f"{SECTION}: neither a structure nor JSON: {error}") from error
        return self._with_account(section)

    def _with_account(self, section: object) -> object:
        if self._account and isinstance(section, dict) and _is_secret(section.get("account")):
            return {**section, "account": self._account}
        return section

    def _refuse_secrets(self, section: object) -> None:
        for path in _secrets(section, SECTION):
            remedy = "write it openly; only trading.account and what is not about trading may be secret"
            if path == f"{SECTION}.account":
                remedy = f"set the environment variable {ACCOUNT_VARIABLE} to the account's number instead"
            raise self._fault(f"{path}: is encrypted, and only Pulumi can read it; {remedy}")

    def _refuse_other_mode(self, settings: Mapping[str, object]) -> None:
        """A stack's mode is what it says, else its name; a name that is no mode says nothing here."""
        stack = self._path.name.removeprefix("Pulumi.").removesuffix(".yaml")
        said = settings.get(_MODE_KEY, stack if stack in {mode.value for mode in TradingMode} else None)
        if said is not None and said != self._mode.value:
            raise self._fault(
                f"{_MODE_KEY}: is {said}, but this service trades {self._mode.value}; name the other file"
            )

    def _fault(self, sentence: str) -> ConfigurationFault:
        return ConfigurationFault(f"{self._path.name}: {sentence}")


def _is_secret(value: object) -> bool:
    """Pulumi writes an encrypted value as `secure: v1:…`."""
    return isinstance(value, dict) and set(value) == {"secure"}


def _secrets(value: object, path: str) -> Iterator[str]:
    """Paths of all encrypted values in `value`."""
    if _is_secret(value):
        yield path
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from _secrets(member, f"{path}.{key}")
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from _secrets(member, f"{path}[{index}]")
